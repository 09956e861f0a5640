package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nlrec/rtnl"
)

// TestSQLiteVersion: before 3.51.3 a log that is written anew could lose what
// was committed, see https://www.sqlite.org/wal.html#walresetbug.
func TestSQLiteVersion(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer closeStore(t, s)
	var version string
	if err := s.w.conn.QueryRowContext(t.Context(), `SELECT sqlite_version()`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		t.Fatalf("version %q: %v", version, err)
	}
	if have := major*1_000_000 + minor*1000 + patch; have < 3_051_003 {
		t.Errorf("SQLite %s, want 3.51.3 or later", version)
	}
}

var someKey = append(rtnl.Row{int64(4)}, make(rtnl.Row, len(rtnl.Link.Key)-1)...)

// TestReopen: what was written before an outage is there after it, and no more.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	defer closeStore(t, s)
	write(t, s, rtnl.Link, someKey, nil, 100, "before")
	s.NextChange() // never written
	if got := s.Suspend(IOError); got != IOError {
		t.Errorf("the reason is %q", got)
	}
	if reason, err := Suspended(path); reason != IOError || err != nil {
		t.Errorf("readers are told %q, %v", reason, err)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("the log was folded on the way: %v", err)
	}
	id, err := s.Note(t.Context(), Gap{From: 150, Reason: IOError})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Reopen(t.Context(), IOError); err != nil {
		t.Fatal(err)
	}
	if last, at := s.LastChange(); last != 1 || at != 100 || !s.HasSession() {
		t.Errorf("change %d at %d, a session: %v", last, at, s.HasSession())
	}
	write(t, s, rtnl.Link, someKey, nil, 200, "after")
	if err := s.Reconciled(t.Context(), Gap{From: 140}, id, 300, 7); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, `SELECT count(*) FROM gap WHERE from_us = 140 AND to_us = 300 AND lost = 7 AND reason = 'I/O error'`); n != 1 {
		t.Error("the gap is not in the file")
	}
	if n := count(t, s, `SELECT watched_us FROM session`); n != 150 {
		t.Errorf("the session has watched until %d, want 150", n)
	}
}

// TestReopenARemovedFile: whoever removes a recording to gain space gets a new
// one.
func TestReopenARemovedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	defer closeStore(t, s)
	write(t, s, rtnl.Link, someKey, nil, 100, "before")
	s.Suspend(DiskFull)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil {
			t.Fatal(err)
		}
	}
	if id, err := s.Note(t.Context(), Gap{From: 110, Reason: DiskFull}); id != 0 || err != nil {
		t.Errorf("gap %d of no session is noted, %v", id, err)
	}
	if err := s.Reopen(t.Context(), DiskFull); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, `SELECT count(*) FROM gap`); n != 0 {
		t.Errorf("the new file has %d gaps", n)
	}
	if last, _ := s.LastChange(); last != 0 || s.HasSession() {
		t.Errorf("change %d, a session: %v", last, s.HasSession())
	}
	if reason, err := Suspended(path); reason != DiskFull || err != nil {
		t.Errorf("readers of the new file are told %q, %v", reason, err)
	}
}

// TestWatchedWithoutAFile: a recorder learns that its recording was removed, or
// that another is in its place, when it notes that it watches.
func TestWatchedWithoutAFile(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove,
		"moved":   func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o640))
		},
	} {
		path := filepath.Join(t.TempDir(), "a.db")
		s := open(t, path)
		write(t, s, rtnl.Link, someKey, nil, 100, "before")
		if err := s.Watched(t.Context(), 110); err != nil {
			t.Fatal(err)
		}
		if err := lose(path); err != nil {
			t.Fatal(err)
		}
		if err := s.Watched(t.Context(), 120); Outage(err) != IOError {
			t.Errorf("%s: %v", name, err)
		}
		s.abandon()
		_ = s.lock.Close() // nothing is kept
	}
}

// TestReopenADamagedFile: after an error the file is read before it is written.
func TestReopenADamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	write(t, s, rtnl.Link, someKey, nil, 100, "before")
	s.Suspend(IOError)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for page := range int64(5) {
		if _, err := f.WriteAt(make([]byte, 2000), (3+page)*pageSize); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Reopen(t.Context(), IOError); err == nil || Outage(err) != "" {
		t.Errorf("%v, want that the file is damaged", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestReserve: it is space, it is not written through a link that somebody has
// laid, and a clean stop gives it back.
func TestReserve(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a.db"), filepath.Join(dir, "other")
	if err := os.WriteFile(other, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, path+"-reserve"); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	for range 2 {
		if err := s.Reserve(); err != nil {
			t.Fatal(err)
		}
		var has unix.Stat_t
		if err := unix.Stat(path+"-reserve", &has); err != nil {
			t.Fatal(err)
		}
		if has.Size == 0 || has.Size > foldPages*pageSize || has.Blocks*512 < has.Size {
			t.Errorf("%d octets, of which the disk has %d", has.Size, has.Blocks*512)
		}
	}
	closeStore(t, s)
	if _, err := os.Stat(path + "-reserve"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the reserve is left: %v", err)
	}
	if text, err := os.ReadFile(other); string(text) != "mine" {
		t.Errorf("another file has %q, %v", text, err)
	}
}

func TestOutage(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "write", Err: unix.ENOSPC}, DiskFull}, {fmt.Errorf("a.db: %w", unix.EDQUOT), DiskFull},
		{&fs.PathError{Op: "fdatasync", Err: unix.EIO}, IOError}, {unix.EROFS, IOError}, {ErrLocked, Locked},
		{unix.EACCES, ""}, {ErrNewerSchema, ""}, {ErrDamaged, ""}, {nil, ""},
	} {
		if got := Outage(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestReaderOf(t *testing.T) {
	const file = "fd:01:1234"
	for line, want := range map[string]int{
		"1: POSIX ADVISORY READ 4711 fd:01:1234 124 124": 4711,
		"1: POSIX ADVISORY READ 4711 fd:01:1234 128 128": 0, // has it open
		"1: POSIX ADVISORY READ 4711 fd:01:9999 124 124": 0,
		"1: OFDLCK ADVISORY READ -1 fd:01:1234 124 124":  -1,
		"": 0,
	} {
		if got := readerOf(strings.Fields(line), file); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}
