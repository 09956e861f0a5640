package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
)

// foreign are recordings to which nobody may write: the SQL that makes them, and
// what the refusal says.
var foreign = []struct{ name, sql, says string }{
	{"a view for a table", `ALTER TABLE change RENAME TO real_change; CREATE VIEW change AS SELECT * FROM real_change`, "view change, where there should be a table"},
	{"a trigger", `CREATE TRIGGER x AFTER INSERT ON session BEGIN DELETE FROM change; END`, "trigger x"},
	{"a trigger instead of a view", `CREATE TRIGGER x INSTEAD OF INSERT ON route BEGIN SELECT 1; END`, "trigger x"},
	{"a virtual table", `CREATE VIRTUAL TABLE x USING rtree(id, a, b)`, "virtual table x"},
	{"a computed column", `ALTER TABLE session ADD COLUMN x AS (hex(zeroblob(8000000)))`, "computed column session.x"},
	{"a computed index", `CREATE INDEX x ON change (length(hex(zeroblob(1000000))) + id)`, "computed index x"},
	{"a partial index", `CREATE INDEX x ON change (at_us) WHERE id > 5`, "partial index x"},
	{"a column more", `ALTER TABLE change ADD COLUMN x DEFAULT 5`, "another table change"},
	{"a default", `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', 'NOT NULL DEFAULT (random())') WHERE name = 'session'`, "another table session"},
	{"a check", `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'INTEGER', 'INTEGER CHECK (hex(zeroblob(100000000)) > 0)') WHERE name = 'now'`, "another table now"},
	{"a unique index", `CREATE UNIQUE INDEX x ON change (id, at_us)`, "it has index x"},
	{"an index with a collation", `CREATE INDEX x ON route_object (dst COLLATE nocase)`, "it has index x"},
	{"no index", `DROP INDEX change_at`, "it lacks index change_at"},
	{"no table", `DROP TABLE dating`, "it lacks table dating"},
	{"older than it is", `DELETE FROM goose_db_version WHERE version_id > 9`, "it has table"},
	{"of no version", `UPDATE goose_db_version SET version_id = 'x'`, "it says no version"},
	{"without versions", `DROP TABLE goose_db_version`, "it has "},
}

// TestForeign: what writes to a recording refuses one that is not as its
// migrations make it, and leaves it as it is.
func TestForeign(t *testing.T) {
	original := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, original)
	for _, f := range foreign {
		dir := t.TempDir()
		db := filepath.Join(dir, "x.db")
		if err := os.WriteFile(db, octets(t, original), 0o600); err != nil {
			t.Fatal(err)
		}
		script := exec.Command("sqlite3", "-bail", db)
		script.Stdin = strings.NewReader("PRAGMA journal_mode = delete; PRAGMA trusted_schema = 1;\n.dbconfig defensive off\n" + f.sql + ";\n")
		if out, err := script.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", f.name, err, out)
		}
		before := specimen{db: octets(t, db)}
		for _, command := range []string{"record", "prune"} {
			ctx, cancel := context.WithTimeout(t.Context(), patience) // of one that records
			c := exec.CommandContext(ctx, "nlrec", command, "--db", db)
			out, _ := c.CombinedOutput() // the exit code says it
			cancel()
			if code := c.ProcessState.ExitCode(); code != 3 || !strings.Contains(string(out), f.says) || !strings.Contains(string(out), hintMark) {
				t.Errorf("%s: nlrec %s ends with %d: %s, want 3, %q and a hint", f.name, command, code, out, f.says)
			}
			if problem := untouched(dir, db, before); problem != "" {
				t.Errorf("%s: after nlrec %s: %s", f.name, command, problem)
			}
		}
	}
}

// TestAdditions: what somebody has made for himself beside the recording does not
// keep a recorder from recording.
func TestAdditions(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, db)
	if out, err := exec.Command("sqlite3", db, "CREATE TABLE notes (at_us, note); CREATE INDEX change_how ON change (how); CREATE VIEW mine AS SELECT count(*) FROM change; DROP VIEW route; CREATE VIEW route AS SELECT 1").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	if out, err := exec.Command("nlrec", "prune", "--db", db).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
