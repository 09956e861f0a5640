package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
)

// TestOutsideSince: whoever wanted a copy from an instant on is told one to begin
// with, not how to copy an instant.
func TestOutsideSince(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, db)
	for flag, other := range map[string]string{"--since": "--at", "--at": "--since"} {
		_, said, code := askNlrec(t, "snapshot", "--db", db, filepath.Join(t.TempDir(), "y.db"), flag, "#99")
		if code != 4 || !strings.Contains(said, "nlrec snapshot OUT --db "+db+" "+flag+" '#") || strings.Contains(said, other) {
			t.Errorf("%s ends with %d: %s", flag, code, said)
		}
	}
}

// TestStatusOfNoSession: a file in which nothing is yet says so, and no empty names.
func TestStatusOfNoSession(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Open(t, db).Close(0)
	out, said, code := askNlrec(t, "status", "--db", db)
	if code != 0 || strings.Contains(out, "recorded on") || !strings.Contains(out, "sessions     0") {
		t.Errorf("status ends with %d: %s%s", code, out, said)
	}
}

// TestFailingDisk: who prunes, records or copies on a disk that fails is told what
// to do.
func TestFailingDisk(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	original := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, original)
	for _, tt := range []struct{ call, errno, command, says string }{
		{"pwrite64", "ENOSPC", "prune --keep 1ms --db {db}", "no space left"},
		{"pwrite64", "EIO", "prune --keep 1ms --db {db}", "input/output error"},
		{"fsync", "EIO", "prune --keep 1ms --db {db}", "input/output error"},
		{"openat", "EROFS", "prune --keep 1ms --db {db}", "read-only file system"},
		{"openat", "EROFS", "record --db {db}", "read-only file system"},
		{"fsync", "EIO", "snapshot --no-sandbox --db {db} {db}.copy", "input/output error"},
	} {
		db := filepath.Join(t.TempDir(), "x.db")
		copyOf(t, original, db)
		args := []string{"-f", "-qq", "-o", "/dev/null", "-e", "inject=" + tt.call + ":error=" + tt.errno,
			"-P", db, "-P", db + "-wal", "-P", filepath.Dir(db), "nlrec"}
		args = append(args, strings.Fields(strings.ReplaceAll(tt.command, "{db}", db))...)
		out, said, code := runCommand(t, exec.Command("strace", args...))
		if code != 1 || !strings.Contains(said, tt.says) || !strings.Contains(said, hintMark) {
			t.Errorf("nlrec %s where %s says %s ends with %d: %s%s, want 1, %q and a hint", tt.command, tt.call, tt.errno, code, out, said, tt.says)
		}
		_, err := os.Stat(db + ".copy")
		if whole := strings.Contains(said, db+".copy is whole"); err == nil && !whole {
			t.Errorf("nlrec %s leaves a copy and says %s", tt.command, said)
		}
	}
}
