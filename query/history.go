package query

// The history of one thing: each change of it, and how long what it brought
// about lasted. A name may be that of several objects, one after the other or
// side by side; an object that had it once is followed through all its names.

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nlrec/rtnl"
)

// A Lasting is an entry of a history: a change with the end of what it brought
// about, or a gap.
type Lasting struct {
	Entry
	Until int64 // when the next change came; where it lasts, until when that is known
	Lasts bool  // there was none
	Span  int64 // how long that was, whatever the clock was set to meanwhile, microseconds
}

// History tells the changes of every object of which the filter ever held, as
// far as what they brought about lies within a span. To each object it first
// calls begin with its last change. It fails with ErrFilter when there is no such
// object, as Log does, and as the functions do.
func (c *Changes) History(ctx context.Context, f Filter, s Span, begin func(*Change) error, tell func(Lasting) error) error {
	w, err := c.bound(ctx, s)
	if err != nil {
		return err
	}
	objects, err := c.find(ctx, f)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return hinted{filterError("there never was such a " + f.Kind.Name + " in this recording"), "nlrec log " + f.Kind.Name}
	}
	for _, object := range objects {
		if err := c.tellHistory(ctx, w, f.Kind, object, begin, tell); err != nil {
			return err
		}
	}
	return nil
}

func (c *Changes) tellHistory(ctx context.Context, w walk, k *rtnl.Kind, object int64, begin func(*Change) error, tell func(Lasting) error) error {
	w.selection = &selection{kinds: []*rtnl.Kind{k}, chosen: []int64{object}}
	w.stepped = false // ids tell the order of versions
	kept, err := c.keptVersion(ctx, k, object, w.first)
	if err != nil {
		return err
	}
	from := w.from
	last, next, err := c.widen(ctx, &w, object)
	if err == nil && kept != nil {
		w.from = max(from, c.first)
		if last == nil {
			last = kept
			next, err = c.number(ctx, `SELECT id FROM change WHERE object = ? AND id > ? ORDER BY id LIMIT 1`, object, w.last)
		}
	}
	if err != nil || last == nil {
		return err
	}
	if err := begin(last); err != nil {
		return err
	}
	t := &teller{Changes: c, selection: w.selection}
	h := history{last: last, reach: c.last, line: c.timeline, tell: tell}
	if kept != nil {
		h.held = append(h.held, Entry{Change: kept})
	}
	t.f = h.take
	if err := t.tell(ctx, w); err != nil {
		return err
	}
	if next != 0 {
		at, err := c.number(ctx, `SELECT at_us FROM change WHERE id = ?`, next)
		if err != nil {
			return err
		}
		return h.release(next, at)
	}
	return h.end()
}

// widen has a walk begin with the change that brought about what an object was
// at its beginning. It returns the last change in it, nil where the object was
// not yet or no more; and the id of the next one, 0: there is none.
func (c *Changes) widen(ctx context.Context, w *walk, object int64) (last *Change, next int64, err error) {
	began, err := c.number(ctx, `SELECT max(id) FROM change WHERE object = ? AND id < ?`, object, w.first)
	if err != nil {
		return nil, 0, err
	}
	if began != 0 {
		w.first, w.last = began, max(w.last, began)
	}
	w.backwards = true
	for found, err := range c.walk(ctx, *w) {
		if err != nil {
			return nil, 0, err
		}
		last = found[0]
		break
	}
	w.backwards = false
	if last == nil || last.state == 0 && last.Kind.Mortal && last.At < w.from {
		return nil, 0, nil
	}
	if err := c.complete(ctx, []*Change{last}); err != nil {
		return nil, 0, err
	}
	first, err := c.number(ctx, `SELECT at_us FROM change WHERE object = ? AND id >= ? ORDER BY id LIMIT 1`, object, w.first)
	if err != nil {
		return nil, 0, err
	}
	if w.from = max(w.from, first); last.state == 0 && last.Kind.Mortal {
		w.to = min(w.to, last.At)
	}
	next, err = c.number(ctx, `SELECT id FROM change WHERE object = ? AND id > ? ORDER BY id LIMIT 1`, object, last.ID)
	return last, next, err
}

// lastOf returns the last change of a walk.
func (c *Changes) lastOf(ctx context.Context, w walk) (*Change, error) {
	w.backwards = true
	for found, err := range c.walk(ctx, w) {
		if err != nil {
			return nil, err
		}
		return found[0], c.complete(ctx, found[:1])
	}
	return nil, fmt.Errorf("%w: an object has no change", ErrDamaged)
}

// history holds a change back until the next shows how long it lasted, and the
// gaps that begin meanwhile.
type history struct {
	last  *Change
	reach int64 // until when the recording reaches
	line  *timeline
	held  []Entry
	tell  func(Lasting) error
}

func (h *history) take(e Entry) error {
	if e.Change != nil {
		if err := h.release(e.ID, e.At); err != nil {
			return err
		}
	}
	h.held = append(h.held, e)
	return nil
}

func (h *history) end() error { return h.release(0, h.reach) }

// release tells what is held, which lasted until a change; 0: it lasts.
func (h *history) release(id, until int64) error {
	for _, e := range h.held {
		l := Lasting{Entry: e, Until: until, Lasts: id == 0}
		if e.Change != nil {
			l.Span = h.line.elapsed(e.ID, e.At, id, until)
		}
		if err := h.tell(l); err != nil {
			return err
		}
	}
	h.held = h.held[:0]
	return nil
}

// Pieces returns the line that tells of an entry and how long it lasted.
func (l Lasting) Pieces(clock Clock) []Piece {
	pieces := l.Entry.Pieces(clock)
	if l.Change == nil {
		return pieces
	}
	span := "for " + FormatSpan(time.Duration(l.Span)*time.Microsecond)
	switch {
	case l.Lasts && l.state == 0 && l.Kind.Mortal:
		span = "for ever"
	case l.Lasts:
		span += "…"
	}
	pieces[2].Text = l.Op() // the title has the name
	return slices.Insert(pieces, 1, Piece{When, fmt.Sprintf("%-11s", span)})
}

// lastingJSON is a change of a history as JSON: as in the log, and with the
// end of what it brought about; null: it lasts.
type lastingJSON struct {
	*changeJSON
	Until    *string `json:"until"`
	UntilUS  *int64  `json:"until_us"`
	LastedUS int64   `json:"lasted_us"` // as far as it is known
}

// Lasting returns an entry of a history as a value for package json.
func (e *Encoder) Lasting(l Lasting) any {
	if l.Change == nil {
		return e.Entry(l.Entry)
	}
	j := lastingJSON{changeJSON: e.change(l.Change), LastedUS: l.Span}
	if !l.Lasts {
		until := FormatTime(l.Until, e.loc)
		j.Until, j.UntilUS = &until, &l.Until
	}
	return j
}
