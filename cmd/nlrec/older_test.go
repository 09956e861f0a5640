package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
)

// TestOlder asks recordings that earlier versions of nlrec made, and that
// nobody has brought up to date: testdata/older has one of each schema.
func TestOlder(t *testing.T) {
	files, err := filepath.Glob("testdata/older/*.db.gz")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings: ", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "a.db")
			before := unpack(t, file, db)
			for _, args := range [][]string{
				{"status"}, {"verify"}, {"tables"},
				{"query", "SELECT * FROM route JOIN link ON dev = ifname"},
				{"query", "--at", "#45", "SELECT * FROM route JOIN link ON dev = ifname"},
				{"query", "SELECT * FROM route_at('#45') UNION ALL SELECT * FROM route_history"},
				{"query", "SELECT not_after_us, gap FROM change_log"},
				{"query", "SELECT * FROM netconf, dating"},
				{"get", "--at", "#45", "8.8.8.8"},
			} {
				out, err := exec.Command("nlrec", append(args, "--db", db)...).CombinedOutput()
				if err != nil {
					t.Errorf("nlrec %s: %v\n%s", strings.Join(args, " "), err, out)
				}
			}
			other := filepath.Join(t.TempDir(), "b.db")
			recordingtest.Sample(t, other)
			for _, order := range [][]string{{"--db", db, "--db", other}, {"--db", other, "--db", db}} {
				c := exec.Command("nlrec", append(order, "query", "SELECT * FROM link")...)
				if out, _ := c.CombinedOutput(); c.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), db+": it cannot be asked with others: an older nlrec made it") {
					t.Errorf("with another: %v, %s", c.ProcessState, out)
				}
			}
			if after, err := os.ReadFile(db); err != nil || sha256.Sum256(after) != before {
				t.Errorf("the file has changed: %v", err)
			}
		})
	}
}

// unpack writes a packed file and returns what it holds.
func unpack(t *testing.T, file, to string) [sha256.Size]byte {
	t.Helper()
	packed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(text)
}
