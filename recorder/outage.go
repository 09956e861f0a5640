package recorder

// Outages: the file cannot be written for a time (store/outage.go).
//
// The recorder goes on: it follows and looks as ever, and what it believes stays
// current. What it could not write it keeps, up to a bound; what comes beyond
// that is left to be found. It says once that there is an outage, and tries to
// have the file again now and then: to note the gap as soon as there is room for
// that, which the reserve makes, and to record again when there is room for
// more. Then it reads from the file what is written, as after a start, does again
// what it kept, with the ids, times and causes that it had, and looks at
// everything. The gap reaches from the last instant of which all was written to
// the end of that look.
//
// It stays one session: the process and its sockets are the same, so nothing
// was unheard. An outage before the session was ready is a start anew.

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"nlrec/internal/health"
	"nlrec/rtnl"
	"nlrec/store"
)

const (
	maxKept    = 500_000 // changes that wait for the file
	firstRetry = time.Second
	lastRetry  = 4 * time.Second // between two tries to have the file again
	lastTries  = 3               // of a session that ends
)

// ErrUnwritten says that a session ended in an outage.
var ErrUnwritten = errors.New("the recording lacks what changed")

// outage is one that lasts.
type outage struct {
	reason  string
	from    int64     // the last instant before it of which all is in the file
	after   int64     // id of the last change that is
	noted   bool      // the gap is in the file
	gap     int64     // its id
	due     time.Time // when to try to have the file again
	wait    time.Duration
	dropped bool        // not all that happened since is kept
	blind   bool        // notifications were lost, or what they changed was
	lost    int64       // notifications
	closed  []closedGap // gaps that are in the file and ended meanwhile
}

type closedGap struct{ id, at, lost int64 }

// outageOf begins an outage if an error of the store is one, and returns all
// others.
func (r *Recorder) outageOf(err error) error {
	reason := store.Outage(err)
	if reason == "" {
		return err
	}
	o := r.resuming
	if o == nil {
		o = &outage{}
		o.from, _ = r.written()
	} else {
		o.putOff()
	}
	_, o.after = r.written()
	o.reason = r.store.Suspend(reason)
	r.outage = o
	r.Health.update(func(h *health.Report) { h.Suspended = o.reason })
	if r.resuming == nil {
		r.Log.Error("the recording cannot be written; nothing is lost yet, and it is tried again", "reason", o.reason, "error", err)
	}
	return nil
}

// written returns the last instant of which all is in the file, and the last
// change that is, if the store is right.
func (r *Recorder) written() (until, id int64) {
	if len(r.state.batch) == 0 {
		id, _ = r.store.LastChange()
		return r.wall(), id
	}
	first := r.state.batch[0]
	return first.At - 1, first.ID - 1
}

// putOff sets when the file is to be tried again.
func (o *outage) putOff() {
	o.wait = min(max(2*o.wait, firstRetry), lastRetry)
	if o.noted && o.reason == store.DiskFull {
		o.wait = firstRetry // to see whether there is room takes nothing
	}
	o.due = time.Now().Add(o.wait)
}

// keep holds what would be written, as far as that is not too much.
func (r *Recorder) keep() {
	o := r.outage
	if kept := cmp.Or(r.kept, maxKept); len(r.state.batch) > kept && !o.dropped {
		o.dropped = true
		r.Log.Warn("more changes wait to be written than are kept; what comes of them will be found", "kept", kept)
	}
	if o.dropped {
		clear(r.state.batch)
		r.state.batch, r.state.datings = r.state.batch[:0], nil
		r.forget()
	}
}

// retry fires when the file is to be tried again; nil, which never does, where
// there is no outage.
func (r *Recorder) retry() <-chan time.Time {
	if r.outage == nil {
		return nil
	}
	return time.After(time.Until(r.outage.due))
}

// tryAgain tries to have the file again. At the end of a session what the
// reserve held is enough.
func (r *Recorder) tryAgain(last bool) error {
	o := r.outage
	err := r.note(o)
	if err == nil && !last && o.reason == store.DiskFull {
		err = r.room()
	}
	if err == nil {
		err = r.store.Reopen(r.ctx, o.reason)
	}
	if err == nil {
		r.outage, r.resuming = nil, o
		err = r.goOn(o)
		r.resuming = nil
		if r.outage == nil {
			r.Health.update(func(h *health.Report) { h.Suspended = "" })
		}
		return err
	}
	if store.Outage(err) == "" {
		return fmt.Errorf("after an outage (%s): %w", o.reason, err)
	}
	r.Log.Debug("the recording still cannot be written", "reason", o.reason, "error", err)
	o.putOff()
	return nil
}

// room fails when the disk has no room to record.
func (r *Recorder) room() error {
	err := r.store.Reserve()
	if store.Outage(err) == "" { // a folder that is not the user's, say
		return nil
	}
	return err
}

// note writes the gap of an outage, once. One of a session that is not ready is
// noted by the start.
func (r *Recorder) note(o *outage) (err error) {
	if o.noted || !r.ready {
		return nil
	}
	o.gap, err = r.store.Note(r.ctx, store.Gap{From: o.from, Reason: o.reason})
	o.noted = err == nil
	return err
}

// goOn records again in a file that was opened again.
func (r *Recorder) goOn(o *outage) error {
	kept := r.state
	r.state = newState(r.store)
	r.state.literal, r.state.incurious = kept.literal, kept.incurious
	if err := r.load(); err != nil {
		r.state, o.dropped = kept, true // the store has begun to count anew
		return r.outageOf(err)
	}
	if !r.ready || !r.store.HasSession() {
		r.ready = false
		return r.beginAgain()
	}
	if err := r.beginRetention(r.now()); err != nil { // the connection is another
		r.state, o.dropped = kept, true
		return r.outageOf(err)
	}
	r.redo(o, kept)
	r.takeLoss(o)
	if err := r.catchUp(o); err != nil || r.outage != nil {
		return err
	}
	g := gap{o.gap, o.from}
	if err := r.lookAtAll(purpose{how: store.Found, gap: &g, blind: o.blind}); err != nil || r.outage != nil {
		return err
	}
	if err := r.store.Reconciled(r.ctx, store.Gap{From: o.from}, o.gap, r.wall(), o.lost); err != nil {
		return r.outageOf(err)
	}
	r.Log.Warn("the recording is written again; everything was looked at", "reason", o.reason, "since", time.UnixMicro(o.from), "lost", o.lost)
	return nil
}

// takeLoss makes a loss that is not recovered from part of the outage, which
// ends with a look at everything.
func (r *Recorder) takeLoss(o *outage) {
	switch lost := r.overrun; {
	case lost == nil:
		return
	case lost.gap != nil && lost.gap.id != 0:
		o.closed = append(o.closed, closedGap{lost.gap.id, r.wall(), lost.count})
	default:
		o.lost += lost.count
	}
	o.from = min(o.from, r.overrun.from)
	r.overrun, o.blind = nil, true
}

// beginAgain starts a session that could not become ready, or one in a new file.
func (r *Recorder) beginAgain() error {
	clear(r.blind)
	clear(r.unsettled)
	clear(r.refused)
	r.late = suspension{}
	if err := r.begin(); err != nil || r.outage != nil {
		return err
	}
	r.store.Resumed()
	return nil
}

// redo does again what was kept and is not in the file. If the file lacks what
// came before that, all is left to be found.
func (r *Recorder) redo(o *outage, kept *state) {
	last, at := r.store.LastChange()
	if last < o.after { // what was written is gone
		o.dropped, o.from = true, min(o.from, at)
	}
	if o.blind = o.blind || o.dropped; o.dropped {
		return
	}
	changes := kept.batch
	n, _ := slices.BinarySearchFunc(changes, last+1, func(c store.Change, id int64) int { return int(c.ID - id) })
	if n > 0 && r.Committed != nil {
		r.Committed(changes[:n]) // the error came after they were written
	}
	for _, c := range changes[n:] {
		r.state.redo(c, kept.dating(c.ID))
	}
}

// dating returns the interval of a change that waits to be written; zero: it
// has none.
func (st *state) dating(id int64) store.Dating {
	for _, d := range st.datings {
		if d.First <= id && id <= d.Last {
			return store.Dating{NotBefore: d.NotBefore, NotAfter: d.NotAfter, Gap: d.Gap}
		}
	}
	return store.Dating{}
}

// redo makes a change once more, of a state that is as it was before.
func (st *state) redo(c store.Change, dating store.Dating) {
	k, key, text := c.Kind, rtnl.ParseKey(c.Object.Key), c.Object.Key
	held := slices.Clone(st.kinds[k].of(text))
	at := slices.IndexFunc(held, func(o *store.Object) bool { return o.Position == c.Object.Position })
	if at < 0 {
		at, held = len(held), append(held, &store.Object{Key: text, Position: c.Object.Position})
	}
	o, to := held[at], (*store.State)(nil)
	if c.State != nil {
		to = st.store.Intern(k, c.State.Values)
	} else {
		held = slices.Delete(held, at, at+1)
	}
	st.change(k, key, o, to, origin{at: c.At, how: c.How, cause: c.Cause, portid: c.Portid, dating: dating})
	slices.SortFunc(held, byPosition)
	st.kinds[k].put(text, held)
}

// catchUp writes what an outage kept from being written.
func (r *Recorder) catchUp(o *outage) error {
	if err := r.commit(); err != nil || r.outage != nil {
		return err
	}
	for ; len(o.closed) > 0; o.closed = o.closed[1:] {
		c := o.closed[0]
		if err := r.store.CloseGap(r.ctx, c.id, c.at, c.lost); err != nil {
			return r.outageOf(err)
		}
	}
	for k, u := range r.unsettled {
		if u.id == 0 {
			delete(r.unsettled, k)
		}
	}
	for k, id := range r.blind {
		if id == 0 {
			delete(r.blind, k)
		}
	}
	return nil
}

// unwritten says what of a session that ends is not in the file.
func (r *Recorder) unwritten() error {
	return fmt.Errorf("%s: %w since %s; the next start finds what came of it",
		r.outage.reason, ErrUnwritten, time.UnixMicro(r.outage.from).Format(time.RFC3339Nano))
}

// endSession writes that the session is over. In an outage the file is tried
// some times more.
func (r *Recorder) endSession() error {
	for range lastTries {
		if r.outage != nil {
			if err := r.tryAgain(true); err != nil {
				return err
			}
		}
		if r.outage != nil {
			continue
		}
		err := r.noteHealth()
		if r.outage != nil {
			continue
		}
		if err == nil {
			err = r.store.End(r.ctx, r.wall())
		}
		if err == nil {
			return nil
		}
		if err := r.outageOf(err); err != nil {
			return err
		}
	}
	return r.unwritten()
}

// watchLog says once when the log grows because somebody reads, and who.
func (r *Recorder) watchLog() {
	long := r.store.Unfolded() > store.LongLog
	if long && !r.longLog {
		readers, err := store.Readers(r.store.Path(), os.Getpid())
		r.Log.Warn("the log grows, since a process reads the recording in a transaction that does not end", "size", r.store.Unfolded(), "processes", readers, "error", err)
	}
	r.longLog = long
}
