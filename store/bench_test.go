package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"nlrec/rtnl"
)

// BenchmarkFlap appends changes of 1,000 objects that come and go, by 10,000 a
// transaction, and reports the bytes that each takes in the file.
func BenchmarkFlap(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.db")
	s, err := Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := s.Begin(b.Context(), Clock{}, "bench"); err != nil {
		b.Fatal(err)
	}
	const objects, batch = 1000, 10_000
	held := make([]*Object, objects)
	values := make(rtnl.Row, len(rtnl.Neighbour.Columns)-len(rtnl.Neighbour.Key))
	values[0] = "up"
	up := s.Intern(rtnl.Neighbour, values)
	for i := range held {
		key := rtnl.Row{"inet", int64(2), fmt.Sprintf("10.0.%d.%d", i/250, i%250)}
		held[i] = &Object{Key: string(rtnl.AppendKey(nil, key))}
	}
	var changes []Change
	n := int64(0)
	for b.Loop() {
		o := held[n%objects]
		c := Change{ID: s.NextChange(), At: 1_700_000_000_000_000 + n, Kind: rtnl.Neighbour, Object: o, Was: o.State, How: Announced}
		if o.State == nil {
			c.State = up
		}
		o.State = c.State
		n++
		if changes = append(changes, c); len(changes) == batch {
			if err := s.Append(b.Context(), Batch{Changes: changes}); err != nil {
				b.Fatal(err)
			}
			changes = changes[:0]
		}
	}
	if err := s.Append(b.Context(), Batch{Changes: changes}); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(n), "bytes/change")
}
