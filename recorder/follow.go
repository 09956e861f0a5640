package recorder

// Following: what is done with what the kernel announces, and when it is
// written and looked at again.

import (
	"context"
	"fmt"
	"time"

	"nlrec/rtnl"
	"nlrec/store"
)

// follow applies what the kernel announces until the context ends.
func (r *Recorder) follow(ctx context.Context) error {
	var again <-chan time.Time
	for {
		r.pulse()
		if !r.suspicious() {
			r.awake = r.wall()
		}
		if len(r.rest) == 0 {
			idle := time.Now()
			r.busy("")
			select {
			case answer := <-r.Health.ask:
				answer <- struct{}{}
			case <-ctx.Done():
			case err := <-r.died:
				return fmt.Errorf("the notifications have stopped: %w", err)
			case <-again:
			case <-r.beat():
			case <-r.polls.timer():
			case <-r.retry():
			case <-r.whenToPrune():
			case <-r.continued:
				r.signalled = true
			case <-r.clockSet:
			case <-r.inbox.Ready:
				r.rest = r.inbox.Take()
			}
			r.busy("working")
			r.idled(idle)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := r.turn(); err != nil {
			return err
		}
		again = nil
		switch {
		case r.overrun != nil:
			again = time.After(time.Until(r.overrun.idle))
		case len(r.state.doubts) > 0:
			again = time.After(r.untilLook())
		}
	}
}

// turn does what there is to do.
func (r *Recorder) turn() error {
	if err := r.readClocks(); err != nil {
		return err
	}
	if r.suspicious() {
		items, _, err := r.flush()
		if err != nil {
			return err
		}
		r.rest = append(items, r.rest...)
	}
	if r.polls.areDue() {
		if err := r.poll(); err != nil {
			return err
		}
	}
	if r.outage != nil && !time.Now().Before(r.outage.due) {
		if err := r.tryAgain(false); err != nil {
			return err
		}
	}
	if err := r.work(); err != nil || r.outage != nil {
		return err
	}
	return r.prune()
}

// work applies what was taken from the inbox, writes it, and then sees to
// losses and doubts.
func (r *Recorder) work() error {
	items := r.rest
	r.rest = nil
	if len(r.state.batch) == 0 {
		r.filling = time.Now()
	}
	if err := r.receiveAll(items, false); err != nil {
		return err
	}
	r.noteQueue()
	r.inbox.Release()
	busy := len(r.inbox.Ready) > 0
	if !busy || time.Since(r.filling) > maxDelay {
		if err := r.commit(); err != nil {
			return err
		}
	}
	if r.overrun == nil && len(r.state.doubts) > 0 && r.untilLook() <= 0 && (!busy || time.Since(r.doubting) > patience) {
		if err := r.lookAgain(); err != nil {
			return err
		}
	}
	if r.overrun != nil && (!busy && time.Now().After(r.overrun.idle) || time.Now().After(r.overrun.later)) {
		return r.recover()
	}
	return nil
}

// untilLook returns how long doubts must wait. There must be some.
func (r *Recorder) untilLook() time.Duration {
	if r.doubting.IsZero() {
		r.doubting = time.Now()
	}
	return max(time.Until(r.resting), calmDown-time.Since(r.doubting))
}

func (r *Recorder) takeDoubts() []*look {
	r.doubting = time.Time{}
	return r.state.takeDoubts()
}

// lookAgain looks at what may have changed without a word.
func (r *Recorder) lookAgain() error {
	began := time.Now()
	looks := r.takeDoubts()
	if err := r.settle(looks, purpose{how: store.Found}); err != nil {
		return err
	}
	r.polls.took(looks)
	r.resting = time.Now().Add(restFactor * time.Since(began))
	return r.commit()
}

// end writes what has arrived, looks once more at what may have changed
// without a word, and writes that the session is over.
func (r *Recorder) end() error {
	items, _, err := r.flush()
	if err != nil {
		return err
	}
	if err := r.receiveAll(items, false); err != nil {
		return err
	}
	for _, k := range rtnl.Kinds() {
		if r.polls.cost[k] < lastLook {
			r.state.suspect(subject{k, 0}, doubt{at: r.wall()})
		}
	}
	if err := r.lookAgain(); err != nil {
		return err
	}
	if r.overrun != nil {
		if err := r.recover(); err != nil {
			return err
		}
	}
	return r.endSession()
}

// lastLook is what a look at a kind may take when the recorder ends. What takes
// longer is hardly ever changed without a word.
const lastLook = 200 * time.Millisecond

// commitFull writes the changes that wait, if they are enough, and keeps the
// recording within its limits: what waits may take long to be worked off, and
// more may have come until then.
func (r *Recorder) commitFull() error {
	if len(r.state.batch) < r.mostChanges() {
		return nil
	}
	if err := r.commit(); err != nil || r.outage != nil || !r.ready {
		return err
	}
	return r.prune()
}

// commit writes the changes that wait.
func (r *Recorder) commit() error {
	r.pulse()
	changes := r.state.batch
	if err := r.readClocks(); err != nil {
		return err
	}
	if r.outage != nil {
		r.keep()
		return nil
	}
	batch := store.Batch{Changes: changes, Datings: r.state.datings, Sleeps: r.time.sleeps}
	if r.time.steps != nil && r.placeable(changes) {
		batch.Steps = r.time.steps
	}
	if len(changes) == 0 && len(batch.Steps) == 0 && len(batch.Sleeps) == 0 {
		return nil
	}
	before := r.busy("writing")
	err := r.store.Append(r.ctx, batch)
	r.busy(before)
	if err != nil {
		return r.outageOf(err)
	}
	r.count(batch)
	r.time.sleeps = nil
	if batch.Steps != nil {
		r.time.steps = nil
	}
	if r.ready && len(changes) > 0 && r.Committed != nil {
		r.Committed(changes)
	}
	clear(changes)
	r.filling = time.Now()
	r.state.batch, r.state.datings = changes[:0], nil
	r.forget()
	r.watchLog()
	return nil
}

// forget lets go of states that no object has.
func (r *Recorder) forget() {
	for k, slots := range r.state.kinds {
		r.store.Forget(k, slots.each)
	}
}
