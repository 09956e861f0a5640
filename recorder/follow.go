package recorder

// Following: what is done with what the kernel announces, and when it is
// written and looked at again.

import (
	"context"
	"fmt"
	"time"

	"nlrec/store"
)

// follow applies what the kernel announces until the context ends.
func (r *Recorder) follow(ctx context.Context) error {
	var again <-chan time.Time
	for {
		r.awake = wall()
		if len(r.rest) == 0 {
			idle := time.Now()
			select {
			case <-ctx.Done():
				return nil
			case err := <-r.died:
				return fmt.Errorf("the notifications have stopped: %w", err)
			case <-again:
			case <-r.polls.timer():
				r.idled(idle)
				if err := r.poll(); err != nil {
					return err
				}
			case s := <-r.continued:
				r.continued <- s // for wakeUp
			case <-r.inbox.Ready:
				r.rest = r.inbox.Take()
			}
		}
		if err := r.wakeUp(); err != nil {
			return err
		}
		if err := r.work(); err != nil {
			return err
		}
		again = nil
		if len(r.state.doubts) > 0 {
			again = time.After(r.untilLook())
		}
	}
}

// work applies what was taken from the inbox, writes it, and then sees to
// losses and doubts.
func (r *Recorder) work() error {
	items := r.rest
	r.rest = nil
	if err := r.receiveAll(items, false); err != nil {
		return err
	}
	r.late = 0
	r.inbox.Release()
	busy := len(r.inbox.Ready) > 0
	if n := len(r.state.batch); n > 0 && (!busy || wall()-r.state.batch[0].At > maxDelay) {
		if err := r.commit(); err != nil {
			return err
		}
	}
	switch {
	case r.overrun != nil:
		return r.recover()
	case len(r.state.doubts) > 0 && r.untilLook() <= 0 && (!busy || wall()-r.state.doubted > patience):
		return r.lookAgain()
	}
	return nil
}

// untilLook returns how long doubts must wait.
func (r *Recorder) untilLook() time.Duration {
	return max(time.Until(r.resting), time.Duration(calmDown-(wall()-r.state.doubted))*time.Microsecond)
}

// lookAgain looks at what may have changed without a word.
func (r *Recorder) lookAgain() error {
	began := time.Now()
	looks := r.state.takeDoubts()
	if err := r.settle(looks, purpose{how: store.Found}); err != nil {
		return err
	}
	r.polls.took(looks)
	r.resting = time.Now().Add(restFactor * time.Since(began))
	return r.commit()
}

// end writes what has arrived, and that the session is over.
func (r *Recorder) end() error {
	items, _, err := r.flush()
	if err != nil {
		return err
	}
	if err := r.receiveAll(items, false); err != nil {
		return err
	}
	if err := r.commit(); err != nil {
		return err
	}
	return r.store.End(r.ctx, wall())
}

// commitFull writes the changes that wait, if they are enough.
func (r *Recorder) commitFull() error {
	if len(r.state.batch) < maxBatch {
		return nil
	}
	return r.commit()
}

// commit writes the changes that wait.
func (r *Recorder) commit() error {
	changes := r.state.batch
	if len(changes) == 0 {
		return nil
	}
	if err := r.store.Append(r.ctx, store.Batch{Changes: changes, Datings: r.state.datings, Clock: r.stepped()}); err != nil {
		return err
	}
	if r.ready && r.Committed != nil {
		r.Committed(changes)
	}
	r.state.batch, r.state.datings = nil, nil
	for k, slots := range r.state.kinds {
		r.store.Forget(k, slots.each)
	}
	return nil
}
