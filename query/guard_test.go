package query

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nlrec/internal/escapetest"
)

// What nlrec refuses is refused whatever instant is asked about, and the rest of
// the corpus that is quick fails; cmd/nlrec tries all of it.
func TestRefused(t *testing.T) {
	path := samplePath(t)
	before := contents(t, filepath.Dir(path))
	for _, at := range []string{"", "#3"} {
		r := open(t, path, at)
		for _, c := range escapetest.Corpus() {
			if c.Want == escapetest.Cut {
				continue
			}
			text := strings.ReplaceAll(c.SQL, "OUT", filepath.Join(filepath.Dir(path), "out"))
			err := eachRow(t.Context(), r, text, func([]any) {})
			if err == nil || errors.Is(err, ErrRefused) != (c.Want == escapetest.Refused) {
				t.Errorf("%q: %v", text, err)
			} else if Hint(err) == "" {
				t.Errorf("%q: no hint", text)
			}
		}
		r.Close()
	}
	if after := contents(t, filepath.Dir(path)); !slices.Equal(before, after) {
		t.Errorf("files changed:\n%s\nwas\n%s", after, before)
	}
}

// contents lists the files of a folder with a hash of each. Readers may leave
// what they share a file in WAL mode by; the log is to stay empty.
func contents(t *testing.T, dir string) (files []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); strings.HasSuffix(e.Name(), "-shm") || strings.HasSuffix(e.Name(), "-wal") && err == nil && info.Size() == 0 {
			continue
		}
		octets, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, fmt.Sprintf("%s %x", e.Name(), sha256.Sum256(octets)))
	}
	return files
}

// What only looks dangerous is answered.
func TestAllowed(t *testing.T) {
	r := open(t, samplePath(t), "")
	for _, text := range []string{
		"SELECT 1;", "SELECT 1 ; -- one\n/* two */ ;", "-- DROP\nSELECT 'DROP TABLE x; --'", "VALUES (1), (2)", "EXPLAIN QUERY PLAN SELECT * FROM link",
		"EXPLAIN SELECT 1", "PRAGMA table_info(link)", "PRAGMA table_list", "SELECT * FROM pragma_function_list LIMIT 1", "SELECT * FROM json_each('[1]')",
		"SELECT replace('a', 'a', 'b')", "SELECT \"ifname\", [ifname], `ifname` FROM link", "SELECT * FROM sqlite_schema",
		"SELECT 'it''s; fine'", "SELECT 1 /* unfinished ; ",
	} {
		if err := eachRow(t.Context(), r, text, func([]any) {}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A statement cannot take all the memory there is.
func TestLimits(t *testing.T) {
	path := samplePath(t)
	tests := []struct {
		sql  string
		most int64
		want error
	}{
		{"SELECT length(zeroblob(1000000000))", 0, ErrLength},
		{"SELECT length(printf('%.*c', 1000000000, 'x'))", 0, ErrLength},
		{"SELECT length(replace(hex(zeroblob(100000)), '00', hex(zeroblob(100000))))", 0, ErrLength},
		{"SELECT zeroblob(8000000), zeroblob(8000000), zeroblob(8000000)", 0, ErrRows},
		{"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", 1, ErrMemory},
		{"SELECT length(zeroblob(8000000))", 1 << 40, nil},
	}
	for _, tt := range tests {
		o := options("")
		o.MaxBytes = tt.most
		r, err := Open(t.Context(), path, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := eachRow(t.Context(), r, tt.sql, func([]any) {}); !errors.Is(err, tt.want) {
			t.Errorf("%q: %v, want %v", tt.sql, err, tt.want)
		}
		r.Close()
	}
}
