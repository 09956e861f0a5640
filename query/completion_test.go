package query_test

import (
	"path/filepath"
	"slices"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/query"
)

func TestComplete(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, path)
	r, err := query.Open(t.Context(), path, query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c, err := r.Completer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text string
		start      int
		has, lacks []string
	}{
		{"the first word", "", 0, []string{"SELECT", "WITH"}, []string{"FROM", "route"}},
		{"a keyword as it is typed", "sel", 0, []string{"select"}, []string{"SELECT"}},
		{"a table", "SELECT * FROM ro", 14, []string{"route", "route_history", "route_at('"}, []string{"rowid"}},
		{"all tables", "SELECT * FROM ", 14, []string{"link", "gap", "change_log"}, []string{"ifname"}},
		{"a column before its table is known", "SELECT oper", 7, []string{"operstate"}, []string{"mtu"}},
		{"a column", "SELECT * FROM link WHERE m", 25, []string{"mtu", "master", "max(", "min_mtu"}, []string{"metric"}},
		{"all columns", "SELECT * FROM route WHERE ", 26, []string{"dst", "metric"}, []string{"SELECT", "max(", "mtu"}},
		{"a column of a table with another name", "SELECT * FROM route r WHERE r.", 30, []string{"dst", "gateway"}, []string{"SELECT"}},
		{"after a point", "SELECT count(*) FROM route_history r WHERE r.ga", 45, []string{"gateway", "gap"}, []string{"GLOB"}},
		{"a function", "SELECT strf", 7, []string{"strftime("}, nil},
		{"no function that is refused", "SELECT load", 7, nil, []string{"load_extension("}},
		{"the names of links, also of those that have another now", "SELECT * FROM link WHERE ifname = '", 35, []string{"eth0'", "wan0'"}, nil},
		{"the name of a link", "SELECT * FROM link WHERE ifname = 'w", 35, []string{"wan0'"}, []string{"eth0'"}},
		{"a kind", "SELECT * FROM change_log WHERE kind = 'r", 39, []string{"route'", "rule'"}, []string{"link'"}},
		{"an instant", "SELECT * FROM route_at('1", 24, []string{"10m ago'"}, []string{"eth0'"}},
		{"nothing in double quotes", `SELECT "`, 8, nil, []string{"eth0'"}},
		{"after quotes that are closed", "SELECT 'a''b', ifn", 15, []string{"ifname"}, nil},
		{"a quote in a comment", "SELECT /* ' */ ifn", 15, []string{"ifname"}, nil},
	}
	for _, tt := range tests {
		start, got := c.Complete(tt.text)
		if tt.start != start {
			t.Errorf("%s: from %d, want %d", tt.name, start, tt.start)
		}
		for _, want := range tt.has {
			if !slices.Contains(got, want) {
				t.Errorf("%s: no %s in %v", tt.name, want, got)
			}
		}
		for _, other := range tt.lacks {
			if slices.Contains(got, other) {
				t.Errorf("%s: there is %s", tt.name, other)
			}
		}
	}
}

func TestCutStatement(t *testing.T) {
	tests := []struct {
		text, statement, rest string
		found                 bool
	}{
		{"SELECT 1;", "SELECT 1", "", true},
		{" ;; -- c\nSELECT ';' /* ; */;SELECT 2;", "SELECT ';' /* ; */", "SELECT 2;", true},
		{"SELECT 1", "", "SELECT 1", false},
		{"SELECT ';", "", "SELECT ';", false},
		{"SELECT 1 -- ;", "", "SELECT 1 -- ;", false},
	}
	for _, tt := range tests {
		statement, rest, found := query.CutStatement(tt.text)
		if statement != tt.statement || rest != tt.rest || found != tt.found {
			t.Errorf("%q: %q, %q, %v", tt.text, statement, rest, found)
		}
	}
}

func TestIsBlank(t *testing.T) {
	for text, want := range map[string]bool{"": true, " ;\n": true, "-- x": true, "/* x */ ;": true, "/* x": false, "SELECT": false, "/* a */ SELECT": false} {
		if got := query.IsBlank(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
