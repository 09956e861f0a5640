package recorder

// Gaps: the intervals in which changes may have been missed, and what ends
// them. Those of a suspension are in suspend.go, those of dumps that settle
// nothing in adopt.go.

import (
	"nlrec/rtnl"
	"nlrec/store"
)

// gap is one that is open.
type gap struct {
	id, from int64
}

// loss is an overrun of the socket.
type loss struct {
	from  int64 // the last instant before it at which all was known
	count int64 // of notifications; 0: not counted
}

// recover looks at everything after notifications were lost.
func (r *Recorder) recover() error {
	lost := *r.overrun
	r.overrun = nil
	g, err := r.openGap(store.Gap{From: lost.from, Reason: "overrun"})
	if err != nil {
		return err
	}
	more, err := r.lookAtAll(purpose{how: store.Found, gap: g, blind: true})
	if err != nil {
		return err
	}
	r.Log.Warn("notifications were lost; everything was looked at again", "lost", lost.count+more)
	return r.closeGap(g.id, wall(), lost.count+more)
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
		g, err := r.openGap(store.Gap{Kind: k, From: wall(), Reason: "group refused"})
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
	g, err := r.openGap(store.Gap{Kind: k, From: wall(), Reason: "undecodable message"})
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
	return r.closeGap(id, wall(), 0)
}
