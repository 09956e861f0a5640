package query

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// askPlain asks the installed sqlite3 for rows as answer has them.
func askPlain(t *testing.T, path, text string) string {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3 is not installed")
	}
	cmd := exec.Command(program, "-batch", "-bail", "-readonly", "-noheader", "-separator", " ", path)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sqlite3: %v\n%s\n%s", err, out, text)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// The installed sqlite3 answers what Plain returns as nlrec answers the
// statement itself.
func TestPlain(t *testing.T) {
	sample, forwarding := samplePath(t), filepath.Join(t.TempDir(), "f.db")
	recordingtest.Forwarding(t, forwarding)
	tests := []struct{ name, at, sql string }{
		{"without --at", "", "SELECT ifname FROM link"},
		{"as of a change", "#2", "SELECT * FROM route"},
		{"as of an instant", "2026-05-01 10:00:03.5", "SELECT gateway, dev, gap FROM route WHERE dst = 'default'"},
		{"in a gap", "2026-05-01 10:00:06.5", "SELECT ifname, gap FROM link"},
		{"two kinds", "#2", "SELECT l.ifname, r.gateway FROM link AS l JOIN route r ON r.oif = l.ifindex"},
		{"a name in quotes", "#2", `SELECT "ifname" FROM "link" WHERE [link].ifname = 'eth0'`},
		{"the file's own view", "#1", "SELECT a.ifname, b.ifname FROM main.link a, link b"},
		{"WITH", "#1", "WITH x AS (SELECT ifname FROM link) SELECT * FROM x"},
		{"WITH RECURSIVE", "#1", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i, ifname FROM n, link"},
		{"a table of the statement's own", "#1", "WITH route AS (SELECT 'mine' AS dst) SELECT dst, ifname FROM route, link"},
		{"history", "#1", "SELECT ifname, valid_from_us, valid_to_us FROM link_history ORDER BY valid_from_us"},
		{"a function", "", "SELECT gateway FROM route_at('#2')"},
		{"a function in microseconds", "", "SELECT ifname FROM link_at(1777629601000000)"},
		{"a function by its name", "", "SELECT route_at.gateway FROM route_at('#2')"},
		{"two instants", "", "SELECT a.gateway, b.gateway FROM route_at('#2') a JOIN route_at('#3') b USING (dst)"},
		{"one instant twice", "", "SELECT count(*) FROM route_at('#2') a JOIN route_at('#2') b USING (dst)"},
		{"functions and --at", "#1", "SELECT a.ifname, b.ifname FROM link a JOIN link_at('#5') b USING (ifindex)"},
		{"comments and a semicolon", "#1", "-- first\nSELECT ifname /* ; */ FROM link; -- last"},
		{"a comment at the end", "#1", "SELECT ifname FROM link -- last"},
		{"a compound", "", "SELECT gateway FROM route_at('#3') EXCEPT SELECT gateway FROM route_at('#2')"},
		{"a scalar", "#2", "SELECT (SELECT count(*) FROM route), 1.5, NULL, 'link'"},
		{"VALUES", "#2", "VALUES (1), (2)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { samePlain(t, sample, tt.at, tt.sql) })
	}
	for _, k := range rtnl.Kinds() {
		for _, at := range []string{"2026-05-01 10:00:00", "#28", "2026-05-01 10:00:06.5", "last"} {
			t.Run(k.Name+" "+at, func(t *testing.T) { samePlain(t, forwarding, at, "SELECT * FROM "+k.Name+" ORDER BY object") })
		}
	}
}

func samePlain(t *testing.T, path, at, text string) {
	r := open(t, path, at)
	want := answer(t, r, text)
	plain, err := r.Plain(t.Context(), text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := askPlain(t, path, plain); got != want {
		t.Errorf("%s\n got %q\nwant %q", plain, got, want)
	}
}

// Parameters become literals.
func TestPlainParams(t *testing.T) {
	path := samplePath(t)
	r := open(t, path, "")
	params := []Param{{"at", "#2"}, {"x", "it's; --"}, {"n", int64(254)}}
	plain, err := r.Plain(t.Context(), "SELECT :x, gateway FROM route_at(:at) WHERE table_id = $n", params)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := askPlain(t, path, plain), "it's; -- 192.0.2.1"; got != want {
		t.Errorf("%s\n got %q\nwant %q", plain, got, want)
	}
}

// What only nlrec can answer, or nobody, is not written.
func TestNotPlain(t *testing.T) {
	tests := []struct {
		name, sql string
		want      error
	}{
		{"an instant of each row", "SELECT (SELECT count(*) FROM link_at('#' || id)) FROM change_log", ErrNotPlain},
		{"an instant as a condition", "SELECT ifname FROM link_at WHERE at = '#1'", ErrNotPlain},
		{"an own function", "SELECT covers('10.0.0.0/8', '10.0.0.1')", ErrNotPlain},
		{"no instant", "SELECT * FROM link_at('soon')", ErrInstant},
		{"outside", "SELECT * FROM link_at('#99')", ErrOutside},
		{"no question", "DELETE FROM change", ErrRefused},
		{"refused", "SELECT load_extension('x')", ErrRefused},
		{"no such column", "SELECT gatway FROM route", nil},
	}
	r := open(t, samplePath(t), "")
	for _, tt := range tests {
		text, err := r.Plain(t.Context(), tt.sql, nil)
		if err == nil || text != "" || tt.want != nil && !errors.Is(err, tt.want) || Hint(err) == "" && tt.want != ErrInstant {
			t.Errorf("%s: %q, error %v (hint %q), want %v", tt.name, text, err, Hint(err), tt.want)
		}
		if strings.Contains(Excerpt(err), "EXPLAIN") {
			t.Errorf("%s: shows what was not asked:\n%s", tt.name, Excerpt(err))
		}
	}
}
