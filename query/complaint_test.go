package query

import (
	"strings"
	"testing"
)

// Each error in SQL shows where it is, and says what to write.
func TestComplaints(t *testing.T) {
	r := open(t, samplePath(t), "")
	tests := []struct{ name, sql, place, hint string }{
		{"SQL:2011", "SELECT * FROM route FOR SYSTEM_TIME AS OF '10m ago' r", "SYSTEM_TIME", "write SELECT * FROM route_at('10m ago') r"},
		{"Dolt", "SELECT * FROM route AS OF '10m ago' WHERE dst = 'default'", "'10m ago'", "write SELECT * FROM route_at('10m ago') WHERE dst = 'default'"},
		{"CockroachDB", "SELECT * FROM link AS OF SYSTEM TIME '-10s'", "SYSTEM", "write SELECT * FROM link_at('-10s')"},
		{"MariaDB", "SELECT * FROM link FOR SYSTEM_TIME AS OF TIMESTAMP '2026-05-01 12:00'", "SYSTEM_TIME", "write SELECT * FROM link_at('2026-05-01 12:00')"},
		{"between instants", "SELECT * FROM link FOR SYSTEM_TIME BETWEEN 1 AND 2", "SYSTEM_TIME", "link_history has all versions"},
		{"no instant", "SELECT * FROM link AS OF (SELECT 1)", "(", "--at '10m ago'"},
		{"double quotes", `SELECT * FROM link WHERE ifname = "eth0"`, `"eth0"`, "write SELECT * FROM link WHERE ifname = 'eth0'"},
		{"a column in double quotes", `SELECT "ifnam" FROM link`, `"ifnam"`, "did you mean the column ifname?"},
		{"no quotes", "SELECT * FROM link WHERE ifname = eth0", "eth0", "write SELECT * FROM link WHERE ifname = 'eth0'"},
		{"a prefix", "SELECT * FROM route WHERE dst = 10.0.0.0/8", ".0", "write SELECT * FROM route WHERE dst = '10.0.0.0/8'"},
		{"an IPv6 address", "SELECT * FROM route WHERE gateway=fe80::1", ":", "write SELECT * FROM route WHERE gateway='fe80::1'"},
		{"a link-layer address", "SELECT * FROM link\nWHERE address = 00:11:22:33:44:55\nORDER BY 1", ":11", "write WHERE address = '00:11:22:33:44:55'"},
		{"an instant", "SELECT * FROM route_at(10m ago)", "10m", "write SELECT * FROM route_at('10m ago')"},
		{"a plural", "SELECT * FROM neighbours", "neighbours", "did you mean neighbour (what is now), neighbour_history"},
		{"another word", "SELECT * FROM interfaces JOIN route", "interfaces", "did you mean link (what is now)"},
		{"another spelling", "SELECT * FROM neighbor", "neighbor", "did you mean neighbour (what is now)"},
		{"plural of no kind", "SELECT * FROM gaps", "gaps", "did you mean gap?"},
		{"a notion", "SELECT * FROM events", "events", "did you mean change_log?"},
		{"a column", "SELECT ifname,\n\tmtuu FROM link", "mtuu", "did you mean mtu?"},
		{"a column of an alias", "SELECT r.gatway FROM route r", "r.gatway", "did you mean gateway?"},
		{"a column of two", "SELECT ifname FROM link a JOIN link b", "ifname", "link.ifname"},
		{"a view that is called", "SELECT * FROM link('10m ago')", "link", "write SELECT * FROM link_at('10m ago')"},
		{"a function of tables as one of values", "SELECT link_at('now')", "link_at", "SELECT * FROM link_at('10m ago')"},
		{"a function", "SELECT covrs('a', 'b')", "covrs", "did you mean covers?"},
		{"another's function", "SELECT now()", "now", "instant('now')"},
		{"arguments", "SELECT covers('x')", "covers", "nlrec tables"},
		{"the same word twice", "SELECT 1 FROM link WHERE ifname IN (SELECT 1 FROM FROM link)", "FROM", ""},
		{"another dialect", "SELECT 1 FROM link WHERE ifname ILIKE 'E%'", "ILIKE", "LIKE"},
		{"a cast", "SELECT mtu::text FROM link", ":", "CAST"},
		{"a command of others", "DESCRIBE link", "DESCRIBE", "nlrec tables link"},
		{"a command of sqlite3", ".tables", ".", "nlrec tables"},
		{"a kind alone", "link", "link", "nlrec show link"},
		{"a slip", "SELCT 1", "SELCT", "did you mean SELECT?"},
		{"an end too early", "SELECT (1", "", "nlrec tables"},
		{"a text that does not end", "SELECT 'a", "'a", "nlrec tables"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := eachRow(t.Context(), r, tt.sql, func([]any) {})
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(Hint(err), tt.hint) {
				t.Errorf("hint %q, want %q", Hint(err), tt.hint)
			}
			line, carets, _ := strings.Cut(Excerpt(err), "\n")
			start := strings.IndexByte(carets, '^')
			if start < 0 || !strings.HasPrefix((line + " ")[start:], tt.place) || strings.Count(carets, "^") != max(1, len(tt.place)) {
				t.Errorf("%v\n%s\nwant %q marked", err, Excerpt(err), tt.place)
			}
		})
	}
}

// Of a word that stands there several times the one is marked that is wrong.
func TestPlaceOfSyntaxError(t *testing.T) {
	const text = "SELECT 1 FROM link WHERE ifname IN (SELECT 1 FROM FROM link)"
	err := eachRow(t.Context(), open(t, samplePath(t), ""), text, func([]any) {})
	want := "  " + text + "\n  " + strings.Repeat(" ", strings.Index(text, "FROM FROM")+5) + "^^^^"
	if got := Excerpt(err); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A long line is cut around the place, and nothing in it reaches a terminal.
func TestExcerpt(t *testing.T) {
	long := strings.Repeat("x", 200)
	tests := []struct {
		name, before, place, after string
		want                       string
	}{
		{"long on both sides", long, "HERE", long, "  …" + long[:38] + "HERE" + long[:33] + "…\n  " + strings.Repeat(" ", 39) + "^^^^"},
		{"control octets", "'\x1b[2J' ", "日本", " \u202e", "  '\\x1b[2J' 日本 \\u202e\n  " + strings.Repeat(" ", 10) + "^^^^"},
		{"over two lines", "a\nb ", "c\nd", " e", "  b c\n    ^"},
	}
	for _, tt := range tests {
		c := complaint{statement: tt.before + tt.place + tt.after, at: len(tt.before), end: len(tt.before + tt.place)}
		if got := c.excerpt(); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}
