package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// A world is a network namespace of its own with a pair of links that are up
// and have an address, and a folder. The thread that it was made for lives on
// one core.
type world struct {
	*bench
	dir      string
	own      unix.CPUSet // where the thread is
	children unix.CPUSet // where processes started in it are
}

// spread lets the thread and the processes use all cores.
func (w *world) spread() error {
	w.own, w.children = w.cores.all, w.cores.all
	return unix.SchedSetaffinity(0, &w.own)
}

// gateways are reached over v0: routes go by one or the other.
var gateways = [2][4]byte{{192, 0, 2, 2}, {192, 0, 2, 3}}

// quietLinks has no neighbour or address that changes by itself.
const quietLinks = `
ip link set lo up
sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip link add v0 type veth peer name v1
ip address add 192.0.2.1/24 dev v0
ip link set v0 up
ip link set v1 up`

// inWorld calls f on a thread in a new namespace. Both are gone when it returns.
func (b *bench) inWorld(f func(*world) error) error {
	done := make(chan error)
	go func() { done <- b.enterWorld(f) }()
	return <-done
}

// enterWorld never unlocks its thread, which ends with the goroutine.
func (b *bench) enterWorld(f func(*world) error) error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network namespace: %w; become root", err)
	}
	if err := unix.SchedSetaffinity(0, &b.cores.source); err != nil {
		return fmt.Errorf("stay on a core: %w", err)
	}
	dir, err := os.MkdirTemp(b.dir, "world")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := shell(quietLinks); err != nil {
		return err
	}
	return f(&world{b, dir, b.cores.source, b.cores.recorder})
}

// path returns the path of a file of the world.
func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// shell runs a script in the namespace of the calling thread.
func shell(script string) error {
	out, err := exec.Command("sh", "-ec", script).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", script, err, out)
	}
	return nil
}

// cores are where the source of changes runs, and where those who record do.
type cores struct{ source, recorder, all unix.CPUSet }

// twoCores picks the first and the last core of those that may be used. Where
// there is one only, all share it.
func twoCores() (c cores, err error) {
	if err := unix.SchedGetaffinity(0, &c.all); err != nil {
		return c, fmt.Errorf("find cores: %w", err)
	}
	first, last := -1, -1
	for i := range 64 * len(c.all) {
		if c.all.IsSet(i) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	c.source.Set(first)
	c.recorder.Set(last)
	return c, nil
}
