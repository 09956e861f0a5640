package query

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// What a thing is called by its link counts although it had that name at none
// of its own changes: the kernel announces the settings of a link before the
// link, and says nothing of its neighbours when it gets another name.
func TestHistoryFindsByTheNameOfTheLinkNow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(t0-second, t0)
	r.Set(t0+1, rtnl.Netconf, recordingtest.Values{"family": "inet", "ifindex": int64(2), "forwarding": int64(1)})
	r.Set(t0+2, rtnl.Link, link(2, "eth0"))
	r.Set(t0+3, rtnl.Neighbour, recordingtest.Values{"family": "inet", "ifindex": int64(2), "dst": "192.0.2.1", "state": `["STALE"]`, "flags": "[]"})
	r.Set(t0+4, rtnl.Link, link(2, "wan0", "altnames", `["uplink"]`))
	r.Close(t0 + 10*second)

	c := openChanges(t, path)
	tests := []struct {
		words string
		found int
	}{
		{"netconf wan0", 1}, {"netconf dev uplink", 1}, {"neigh 192.0.2.1 dev wan0", 1}, {"neigh dev uplink", 1},
		{"neigh dev eth0", 1}, {"neigh 192.0.2.1", 1}, {"neigh dev wan1", 0}, {"neigh 192.0.2.2 dev wan0", 0},
	}
	for _, tt := range tests {
		t.Run(tt.words, func(t *testing.T) {
			filters, err := ParseSelection(strings.Fields(tt.words))
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			err = c.History(t.Context(), filters[0], Span{}, func(*Change) error { found++; return nil }, func(Lasting) error { return nil })
			if found != tt.found || errors.Is(err, ErrFilter) != (tt.found == 0) {
				t.Errorf("found %d, %v; want %d", found, err, tt.found)
			}
		})
	}
}
