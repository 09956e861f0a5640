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
)

// escapes try to write, or to reach beyond the recording. OUT is a file that
// must not come to be.
var escapes = []string{
	"VACUUM", "VACUUM INTO 'OUT'", "vacuum main into 'OUT'",
	"ATTACH 'OUT' AS x", "ATTACH ':memory:' AS x", "ATTACH 'file:OUT?mode=rwc' AS x", "DETACH main", "DETACH temp",
	"INSERT INTO session (host) VALUES ('x')", "INSERT INTO now VALUES (1, 1, 1)", "REPLACE INTO now VALUES (1, 1, 1)",
	"UPDATE change SET at_us = 0", "DELETE FROM change", "DELETE FROM gap WHERE 1", "WITH x AS (SELECT 1) DELETE FROM change",
	"WITH x AS (SELECT 1) INSERT INTO now SELECT 1, 1, 1", "WITH x AS (SELECT 1) UPDATE change SET at_us = 0",
	"CREATE TABLE x (y)", "CREATE TEMP TABLE x (y)", "CREATE TABLE temp.x AS SELECT 1", "CREATE TEMP VIEW x AS SELECT 1", "CREATE VIEW x AS SELECT 1",
	"CREATE INDEX x ON change (was)", "CREATE TEMP TRIGGER x BEFORE INSERT ON now BEGIN SELECT 1; END", "CREATE VIRTUAL TABLE temp.x USING fts5(y)",
	"CREATE VIRTUAL TABLE temp.x USING nlrec_as_of(link)", "DROP TABLE change", "DROP VIEW link", "DROP VIEW temp.link", "DROP TABLE temp.link_at",
	"ALTER TABLE change RENAME TO x", "ALTER TABLE change ADD COLUMN x", "REINDEX", "ANALYZE", "ANALYZE change",
	"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "END", "ROLLBACK", "SAVEPOINT x", "RELEASE x",
	"PRAGMA query_only = 0", "PRAGMA query_only(0)", "PRAGMA writable_schema = 1", "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode", "PRAGMA user_version = 7",
	"PRAGMA application_id = 0", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA incremental_vacuum", "PRAGMA optimize", "PRAGMA temp_store_directory = '/'",
	"PRAGMA data_store_directory = '/'", "PRAGMA trusted_schema = 1", "PRAGMA mmap_size = 1000000", "PRAGMA schema_version = 1", "PRAGMA main.locking_mode = EXCLUSIVE",
	"EXPLAIN PRAGMA query_only = 0",
	"SELECT load_extension('/lib/x.so')", "SELECT load_extension('x', 'y')",
	"SELECT 1; SELECT 2", "SELECT 1; DROP TABLE change", "SELECT 1;;; DELETE FROM change -- x", "SELECT ';'; VACUUM INTO 'OUT'", "/* ; */ SELECT 1; ATTACH 'OUT' AS x",
	"SELECT 1 -- ;\n; DELETE FROM change", "SELECT [;], \";\", `;`; DELETE FROM change", "; ; DELETE FROM change",
	"INSERT INTO sqlite_dbpage VALUES (1, x'00')", "UPDATE sqlite_schema SET sql = ''", "DELETE FROM sqlite_schema", "INSERT INTO link_at VALUES (1)", "UPDATE link_at SET ifname = ''",
	"EXPLAIN QUERY PLAN DELETE FROM change", "SELECT 1\x00; DELETE FROM change", "INSERT INTO json_each VALUES (1)",
}

// mistakes would be escapes if SQLite knew them.
var mistakes = []string{
	"SELECT * FROM pragma_journal_mode('DELETE')", "SELECT * FROM pragma_query_only(0)", "SELECT * FROM pragma_wal_checkpoint",
	"SELECT fts3_tokenizer('simple')", "SELECT fts3_tokenizer('simple', x'00')", "SELECT readfile('/etc/passwd')", "SELECT writefile('OUT', 'x')",
	"SELECT edit('x')", "SELECT $a('); VACUUM INTO 'OUT'; --')", ".shell touch OUT", "SELECT * FROM csv('/etc/passwd')",
}

func TestRefused(t *testing.T) {
	path := samplePath(t)
	before := contents(t, filepath.Dir(path))
	for _, at := range []string{"", "#3"} {
		r := open(t, path, at)
		for _, escape := range append(escapes, mistakes...) {
			text := strings.ReplaceAll(escape, "OUT", filepath.Join(filepath.Dir(path), "out"))
			err := eachRow(t.Context(), r, text, func([]any) {})
			if refused := errors.Is(err, ErrRefused); err == nil || !refused && !slices.Contains(mistakes, escape) {
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
