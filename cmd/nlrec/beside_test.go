package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nlrec/internal/recordingtest"
)

// planted are what somebody may put in the place of a file.
var planted = map[string]func(path string) error{
	"a pipe":          func(path string) error { return unix.Mkfifo(path, 0o666) },
	"a folder":        func(path string) error { return os.Mkdir(path, 0o777) },
	"a symbolic link": func(path string) error { return os.Symlink("/etc/passwd", path) },
}

// askers are commands that open a recording, {dir} being a folder to write to.
var askers = []string{"status", "show link", "query SELECT(1)", "verify", "snapshot {dir}/copy.db", "doctor", "record", "prune"}

// TestBeside: what lies in the place of a recording's log, or of a recording, and
// is no file, is named, and nobody waits for it.
func TestBeside(t *testing.T) {
	original := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, original)
	for name, plant := range planted {
		for _, suffix := range []string{"-wal", "-shm", "-journal"} {
			t.Run(name+suffix, func(t *testing.T) {
				dir := t.TempDir()
				db := filepath.Join(dir, "x.db")
				copyOf(t, original, db)
				if err := plant(db + suffix); err != nil {
					t.Fatal(err)
				}
				refusedByAll(t, db, "x.db"+suffix+" is "+name)
			})
		}
		t.Run(name, func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "x.db")
			if err := plant(db); err != nil {
				t.Fatal(err)
			}
			refusedByAll(t, db, "")
		})
	}
}

// refusedByAll checks that each command ends by itself, and says something.
func refusedByAll(t *testing.T, db, says string) {
	t.Helper()
	for _, command := range askers {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		args := strings.Fields(strings.ReplaceAll(command, "{dir}", t.TempDir()))
		c := exec.CommandContext(ctx, "nlrec", append(args, "--db", db)...)
		out, said, code := runCommand(t, c)
		if ctx.Err() != nil {
			t.Errorf("nlrec %s does not end", command)
		}
		cancel()
		if args[0] == "doctor" { // which says what it can
			continue
		}
		if code != 3 && code != 1 || !strings.Contains(said, says) || !strings.Contains(said, hintMark) {
			t.Errorf("nlrec %s ends with %d: %s%s, want 3, %q and a hint", command, code, out, said, says)
		}
	}
}
