package recorder

// Suspension: the time in which a recorder did not run.
//
// A process that is stopped (SIGSTOP, a shell's Ctrl-Z, a debugger) or frozen
// (a container that is paused) reads nothing. Its socket keeps what is
// announced, or overruns, but what it then reads has the time of reading. Two
// things tell of it: SIGCONT, which comes with the end of a stop, but not always
// before what is read then, and a timer that fires late. What waited then has no instant but the interval since the
// socket was last seen empty, and a gap tells of it.

import (
	"slices"
	"time"

	"nlrec/rtnl"
	"nlrec/store"
)

const (
	grace     = 200 * time.Millisecond // for a signal to come that may be on its way
	tooLate   = 2 * time.Second        // a timer that fires so much later was not allowed to
	suspended = "recorder suspended"   // the reason of the gap
)

// idled notes that the loop has waited from an instant until the poll timer
// fired, and whether that was late.
func (r *Recorder) idled(from time.Time) {
	r.overslept = r.polls.next.After(from) && time.Since(r.polls.next) > tooLate
}

// wakeUp finds out whether the recorder was suspended, and if so notes a gap
// and dates what is to be worked on.
func (r *Recorder) wakeUp() error {
	r.late = 0
	if !r.wasContinued() && !r.overslept {
		return nil
	}
	r.overslept = false
	items, until, err := r.flush()
	if err != nil {
		return err
	}
	from := r.awake
	for _, item := range items {
		if item.Since != 0 {
			from = min(from, item.Since)
		}
	}
	g, err := r.openGap(store.Gap{From: from, Reason: suspended})
	if err != nil {
		return err
	}
	r.late, r.rest = g.id, append(items, r.rest...)
	r.Log.Warn("the recorder was suspended", "since", time.UnixMicro(from))
	return r.store.CloseGap(r.ctx, g.id, until, 0)
}

// wasContinued reports whether SIGCONT has come. Where the listener suspects
// that the process was stopped, it waits for it.
func (r *Recorder) wasContinued() bool {
	select {
	case <-r.continued:
		return true
	default:
	}
	if !slices.ContainsFunc(r.rest, func(i rtnl.Item) bool { return i.Interrupted }) {
		return false
	}
	select {
	case <-r.continued:
		return true
	case <-time.After(grace):
		return false
	}
}
