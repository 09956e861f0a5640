package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
	"nlrec/store"
)

func TestPagerCommand(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		less bool
		want string
	}{
		{"nothing said", nil, true, "less -FRX"},
		{"nothing there", nil, false, ""},
		{"PAGER", map[string]string{"PAGER": "more"}, true, "more"},
		{"its own", map[string]string{"PAGER": "more", "NLREC_PAGER": "most -s"}, true, "most -s"},
		{"none", map[string]string{"PAGER": "more", "NLREC_PAGER": ""}, true, ""},
		{"cat is none", map[string]string{"PAGER": "cat"}, true, ""},
	}
	for _, tt := range tests {
		getenv := func(name string) (string, bool) {
			value, set := tt.env[name]
			return value, set
		}
		if got := pagerCommand(getenv, func(string) bool { return tt.less }); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// manyLinks is a recording of more than a pager takes without being read.
func manyLinks(t *testing.T) string {
	db := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, db)
	r.Begin(recordingtest.T0, recordingtest.T0)
	for i := range int64(20_000) {
		r.Set(recordingtest.T0+i, rtnl.Link, recordingtest.Values{"ifindex": i + 1, "ifname": "eth0", "mtu": int64(1500)})
	}
	r.Close(recordingtest.T0 + recordingtest.Second)
	return db
}

// While somebody reads, the recording is not held: it can be written, and its
// write-ahead log be worked off.
func TestPagerHoldsNoTransaction(t *testing.T) {
	db := manyLinks(t)
	read := filepath.Join(t.TempDir(), "read")
	if err := syscall.Mkfifo(read, 0o600); err != nil {
		t.Fatal(err)
	}
	p := sit(t, []string{"NLREC_PAGER=head -n 1; read go <" + read + "; tail -n 1"}, "log", "--db", db)
	p.expect("#1 + link eth0")
	for deadline := time.Now().Add(patience); isRead(t, db); {
		if time.Now().After(deadline) {
			t.Fatal("the recording is held while somebody reads")
		}
		runtime.Gosched()
	}
	s, err := store.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // works off the log, and takes it away
		t.Fatal(err)
	}
	if _, err := os.Stat(db + "-wal"); !os.IsNotExist(err) {
		t.Errorf("the write-ahead log is still there: %v", err)
	}
	if err := os.WriteFile(read, []byte("on\n"), 0); err != nil {
		t.Fatal(err)
	}
	p.expect("#20000 + link eth0")
	p.leaves(0)
}

// less shows a page at a time until q is pressed, and holds nothing meanwhile.
func TestPagerIsLess(t *testing.T) {
	if _, err := exec.LookPath("less"); err != nil {
		t.Skipf("%v: apt-get install less", err)
	}
	for _, name := range []string{"NLREC_PAGER", "PAGER", "LESS"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	db := manyLinks(t)
	p := sit(t, nil, "log", "--db", db)
	p.expect("#1 + link eth0")
	p.expect("\r\n:") // less asks
	p.press("G")
	p.expect("#20000 + link eth0")
	p.expect("(END)")
	if isRead(t, db) {
		t.Error("the recording is held while somebody reads")
	}
	p.press("q")
	p.leaves(0)

	p = sit(t, nil, "query", "--db", db, "-o", "ndjson", endless) // whoever leaves ends it
	p.expect(`{"i":5}`)
	p.expect("\r\n:")
	p.press("q")
	p.leaves(0)

	p = sit(t, nil, "log", "--db", db, "-n", "1") // what fits is no page
	p.expect("#20000 + link eth0")
	p.leaves(0)
}

// isRead reports whether a process has a file open, which need not be the one
// that was started.
func isRead(t *testing.T, path string) bool {
	open, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(open, func(name string) bool {
		to, err := os.Readlink(name) // fails for what is closed meanwhile
		return err == nil && strings.HasPrefix(to, path)
	})
}

// Whoever leaves the pager ends the command, whatever is still to come.
func TestPagerIsLeft(t *testing.T) {
	db := manyLinks(t)
	p := sit(t, []string{"NLREC_PAGER=head -n 2"}, "query", "--db", db, "-o", "ndjson", endless)
	p.expect(`{"i":2}`)
	p.leaves(0)
}

// Without the pager that was asked for, the answer is there all the same.
func TestPagerIsMissing(t *testing.T) {
	db, env, _ := sample(t)
	p := sit(t, append(env, "NLREC_PAGER=/nowhere/pager"), "show", "link", "--db", db)
	p.expect("not found")
	p.expect("wan0")
	p.leaves(0)
	p = sit(t, append(env, "NLREC_PAGER=/nowhere/pager"), "--no-pager", "show", "link", "--db", db)
	p.expect("wan0")
	p.leaves(0)
	if strings.Contains(p.screen.String(), "not found") {
		t.Error("--no-pager asks for one")
	}
}
