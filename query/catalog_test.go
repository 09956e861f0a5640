package query

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nlrec/rtnl"
	"nlrec/store"
)

func catalog(t *testing.T) []Table {
	t.Helper()
	tables, err := Catalog()
	if err != nil {
		t.Fatal(err)
	}
	for i, table := range tables {
		for _, as := range tables {
			if table.As == as.Name {
				tables[i].Columns = as.Columns
			}
		}
	}
	return tables
}

// The comments in the SQL name every column there is, in order, and no other.
func TestCatalog(t *testing.T) {
	r := open(t, samplePath(t), "")
	names := []string{}
	for _, table := range catalog(t) {
		names = append(names, table.Name)
		if table.Meaning == "" {
			t.Errorf("%s: no meaning", table.Name)
		}
		var columns []string
		for _, c := range table.Columns {
			columns = append(columns, c.Name)
			if c.Meaning == "" {
				t.Errorf("%s.%s: no meaning", table.Name, c.Name)
			}
		}
		got, want := strings.Join(columns, "\n"), answer(t, r, "SELECT name FROM pragma_table_info('"+table.Name+"')")
		if strings.HasSuffix(table.Name, "_at") {
			want = strings.TrimSuffix(want, "\nat")
		}
		if got != want {
			t.Errorf("%s: the comments tell of\n%s\nit has\n%s", table.Name, got, want)
		}
	}
	for _, k := range rtnl.Kinds() {
		for _, name := range []string{k.Name, k.Name + "_history", k.Name + "_at"} {
			if !slices.Contains(names, name) {
				t.Errorf("no %s", name)
			}
		}
	}
}

// Debian's sqlite3 answers each view, and what it says is what nlrec says.
func TestDebianSQLite(t *testing.T) {
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3 is not installed")
	}
	path := samplePath(t)
	r := open(t, path, "")
	for _, table := range catalog(t) {
		if strings.HasSuffix(table.Name, "_at") {
			continue
		}
		text := "SELECT * FROM " + table.Name
		out, err := exec.Command(program, "-readonly", "-separator", " ", path, text).CombinedOutput()
		if got, want := strings.TrimSuffix(string(out), "\n"), answer(t, r, text); err != nil || got != want {
			t.Errorf("%s: %v\n%s\nnlrec says\n%s", text, err, got, want)
		}
	}
}

// No question about an instant, or about what one object was, looks at the whole
// history: what it looks for
// in the table change it finds by an index. The views call the table c and p, too.
func TestPlans(t *testing.T) {
	r := open(t, samplePath(t), "")
	everyChange := regexp.MustCompile(`(?m)SCAN (change|c|p)\b`)
	check := func(text, index string) {
		plan := answer(t, r, "EXPLAIN QUERY PLAN "+text)
		if everyChange.MatchString(plan) || !strings.Contains(plan, index) {
			t.Errorf("%s\nlooks at every change, or not at %s:\n%s", text, index, plan)
		}
	}
	check("SELECT id FROM change WHERE at_us <= 1 ORDER BY at_us DESC, id DESC LIMIT 1", "COVERING INDEX change_at (at_us<?)")
	for _, k := range rtnl.Kinds() {
		text, err := store.AsOf(k, "3", "4")
		if err != nil {
			t.Fatal(err)
		}
		check(text, "INDEX change_object (object=? AND rowid>?)")
		check("SELECT * FROM "+k.Name, "now USING INTEGER PRIMARY KEY")
		check("SELECT * FROM "+k.Name+"_history WHERE "+k.Key[len(k.Key)-1]+" = 1", "INDEX change_object (object=?)")
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	other := filepath.Join(dir, "other.db")
	change(t, other, "CREATE TABLE x (y)")
	newer := samplePath(t)
	change(t, newer, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)")
	half := samplePath(t)
	change(t, half, "DROP TABLE goose_db_version")
	damaged := samplePath(t)
	octets, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(octets); i++ {
		octets[i] = 0xa5
	}
	tests := []struct {
		name, path string
		want       error
	}{
		{"no file", filepath.Join(dir, "none.db"), os.ErrNotExist},
		{"a folder", dir, store.ErrNotRecording},
		{"an empty file", file("empty", ""), store.ErrNotRecording},
		{"a text", file("text", strings.Repeat("text ", 100)), store.ErrNotRecording},
		{"another program's", other, store.ErrNotRecording},
		{"one that is not complete", half, store.ErrNotRecording},
		{"a newer nlrec's", newer, store.ErrNewerSchema},
		{"a damaged one", file("damaged", string(octets)), ErrDamaged},
	}
	for _, tt := range tests {
		if _, err := Open(t.Context(), tt.path, Options{}); !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), tt.path+": ") || strings.Count(err.Error(), tt.path) != 1 {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// change runs SQL on a file.
func change(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
}

// The reasons of gaps are said to be those that the store writes by itself, too.
func TestCatalogNamesTheReasonsOfGaps(t *testing.T) {
	for _, table := range catalog(t) {
		for _, c := range table.Columns {
			if table.Name == "gap" && c.Name == "reason" && (!strings.Contains(c.Meaning, store.DiskFull) || !strings.Contains(c.Meaning, store.IOError)) {
				t.Errorf("%s.%s: %s", table.Name, c.Name, c.Meaning)
			}
		}
	}
}
