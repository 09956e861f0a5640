package recorder

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"nlrec/internal/torture"
	"nlrec/rtnl"
	"nlrec/store"
)

// TestTorturePruneDay lets a day pass in which routes flap, neighbours get
// addresses that were never seen before, and now and then everything changes at
// once. At no time do file and log take more than the limit and 5 %, and in the
// end the file is right and holds the last changes.
func TestTorturePruneDay(t *testing.T) {
	run := torture.Start(t, "a day of churn under --max-size")
	limit := int64(torture.Often(10, 64)) << 20
	d := newPrunedDay(t, limit)
	const seconds = 86_400
	over, worst := 0, int64(0)
	for d.at = 0; d.at < seconds; d.at += int64(torture.Often(600, 60)) {
		run.Try()
		d.happens()
		if took := d.takes(); took > limit/100*105 {
			over++
			worst = max(worst, took)
		} else {
			worst = max(worst, took)
		}
	}
	if over > 0 {
		run.Lose("%d times more than the limit and 5 %%: up to %d of %d octets", over, worst, limit)
	}
	d.close()
	if d.removed < 10_000 {
		t.Errorf("only %d of %d changes were removed", d.removed, d.changes)
	}
	if left := d.changes - d.removed; left < 5_000 {
		t.Errorf("%d of %d changes are left", left, d.changes)
	}
	slices.Sort(d.steps)
	t.Logf("%d changes, %d removed; %d steps: half took less than %v, all but 1 in 1,000 less than %v", d.changes, d.removed, len(d.steps),
		d.steps[len(d.steps)/2], d.steps[len(d.steps)-1-len(d.steps)/1000])
	run.Worst(float64(worst), "%.1f %% of the limit taken; longest step %v", float64(worst)/float64(limit)*100, d.steps[len(d.steps)-1].Round(time.Millisecond))
}

// TestPruneAmidAList: a recorder that works off what waits without a pause keeps
// within its limit.
func TestPruneAmidAList(t *testing.T) {
	limit := int64(10 << 20)
	d := newPrunedDay(t, limit)
	for n := range 150_000 {
		d.changeOne()
		d.must(d.r.commitFull())
		// Without pruning it would be several times the limit; how far it goes
		// beyond depends on who else uses the machine.
		if took := d.takes(); n%1000 == 0 && took > limit/100*125 {
			t.Fatalf("after %d changes %d octets of %d are taken", d.changes, took, limit)
		}
	}
	d.must(d.r.commit())
	d.close()
}

// TestPruneWhileRead: while somebody reads in a transaction that does not end,
// the log grows, and not a change is removed for that; afterwards the recording
// is within its limit again.
func TestPruneWhileRead(t *testing.T) {
	limit := int64(8 << 20)
	d := newPrunedDay(t, limit)
	for d.removed == 0 {
		d.at++
		d.happens()
	}
	db, err := sql.Open("sqlite", "file:"+d.path+"?mode=ro")
	d.must(err)
	defer db.Close()
	tx, err := db.Begin()
	d.must(err)
	var n int64
	d.must(tx.QueryRow(`SELECT count(*) FROM change`).Scan(&n))
	for d.r.store.Unfolded() < limit/4 {
		d.happens()
	}
	removed := d.removed
	for range 20 {
		d.happens()
	}
	if d.removed != removed {
		t.Errorf("%d changes were removed while the log could not be folded", d.removed-removed)
	}
	d.must(tx.Rollback())
	for range 3 {
		d.happens()
		d.prune()
	}
	if took := d.takes(); took > limit/100*105 {
		t.Errorf("%d octets of %d are taken when nobody reads any more", took, limit)
	}
	d.close()
}

// prunedDay is a recorder without a kernel.
type prunedDay struct {
	t                *testing.T
	r                *Recorder
	path             string
	chance           *rand.Rand
	at               int64 // seconds since it began
	changes, removed int64
	steps            []time.Duration
}

func newPrunedDay(t *testing.T, limit int64) *prunedDay {
	d := &prunedDay{t: t, path: filepath.Join(t.TempDir(), "a.db"), chance: rand.New(rand.NewPCG(3, 4))}
	s, err := store.Open(t.Context(), d.path)
	if err != nil {
		t.Fatal(err)
	}
	at := clocks()
	if _, _, err := s.Begin(t.Context(), at, "test"); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context(), at.Wall); err != nil {
		t.Fatal(err)
	}
	d.r = newRecorder(t.Context(), s, Config{Limits: store.Limits{MaxSize: limit}, Pruned: func(step store.Step) {
		d.steps = append(d.steps, step.Took)
		if step.Work == store.Removing {
			d.removed += step.Rows
		}
	}})
	d.must(d.r.beginRetention(at))
	d.r.ready = true
	return d
}

func (d *prunedDay) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// happens lets some changes happen, and writes them: hundreds, or every thirtieth
// time thousands. In between there is time to prune; while there are thousands,
// as much as there is then.
func (d *prunedDay) happens() {
	n, calm := 400, d.chance.IntN(30) > 0
	if !calm {
		n = 8000
	}
	for range n {
		d.changeOne()
		d.must(d.r.commitFull())
	}
	d.must(d.r.commit())
	if calm {
		d.prune()
	}
}

// prune does all there is to do.
func (d *prunedDay) prune() {
	for again := true; again; again = d.r.retention.busy {
		d.r.retention.next = time.Time{}
		d.must(d.r.prune())
	}
}

func (d *prunedDay) changeOne() {
	row, k := d.row(rtnl.Route, map[string]any{"family": "inet", "table_id": int64(254), "dst": fmt.Sprintf("10.%d.%d.0/24", d.chance.IntN(20), d.chance.IntN(100)),
		"tos": int64(0), "metric": int64(0), "type": "unicast", "gateway": fmt.Sprintf("192.0.2.%d", d.chance.IntN(9))}), rtnl.Route
	if d.chance.IntN(3) == 0 {
		row, k = d.row(rtnl.Neighbour, map[string]any{"family": "inet6", "ifindex": int64(1), "dst": fmt.Sprintf("2001:db8::%x", d.chance.IntN(3000)+int(d.at)),
			"lladdr": fmt.Sprintf("02:00:%08x", d.chance.Uint32()), "state": `["REACHABLE"]`}), rtnl.Neighbour
	}
	n := rtnl.Notification{Deleted: d.chance.IntN(3) == 0}
	before := d.r.state.changes
	d.r.state.observe(k, row, n, origin{at: clocks().Wall, how: store.Announced, portid: uint32(d.chance.IntN(1000))})
	d.changes += d.r.state.changes - before
}

func (d *prunedDay) row(k *rtnl.Kind, values map[string]any) rtnl.Row {
	row := make(rtnl.Row, len(k.Columns))
	for name, v := range values {
		row[k.Index(name)] = v
	}
	return row
}

// takes returns how many octets file and log take.
func (d *prunedDay) takes() (octets int64) {
	for _, name := range []string{d.path, d.path + "-wal"} {
		info, err := os.Stat(name)
		d.must(err)
		octets += info.Size()
	}
	return octets
}

func (d *prunedDay) close() {
	d.t.Helper()
	d.must(d.r.store.End(d.t.Context(), clocks().Wall))
	d.must(d.r.store.Close())
	file, err := store.OpenReadOnly(d.t.Context(), d.path)
	d.must(err)
	defer file.Close()
	findings, err := file.Verify(d.t.Context(), nil)
	d.must(err)
	for _, f := range findings {
		if !f.OK {
			d.t.Errorf("%s: %q", f.Check, f.Found)
		}
	}
	last, err := file.LastChange(d.t.Context())
	if err != nil || last != d.changes {
		d.t.Errorf("the last change is #%d, want #%d: %v", last, d.changes, err)
	}
}
