package store_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"nlrec/internal/recordingtest"
	"nlrec/internal/torture"
	"nlrec/rtnl"
	"nlrec/store"
)

// TestTorturePruneSteps: after every step of pruning any history, and after
// what is recorded between two steps, the file is one that a recorder would
// have written.
func TestTorturePruneSteps(t *testing.T) {
	run := torture.Start(t, "histories verified after each step of pruning")
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		f.Value.Set(fmt.Sprint(torture.Often(10, 300))) // each verifies after every step
	}
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		run.Try()
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		r := recordingtest.Open(rt, path)
		r.Begin(1, 2)
		at := int64(3)
		some := func(most int) {
			for range rapid.IntRange(1, most).Draw(rt, "changes") {
				at += rapid.Int64Range(0, 3).Draw(rt, "later")
				anyChange(rt, r, at)
			}
			r.Commit()
		}
		some(60)
		p, err := r.Store.NewPruner(t.Context(), store.Limits{Keep: 20_000}, true) // ns
		if err != nil {
			rt.Fatal(err)
		}
		for steps := 0; ; steps++ {
			p.SetRows(rapid.Int64Range(1, 9).Draw(rt, "rows"))
			step, err := p.Step(t.Context(), at)
			if err != nil {
				rt.Fatal(err)
			}
			if step.Work == store.Nothing {
				break
			}
			if rapid.IntRange(0, 3).Draw(rt, "go on") == 0 && steps < 50 {
				some(3)
			}
			mustHold(t, rt, path)
		}
		r.Close(at + 1)
		mustHold(t, rt, path)
	})
}

// anyChange changes an object of a few in some way.
func anyChange(rt *rapid.T, r *recordingtest.Recording, at int64) {
	k := rapid.SampledFrom([]*rtnl.Kind{rtnl.Link, rtnl.Neighbour, rtnl.Route}).Draw(rt, "kind")
	key, column := recordingtest.Values{"ifindex": rapid.Int64Range(1, 4).Draw(rt, "link")}, "ifname"
	switch k {
	case rtnl.Neighbour:
		key["dst"], column = "192.0.2.1", "lladdr"
	case rtnl.Route:
		key, column = recordingtest.Values{"dst": fmt.Sprint(key["ifindex"])}, "gateway"
	}
	r.From(recordingtest.Origin{Portid: uint32(rapid.IntRange(0, 5).Draw(rt, "portid"))}, func() {
		if rapid.Bool().Draw(rt, "goes") {
			r.Remove(at, k, key)
			return
		}
		key[column] = rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "value")
		r.Set(at, k, key)
	})
}

func mustHold(t *testing.T, rt *rapid.T, path string) {
	for _, f := range verify(t, path) {
		if !f.OK {
			rt.Fatalf("%s: %q", f.Check, f.Found)
		}
	}
}
