package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/store"
)

// TestRecorderBegins asks a recording that a recorder has, and not yet or no more
// the files by which it is shared: who asks waits, and is told in words if that
// does not end.
func TestRecorderBegins(t *testing.T) {
	db, _, _ := sample(t)
	f, err := os.OpenFile(db, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	has := func(how int16) {
		lock := unix.Flock_t{Type: how, Start: store.LockOffset, Len: 1}
		if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
			t.Fatal(err)
		}
	}
	has(unix.F_WRLCK)
	out, err := exec.Command("nlrec", "query", "--db", db, "SELECT 1").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "the file is locked") {
		t.Errorf("%v\n%s", err, out)
	}
	time.AfterFunc(300*time.Millisecond, func() { has(unix.F_UNLCK) })
	if out, err := exec.Command("nlrec", "query", "--db", db, "SELECT 1").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
