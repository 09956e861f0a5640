package store_test

import (
	"database/sql"
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

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

// TestPruneAfterTheClockWasSetBack: what came after the cut stays, though the
// clock showed earlier times then.
func TestPruneAfterTheClockWasSetBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	r := recordingtest.Open(t, path)
	const t0, second = recordingtest.T0, recordingtest.Second
	link := func(at, mtu int64) {
		r.Set(at, rtnl.Link, recordingtest.Values{"ifindex": int64(1), "ifname": "eth0", "mtu": mtu})
	}
	r.Begin(t0, t0)
	r.Gap(nil, t0, t0+second, "overrun")
	for n := range int64(10) {
		link(t0+n*100*second, n)
	}
	r.Commit()
	r.End(t0 + 1000*second)
	r.Boot(5 * second)
	r.Begin(10*second, 10*second) // in 1970
	link(11*second, 11)
	r.Gap(nil, 12*second, 13*second, "overrun")
	r.Commit()
	if _, err := r.Store.Prune(t.Context(), store.Limits{Keep: 500 * time.Second}, t0+1000*second, func(store.Step) {}); err != nil {
		t.Fatal(err)
	}
	r.Close(20 * second)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var left string
	err = db.QueryRow(`SELECT (SELECT count(*) FROM session) || ' sessions, gap at ' || (SELECT max(from_us) FROM gap WHERE session = 2) || ', ' ||
		(SELECT count(*) FROM change WHERE at_us > ?) || ' of ' || (SELECT count(*) FROM change) || ' changes of then'`, t0).Scan(&left)
	if err != nil {
		t.Fatal(err)
	}
	if want := "2 sessions, gap at 12000000, 4 of 5 changes of then"; left != want {
		t.Errorf("left are %s; want %s", left, want)
	}
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
