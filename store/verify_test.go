package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
	"nlrec/store"
)

// rightRecording makes a recording of two sessions that holds something of all
// that is checked: that of recordingtest.Sample, in which change #3 is the
// cause of #4, and then a neighbour (#6) and a route (#7). The link is object
// 65, the routes are 68 and 132, the neighbour is 69.
func rightRecording(t *testing.T) string {
	t.Helper()
	const t0, second = recordingtest.T0, recordingtest.Second
	path := filepath.Join(t.TempDir(), "right.db")
	recordingtest.Sample(t, path)
	r := recordingtest.Open(t, path)
	r.Begin(t0+20*second, t0+21*second)
	r.Set(t0+22*second, rtnl.Neighbour, recordingtest.Values{"family": "inet", "ifindex": int64(1), "dst": "192.0.2.1"})
	r.Set(t0+23*second, rtnl.Route, recordingtest.Values{"family": "inet", "dst": "10.0.0.0/8"})
	r.Gap(rtnl.Link, t0+24*second, 0, "undecodable message")
	r.Close(t0 + 30*second)
	corrupt(t, path, `
		UPDATE change SET cause = 3 WHERE id = 4;
		INSERT INTO actor VALUES (1, 1, 4711);
		UPDATE change SET actor = 1 WHERE id = 2`)
	return path
}

// corrupt runs SQL on a file.
func corrupt(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

func verify(t *testing.T, path string) []store.Finding {
	t.Helper()
	file, err := store.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	findings, err := file.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

// again is the statement that writes a row of a table once more, under another
// id.
func again(table string, columns []string, from, to int) string {
	list := strings.Join(columns, ", ")
	return fmt.Sprintf(`INSERT INTO %s (rowid, %s) SELECT %[3]d, %[2]s FROM %[1]s WHERE rowid = %[4]d`, table, list, to, from)
}

// TestVerify corrupts a recording in one way at a time: one check tells it, in
// so many words, and no other minds.
func TestVerify(t *testing.T) {
	objectColumns := append([]string{"hash", "netns", "position"}, rtnl.Route.Columns[:len(rtnl.Route.Key)]...)
	stateColumns := append([]string{"hash"}, rtnl.Route.Columns[len(rtnl.Route.Key):]...)
	const early = `UPDATE change SET at_us = 1777629600000000 WHERE id = 5; UPDATE now SET since_us = 1777629600000000 WHERE object = 65;`
	tests := []struct {
		name, sql   string
		check, says string // empty: all is right
	}{
		{"nothing", ``, "", ""},
		{"a NULL where none may be", `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'lost INTEGER,', 'lost INTEGER NOT NULL,') WHERE name = 'gap'`,
			"pages", "NULL value in gap.lost"},
		{"a change that is missing", `UPDATE change SET id = 9 WHERE id = 7`, "ids", "change #9 follows on #6"},
		{"another time than that of the change before", `UPDATE change SET was_since_us = was_since_us - 1 WHERE id = 3`,
			"chain", "change #3 of object 68 ends state 1 since 1777629601999999, but change #2 left state 1 since 1777629602000000"},
		{"another state than that of the change before", `UPDATE change SET was = 1 WHERE id = 4`, "chain", "change #4 of object 68 ends state 1"},
		{"an end without a beginning", `UPDATE change SET was = 1, was_since_us = at_us WHERE id = 7`, "chain", "change #7 of object 132 ends state 1 since 1777629623000000, but there is no change before it"},
		{"a time without a state", `UPDATE change SET was_since_us = 1 WHERE id = 6`, "chain", "change #6 of object 69 ends state none since 1, but"},
		{"a beginning without the end before", `UPDATE change SET was = NULL, was_since_us = NULL WHERE id = 5`, "chain", "change #5 of object 65 ends nothing, but change #1 left state 1"},
		{"a change to the same", `INSERT INTO change VALUES (8, 1777629625000000, 65, 2, 1777629605000000, 2, 2, NULL, NULL); UPDATE now SET since_us = 1777629625000000 WHERE object = 65`,
			"effect", "change #8 of object 65 changes nothing: it is in state 2 before and after"},
		{"a change from nothing to nothing", `INSERT INTO change VALUES (8, 1777629625000000, 68, NULL, NULL, NULL, 2, NULL, NULL)`,
			"effect", "change #8 of object 68 changes nothing: the object neither was there nor is"},
		{"an end before the beginning", early, "order", "change #5 of object 65 ends at 1777629600000000 what began at 1777629601000000, 1000000 µs later"},
		{"a clock that was set back", early + `INSERT INTO clock VALUES (90, 1, 1777629600000000, 1, -2000000); INSERT INTO clock_place VALUES (90, 4)`, "", ""},
		{"a clock that was set back at another place", early + `INSERT INTO clock VALUES (90, 1, 1777629600000000, 1, -2000000); INSERT INTO clock_place VALUES (90, 3)`, "order", "change #5 is of 1777629600000000, 4000000 µs before"},
		{"a clock that was set back at another time", early + `INSERT INTO clock VALUES (NULL, 1, 1777639600000000, 1, -2000000)`, "order", "change #5"},
		{"a clock that was set back between sessions", `UPDATE change SET at_us = 1777629609000000 WHERE id = 7; UPDATE now SET since_us = 1777629609000000 WHERE object = 132;
			INSERT INTO change VALUES (8, 1777629608000000, 132, 3, 1777629609000000, NULL, 2, NULL, NULL); DELETE FROM now WHERE object = 132;
			UPDATE session SET started_us = 1777629607000000 WHERE id = 2;
			INSERT INTO gap VALUES (NULL, 2, NULL, 1777629607000000, 1777629607000001, NULL, 'not recording'); INSERT INTO clock_place VALUES (91, 6), (92, 7)`, "", ""},
		{"another state now", `UPDATE now SET state = 1 WHERE object = 65`, "now", "object 65 is now state 1 since 1777629605000000, but its last change, #5, left state 2 since 1777629605000000"},
		{"another time now", `UPDATE now SET since_us = 1 WHERE object = 65`, "now", "object 65 is now state 2 since 1, but"},
		{"what is gone is there", `INSERT INTO now VALUES (68, 1, 1)`, "now", "object 68 is now state 1 since 1, but its last change, #4, left nothing"},
		{"what never came is there", `INSERT INTO now VALUES (196, 1, 1)`, "now", "object 196 is now state 1 since 1, but it never came"},
		{"what is there is not", `DELETE FROM now WHERE object = 69`, "now", "neighbour 69 is not there now, but its last change, #6, left state 1"},
		{"no table of what is now", `DROP TABLE now`, "now", "it cannot be checked: SQL logic error: no such table: "},
		{"an object that is missing", `DELETE FROM neighbour_object`, "objects", "change #6 is of object 69, of which there is nothing"},
		{"an object of an unknown kind", `INSERT INTO change VALUES (8, 1777629625000000, 127, NULL, NULL, 1, 2, NULL, NULL)`, "objects", "change #8 is of object 127"},
		{"an object among those of another kind", `INSERT INTO link_object SELECT 133, hash, netns, position, ifindex FROM link_object`, "objects", "link 133 has a number of another kind"},
		{"an unknown namespace", `DELETE FROM netns`, "objects", "is in network namespace 1, which is unknown"},
		{"a kind with another number", `UPDATE kind SET name = 'tunnel' WHERE name = 'nexthop'`, "objects", "nexthop is not kind 3"},
		{"a state that is missing", `DELETE FROM neighbour_state`, "states", "change #6 of object 69 leads to state 1, of which there is nothing"},
		{"a state with another hash", `UPDATE route_state SET hash = 5 WHERE id = 1`, "hashes", "route state 1 has the hash 5, but its values have "},
		{"an object with other values", `UPDATE route_object SET metric = 6 WHERE object = 68`, "hashes", "route 68 has the hash "},
		{"octets for a text", `UPDATE route_state SET gateway = x'00' WHERE id = 1`, "hashes", "route state 1 has a value of type []uint8, which no recorder writes"},
		{"the same state twice", again("route_state", stateColumns, 1, 99), "once", "route states 1 and 99 are the same"},
		{"the same object twice", again("route_object", objectColumns, 68, 196), "once", "route 68 and 196 are the same"},
		{"the same link index twice", again("link_object", []string{"hash", "netns", "position", "ifindex"}, 65, 129), "", ""},
		{"datings", `INSERT INTO dating VALUES (2, 3, 1, 2, NULL), (4, 4, 1, 1, 1); UPDATE change SET how = 4 WHERE id < 5`, "", ""},
		{"a dating that ends before it begins", `INSERT INTO dating VALUES (2, 3, 2, 1, NULL)`, "datings", "the dating of changes #2 to #3 is from 2 to 1"},
		{"a dating of nothing", `INSERT INTO dating VALUES (2, 1, 1, 1, NULL)`, "datings", "the dating of changes #2 to #1"},
		{"two datings of a change", `INSERT INTO dating VALUES (2, 4, 1, 1, NULL), (4, 5, 1, 1, NULL)`, "datings", "changes #2 to #4 have a dating, and so has change #4"},
		{"a dating by an unknown gap", `INSERT INTO dating VALUES (2, 4, 1, 1, 9)`, "datings", "the dating of change #2 is by gap 9"},
		{"a change found at some time", `INSERT INTO dating VALUES (2, 2, 1, 1, NULL); UPDATE change SET how = 4 WHERE id IN (1, 3)`, "datings", "change #3 was found, but there is no interval for it"},
		{"a cause that came later", `UPDATE change SET cause = 5 WHERE id = 4`, "causes", "change #4 has change #5 as its cause, which is no earlier one"},
		{"its own cause", `UPDATE change SET cause = id WHERE id = 4`, "causes", "change #4 has change #4"},
		{"a cause that is missing", `UPDATE change SET cause = -1 WHERE id = 4`, "causes", "change #4 has change #-1"},
		{"an unknown way to know", `UPDATE change SET how = 9 WHERE id = 4`, "sources", "change #4 is known in way 9, which is none"},
		{"an unknown actor", `DELETE FROM actor`, "sources", "change #2 was brought about by actor 1, of whom there is nothing"},
		{"ready before the start", `UPDATE session SET ready_us = started_us - 1 WHERE id = 2`, "sessions", "session 2 began at 1777629620000000, was ready at 1777629619999999 and ended at 1777629630000000"},
		{"an end before it was ready", `UPDATE session SET ended_us = started_us WHERE id = 2`, "sessions", "session 2 began"},
		{"an end before the start", `UPDATE session SET ready_us = NULL, ended_us = started_us - 1 WHERE id = 2`, "sessions", "was ready at no time"},
		{"a session that was killed", `UPDATE session SET ready_us = NULL, ended_us = NULL WHERE id = 1`, "", ""},
		{"a gap of no session", `UPDATE gap SET session = 9 WHERE id = 1`, "sessions", "gap 1 is of session 9, of which there is nothing"},
		{"a clock of no session", `UPDATE clock SET session = 9 WHERE id = 1`, "sessions", "clock 1 is of session 9"},
		{"an actor of no session", `UPDATE actor SET session = 9`, "sessions", "actor 1 is of session 9"},
		{"a gap that ends before it began", `UPDATE gap SET to_us = from_us - 7 WHERE id = 1`, "gaps", "gap 1 ends at 1777629605999993, 7 µs before it began"},
		{"a gap that an earlier session left open", `UPDATE gap SET to_us = NULL WHERE id = 1`, "gaps", "gap 1 of session 1 never ended"},
		{"a gap of an unknown kind", `UPDATE gap SET kind = 'tunnel' WHERE id = 1`, "gaps", "gap 1 is one of kind tunnel"},
	}
	right, err := os.ReadFile(rightRecording(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "wrong.db")
			if err := os.WriteFile(path, right, 0o600); err != nil {
				t.Fatal(err)
			}
			corrupt(t, path, tt.sql)
			told := false
			for _, f := range verify(t, path) {
				if f.Check == tt.check {
					told = strings.Contains(strings.Join(f.Found, "\n"), tt.says)
				}
				if f.OK == (f.Check == tt.check) {
					t.Errorf("%s: %t, %q", f.Check, f.OK, f.Found)
				}
			}
			if !told && tt.check != "" {
				t.Errorf("%s does not say %q", tt.check, tt.says)
			}
		})
	}
}

// TestVerifyMany: a table is walked to its end, and of many that offend only
// some are told.
func TestVerifyMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "many.db")
	r := recordingtest.Open(t, path)
	r.Begin(1, 2)
	const n = 45_000
	for i := range int64(n) {
		r.Set(3+i, rtnl.Link, recordingtest.Values{"ifindex": i % 7, "mtu": 1500 + i/7%2})
	}
	r.Close(n + 3)
	corrupt(t, path, fmt.Sprintf(`UPDATE change SET how = 9 WHERE id > %d; UPDATE change SET was = NULL WHERE id = %d`, n-6, n))
	file, err := store.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	last, steps := 0.0, 0
	findings, err := file.Verify(t.Context(), func(check string, done float64) {
		if done < last || done > 1 {
			t.Errorf("%s: %g after %g", check, done, last)
		}
		last = done
		steps++
	})
	if err != nil || steps < 3*len(findings) {
		t.Errorf("%v after %d steps", err, steps)
	}
	for _, f := range findings {
		want := map[string]int{"sources": 5, "chain": 1}[f.Check]
		if len(f.Found) != want || f.More != (f.Check == "sources") {
			t.Errorf("%s: %q, more %t", f.Check, f.Found, f.More)
		}
	}
}
