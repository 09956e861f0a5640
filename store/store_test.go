package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"nlrec/rtnl"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Begin(t.Context(), Clock{Wall: 1}, "test"); err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// write appends one change of a neighbour or link, and returns its object.
func write(t *testing.T, s *Store, k *rtnl.Kind, key rtnl.Row, o *Object, at int64, value any) *Object {
	t.Helper()
	if o == nil {
		o = &Object{Key: string(rtnl.AppendKey(nil, key))}
	}
	var state *State
	if value != nil {
		values := make(rtnl.Row, len(k.Columns)-len(k.Key))
		values[0] = value
		state = s.Intern(k, values)
	}
	c := Change{ID: s.NextChange(), At: at, Kind: k, Object: o, Was: o.State, State: state, How: Announced}
	o.State = state
	if err := s.Append(t.Context(), Batch{Changes: []Change{c}}); err != nil {
		t.Fatal(err)
	}
	return o
}

func count(t *testing.T, s *Store, query string) int64 {
	t.Helper()
	n, err := s.w.number(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var neighbour = rtnl.Row{"inet", int64(2), "192.0.2.1"}

func TestFlapsShareObjectAndStates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	var o *Object
	for i := range int64(10) {
		o = write(t, s, rtnl.Neighbour, neighbour, o, 2*i, "up")
		write(t, s, rtnl.Neighbour, neighbour, o, 2*i+1, nil)
		if i%2 == 0 {
			o = nil // the recorder may forget the object when it is gone
		}
		if i == 5 { // and so does everything in memory, over a restart
			closeStore(t, s)
			s, o = open(t, path), nil
		}
	}
	defer closeStore(t, s)
	for query, want := range map[string]int64{
		`SELECT count(*) FROM neighbour_object`: 1,
		`SELECT count(*) FROM neighbour_state`:  1,
		`SELECT count(*) FROM change`:           20,
		`SELECT count(*) FROM now`:              0,
	} {
		if got := count(t, s, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
}

func TestReusedIfindexIsAnotherObject(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer closeStore(t, s)
	key := rtnl.Row{int64(7)}
	first := write(t, s, rtnl.Link, key, nil, 1, "eth0")
	write(t, s, rtnl.Link, key, first, 2, nil)
	second := write(t, s, rtnl.Link, key, nil, 3, "eth0")
	if first.id == second.id {
		t.Errorf("both links are object %d", first.id)
	}
}

func TestCurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	write(t, s, rtnl.Neighbour, neighbour, nil, 5, "up")
	closeStore(t, s)

	s = open(t, path)
	all, err := s.Current(t.Context(), rtnl.Neighbour)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	held := all[0]
	if key := rtnl.ParseKey(held.Key); !slices.Equal(key, neighbour) || held.State.Values[0] != "up" {
		t.Errorf("%v is %v", key, held.State.Values)
	}
	write(t, s, rtnl.Neighbour, neighbour, held, 9, "down")
	defer closeStore(t, s)
	if n := count(t, s, `SELECT was_since_us FROM change WHERE at_us = 9`); n != 5 {
		t.Errorf("the version that ended began at %d", n)
	}
}

func TestForgetKeepsStatesApart(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer closeStore(t, s)
	o := write(t, s, rtnl.Neighbour, neighbour, nil, 1, "up")
	s.tables[rtnl.Neighbour].crowd = 0
	s.Forget(rtnl.Neighbour, func(yield func(*Object)) { yield(o) })
	if same := s.Intern(rtnl.Neighbour, o.State.Values); same != o.State {
		t.Error("a state in use was forgotten")
	}
	write(t, s, rtnl.Neighbour, neighbour, o, 2, "down")
	s.tables[rtnl.Neighbour].crowd = 0
	s.Forget(rtnl.Neighbour, func(yield func(*Object)) { yield(o) })
	write(t, s, rtnl.Neighbour, neighbour, o, 3, "up")
	if n := count(t, s, `SELECT count(*) FROM neighbour_state`); n != 2 {
		t.Errorf("%d states, want 2", n)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, slices.Repeat([]byte("no database\n"), 20), 0o600); err != nil {
		t.Fatal(err)
	}
	taken := filepath.Join(dir, "taken.db")
	s := open(t, taken)
	defer closeStore(t, s)
	newer := filepath.Join(dir, "newer.db")
	n := open(t, newer)
	if err := n.w.exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	closeStore(t, n)
	for path, want := range map[string]error{dir: ErrNotRecording, text: ErrNotRecording, taken: ErrLocked, newer: ErrNewerSchema} {
		before, _ := os.ReadFile(path)
		if _, err := Open(context.Background(), path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", filepath.Base(path), err, want)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s: what was refused was changed", filepath.Base(path))
		}
	}
	if running, err := Recording(newer); running || err != nil {
		t.Errorf("a closed recording is being recorded: %v", err)
	}
}

// TestReadBegun reads a recording whose maker was stopped before it had made
// the first tables.
func TestReadBegun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path, firstPage(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, made := range []string{`SELECT 1`, `CREATE TABLE goose_db_version (version_id INTEGER, is_applied INTEGER)`,
		`INSERT INTO goose_db_version VALUES (0, 1)`} {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(made); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenReadOnly(t.Context(), path); !errors.Is(err, ErrNotRecording) {
			t.Errorf("after %s: %v", made, err)
		}
	}
}

// A link would have a recorder write to a file of somebody else's choice.
func TestOpenRefusesLinks(t *testing.T) {
	tests := map[string]func(path, link string) error{
		"a symbolic link":            os.Symlink,
		"a hard link":                os.Link,
		"a symbolic link to nothing": func(_, link string) error { return os.Symlink(link+".none", link) },
	}
	for name, plant := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, link := filepath.Join(dir, "a.db"), filepath.Join(dir, "link.db")
			closeStore(t, open(t, path))
			before, err := os.ReadFile(path)
			if err := errors.Join(err, plant(path, link)); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(t.Context(), link); !errors.Is(err, ErrLink) {
				t.Errorf("%v", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file it leads to was written to, %v", err)
			}
			if _, err := os.Stat(link + ".none"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a file was made: %v", err)
			}
		})
	}
}

// Whatever the umask, others may not read a recording, nor its folder.
func TestModes(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	dir := filepath.Join(t.TempDir(), "new")
	path := filepath.Join(dir, "a.db")
	s := open(t, path)
	write(t, s, rtnl.Neighbour, neighbour, nil, 1, "up")
	defer closeStore(t, s)
	for name, want := range map[string]os.FileMode{dir: 0o750, path: 0o640, path + "-wal": 0o640, path + "-shm": 0o640} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: %o, want %o", filepath.Base(name), got, want)
		}
	}
}

func TestCloseLeavesOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	write(t, s, rtnl.Neighbour, neighbour, nil, 1, "up")
	closeStore(t, s)
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if _, err := os.Stat(path + suffix); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", suffix, err)
		}
	}
}

// TestTablesMatchKinds holds the hand-written SQL against the declarations.
func TestTablesMatchKinds(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer closeStore(t, s)
	for _, k := range rtnl.Kinds() {
		for table, want := range map[string][]string{
			k.Name + "_object": append([]string{"object", "hash", "netns", "position"}, k.Columns[:len(k.Key)]...),
			k.Name + "_state":  append([]string{"id", "hash"}, k.Columns[len(k.Key):]...),
		} {
			got := columns(t, s, table)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s has columns\n%q, the kind\n%q", table, got, want)
			}
		}
		view := columns(t, s, k.Name)
		for _, c := range k.Columns {
			if !slices.Contains(view, c) {
				t.Errorf("view %s lacks %s", k.Name, c)
			}
		}
	}
}

func columns(t *testing.T, s *Store, table string) (names []string) {
	t.Helper()
	rows, err := s.w.conn.QueryContext(t.Context(), `SELECT * FROM `+table+` LIMIT 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err = rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestViewsAreKept: what a file has is told from what it lacks.
func TestViewsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	views, err := Views()
	if err != nil {
		t.Fatal(err)
	}
	if same, err := hasViews(t.Context(), s.w.conn, "main", views); !same || err != nil {
		t.Errorf("they differ, or %v", err)
	}
	if err := s.w.exec(t.Context(), `DROP VIEW route`); err != nil {
		t.Fatal(err)
	}
	if same, err := hasViews(t.Context(), s.w.conn, "main", views); same || err != nil {
		t.Errorf("without one they are the same, or %v", err)
	}
	closeStore(t, s)
	r, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.number(t.Context(), `SELECT count(*) FROM route`); err != nil {
		t.Error(err)
	}
}
