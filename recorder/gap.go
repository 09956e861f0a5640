package recorder

// Gaps: the intervals in which changes may have been missed, and what ends
// them. Those of a suspension are in suspend.go, those of dumps that settle
// nothing in adopt.go.

import (
	"errors"
	"time"

	"nlrec/internal/health"
	"nlrec/rtnl"
	"nlrec/store"
)

// gap is one that is open.
type gap struct {
	id, from int64
}

// loss is what overruns of the socket have lost since the last full look that
// none disturbed. The gap that it opens ends with the next such look.
type loss struct {
	gap   *gap
	from  int64     // the last instant before it at which all was known
	count int64     // of notifications; 0: not counted
	times int       // that the socket overran
	idle  time.Time // from when on an idle moment is one to look
	later time.Time // from when on to look although there is none
}

// lose notes an overrun.
func (r *Recorder) lose(item rtnl.Item) error {
	if r.overrun == nil {
		r.overrun = &loss{from: item.Since, later: time.Now().Add(patience)}
	}
	r.overrun.count += item.Lost
	r.overrun.times++
	if !r.ready || r.overrun.gap != nil {
		return nil // what the first look misses, another will show
	}
	return r.tellLoss()
}

// tellLoss opens the gap of what was lost.
func (r *Recorder) tellLoss() (err error) {
	r.overrun.gap, err = r.openGap(store.Gap{From: r.overrun.from, Reason: "overrun"})
	return err
}

// recover looks at everything after notifications were lost. A look takes long
// where there is much, and makes what is announced meanwhile wait; in a burst
// that loses more. So it waits for the burst to end, and where it does not end
// for some time: ever more of it where looks do not get through.
func (r *Recorder) recover() error {
	defer r.busy(r.busy("looking at everything after a loss"))
	lost, times, began := r.overrun, r.overrun.times, time.Now()
	if err := r.lookAtAll(purpose{how: store.Found, gap: lost.gap, blind: true}); err != nil {
		return err
	}
	if lost.times > times {
		now, took := time.Now(), time.Since(began)
		lost.idle, lost.later = now.Add(took), now.Add(max(patience, restFactor*took))
		return nil
	}
	r.overrun = nil
	r.Log.Warn("notifications were lost; everything was looked at again", "lost", lost.count)
	r.Health.update(func(h *health.Report) { h.Resyncs, h.Drops = h.Resyncs+1, h.Drops+lost.count })
	return errors.Join(r.closeGap(lost.gap.id, r.wall(), lost.count), r.noteHealth())
}

// openGap opens a gap. In an outage it becomes part of that's, and has no
// number.
func (r *Recorder) openGap(g store.Gap) (*gap, error) {
	if r.outage == nil {
		id, err := r.store.OpenGap(r.ctx, g)
		if err == nil {
			return &gap{id, g.From}, nil
		}
		if err := r.outageOf(err); err != nil {
			return nil, err
		}
	}
	r.outage.from = min(r.outage.from, g.From)
	return &gap{0, g.From}, nil
}

// closeGap closes a gap.
func (r *Recorder) closeGap(id, at, lost int64) error {
	if r.outage == nil && id != 0 {
		err := r.store.CloseGap(r.ctx, id, at, lost)
		if err == nil {
			return nil
		}
		if err := r.outageOf(err); err != nil {
			return err
		}
	}
	switch {
	case id != 0:
		r.outage.closed = append(r.outage.closed, closedGap{id, at, lost})
	case r.outage != nil:
		r.outage.lost += lost
	}
	return nil
}

// noteRefused notes the kinds whose notifications the kernel refuses to send:
// what polling finds is all that will be known of them.
func (r *Recorder) noteRefused() error {
	for _, k := range rtnl.Kinds() {
		why := r.listener.Refused[k.Name]
		if why == nil {
			continue
		}
		r.Log.Warn("no notifications of a kind", "kind", k.Name, "error", why)
		g, err := r.openGap(store.Gap{Kind: k, From: r.wall(), Reason: "group refused"})
		if err != nil {
			return err
		}
		r.refused[k] = g.id
	}
	return nil
}

// undecodable notes that objects of a kind may be missing from the timeline,
// until a dump of the kind can be read to its end.
func (r *Recorder) undecodable(k *rtnl.Kind, why error) error {
	if _, known := r.blind[k]; known {
		return nil
	}
	r.Log.Warn("a message cannot be read", "error", why)
	g, err := r.openGap(store.Gap{Kind: k, From: r.wall(), Reason: "undecodable message"})
	if err == nil {
		r.blind[k] = g.id
	}
	return err
}

// readable closes the gap that undecodable opened.
func (r *Recorder) readable(k *rtnl.Kind) error {
	id, known := r.blind[k]
	if !known {
		return nil
	}
	delete(r.blind, k)
	return r.closeGap(id, r.wall(), 0)
}
