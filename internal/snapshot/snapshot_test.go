package snapshot_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"nlrec/internal/recordingtest"
	"nlrec/internal/snapshot"
	"nlrec/query"
	"nlrec/rtnl"
	"nlrec/store"
)

// background is a context for what takes no time.
var background = context.Background()

// week makes the recording of a week.
func week(t *testing.T) string {
	t.Helper()
	db := filepath.Join(t.TempDir(), "week.db")
	recordingtest.Week(t, db)
	return db
}

// copied makes a copy and returns its path.
func copied(t *testing.T, db string, o snapshot.Options) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "copy.db")
	if err := snapshot.Write(background, db, out, o); err != nil {
		t.Fatal(err)
	}
	return out
}

// rows reads the answer to a question, of any SQLite file.
func rows(t *testing.T, path, text string) (all [][]any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	answer, err := db.Query(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer answer.Close()
	names, _ := answer.Columns()
	for answer.Next() {
		row, into := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := answer.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := answer.Err(); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return all
}

// verified fails unless every check finds the recording right.
func verified(t *testing.T, path string) {
	t.Helper()
	r, err := store.OpenReadOnly(background, path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	findings, err := r.Verify(background, func(string, float64) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if !f.OK {
			t.Errorf("%s: %s: %q", path, f.Check, f.Found)
		}
	}
}

// views are what a recording is asked.
func views() (names []string) {
	for _, k := range rtnl.Kinds() {
		names = append(names, k.Name, k.Name+"_history")
	}
	return append(names, "change_log", "gap", "session", "clock", "actor", "dating", "netns")
}

func TestCopyOfAll(t *testing.T) {
	db := week(t)
	out := copied(t, db, snapshot.Options{})
	for _, view := range views() {
		if want, got := rows(t, db, "SELECT * FROM "+view), rows(t, out, "SELECT * FROM "+view); !reflect.DeepEqual(want, got) {
			t.Errorf("%s differs", view)
		}
	}
	verified(t, out)
	if mode := rows(t, out, "PRAGMA journal_mode")[0][0]; mode != "delete" {
		t.Errorf("journal_mode is %v", mode)
	}
	if free := rows(t, out, "PRAGMA freelist_count")[0][0]; free != int64(0) {
		t.Errorf("%v free pages", free)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 1 {
		t.Errorf("beside it lie %v", left)
	}
}

// TestNothingDeleted: what was deleted from the recording is in none of its
// pages, and in none of the copy's.
func TestNothingDeleted(t *testing.T) {
	db := week(t)
	raw, err := sql.Open("sqlite", "file:"+db)
	if err != nil {
		t.Fatal(err)
	}
	const secret = "the-name-that-was-deleted"
	for _, text := range []string{
		`CREATE TABLE t (x)`, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT '` + secret + `' || i FROM n`,
		`DROP TABLE t`, `PRAGMA wal_checkpoint(TRUNCATE)`,
	} {
		if _, err := raw.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{db: true, copied(t, db, snapshot.Options{}): false} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(content, []byte(secret)); got != want {
			t.Errorf("%s holds what was deleted: %t", path, got)
		}
	}
}

// TestInstants: what a flattened instant holds is what the views have with --at.
func TestInstants(t *testing.T) {
	db := week(t)
	const hour = 3600 * recordingtest.Second
	for at := recordingtest.Monday + hour/2; at < recordingtest.Monday+7*24*hour; at += 23 * hour {
		o := snapshot.Options{At: fmt.Sprintf("@%d", at/recordingtest.Second)}
		out := copied(t, db, o)
		r, err := query.Open(background, db, query.Options{At: o.At})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range rtnl.Kinds() {
			var want [][]any
			err := r.Query(background, "SELECT * FROM "+k.Name, func(answer *query.Rows) error {
				for {
					row, err := answer.Next()
					if row == nil || err != nil {
						return err
					}
					want = append(want, row)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := rows(t, out, "SELECT * FROM "+k.Name); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s differs:\n%v\n%v", o.At, k.Name, got, want)
			}
			checkTypes(t, out, k.Name)
		}
		want := [][]any{{at, r.Moment().Change}}
		if got := rows(t, out, "SELECT at_us, change FROM instant"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the table instant has %v", o.At, got)
		}
		gaps := rows(t, db, fmt.Sprintf(`SELECT * FROM gap WHERE from_us < %d AND (to_us IS NULL OR to_us > %[1]d)`, at))
		if got := rows(t, out, "SELECT * FROM gap"); !reflect.DeepEqual(got, gaps) {
			t.Errorf("%s: gaps %v, want %v", o.At, got, gaps)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkTypes: every column is declared as what it holds.
func checkTypes(t *testing.T, path, table string) {
	t.Helper()
	for _, c := range rows(t, path, `SELECT name, lower(type) FROM pragma_table_info('`+table+`')`) {
		if c[1] != "integer" && c[1] != "text" {
			t.Errorf("%s.%s is declared %v", table, c[0], c[1])
		}
		for _, v := range rows(t, path, fmt.Sprintf(`SELECT DISTINCT typeof("%s") FROM %s WHERE "%[1]s" IS NOT NULL`, c[0], table)) {
			if v[0] != c[1] {
				t.Errorf("%s.%s is declared %v and holds %v", table, c[0], c[1], v[0])
			}
		}
	}
}

func TestInstantIsNoRecording(t *testing.T) {
	out := copied(t, week(t), snapshot.Options{At: "last"})
	if _, err := store.OpenReadOnly(background, out); !errors.Is(err, store.ErrFlat) {
		t.Errorf("%v", err)
	}
}

// TestTargets: nothing is replaced unless by force, and nothing that is reached
// by another name, or in use, even so.
func TestTargets(t *testing.T) {
	db, dir := week(t), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string) {
		if err := os.WriteFile(in(name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"there.db", "aim", "first", "beside.db-wal", "journal.db-journal"} {
		write(name)
	}
	live := recordingtest.Open(t, in("live.db"))
	defer live.Close(0)
	for _, err := range []error{os.Symlink("aim", in("symlink.db")), os.Symlink("nowhere", in("dangling.db")), os.Link(in("first"), in("hardlink.db")), os.Mkdir(in("folder.db"), 0o700), os.Symlink(db, in("itself.db"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][2]error{ // without force, and by force
		"there.db":   {snapshot.ErrExists, nil},
		"symlink.db": {snapshot.ErrTarget, snapshot.ErrTarget}, "dangling.db": {snapshot.ErrTarget, snapshot.ErrTarget},
		"hardlink.db": {snapshot.ErrTarget, snapshot.ErrTarget}, "folder.db": {snapshot.ErrTarget, snapshot.ErrTarget},
		"itself.db": {snapshot.ErrTarget, snapshot.ErrTarget}, "live.db": {snapshot.ErrTarget, snapshot.ErrTarget},
		"beside.db": {snapshot.ErrTarget, snapshot.ErrTarget}, "journal.db": {snapshot.ErrTarget, snapshot.ErrTarget},
		"no/folder.db": {os.ErrNotExist, os.ErrNotExist},
	} {
		for i, force := range []bool{false, true} {
			before, _ := os.ReadFile(in(name))
			err := snapshot.Write(background, db, in(name), snapshot.Options{Force: force})
			if !errors.Is(err, want[i]) {
				t.Errorf("%s, by force %t: %v, want %v", name, force, err, want[i])
			}
			after, _ := os.ReadFile(in(name))
			if want[i] != nil && !bytes.Equal(before, after) {
				t.Errorf("%s changed", name)
			}
		}
	}
	if err := snapshot.Write(background, db, db, snapshot.Options{Force: true}); !errors.Is(err, snapshot.ErrTarget) {
		t.Errorf("itself: %v", err)
	}
	verified(t, in("there.db"))
	if left, _ := filepath.Glob(in(".nlrec-*")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestInterrupt: whenever a copy is interrupted, nothing is left of it.
func TestInterrupt(t *testing.T) {
	db, dir := week(t), t.TempDir()
	out := filepath.Join(dir, "copy.db")
	for _, o := range []snapshot.Options{{}, {At: "last"}, {Since: "last", Redact: true}} {
		done := false
		for patience := 100 * time.Microsecond; !done; patience += patience / 2 {
			ctx, cancel := context.WithTimeout(background, patience)
			err := snapshot.Write(ctx, db, out, o)
			cancel()
			done = err == nil
			if err != nil && ctx.Err() == nil {
				t.Fatal(err)
			}
			left, _ := os.ReadDir(dir)
			if !done && len(left) != 0 {
				t.Fatalf("%v after %s: left over: %v (%v)", o, patience, left, err)
			}
		}
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStream(t *testing.T) {
	var b strings.Builder
	if err := snapshot.Write(background, week(t), "", snapshot.Options{Stream: &b}); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(out, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	verified(t, out)
}

// TestSince: a copy that begins at some instant answers for every later one as
// the recording does, and has nothing that is only of before.
func TestSince(t *testing.T) {
	db := week(t)
	const hour = 3600 * recordingtest.Second
	for _, since := range []int64{recordingtest.Monday, recordingtest.Monday + 20*hour, recordingtest.Monday + 60*hour, recordingtest.Monday + 7*24*hour - 1} {
		out := copied(t, db, snapshot.Options{Since: fmt.Sprintf("@%d.%06d", since/recordingtest.Second, since%recordingtest.Second)})
		verified(t, out)
		for at := since; at < recordingtest.Monday+7*24*hour; at += 17 * hour {
			same(t, db, out, query.Options{At: fmt.Sprintf("@%d", (at+999_999)/recordingtest.Second)})
		}
		log := fmt.Sprintf("SELECT * FROM change_log WHERE at_us > %d", since)
		if got, want := rows(t, out, log), rows(t, db, log); !reflect.DeepEqual(got, want) {
			t.Errorf("since %d: the changes differ:\n%v\n%v", since, got, want)
		}
		if since > recordingtest.Monday && since < recordingtest.Monday+7*24*hour-1 {
			if _, err := query.Open(background, out, query.Options{At: fmt.Sprintf("@%d", since/recordingtest.Second-3600)}); !errors.Is(err, query.ErrOutside) {
				t.Errorf("since %d: an hour before: %v", since, err)
			}
		}
	}
}

// same compares what both say there was at an instant.
func same(t *testing.T, a, b string, o query.Options) {
	t.Helper()
	var answers [2][]any
	for i, path := range []string{a, b} {
		r, err := query.Open(background, path, o)
		if err != nil {
			t.Errorf("%s: %v", o.At, err)
			return
		}
		for _, k := range rtnl.Kinds() {
			err := r.Query(background, "SELECT * FROM "+k.Name+" ORDER BY object", func(answer *query.Rows) error {
				for {
					row, err := answer.Next()
					if row == nil || err != nil {
						return err
					}
					answers[i] = append(answers[i], row)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(answers[0], answers[1]) {
		t.Errorf("%s: the answers differ:\n%v\n%v", o.At, answers[0], answers[1])
	}
}

// TestSinceHoldsNothingOlder: what went before is not in the file.
func TestSinceHoldsNothingOlder(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a.db")
	r := recordingtest.Open(t, db)
	const t0, second = recordingtest.T0, recordingtest.Second
	r.Begin(t0-second, t0)
	gone := recordingtest.Values{"ifindex": int64(7), "ifname": "goneforgood"}
	r.Set(t0+second, rtnl.Link, gone)
	r.Remove(t0+2*second, rtnl.Link, gone)
	r.Set(t0+3*second, rtnl.Link, recordingtest.Values{"ifindex": int64(8), "ifname": "stays"})
	r.Set(t0+8*second, rtnl.Link, recordingtest.Values{"ifindex": int64(8), "ifname": "changes"})
	r.Close(t0 + 9*second)
	for since, want := range map[int64]bool{t0 + second: true, t0 + 5*second: false} {
		content, err := os.ReadFile(copied(t, db, snapshot.Options{Since: fmt.Sprintf("@%d", since/second)}))
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(content, []byte("goneforgood")); got != want || !bytes.Contains(content, []byte("stays")) {
			t.Errorf("since %d s: the file has what went before: %t", (since-t0)/second, got)
		}
	}
}
