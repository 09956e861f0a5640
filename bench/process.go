package main

// What a process has taken is read from where the kernel accounts for it: its
// CPU clock, which counts nanoseconds over all its threads, and /proc.

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process is one that is measured.
type process struct {
	cmd  *exec.Cmd
	said *speech
}

// start starts a process, on the core for those who record. Where output is not
// nil it takes standard output, otherwise that is listened to as standard
// error is.
func (w *world) start(c *exec.Cmd, output *os.File) (*process, error) {
	p := &process{cmd: c, said: &speech{more: make(chan struct{}, 1)}}
	c.Stderr = p.said
	c.Stdout = p.said
	if output != nil {
		c.Stdout = output
	}
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Pdeathsig = syscall.SIGKILL
	// A child begins on the cores of the thread that starts it.
	if err := unix.SchedSetaffinity(0, &w.children); err != nil {
		return nil, err
	}
	err := errors.Join(c.Start(), unix.SchedSetaffinity(0, &w.own))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(c.Path), err)
	}
	return p, nil
}

// stop ends a process and waits for it.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := p.cmd.Wait()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGTERM {
		return nil // it has no handler
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(p.cmd.Path), err, p.said.text())
	}
	return nil
}

// kill ends a process that may have ended.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// cpu returns the CPU time that the process has taken.
func (p *process) cpu() time.Duration {
	clock := int32(^p.cmd.Process.Pid<<3 | 2) // CPUCLOCK_SCHED of the process, see clock_getcpuclockid(3)
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0 // it has ended
	}
	return time.Duration(t.Nano())
}

// field returns a number of a file in the folder of a process or thread.
func field(path, name string) int64 {
	text, _ := os.ReadFile(path) // it may be gone
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n
		}
	}
	return 0
}

func (p *process) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name)
}

// peak returns the most memory that was resident, in bytes.
func (p *process) peak() int64 { return field(p.proc("status"), "VmHWM") << 10 }

// written returns the bytes handed to write(2), and those that made pages dirty
// which go to disk.
func (p *process) written() (calls, disk int64) {
	return field(p.proc("io"), "wchar"), field(p.proc("io"), "write_bytes")
}

// wakeups returns how often a thread of the process has gone to sleep.
func (p *process) wakeups() (n int64) {
	threads, _ := filepath.Glob(p.proc("task/*/status"))
	for _, t := range threads {
		n += field(t, "voluntary_ctxt_switches")
	}
	return n
}

// asleep reports whether no thread runs or wants to.
func (p *process) asleep() bool {
	threads, _ := filepath.Glob(p.proc("task/*/stat"))
	for _, t := range threads {
		text, _ := os.ReadFile(t)
		_, rest, _ := bytes.Cut(text, []byte(") "))
		if len(rest) > 0 && rest[0] != 'S' {
			return false
		}
	}
	return true
}

// socket returns what the kernel says of the netlink sockets on which a process
// listens: how many there are, what waits in them, and how many notifications
// it has dropped there.
func (p *process) socket() (sockets, waiting, drops int64) {
	own := map[string]bool{}
	fds, _ := filepath.Glob(p.proc("fd/*"))
	for _, fd := range fds {
		name, _ := os.Readlink(fd) // it may be closed by now
		own[strings.Trim(name, "socket:[]")] = true
	}
	table, _ := os.ReadFile(p.proc("net/netlink"))
	const groups, memory, dropped, inode = 3, 4, 8, 9
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if !own[f[inode]] || strings.Trim(f[groups], "0") == "" {
			continue
		}
		m, _ := strconv.ParseInt(f[memory], 10, 64)
		n, _ := strconv.ParseInt(f[dropped], 10, 64)
		sockets, waiting, drops = sockets+1, waiting+m, drops+n
	}
	return sockets, waiting, drops
}

// untilCalm waits until a process has worked off what there was: nothing waits
// in its socket, and for a while no thread wants to run. One that leaves what
// waits in its socket alone for long has given up. It calls look now and then.
func (p *process) untilCalm(limit time.Duration, look func()) error {
	const calm, long, pause = 400 * time.Millisecond, 3 * time.Second, 10 * time.Millisecond
	since, before := time.Now(), p.cpu()
	for deadline := time.Now().Add(limit); ; <-time.After(pause) {
		look()
		now := p.cpu()
		if now-before > time.Millisecond || !p.asleep() {
			since, before = time.Now(), now
		}
		_, waiting, _ := p.socket()
		switch quiet := time.Since(since); {
		case quiet > calm && waiting == 0, quiet > long:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("%s: not done after %v: %s", filepath.Base(p.cmd.Path), limit, p.said.text())
		}
	}
}

// speech is what a process says.
type speech struct {
	mu   sync.Mutex
	all  bytes.Buffer
	more chan struct{}
}

// mostSaid bounds what is kept of it.
const mostSaid = 1 << 16

func (s *speech) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all.Len() < mostSaid {
		s.all.Write(b)
	}
	select {
	case s.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (s *speech) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

// hears reports whether a line with a beginning was said.
func (s *speech) hears(beginning string) bool {
	for lines := bufio.NewScanner(strings.NewReader(s.text())); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), beginning) {
			return true
		}
	}
	return false
}

// until waits until the process has said a line with a beginning.
func (p *process) until(beginning string, limit time.Duration) error {
	for timeout := time.After(limit); !p.said.hears(beginning); {
		select {
		case <-p.said.more:
		case <-timeout:
			return fmt.Errorf("%s: no %q within %v: %s", filepath.Base(p.cmd.Path), beginning, limit, p.said.text())
		}
	}
	return nil
}

// untilListening waits until a process has joined groups.
func (p *process) untilListening(limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; <-time.After(time.Millisecond) {
		if sockets, _, _ := p.socket(); sockets > 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not listening after %v: %s", filepath.Base(p.cmd.Path), limit, p.said.text())
		}
	}
}
