package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// machine is a systemd that was booted in namespaces of its own, on a root that
// has the programs of this machine.
type machine struct {
	t       *testing.T
	root    string
	systemd *exec.Cmd
	journal *exec.Cmd      // of the recorder's unit, from the boot on
	lines   *bufio.Scanner // of the journal
}

// bootMachine boots a machine with some files. Where none can be made the test
// is skipped with the reason.
func bootMachine(t *testing.T, files map[string]string) *machine {
	t.Helper()
	for _, needed := range []string{"/lib/systemd/systemd", "/usr/bin/nsenter"} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("no machine can be booted: %v", err)
		}
	}
	m := &machine{t: t, root: t.TempDir()}
	m.build("own/nlrec")
	for name, text := range files {
		m.write(name, text)
	}
	group := makeGroup(t)
	script, err := filepath.Abs("testdata/boot/machine.sh")
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	m.systemd = exec.Command("unshare", "--cgroup", "sh", script, m.root)
	m.systemd.Stdout, m.systemd.Stderr = &said, &said
	m.systemd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd()), Pdeathsig: syscall.SIGKILL,
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC}
	runtime.LockOSThread() // Pdeathsig is about the thread
	t.Cleanup(runtime.UnlockOSThread)
	if err := m.systemd.Start(); err != nil {
		t.Skipf("no machine can be booted: %v", err)
	}
	t.Cleanup(func() { _, _ = m.systemd.Process.Kill(), m.systemd.Wait() }) // it may have ended
	if !m.waitUntilUp() {
		_, _ = m.systemd.Process.Kill(), m.systemd.Wait()
		t.Skipf("no machine can be booted: %v\n%s", m.systemd.ProcessState, &said)
	}
	m.follow()
	return m
}

// build makes the program as it is shipped.
func (m *machine) build(name string) {
	m.t.Helper()
	c := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(m.root, name), ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		m.t.Fatalf("build the program: %v\n%s", err, out)
	}
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	name = filepath.Join(m.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		m.t.Fatal(err)
	}
}

// makeGroup makes a cgroup below the test's own, which goes with the test.
func makeGroup(t *testing.T) *os.File {
	t.Helper()
	mounted := t.TempDir()
	if err := unix.Mount("cgroup2", mounted, "cgroup2", 0, ""); err != nil {
		t.Skipf("no machine can be booted: mount cgroup2: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(mounted, unix.MNT_DETACH) }) // else the folder cannot be removed, which is told
	path := filepath.Join(mounted, ownGroup(t), fmt.Sprintf("nlrec-test-%d", os.Getpid()))
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Skipf("no machine can be booted: %v", err)
	}
	t.Cleanup(func() {
		for deadline := time.Now().Add(10 * time.Second); !removeGroup(path); { // the last process may be ending
			if time.Now().After(deadline) {
				t.Errorf("the cgroup %s is still in use", path)
				return
			}
		}
	})
	group, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = group.Close() }) // it was only named
	return group
}

func ownGroup(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if path, unified := strings.CutPrefix(strings.TrimSpace(line), "0::"); unified {
			return path
		}
	}
	return ""
}

// removeGroup removes a cgroup with those below it, and reports whether it is gone.
func removeGroup(path string) bool {
	var groups []string
	_ = filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			groups = append(groups, path)
		}
		return nil
	})
	for i := len(groups) - 1; i >= 0; i-- {
		_ = os.Remove(groups[i]) // it may have processes
	}
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// waitUntilUp waits until everything was started that is to be, and reports
// whether that came.
func (m *machine) waitUntilUp() bool {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && !m.ended(); {
		out, _ := m.command("systemctl is-system-running --wait").Output() // what else is installed may fail
		if state := strings.TrimSpace(string(out)); state == "running" || state == "degraded" {
			return true
		}
	}
	return false
}

func (m *machine) ended() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, m.systemd.Process.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err != nil || info.Signo != 0
}

// command is one of a shell in the machine.
func (m *machine) command(script string) *exec.Cmd {
	return exec.Command("nsenter", "--all", "--target", fmt.Sprint(m.systemd.Process.Pid), "sh", "-euc", script)
}

// run runs a script in the machine, and returns what it prints.
func (m *machine) run(script string) string {
	m.t.Helper()
	out, err := m.command(script).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s: %v\n%s\n%s", script, err, out, m.log())
	}
	return strings.TrimSpace(string(out))
}

// log returns what the recorder and systemd say of it.
func (m *machine) log() string {
	out, _ := m.command("systemctl status --no-pager nlrec; journalctl --no-pager -u nlrec | tail -n 50").CombinedOutput()
	return string(out)
}

// follow reads the journal of the recorder's unit from the beginning on, from
// outside: what is in the machine when it goes down it waits for.
func (m *machine) follow() {
	files := fmt.Sprintf("/proc/%d/root/run/log/journal", m.systemd.Process.Pid)
	c := exec.Command("journalctl", "--directory", files, "--follow", "--lines=all", "--output=cat", "--unit=nlrec")
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _, _ = c.Process.Kill(), c.Wait() })
	m.journal, m.lines = c, bufio.NewScanner(out)
}

// await reads the journal up to a line with some words.
func (m *machine) await(words string) {
	m.t.Helper()
	late := time.AfterFunc(2*time.Minute, func() { _ = m.journal.Process.Kill() })
	defer late.Stop()
	for m.lines.Scan() {
		if strings.Contains(m.lines.Text(), words) {
			return
		}
	}
	m.t.Fatalf("the journal ends before %q: %v\n%s", words, m.lines.Err(), m.log())
}
