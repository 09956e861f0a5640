package netnstest

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// EnterAlone is Enter for a test that makes more namespaces and leaves
// processes behind: many such tests can run at once. "ip netns" knows the
// test's own namespace, by the name given, and those that the test adds. /sys
// and /proc show the test's namespaces. What the test has started ends with it, and so
// do its namespaces.
func EnterAlone(t *testing.T, name string) bool {
	t.Helper()
	if os.Getenv(inside) != t.Name() {
		again(t, unix.CLONE_NEWNET|unix.CLONE_NEWNS|unix.CLONE_NEWPID)
		return false
	}
	if err := mount(name); err != nil {
		t.Skipf("mount in a namespace: %v", err)
	}
	Run(t, "ip link set lo up")
	return true
}

// mount makes names, /sys and /proc the test's own. The whole of /run gives way,
// since its netns need not exist.
func mount(name string) error {
	run, err := filepath.EvalSymlinks("/var/run")
	if err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount /", err)
	}
	if err := unix.Mount("run", run, "tmpfs", 0, ""); err != nil {
		return os.NewSyscallError("mount /run", err)
	}
	if err := unix.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		return os.NewSyscallError("mount /sys", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return os.NewSyscallError("mount /proc", err)
	}
	path := filepath.Join(run, "netns", name)
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, nil, 0o444); err != nil {
		return err
	}
	return os.NewSyscallError("mount "+path, unix.Mount("/proc/self/ns/net", path, "", unix.MS_BIND, ""))
}
