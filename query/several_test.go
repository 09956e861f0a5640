package query

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// hostsPaths makes recordings of the hosts a and b: that of Sample, and one
// whose eth9 comes 2 s after t0 and has a gap from 3 s to 4 s.
func hostsPaths(t *testing.T) []string {
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db")}
	recordingtest.Sample(t, paths[0])
	r := recordingtest.Open(t, paths[1])
	r.Begin(t0-second, t0)
	r.Set(t0+2*second, rtnl.Link, link(9, "eth9"))
	r.Gap(nil, t0+3*second, t0+4*second, "overrun")
	r.Close(t0 + 10*second)
	for i, host := range []string{"a", "b"} {
		db, err := sql.Open("sqlite", paths[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("UPDATE session SET host = ?", host); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	odd := filepath.Join(dir, "b ?#%.db")
	if err := os.Rename(paths[1], odd); err != nil {
		t.Fatal(err)
	}
	return []string{paths[0], odd}
}

func openSeveral(t *testing.T, paths []string, at string) *Reader {
	t.Helper()
	r, err := OpenSeveral(t.Context(), paths, options(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestSeveral(t *testing.T) {
	paths := hostsPaths(t)
	tests := []struct{ name, at, sql, want string }{
		{"now", "", "SELECT host, ifname FROM link ORDER BY host", "a wan0\nb eth9"},
		{"then", "2026-05-01 10:00:03.5", "SELECT host, ifname FROM link ORDER BY host", "a eth0\nb eth9"},
		{"before one began to be", "2026-05-01 10:00:01.5", "SELECT host, ifname FROM link", "a eth0"},
		{"names of then", "2026-05-01 10:00:03.5", "SELECT host, gateway, dev FROM route", "a 192.0.2.2 eth0"},
		{"together", "", "SELECT count(*) FROM link", "2"},
		{"grouped", "", "SELECT host, count(*) FROM change_log GROUP BY host ORDER BY host", "a 5\nb 1"},
		{"ids are those of each", "", "SELECT host, label FROM change_log WHERE id = 1 ORDER BY host", "a eth0\nb eth9"},
		{"history", "", "SELECT host, ifname FROM link_history WHERE valid_to_us < 9223372036854775807", "a eth0"},
		{"tables about the recording", "", "SELECT s.host, g.reason FROM session s JOIN gap g ON g.host = s.host ORDER BY s.host", "a overrun\nb overrun"},
		{"host comes first", "", "SELECT * FROM netns ORDER BY 1", "a 1 \nb 1 "},
		{"functions of tables", "", "SELECT host, ifname FROM link_at('2026-05-01 10:00:03.5') ORDER BY host", "a eth0\nb eth9"},
		{"and before one began to be", "", "SELECT host, ifname FROM link_at('2026-05-01 10:00:01.5')", "a eth0"},
		{"another instant than --at", "2026-05-01 10:00:03.5", "SELECT host, ifname FROM link_at('2026-05-01 10:00:05.5') ORDER BY host", "a wan0\nb eth9"},
		{"a boot is one of each", "", "SELECT count(*) FROM link_at('last')", "2"},
		{"by microseconds", "", "SELECT host FROM link_at(1777629602500000) ORDER BY host", "a\nb"},
		{"every column", "", "SELECT * FROM (SELECT * FROM link_at('last') EXCEPT SELECT * FROM link)", ""},
		{"two instants", "", `SELECT b.host, a.ifname, b.ifname FROM link_at('2026-05-01 10:00:05.5') b
			LEFT JOIN link_at('2026-05-01 10:00:01.5') a ON a.host = b.host AND a.object = b.object ORDER BY b.host`, "a eth0 wan0\nb  eth9"},
		{"at the time of each row", "", `SELECT c.host, l.host, l.ifname FROM change_log c JOIN link_at(c.at_us) l ON l.host = c.host
			WHERE c.kind = 'link' ORDER BY c.host, c.id`, "a a eth0\na a wan0\nb b eth9"},
		{"one host", "", "SELECT ifname FROM link_at('last') WHERE host = 'b'", "eth9"},
		{"functions of values", "", "SELECT host FROM route_history WHERE covers('192.0.2.0/24', gateway) GROUP BY host", "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := answer(t, openSeveral(t, paths, tt.at), tt.sql)
			if tt.name == "host comes first" {
				got, tt.want = got[:2], tt.want[:2]
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for _, k := range rtnl.Kinds() { // every kind's text fits every file
		answer(t, openSeveral(t, paths, "2026-05-01 10:00:03.5"), "SELECT * FROM "+k.Name)
		answer(t, openSeveral(t, paths, ""), "SELECT host, * FROM "+k.Name+"_at('2026-05-01 10:00:03.5')")
	}
}

// Of two recordings with one host the paths tell which is which.
func TestSeveralOfOneHost(t *testing.T) {
	paths := hostsPaths(t)[:1]
	other := filepath.Join(t.TempDir(), "copy.db")
	recordingtest.Sample(t, other)
	db, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE session SET host = 'a'"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	paths = append(paths, other)
	if got, want := answer(t, openSeveral(t, paths, ""), "SELECT host FROM link ORDER BY host = '"+other+"'"), strings.Join(paths, "\n"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSeveralErrors(t *testing.T) {
	paths := hostsPaths(t)
	tests := []struct {
		name  string
		paths []string
		at    string
		want  error
		text  string
	}{
		{"a change", paths, "#1", ErrInstant, "numbers its changes by itself"},
		{"outside of both", paths, "2020-01-01", ErrOutside, "a.db"},
		{"one that is none", append(paths[:1:1], "/dev/null"), "", nil, "/dev/null"},
		{"too many", make([]string, maxFiles+1), "", ErrSeveral, "12 recordings"},
	}
	for _, tt := range tests {
		r, err := OpenSeveral(t.Context(), tt.paths, options(tt.at))
		if err == nil {
			r.Close()
		}
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v, want %v with %q", tt.name, err, tt.want, tt.text)
		}
	}
	r := openSeveral(t, paths, "")
	for text, want := range map[string]error{
		"ATTACH 'x.db' AS y": ErrRefused, "DETACH other_1": ErrRefused, "INSERT INTO other_1.now VALUES (1, 1, 1)": ErrRefused, "SELECT load_extension('x')": ErrRefused,
		"SELECT instant('#1')": ErrInstant, "SELECT instant('boot')": ErrInstant, "SELECT instant('2026-05-01')": nil,
		"SELECT * FROM link_at('#1')": ErrInstant, "SELECT * FROM link_at('soon')": ErrInstant, "SELECT * FROM link_at": ErrInstant,
		"SELECT * FROM link_at('2020-01-01')": ErrOutside, "INSERT INTO link_at VALUES (1)": ErrRefused, "DROP TABLE temp.link_at": ErrRefused,
	} {
		if err := eachRow(t.Context(), r, text, func([]any) {}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	if _, err := r.Plain(t.Context(), "SELECT * FROM link", nil); !errors.Is(err, ErrNotPlain) {
		t.Errorf("plain SQL: %v", err)
	}
}

// An answer is certain when it is in every recording, and warnings say which.
func TestSeveralCertain(t *testing.T) {
	paths := hostsPaths(t)
	for at, want := range map[string]string{"2026-05-01 10:00:02.5": "", "2026-05-01 10:00:03.5": "b ", "2026-05-01 10:00:06.5": "a.db"} {
		var warned []string
		o := options(at)
		o.Warn = func(text string) { warned = append(warned, text) }
		r, err := OpenSeveral(t.Context(), paths, o)
		if err != nil {
			t.Fatal(err)
		}
		answer(t, r, "SELECT * FROM link")
		err = r.Certain(t.Context())
		if (err == nil) != (want == "") || err != nil && !(errors.Is(err, ErrGap) && strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want one of %q", at, err, want)
		}
		if fmt.Sprint(len(warned)) != map[bool]string{true: "0", false: "1"}[want == ""] || want != "" && !strings.Contains(warned[0], want) {
			t.Errorf("%s: warned %q, want of %q", at, warned, want)
		}
		r.Close()
	}
	r := openSeveral(t, paths, "") // the functions as well
	for at, want := range map[string]string{"2026-05-01 10:00:02.5": "", "2026-05-01 10:00:03.5": "b ", "2026-05-01 10:00:06.5": "a.db"} {
		answer(t, r, "SELECT * FROM link_at('"+at+"')")
		err := r.Certain(t.Context())
		if (err == nil) != (want == "") || err != nil && !(errors.Is(err, ErrGap) && strings.Contains(err.Error(), want)) {
			t.Errorf("link_at(%s): %v, want one of %q", at, err, want)
		}
	}
}

// TestSeveralOfOthers: a recording whose views another nlrec has made is refused,
// wherever it stands, and answers alone.
func TestSeveralOfOthers(t *testing.T) {
	paths := hostsPaths(t)
	db, err := sql.Open("sqlite", paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("DROP VIEW link; CREATE VIEW link AS SELECT 1 AS ifname"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, order := range [][]string{paths, {paths[1], paths[0]}} {
		_, err := OpenSeveral(t.Context(), order, options(""))
		if !errors.Is(err, ErrSeveral) || !strings.Contains(err.Error(), paths[0]+": ") {
			t.Errorf("%q: %v", order, err)
		}
	}
	if got := answer(t, open(t, paths[0], ""), "SELECT ifname FROM link"); got != "wan0" {
		t.Errorf("alone it says %s", got)
	}
}
