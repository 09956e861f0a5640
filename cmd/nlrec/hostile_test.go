package main

// Files that somebody has made to do harm, and files that have come to harm. Each
// is given to the commands that read, in a folder of its own.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nlrec/internal/recordingtest"
	"nlrec/internal/torture"
	"nlrec/store"
)

// hostileCommands are given each file.
var hostileCommands = [][]string{
	{"status"},
	{"query", "--at", "#3", "--timeout", "20s", "SELECT * FROM route JOIN link ON dev = ifname"},
	{"show", "link", "--check", "never"}, // as nobody looked at it before
	{"log", "-n", "50"},
}

// hangs is how long nothing may take: one minute of computing on a damaged file,
// on a machine that is busy with others.
const hangs = 10 * time.Minute

// A specimen is a recording as the octets of its files.
type specimen struct{ db, wal []byte }

// specimens are one at rest and one with a write-ahead log that holds most of it.
func specimens(t *testing.T) []specimen {
	dir := t.TempDir()
	rest, live := filepath.Join(dir, "rest.db"), filepath.Join(dir, "live.db")
	recordingtest.Sample(t, rest)
	recordingtest.Sample(t, live)
	s, err := store.Open(t.Context(), live)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 3 {
		if _, _, err := s.Begin(t.Context(), store.Clock{Wall: recordingtest.T0 + 1e9, Boot: 1e9}, "test"); err != nil {
			t.Fatal(err)
		}
	}
	return []specimen{{db: octets(t, rest)}, {octets(t, live), octets(t, live+"-wal")}}
}

func octets(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const pageSize = 4096

// mutations are the ways in which files come to harm.
var mutations = []struct {
	name string
	f    func(*rand.Rand, *specimen)
}{
	{"bits flipped", func(r *rand.Rand, s *specimen) {
		for range 1 + r.IntN(20) {
			s.db[r.IntN(len(s.db))] ^= 1 << r.IntN(8)
		}
	}},
	{"octets of the first pages", func(r *rand.Rand, s *specimen) {
		for range 1 + r.IntN(50) {
			s.db[r.IntN(4*pageSize)] = byte(r.Uint32())
		}
	}},
	{"heads of pages", func(r *rand.Rand, s *specimen) { // kind, free blocks, cells, pointers
		for range 1 + r.IntN(10) {
			s.db[r.IntN(len(s.db)/pageSize)*pageSize+r.IntN(30)] = byte(r.Uint32())
		}
	}},
	{"cut", func(r *rand.Rand, s *specimen) { s.db = s.db[:r.IntN(len(s.db))] }},
	{"pages swapped", func(r *rand.Rand, s *specimen) {
		for range 1 + r.IntN(5) {
			a, b := r.IntN(len(s.db)/pageSize)*pageSize, r.IntN(len(s.db)/pageSize)*pageSize
			page := bytes.Clone(s.db[a : a+pageSize])
			copy(s.db[a:], s.db[b:b+pageSize])
			copy(s.db[b:], page)
		}
	}},
	{"pages of noise", func(r *rand.Rand, s *specimen) {
		for range 1 + r.IntN(4) {
			at := r.IntN(len(s.db)/pageSize) * pageSize
			for i := range pageSize {
				s.db[at+i] = byte(r.Uint32())
			}
		}
	}},
	{"pages of nothing", func(r *rand.Rand, s *specimen) {
		for range 1 + r.IntN(4) {
			at := r.IntN(len(s.db)/pageSize) * pageSize
			clear(s.db[at : at+pageSize])
		}
	}},
	{"lies in the header", func(r *rand.Rand, s *specimen) { // all but what tells a recording
		for range 1 + r.IntN(4) {
			field := [][2]int{{16, 2}, {18, 1}, {19, 1}, {20, 1}, {21, 3}, {24, 4}, {28, 4}, {32, 4}, {36, 4}, {40, 4}, {44, 4}, {48, 4}, {52, 4}, {56, 4}, {60, 4}, {64, 4}, {92, 4}}[r.IntN(17)]
			value := []uint32{0, 1, 2, 3, 512, 1 << 15, 1<<16 - 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, r.Uint32()}[r.IntN(11)]
			for i := range field[1] {
				s.db[field[0]+i] = byte(value >> (8 * (field[1] - 1 - i)))
			}
		}
	}},
	{"huge lengths in cells", func(r *rand.Rand, s *specimen) {
		for range 1 + r.IntN(20) {
			at := r.IntN(len(s.db) - 10)
			copy(s.db[at:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}[r.IntN(8):])
		}
	}},
	{"words of the schema", func(r *rand.Rand, s *specimen) {
		words := []string{"CREATE", "TABLE ", "INDEX ", "VIEW  ", "SELECT", "FROM c", "object", "INTEGER", "PRIMARY", "change", "now", "WHERE", "route_", "ifnull"}
		for range 1 + r.IntN(8) {
			at := bytes.Index(s.db[r.IntN(len(s.db)/2):], []byte(words[r.IntN(len(words))]))
			if at > 0 {
				copy(s.db[at:], words[r.IntN(len(words))])
			}
		}
	}},
	{"something appended", func(r *rand.Rand, s *specimen) {
		for range r.IntN(5) {
			s.db = append(s.db, s.db[:pageSize]...)
		}
		s.db = append(s.db, make([]byte, r.IntN(pageSize))...)
	}},
	{"log: bits flipped", func(r *rand.Rand, s *specimen) { s.flipLog(r) }},
	{"log: cut", func(r *rand.Rand, s *specimen) { s.wal = s.wal[:r.IntN(len(s.wal)+1)] }},
	{"log: of noise", func(r *rand.Rand, s *specimen) {
		s.wal = make([]byte, 32+r.IntN(5*pageSize))
		for i := range s.wal {
			s.wal[i] = byte(r.Uint32())
		}
	}},
	{"log and file", func(r *rand.Rand, s *specimen) {
		s.flipLog(r)
		s.db[r.IntN(len(s.db))] ^= 1 << r.IntN(8)
	}},
}

func (s *specimen) flipLog(r *rand.Rand) {
	for range 1 + r.IntN(20) {
		if len(s.wal) > 0 {
			s.wal[r.IntN(len(s.wal))] ^= 1 << r.IntN(8)
		}
	}
}

// TestTortureMutated gives damaged files to the commands that read: each answers
// or refuses, in words, and writes nothing.
func TestTortureMutated(t *testing.T) {
	run := torture.Start(t, "damaged files given to status, query, show and log")
	all := specimens(t)
	tries := torture.Often(200, 20_000)
	next := make(chan int)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for i := range next {
				m := mutations[i%len(mutations)]
				r := rand.New(rand.NewPCG(uint64(i), 20))
				s := all[r.IntN(len(all))]
				s = specimen{bytes.Clone(s.db), bytes.Clone(s.wal)}
				m.f(r, &s)
				commands := hostileCommands
				if tries < 20_000 { // one in turn
					commands = commands[i/len(mutations)%len(commands):][:1]
				}
				feed(t, run, fmt.Sprintf("%d: %s", i, m.name), s, commands...)
			}
		})
	}
	for i := range tries {
		next <- i
	}
	close(next)
	workers.Wait()
}

// feed gives one file to commands.
func feed(t *testing.T, run *torture.Run, name string, s specimen, commands ...[]string) {
	run.Try()
	dir, err := os.MkdirTemp(t.TempDir(), "fed")
	if err != nil {
		t.Error(err)
		return
	}
	defer os.RemoveAll(dir)
	db := filepath.Join(dir, "x.db")
	if err := errors.Join(os.WriteFile(db, s.db, 0o600), os.WriteFile(db+"-wal", s.wal, 0o600)); err != nil {
		t.Error(err)
		return
	}
	if len(s.wal) == 0 {
		os.Remove(db + "-wal")
	}
	refused := true
	for _, args := range commands {
		began := time.Now()
		code, problem := swallow(append(args, "--db", db), dir)
		run.Worst(time.Since(began).Seconds(), "%s took %.1f s on %s", args[0], time.Since(began).Seconds(), name)
		refused = refused && code != 0
		if problem == "" {
			problem = untouched(dir, db, s)
		}
		if problem != "" {
			run.Lose("%s: nlrec %s: %s", name, strings.Join(args, " "), problem)
			return
		}
	}
	if refused {
		run.Refuse()
	}
}

// escapes are what a terminal obeys.
var escapes = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]`)

// swallow runs a command on a file and returns its exit code, and what is wrong
// with how it took it.
func swallow(args []string, home string) (code int, problem string) {
	ctx, cancel := context.WithTimeout(context.Background(), hangs)
	defer cancel()
	c := exec.CommandContext(ctx, "nlrec", args...)
	c.Env = append(os.Environ(), "XDG_CACHE_HOME="+home+"/../cache")
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	_ = c.Run() // the exit code says it
	code = c.ProcessState.ExitCode()
	switch said := stderr.String(); {
	case ctx.Err() != nil:
		return code, "it hangs"
	case code < 0 || code > 6:
		return code, fmt.Sprintf("it ended with %s: %s", c.ProcessState, said)
	case code != 0 && !strings.HasPrefix(said, "nlrec: "):
		return code, fmt.Sprintf("exit code %d without a word: %s", code, said)
	case strings.Contains(said, "goroutine "):
		return code, "it shows a trace: " + said
	case escapes.Match(stdout.Bytes()) || escapes.Match(stderr.Bytes()):
		return code, "it prints what a terminal obeys"
	}
	return code, ""
}

// untouched says what is not as it was in a folder, but for the index of a log.
func untouched(dir, db string, s specimen) string {
	want := map[string][]byte{db: s.db}
	if len(s.wal) > 0 {
		want[db+"-wal"] = s.wal
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err.Error()
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if path == db+"-shm" && len(s.wal) > 0 {
			continue
		}
		have, err := os.ReadFile(path)
		if before, was := want[path]; err != nil || !was || !bytes.Equal(have, before) {
			return fmt.Sprintf("%s was written: %v", e.Name(), err)
		}
		delete(want, path)
	}
	if len(want) > 0 {
		return fmt.Sprint("gone: ", slices.Collect(maps.Keys(want)))
	}
	return ""
}

// madeUp are recordings that somebody has changed so that reading them does
// something: the SQL that makes them, and what the refusal says; "": they are
// answered as if nothing were.
var madeUp = []struct{ name, sql, refusal string }{
	{"a view for a table", `ALTER TABLE change RENAME TO real_change; CREATE VIEW change AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n)
		SELECT i AS id, i AS at_us, i AS object, NULL AS was, NULL AS was_since_us, i AS state, 1 AS how, NULL AS cause, NULL AS actor FROM n`, "view change, where there should be a table"},
	{"a view for the table now", `DROP TABLE now; CREATE VIEW now AS SELECT object, state, 0 AS since_us FROM change`, "view now, where there should be a table"},
	{"a view without end", `DROP VIEW route; CREATE VIEW route AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i AS dst FROM n`, ""},
	{"a table for a view", `DROP VIEW link; CREATE TABLE link (ifname); INSERT INTO link VALUES (char(27) || '[2J')`, ""},
	{"a view that reaches out", `DROP VIEW link; CREATE VIEW link AS SELECT load_extension('x') AS ifname`, ""},
	{"a view by another name", `CREATE VIEW mine AS SELECT count(*) FROM change`, ""},
	{"an index of one's own", `CREATE INDEX mine ON change (how, cause)`, ""},
	{"a trigger", `CREATE TRIGGER x AFTER INSERT ON change BEGIN DELETE FROM change; END`, "trigger x"},
	{"a trigger instead of a view", `CREATE TRIGGER x INSTEAD OF INSERT ON route BEGIN SELECT 1; END`, "trigger x"},
	{"a virtual table", `CREATE VIRTUAL TABLE route_at USING fts5(x)`, "virtual table route_at"},
	{"a virtual table of pages", `CREATE VIRTUAL TABLE x USING rtree(id, a, b)`, "virtual table x"},
	{"a computed column", `ALTER TABLE session ADD COLUMN x AS (hex(zeroblob(8000000)))`, "computed column session.x"},
	{"a computed index", `CREATE INDEX x ON change (length(hex(zeroblob(1000000))) + id)`, "computed index x"},
	{"a partial index", `CREATE INDEX x ON change (at_us) WHERE id > 5`, "partial index x"},
	{"deep views", deepViews(200), ""},
	{"huge values", `UPDATE link_state SET ifname = hex(zeroblob(30000000)), ifalias = zeroblob(100000000)`, ""},
	{"values of other types", `UPDATE link_state SET ifname = x'1b5b324a', flags = 3.5, mtu = 'x'; UPDATE change SET at_us = 'x', was_since_us = x'00'; UPDATE session SET started_us = 'x', host = 1e300`, ""},
	{"numbers at their ends", `UPDATE change SET at_us = 9223372036854775807, object = -9223372036854775808; UPDATE now SET object = -1, state = 9223372036854775807`, ""},
	{"no kinds", `DELETE FROM kind; DELETE FROM how; DELETE FROM netns`, ""},
	{"kinds of another", `UPDATE kind SET name = 'x''); DROP TABLE change; --' || id`, ""},
	{"names that a terminal obeys", "UPDATE link_state SET ifname = char(27) || ']0;x' || char(7), ifalias = char(27) || '[2J' || char(13, 10, 155); UPDATE session SET host = char(27) || 'c', kernel = char(155) || '2J'; UPDATE gap SET reason = char(27) || '[2J'", ""},
	{"statistics that lie", `DELETE FROM sqlite_stat1; INSERT INTO sqlite_stat1 VALUES ('change', 'change_at', '1 1 1 1 1 1 1 x'), (NULL, NULL, NULL), ('now', 'x', zeroblob(100))`, ""},
	{"a sequence that lies", `UPDATE sqlite_sequence SET seq = 'x', name = zeroblob(10); INSERT INTO sqlite_sequence VALUES ('change', 9223372036854775807)`, ""},
	{"a schema of the future", `UPDATE goose_db_version SET version_id = 9999`, ""},
	{"a schema of no version", `UPDATE goose_db_version SET version_id = 'x'`, ""},
	{"no sessions", `DELETE FROM session`, ""},
	{"nested data without end", `UPDATE link_state SET altnames = replace(hex(zeroblob(100000)), '0', '[')`, ""},
	{"schema rows that point nowhere", `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'change'`, ""},
	{"schema rows that point to each other", `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = 1 WHERE type = 'table'`, ""},
	{"a schema that is no SQL", `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE TABLE change AS SELECT load_extension(1)' WHERE name = 'change'`, ""},
	{"two tables of one name", `PRAGMA writable_schema = 1; INSERT INTO sqlite_schema SELECT type, name, tbl_name, 7, sql FROM sqlite_schema WHERE name = 'now'`, ""},
}

// deepViews makes views of which each asks the one before it twice.
func deepViews(n int) string {
	text := "DROP VIEW route; CREATE VIEW v0 AS SELECT 1 AS x"
	for i := range n {
		text += fmt.Sprintf("; CREATE VIEW v%d AS SELECT a.x FROM v%d a, v%d b", i+1, i, i)
	}
	return text + fmt.Sprintf("; CREATE VIEW route AS SELECT x AS dst FROM v%d", n)
}

// TestTortureMadeUp gives recordings that somebody has changed to every command.
func TestTortureMadeUp(t *testing.T) {
	run := torture.Start(t, "files that are made to do something")
	original := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, original)
	for _, m := range madeUp {
		db := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(db, octets(t, original), 0o600); err != nil {
			t.Fatal(err)
		}
		script := exec.Command("sqlite3", "-bail", db)
		script.Stdin = strings.NewReader("PRAGMA trusted_schema = 1;\n.dbconfig defensive off\n" + m.sql + ";\n")
		if out, err := script.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", m.name, err, out)
			continue
		}
		feed(t, run, m.name, specimen{db: octets(t, db)}, hostileCommands...)
		out, _ := exec.Command("nlrec", "show", "link", "--db", db).CombinedOutput()
		refused := strings.Contains(string(out), store.ErrHostile.Error())
		if refused != (m.refusal != "") || !strings.Contains(string(out), m.refusal) {
			t.Errorf("%s: %s, want %q", m.name, out, m.refusal)
		}
	}
}
