package recorder

// Retention: keeping the recording within its limits while it is recorded.
//
// The steps of store.Pruner are done by the goroutine that writes, when nothing
// waits to be written, and with pauses: a step takes some milliseconds, and all
// of them a quarter of the time at most, unless the limit of size is passed.
// What the kernel announces meanwhile waits in the inbox.
//
// Ages are told by the wall clock, which may be wrong, above all after a boot.
// So nothing goes because of its age before the clock has run for a while without
// being set.

import (
	"time"

	"nlrec/store"
)

const (
	lookEvery   = time.Second            // whether there is anything to remove
	pruneAtOnce = 20 * time.Millisecond  // after which no further step is begun, where space runs out
	prunePassed = 200 * time.Millisecond // the same, where the limit is passed: more than the changes of a transaction take
	pruneRest   = 3                      // how many times as long as a step the pause after it is
	clockTrust  = 10 * time.Minute       // that the wall clock must have run; a tenth of the age is enough
)

// retention is what is being done about the limits.
type retention struct {
	pruner  *store.Pruner // nil: there are none
	busy    bool          // the last step did something
	next    time.Time     // when the next may be done
	seen    int64         // how many changes there had been at the last
	clock   int64         // since when the wall clock was not set, microseconds since boot
	tooMuch bool          // it was said that what is now alone takes too much
}

// beginRetention makes the pruner.
func (r *Recorder) beginRetention(at store.Clock) (err error) {
	r.retention.clock = at.Boot
	if !r.Limits.Any() {
		return nil
	}
	r.retention.pruner, err = r.store.NewPruner(r.ctx, r.Limits, false)
	if err == nil && r.Limits.MaxSize > 0 && !r.retention.pruner.Shrinks() {
		r.Log.Warn("an earlier nlrec made the recording: it uses free space again, but cannot give it back while it is recorded; stop it once, and run nlrec prune")
	}
	return err
}

// whenToPrune fires when the next step may be done; nil where there is none to do.
func (r *Recorder) whenToPrune() <-chan time.Time {
	t := &r.retention
	if t.pruner == nil || r.outage != nil || !t.busy && r.state.changes == t.seen {
		return nil
	}
	return time.After(time.Until(t.next))
}

// prune does a step, if there is one to do and it may; several where space
// runs out.
func (r *Recorder) prune() error {
	t := &r.retention
	if t.pruner == nil || len(r.state.batch) > 0 {
		return nil
	}
	if time.Now().Before(t.next) && (t.busy || r.state.changes-t.seen < int64(r.mostChanges())) {
		return nil
	}
	t.seen = r.state.changes
	for began, again := time.Now(), true; again; {
		r.pulse()
		step, err := r.pruneStep()
		if err != nil {
			return r.outageOf(err)
		}
		again = t.busy && (step.Urgent && time.Since(began) < pruneAtOnce || step.Passed && time.Since(began) < prunePassed)
	}
	return nil
}

func (r *Recorder) pruneStep() (store.Step, error) {
	t := &r.retention
	step, err := t.pruner.Step(r.ctx, r.trusted(r.now()))
	t.busy = step.Work != store.Nothing
	switch {
	case err != nil:
		return step, err
	case !t.busy:
		t.next = time.Now().Add(lookEvery)
		if step.Urgent && !t.tooMuch {
			t.tooMuch = true
			r.Log.Warn("the network state of now alone takes more than the recording may: nothing is left to remove")
		}
		return step, nil
	case step.Urgent:
		t.next = time.Now()
	default:
		t.next = time.Now().Add(pruneRest * step.Took)
	}
	r.Log.Debug("pruned", "work", step.Work, "rows", step.Rows, "took", step.Took)
	if r.Pruned != nil {
		r.Pruned(step)
	}
	return step, nil
}

// trusted returns the time from which ages are counted; 0: it is not known yet.
func (r *Recorder) trusted(at store.Clock) int64 {
	if time.Duration(at.Boot-r.retention.clock)*time.Microsecond < min(clockTrust, r.Limits.Keep/10) {
		return 0
	}
	return at.Wall
}

// mostChanges is how many changes a transaction may have. It stands in the log
// until it is folded into the file, so where little space may be taken it must
// be short. While somebody reads it is not folded, and few large transactions
// take less of it than many.
func (r *Recorder) mostChanges() int {
	const share = 8192 // 2 % of the space, at 160 octets in the log for a change
	if r.Limits.MaxSize == 0 {
		return maxBatch
	}
	most := max(r.Limits.MaxSize/share, 500)
	if r.store.Unfolded() > r.Limits.MaxSize/16 {
		most *= 8
	}
	return int(min(maxBatch, most))
}
