package recorder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nlrec/rtnl"
)

// lines writes each command of a script on a line of its own.
func lines(script string) string {
	return "  " + strings.TrimSpace(strings.ReplaceAll(script, "; ", "\n  ")) + "\n"
}

// shell runs the scripts of scenarios. They find the tools of this package as
// commands, and await, which waits until a condition holds.
type shell struct {
	t    *testing.T
	path string
	dir  string
}

const (
	stuck = 60 * time.Second // how long a script may take
	await = `await() { until eval "$1"; do sleep 0.05; done; }; `
)

func newShell(t *testing.T) shell {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name := range tools {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return shell{t, dir + ":" + os.Getenv("PATH"), dir}
}

func (s shell) run(script string) {
	s.t.Helper()
	if err := s.try(script); err != nil {
		s.t.Fatalf("%v in\n%s", err, lines(script))
	}
}

// try runs a script. Its output goes to a file, since what it leaves running
// keeps that open.
func (s shell) try(script string) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), stuck)
	defer cancel()
	out, err := os.CreateTemp(s.dir, "out")
	if err != nil {
		return err
	}
	defer out.Close()
	c := exec.CommandContext(ctx, "sh", "-ec", await+script)
	c.Env = append(os.Environ(), "PATH="+s.path)
	c.Stdout, c.Stderr = out, out
	if err := c.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

// waitForQuiet waits until the kernel has announced nothing for a while: the
// setup's effects on carriers come late.
func waitForQuiet(t *testing.T) {
	t.Helper()
	inbox := rtnl.NewInbox(1 << 20)
	l, err := rtnl.Listen(rtnl.Kinds(), 1<<20, inbox, func() int64 { return time.Now().UnixMicro() })
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Run() }()
	for deadline, quiet := time.After(3*time.Second), false; !quiet; {
		select {
		case <-inbox.Ready:
			inbox.Take()
			inbox.Release()
		case <-time.After(200 * time.Millisecond):
			quiet = true
		case <-deadline:
			quiet = true
		}
	}
	inbox.Close()
	if err := errors.Join(l.Flush(), <-done, l.Close()); err != nil {
		t.Fatal(err)
	}
}
