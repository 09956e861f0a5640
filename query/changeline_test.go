package query

import (
	"slices"
	"testing"
	"time"

	"nlrec/rtnl"
)

// What a clock writes is that instant when it is read again, also where it is
// shown twice.
func TestClock(t *testing.T) {
	berlin := place(t, "Europe/Berlin")
	tests := []struct {
		at   string
		loc  *time.Location
		want string
	}{
		{"2026-05-01T10:00:00.5Z", berlin, "2026-05-01 12:00:00.500000"},
		{"2026-05-01T10:00:00Z", time.UTC, "2026-05-01 10:00:00.000000Z"},
		{"2026-10-24T23:59:59.999999Z", berlin, "2026-10-25 01:59:59.999999"},
		{"2026-10-25T00:00:00Z", berlin, "2026-10-25 02:00:00.000000+02:00"},
		{"2026-10-25T00:59:59Z", berlin, "2026-10-25 02:59:59.000000+02:00"},
		{"2026-10-25T01:00:00Z", berlin, "2026-10-25 02:00:00.000000+01:00"},
		{"2026-10-25T01:59:59.999999Z", berlin, "2026-10-25 02:59:59.999999+01:00"},
		{"2026-10-25T02:00:00Z", berlin, "2026-10-25 03:00:00.000000"},
		{"2026-03-29T00:59:59Z", berlin, "2026-03-29 01:59:59.000000"},
		{"2026-03-29T01:00:00Z", berlin, "2026-03-29 03:00:00.000000"},
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		got := Clock{Location: tt.loc}.Format(at.UnixMicro())
		if again, err := ParseInstant(got, time.UnixMicro(t0), tt.loc); got != tt.want || err != nil || again.At != at.UnixMicro() {
			t.Errorf("%s: %s, want %s; it reads as %v, %v", tt.at, got, tt.want, again, err)
		}
	}
}

func TestDifferenceText(t *testing.T) {
	tests := []struct {
		was, is any
		want    string
	}{
		{int64(1500), int64(1400), "x 1500 → 1400"},
		{nil, "hi", "x none → hi"},
		{"hi\x1b", nil, `x hi\x1b → none`},
		{`["STALE"]`, `["REACHABLE"]`, "x STALE → REACHABLE"},
		{`[]`, `["onlink"]`, "x none → onlink"},
		{`["UP","LOWER_UP"]`, `["NO-CARRIER","UP"]`, "x -LOWER_UP +NO-CARRIER"},
		{`{"a":1,"b":{"c":[1],"d":true}}`, `{"b":{"c":[2],"d":true},"e":"z"}`, "x.a 1 → none, x.b.c 1 → 2, x.e none → z"},
		{`[{"oif":3,"flags":[],"gateway":"192.0.2.1","weight":1,"dev":"eth0"}]`, nil, "x {via 192.0.2.1 dev eth0 weight 1} → none"},
		{"[no JSON", "{neither", "x [no JSON → {neither"},
	}
	for _, tt := range tests {
		c := &Change{Kind: rtnl.Link, Columns: []string{"x"}, Before: Row{tt.was}, After: Row{tt.is}, was: 1, state: 2}
		if got := c.Detail(); got != tt.want {
			t.Errorf("%v, %v: %s, want %s", tt.was, tt.is, got, tt.want)
		}
	}
}

// Countdowns that go on are no change; that one begins or ends is.
func TestChanged(t *testing.T) {
	columns := []string{"valid_life_time", "flags"}
	tests := []struct {
		name          string
		before, after Row
		want          []string
	}{
		{"counts down", Row{int64(100), "[]"}, Row{int64(90), "[]"}, nil},
		{"for ever", Row{int64(100), "[]"}, Row{int64(4294967295), "[]"}, []string{"valid_life_time"}},
		{"begins", Row{nil, "[]"}, Row{int64(90), `["dynamic"]`}, []string{"valid_life_time", "flags"}},
		{"came", nil, Row{int64(90), "[]"}, nil},
	}
	for _, tt := range tests {
		c := &Change{Kind: rtnl.Address, Columns: columns, Before: tt.before, After: tt.after}
		if got := c.Changed(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCutInstants(t *testing.T) {
	tests := []struct {
		args     []string
		from, to string
		words    []string
	}{
		{[]string{"10m ago"}, "10m ago", "last", nil},
		{[]string{"#1", "#2"}, "#1", "#2", nil},
		{[]string{"#1..#2", "route"}, "#1", "#2", []string{"route"}},
		{[]string{"#1.."}, "#1", "last", nil},
		{[]string{"yesterday", "link", "eth0"}, "yesterday", "last", []string{"link", "eth0"}},
		{[]string{"yesterday", "today", "dev", "eth0"}, "yesterday", "today", []string{"dev", "eth0"}},
		{[]string{"yesterday", "12:3"}, "yesterday", "12:3", nil},
	}
	for _, tt := range tests {
		from, to, words := CutInstants(tt.args, time.UTC)
		if from != tt.from || to != tt.to || !slices.Equal(words, tt.words) {
			t.Errorf("%q: %q, %q, %q", tt.args, from, to, words)
		}
	}
}
