package store

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"nlrec/rtnl"
)

// TestStepsDoNotGrow: how many pages a step writes is bounded by how many rows
// it takes, and it takes about as long in a recording that is eight times as
// large.
func TestStepsDoNotGrow(t *testing.T) {
	smallPages, smallTime := measureSteps(t, 10_000)
	largePages, largeTime := measureSteps(t, 80_000)
	t.Logf("pages of a step: %d and %d; time: %v and %v", smallPages, largePages, smallTime, largeTime)
	if smallPages > 2*stepRows || largePages > 2*stepRows {
		t.Errorf("a step of %d rows writes %d pages in a small recording, and %d in a large one", stepRows, smallPages, largePages)
	}
	if largeTime > 8*smallTime {
		t.Errorf("a step takes %v in a small recording, and %v in a large one", smallTime, largeTime)
	}
}

const stepRows = 100

// measureSteps makes a recording of so many changes and removes half of them,
// stepRows at a time. It returns how many pages a step writes in the middle, and how
// long it takes.
func measureSteps(t *testing.T, changes int) (pages int64, took time.Duration) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer closeStore(t, s)
	const objects = 500
	var b Batch
	all := make([]*Object, objects)
	for i := range changes {
		o := all[i%objects]
		if o == nil {
			o = &Object{Key: string(rtnl.AppendKey(nil, rtnl.Row{"inet", int64(i), "192.0.2.1"}))}
			all[i%objects] = o
		}
		values := make(rtnl.Row, len(rtnl.Neighbour.Columns)-len(rtnl.Neighbour.Key))
		values[0] = int64(i / objects % 7)
		state := s.Intern(rtnl.Neighbour, values)
		b.Changes = append(b.Changes, Change{ID: s.NextChange(), At: int64(i + 1), Kind: rtnl.Neighbour, Object: o, Was: o.State, State: state, How: Announced})
		o.State = state
	}
	if err := s.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	p, err := s.NewPruner(t.Context(), Limits{Keep: time.Duration(changes/2) * time.Microsecond}, false)
	if err != nil {
		t.Fatal(err)
	}
	var written []int64
	var times []time.Duration
	for {
		p.SetRows(stepRows)
		if _, err := s.w.conn.ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			t.Fatal(err)
		}
		step, err := p.Step(t.Context(), int64(changes+1))
		if err != nil {
			t.Fatal(err)
		}
		if step.Work != Removing {
			break
		}
		var busy, frames, folded int64
		if err := s.w.conn.QueryRowContext(t.Context(), `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &frames, &folded); err != nil {
			t.Fatal(err)
		}
		written, times = append(written, frames), append(times, step.Took)
	}
	if len(written) < changes/2/stepRows {
		t.Fatalf("%d steps for %d changes", len(written), changes/2)
	}
	slices.Sort(written)
	slices.Sort(times)
	return written[len(written)/2], times[len(times)/2]
}

// TestPace: steps become smaller when they take long, at once, and larger when
// they are short and full.
func TestPace(t *testing.T) {
	tests := []struct {
		name       string
		have, rows int64
		took       time.Duration
		want       int64
	}{
		{"five times too long", 1000, 1000, 5 * stepTime, 500},
		{"a little too long", 1000, 1000, stepTime * 5 / 4, 800},
		{"right", 1000, 1000, stepTime * 3 / 4, 1000},
		{"short", 1000, 1000, stepTime / 4, 1251},
		{"short, as there was no more", 1000, 10, stepTime / 1000, 1000},
		{"no fewer", fewestRows, fewestRows, 100 * stepTime, fewestRows},
		{"no more", mostRows, mostRows, stepTime / 4, mostRows},
	}
	for _, tt := range tests {
		p := pace{tt.have}
		if p.took(tt.rows, tt.took); p.rows != tt.want {
			t.Errorf("%s: %d rows, want %d", tt.name, p.rows, tt.want)
		}
	}
}
