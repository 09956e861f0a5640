package query

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// gapsPath is a recording with a gap of all kinds from 2 s to 3 s, one of
// neighbours from 4 s to 5 s, and one of rules that lasts from 8 s.
func gapsPath(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(t0-second, t0)
	r.Set(t0+1*second, rtnl.Link, link(1, "eth0"))
	r.Gap(nil, t0+2*second, t0+3*second, "overrun")
	r.Gap(rtnl.Neighbour, t0+4*second, t0+5*second, "dump not settled")
	r.Gap(rtnl.Rule, t0+8*second, 0, "group refused")
	r.Close(t0 + 10*second)
	return path
}

func TestCertain(t *testing.T) {
	path := gapsPath(t)
	const inAll, inNeighbours, inNone = "2026-05-01 10:00:02.5", "2026-05-01 10:00:04.5", "2026-05-01 10:00:06"
	tests := []struct {
		name, at, sql string
		want          string // part of the error; "": none
	}{
		{"in a gap of all", inAll, "SELECT ifname FROM link", "overrun"},
		{"in a gap of all, no column", inAll, "SELECT count(*) FROM link", "overrun"},
		{"in a gap of all, within others", inAll, "WITH x AS (SELECT * FROM (SELECT * FROM link)) SELECT 1 WHERE EXISTS (SELECT * FROM x)", "overrun"},
		{"nothing is asked", inAll, "SELECT 1", ""},
		{"in no gap", inNone, "SELECT * FROM link JOIN neighbour", ""},
		{"in a gap of another kind", inNeighbours, "SELECT * FROM link JOIN route", ""},
		{"in a gap of the kind", inNeighbours, "SELECT * FROM link JOIN neighbour", "dump not settled"},
		{"a function in a gap", "", "SELECT * FROM link_at('" + inAll + "')", "overrun"},
		{"a function in none", "", "SELECT count(*) FROM link_at('" + inNone + "')", ""},
		{"one of two functions", "", "SELECT * FROM link_at('" + inNone + "'), neighbour_at('" + inNeighbours + "')", "dump not settled"},
		{"history", inNone, "SELECT ifname FROM link_history", "overrun"},
		{"history of a kind with two gaps", "", "SELECT * FROM neighbour_history", "overrun; and 1 more"},
		{"changes", "", "SELECT count(*) FROM change_log", "; and 2 more"},
		{"changes as they are stored", "", "SELECT count(*) FROM change", "; and 2 more"},
		{"now", "", "SELECT * FROM link", "nothing is recorded since"},
		{"now beside --at", inNone, "SELECT ifname FROM main.link", "nothing is recorded since"},
		{"about the recording", "", "SELECT * FROM gap JOIN session", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, path, tt.at)
			answer(t, r, tt.sql)
			err := r.Certain(t.Context())
			got := ""
			if err != nil {
				if got = err.Error(); Hint(err) == "" || !errors.Is(err, ErrGap) && !errors.Is(err, ErrOutside) {
					t.Errorf("%v, hint %q", err, Hint(err))
				}
			}
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// What an earlier statement touched does not count.
func TestCertainOfTheLast(t *testing.T) {
	r := open(t, gapsPath(t), "")
	answer(t, r, "SELECT * FROM link_history")
	answer(t, r, "SELECT 1")
	if err := r.Certain(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestMaxRows(t *testing.T) {
	path := samplePath(t)
	const three = "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3"
	for max, want := range map[int64]int{0: 3, 2: 2, 3: 3, 4: 3} {
		o := options("")
		o.MaxRows = max
		r, err := Open(t.Context(), path, o)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		err = eachRow(t.Context(), r, three, func([]any) { got++ })
		if got != want || errors.Is(err, ErrRows) != (want < 3) {
			t.Errorf("at most %d: %d rows, %v", max, got, err)
		}
		r.Close()
	}
}
