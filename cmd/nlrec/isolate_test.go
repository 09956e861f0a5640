package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nlrec/internal/netnstest"
	"nlrec/internal/recordingtest"
	"nlrec/internal/sandbox"
)

// probe is a program that becomes what reads a recording, as a command with
// these arguments would, and tries what that must not do. It prints what
// succeeds.
func probe() {
	child := sandbox.Inherited()
	if child == nil {
		code, err := sandbox.Run(sandbox.Parent{})
		if err != nil {
			fmt.Println(err)
		}
		os.Exit(code)
	}
	p := &program{stdout: os.Stdout}
	root := rootCommand()
	root.SetContext(p.become(context.Background(), child))
	cmd, args, err := root.Find(os.Args[1:])
	if err == nil {
		err = cmd.ParseFlags(args)
	}
	cmd.SetContext(root.Context())
	parent := os.Getppid()
	switch {
	case err == nil && cmd.Name() == "record":
		err = restrictRecorder(dbPath(cmd))
	case err == nil:
		err = p.confine(cmd)
	}
	if err != nil {
		fmt.Println(err)
	}
	for _, a := range forbidden(dbPath(cmd), parent) {
		if err := a.try(); err == nil {
			fmt.Println("allowed:", a.name)
		} else if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) {
			fmt.Println(a.name+":", err)
		}
	}
	f, err := os.Open(dbPath(cmd))
	fmt.Println("to read:", f != nil, err)
}

// An attempt is what somebody who has taken over a reading process would do.
type attempt struct {
	name string
	try  func() error
}

func forbidden(db string, parent int) []attempt {
	open := func(path string, flags int) func() error {
		return func() error {
			fd, err := unix.Open(path, flags, 0o600)
			if err == nil {
				_ = unix.Close(fd)
			}
			return err
		}
	}
	call := func(number uintptr, args ...uintptr) func() error {
		return func() error {
			a := append(args, 0, 0, 0, 0)
			if _, _, errno := unix.Syscall6(number, a[0], a[1], a[2], a[3], 0, 0); errno != 0 {
				return errno
			}
			return nil
		}
	}
	beside := filepath.Join(filepath.Dir(db), "beside")
	return []attempt{
		{"to read what is not beside the recording", open("/etc/hostname", unix.O_RDONLY)},
		{"to list a folder", open("/", unix.O_RDONLY|unix.O_DIRECTORY)},
		{"to write the recording", open(db, unix.O_WRONLY)},
		{"to cut it", func() error { return os.Truncate(db, 0) }},
		{"to take it away", func() error { return unix.Unlink(db) }},
		{"to move it", func() error { return unix.Rename(db, beside) }},
		{"to make a file beside it", open(beside, unix.O_WRONLY|unix.O_CREAT)},
		{"to make a folder", func() error { return unix.Mkdir(beside, 0o700) }},
		{"to make a link", func() error { return unix.Symlink("x", beside) }},
		{"to change its mode", func() error { return unix.Chmod(db, 0o777) }},
		{"to run a program", func() error { return unix.Exec("/bin/true", []string{"true"}, nil) }},
		{"to become two", func() error { _, err := syscall.ForkExec("/bin/true", []string{"true"}, nil); return err }},
		{"a socket to the world", call(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM)},
		{"a socket on this machine", call(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM)},
		{"a socket to the kernel", call(unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW)},
		{"to look into the parent", call(unix.SYS_PTRACE, unix.PTRACE_ATTACH, uintptr(parent))},
		{"to read the parent's memory", call(unix.SYS_PROCESS_VM_READV, uintptr(parent))},
		{"to end the parent", func() error { return unix.Kill(parent, unix.SIGKILL) }},
		{"to type into the terminal", call(unix.SYS_IOCTL, 0, unix.TIOCSTI, 0)},
		{"io_uring", call(unix.SYS_IO_URING_SETUP, 1)},
		{"bpf", call(unix.SYS_BPF)},
		{"a namespace", call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER)},
		{"to mount", call(unix.SYS_MOUNT)},
		{"more files", func() error { return unix.Prlimit(0, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1, Max: 1}, nil) }},
	}
}

// TestConfined: what reads a recording can do little else.
func TestConfined(t *testing.T) {
	if missing := sandbox.Missing(); len(missing) > 0 {
		t.Skip("this kernel lacks ", missing)
	}
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, db)
	for _, args := range [][]string{{"status"}, {"log", "-f"}, {"query", "SELECT 1"}} {
		out, err := exec.Command("probe", append(args, "--db", db)...).CombinedOutput()
		if err != nil || string(out) != "to read: true <nil>\n" {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	out, err := exec.Command("probe", "verify", "--live", "--db", db).CombinedOutput()
	if err != nil || string(out) != "allowed: a socket to the kernel\nto read: true <nil>\n" {
		t.Errorf("verify --live: %v\n%s", err, out)
	}
}

// TestRecorderIsConfined: a recorder can do to its folder what it needs, and
// little else.
func TestRecorderIsConfined(t *testing.T) {
	if missing := sandbox.Missing(); len(missing) > 0 {
		t.Skip("this kernel lacks ", missing)
	}
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, db)
	out, err := exec.Command("probe", "record", "--db", db).CombinedOutput()
	const want = `allowed: to write the recording
allowed: to take it away
to move it: no such file or directory
allowed: to make a file beside it
allowed: a socket on this machine
allowed: a socket to the kernel
to read: false open `
	if err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestRecorderIsRestricted: a recorder that has begun has no privilege but to
// open files, and filters on every thread.
func TestRecorderIsRestricted(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	r := startRecording(t, filepath.Join(t.TempDir(), "a.db"))
	checkThreads(t, r.cmd.Process.Pid)
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// follower is a log that is followed, and the process that reads it.
func follower(t *testing.T, db string) (c *exec.Cmd, said *bytes.Buffer, reader int) {
	said = &bytes.Buffer{}
	c = exec.Command("nlrec", "log", "-f", "--db", db)
	c.Stderr = said
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() }) // if it did not end
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err, said)
	}
	go func() { // all of it, so that it can go on
		for b := make([]byte, 4096); err == nil; {
			_, err = out.Read(b)
		}
	}()
	return c, said, childOf(t, c.Process.Pid)
}

// childOf returns the process that another has started.
func childOf(t *testing.T, parent int) int {
	all, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		text, _ := os.ReadFile(name) // fails for those that have ended
		if strings.Contains(string(text), "\nPPid:\t"+strconv.Itoa(parent)+"\n") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name))) // the pattern is of digits
			return pid
		}
	}
	t.Fatalf("process %d has no child", parent)
	return 0
}

// checkThreads checks that the restrictions are on every thread of a process.
func checkThreads(t *testing.T, process int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", process))
	if err != nil || len(threads) == 0 {
		t.Fatal(threads, err)
	}
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		for _, line := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
			if !strings.Contains(string(text), line) {
				t.Errorf("%s lacks %q:\n%s", name, line, text)
			}
		}
		_, caps, _ := strings.Cut(string(text), "CapEff:\t")
		if held, err := strconv.ParseUint(caps[:16], 16, 64); err != nil || held&^(1<<unix.CAP_DAC_OVERRIDE|1<<unix.CAP_DAC_READ_SEARCH) != 0 {
			t.Errorf("%s: capabilities %x, %v", name, held, err)
		}
	}
}

// TestReaderIsRestricted: the restrictions are on every thread.
func TestReaderIsRestricted(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, db)
	c, _, reader := follower(t, db)
	checkThreads(t, reader)
	if err := c.Process.Signal(os.Interrupt); err != nil { // passed on
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}

// TestReaderCrashes: whatever becomes of the process that reads, the one that was
// started says it in a line.
func TestReaderCrashes(t *testing.T) {
	tests := []struct {
		signal syscall.Signal
		code   int
		text   string
	}{
		{syscall.SIGSEGV, 3, ": the file is damaged or hostile: SIGSEGV: "},
		{syscall.SIGBUS, 3, ": the file is damaged or hostile: SIGBUS: "},
		{syscall.SIGFPE, 3, ": the file is damaged or hostile: SIGFPE: "},
		{syscall.SIGKILL, 1, ": the reading process was killed: "},
		{syscall.SIGXCPU, 6, ": the answer takes too long"},
	}
	for _, tt := range tests {
		db := filepath.Join(t.TempDir(), "x.db")
		recordingtest.Sample(t, db)
		c, said, reader := follower(t, db)
		if err := syscall.Kill(reader, tt.signal); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait() // the exit code says it
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		lines = lines[1:] // that nothing is recorded
		if c.ProcessState.ExitCode() != tt.code || len(lines) > 2 || !strings.HasPrefix(lines[0], "nlrec: "+db+tt.text) {
			t.Errorf("%s: %s\n%s", tt.signal, c.ProcessState, said)
		}
	}
}

// TestReaderEndsWithItsParent: nobody reads on for somebody who was killed.
func TestReaderEndsWithItsParent(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, db)
	c, _, reader := follower(t, db)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	fd, err := unix.PidfdOpen(reader, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(poll, int(patience.Milliseconds())); n != 1 {
		t.Errorf("it still runs: %v", err)
	}
}
