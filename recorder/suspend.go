package recorder

// Suspension: the time in which a recorder did not run.
//
// A process that is stopped (SIGSTOP, a shell's Ctrl-Z, a debugger) or frozen
// (a container that is paused) reads nothing. Its socket keeps what is
// announced, or overruns, but what it then reads has the time of reading. A
// stop ends with SIGCONT, which may come after what is read then, and it
// interrupts the listener; SIGCONT alone also comes with the SIGTERM that ends
// a service. A frozen process has a timer that fires late. What waited has no
// instant but the interval since the socket was last seen empty, and a gap
// tells of it.

import (
	"time"

	"nlrec/internal/health"
	"nlrec/rtnl"
	"nlrec/store"
)

const (
	grace   = 200 * time.Millisecond // for a signal to come that may be on its way
	tooLate = 2 * time.Second        // a timer that fires so much later was not allowed to
)

// suspension is the last one.
type suspension struct {
	gap   int64 // its id; 0: there was none
	until int64 // what was read until then waited
}

// idled notes that the loop has waited since an instant, and whether the timer
// of polls was late meanwhile.
func (r *Recorder) idled(since time.Time) {
	r.overslept = r.polls.next.After(since) && time.Since(r.polls.next) > tooLate
}

// suspicious reports whether the recorder may have been suspended since that
// was last asked of it.
func (r *Recorder) suspicious() bool {
	return r.overslept || r.signalled || len(r.continued) > 0 || r.listener.Interrupts() != r.interrupts
}

// noticeSuspension notes a gap if the recorder was suspended. The items are
// all that has arrived and is not yet applied.
func (r *Recorder) noticeSuspension(items []rtnl.Item) error {
	if !r.wasSuspended(len(items) > 0) {
		return nil
	}
	from, until := r.awake, r.wall()
	for _, item := range items {
		if item.Since != 0 {
			from = min(from, item.Since)
		}
	}
	g, err := r.openGap(store.Gap{From: from, Reason: "recorder suspended"})
	if err != nil {
		return err
	}
	r.late = suspension{g.id, until}
	r.Health.update(func(h *health.Report) { h.Suspensions++ })
	r.Log.Warn("the recorder was suspended", "since", time.UnixMicro(from))
	return r.closeGap(g.id, until, 0)
}

// wasSuspended reports whether the recorder was suspended since it was last
// asked. When it is to end, that only matters if something waited.
func (r *Recorder) wasSuspended(waited bool) bool {
	if !r.suspicious() {
		return false
	}
	interrupted, overslept, signalled := r.listener.Interrupts() != r.interrupts, r.overslept, r.signalled
	r.interrupts, r.overslept, r.signalled = r.listener.Interrupts(), false, false
	select {
	case <-r.continued:
		signalled = true
	default:
	}
	if interrupted && !signalled {
		select {
		case <-r.continued:
			signalled = true
		case <-time.After(grace):
		}
	}
	if signalled && !overslept {
		select {
		case <-r.stop:
			return waited
		case <-time.After(grace):
		}
	}
	return signalled || overslept
}

// lateDating returns the interval of what an item tells; zero: it did not wait.
func (r *Recorder) lateDating(item rtnl.Item) store.Dating {
	if r.late.gap == 0 || item.At > r.late.until {
		return store.Dating{}
	}
	return store.Dating{NotBefore: item.Since, NotAfter: item.At, Gap: r.late.gap}
}
