package recorder

// Gaps: the intervals in which changes may have been missed, and what ends
// them. Those of a suspension are in suspend.go, those of dumps that settle
// nothing in adopt.go.

import (
	"errors"

	"nlrec/internal/health"
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
	defer r.busy(r.busy("looking at everything after a loss"))
	g, err := r.openGap(store.Gap{From: lost.from, Reason: "overrun"})
	if err != nil {
		return err
	}
	more, err := r.lookAtAll(purpose{how: store.Found, gap: g, blind: true})
	if err != nil {
		return err
	}
	r.Log.Warn("notifications were lost; everything was looked at again", "lost", lost.count+more)
	r.Health.update(func(h *health.Report) { h.Resyncs, h.Drops = h.Resyncs+1, h.Drops+lost.count+more })
	return errors.Join(r.store.CloseGap(r.ctx, g.id, r.wall(), lost.count+more), r.noteHealth())
}

// openGap opens a gap.
func (r *Recorder) openGap(g store.Gap) (*gap, error) {
	id, err := r.store.OpenGap(r.ctx, g)
	return &gap{id, g.From}, err
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
	if r.blind[k] != 0 {
		return nil
	}
	r.Log.Warn("a message cannot be read", "error", why)
	id, err := r.store.OpenGap(r.ctx, store.Gap{Kind: k, From: r.wall(), Reason: "undecodable message"})
	r.blind[k] = id
	return err
}

// readable closes the gap that undecodable opened.
func (r *Recorder) readable(k *rtnl.Kind) error {
	id := r.blind[k]
	if id == 0 {
		return nil
	}
	delete(r.blind, k)
	return r.store.CloseGap(r.ctx, id, r.wall(), 0)
}
