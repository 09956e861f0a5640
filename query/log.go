package query

// The log: changes in the order of events, with gaps in their place.
//
// Which changes are wanted comes down to a range of ids (span.go). Where the
// last n are, they are found backwards first, and then told in order. A gap has
// no id; it stands right after the last change before it began, which is what
// the instant of its beginning means everywhere else.

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"regexp"
	"slices"
	"time"
)

// LogOptions say which changes a log has.
type LogOptions struct {
	Span
	Filters  []Filter       // of the kinds wanted; nil: all
	Newest   int64          // how many of the newest; 0: all
	Oldest   int64          // how many of the oldest; 0: all
	None     bool           // none of those there are
	Cursors  bool           // entries have a cursor
	Reverse  bool           // the newest first
	Grep     *regexp.Regexp // what a line must contain; nil: anything
	Clock    Clock          // of the instants in a line
	Idle     func() error   // called when all is told there is, before more is waited for; nil: the log ends then
	Interval time.Duration  // between two looks for more
}

// An Entry is one of a log: a change, or a gap.
type Entry struct {
	*Change
	Missed *LogGap
	Cursor string // names the change, for Span
}

// A LogGap is a gap with its number, and how many notifications were lost as
// the kernel counts them, 0 where it does not.
type LogGap struct {
	ID, Lost int64
	Gap
	after, session int64 // id of the last change before it, and of the session that noted it
}

// Log tells the changes one after the other. It fails with ErrInstant,
// ErrCursor, or as f does; with Idle, it ends when ctx does.
func (c *Changes) Log(ctx context.Context, o LogOptions, f func(Entry) error) error {
	w, err := c.bound(ctx, o.Span)
	if err != nil {
		return err
	}
	s, err := c.choose(ctx, o.Filters) // later, so that it has all objects there are until then
	if err != nil {
		return err
	}
	w.selection, w.backwards = s, o.Reverse
	if w, err = c.narrowToNewest(ctx, w, o); err != nil {
		return err
	}
	t := &teller{Changes: c, LogOptions: o, selection: s, left: o.Oldest, f: f}
	if o.Reverse {
		t.left = o.Newest
	}
	before, err := c.number(ctx, `SELECT max(id) FROM gap`)
	if err != nil {
		return err
	}
	if err := t.tell(ctx, w); err != nil || o.Idle == nil {
		return err
	}
	t.seen = max(t.seen, before) // those that lie outside of the span will not be told
	return t.follow(ctx, w)
}

// narrowToNewest leaves of a walk the newest changes that are wanted.
func (c *Changes) narrowToNewest(ctx context.Context, w walk, o LogOptions) (walk, error) {
	switch {
	case o.None:
		w.first, w.from = w.last+1, c.now.UnixMicro()
		return w, nil
	case o.Newest == 0 || o.Reverse:
		return w, nil
	}
	first, err := c.start(ctx, w, o)
	if err != nil || first == w.first {
		return w, err
	}
	at, err := c.number(ctx, `SELECT at_us FROM change WHERE id = ?`, first)
	w.first, w.from = first, max(w.from, at)
	return w, err
}

// start finds the id of the first of the newest changes.
func (c *Changes) start(ctx context.Context, w walk, o LogOptions) (int64, error) {
	w.backwards = true
	left := o.Newest
	for found, err := range c.walk(ctx, w) {
		if err != nil {
			return 0, err
		}
		if found, err = c.grep(ctx, o, found); err != nil {
			return 0, err
		}
		if int64(len(found)) >= left {
			return found[left-1].ID, nil
		}
		left -= int64(len(found))
	}
	return w.first, nil
}

// grep leaves the changes whose lines contain what is asked for, complete.
func (c *Changes) grep(ctx context.Context, o LogOptions, changes []*Change) ([]*Change, error) {
	if o.Grep == nil {
		return changes, nil
	}
	err := c.complete(ctx, changes)
	return slices.DeleteFunc(changes, func(x *Change) bool { return !o.Grep.MatchString(Line(Entry{Change: x}.Pieces(o.Clock))) }), err
}

// teller hands out the entries of a log.
type teller struct {
	*Changes
	LogOptions
	selection *selection
	left      int64 // how many changes may still be told; 0: any number
	f         func(Entry) error
	gaps      []LogGap // still to be told, in their order
	seen      int64    // id of the last gap that is known
	open      []int64  // ids of those that were told while they lasted
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

func (t *teller) tell(ctx context.Context, w walk) error {
	if err := t.readGaps(ctx, w); err != nil {
		return err
	}
	for found, err := range t.walk(ctx, w) {
		if err == nil {
			err = t.tellSome(ctx, found)
		}
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return t.tellGaps(func(LogGap) bool { return true })
}

func (t *teller) tellSome(ctx context.Context, found []*Change) error {
	found, err := t.grep(ctx, t.LogOptions, found)
	if err != nil {
		return err
	}
	if t.left > 0 {
		found = found[:min(int64(len(found)), t.left)]
	}
	if err := t.complete(ctx, found); err != nil {
		return err
	}
	for _, x := range found {
		if err := t.tellGaps(func(g LogGap) bool { return (g.after < x.ID) != t.Reverse }); err != nil {
			return err
		}
		e := Entry{Change: x}
		if t.Cursors {
			e.Cursor = t.cursor(x.ID)
		}
		if err := t.f(e); err != nil {
			return err
		}
	}
	if t.left > 0 {
		if t.left -= int64(len(found)); t.left == 0 {
			return errEnough
		}
	}
	return nil
}

// tellGaps tells the first of the gaps, as long as they are due.
func (t *teller) tellGaps(due func(LogGap) bool) error {
	for len(t.gaps) > 0 && due(t.gaps[0]) {
		g := t.gaps[0]
		t.gaps = t.gaps[1:]
		if g.To == 0 {
			t.open = append(t.open, g.ID)
		}
		if err := t.f(Entry{Missed: &g}); err != nil {
			return err
		}
	}
	return nil
}

// readGaps finds the gaps that are not told yet, or were told before they
// ended.
func (t *teller) readGaps(ctx context.Context, w walk) error {
	order := "place, g.id"
	if w.backwards {
		order = "place DESC, g.id DESC"
	}
	rows, err := t.QueryContext(ctx, `
		SELECT g.id, g.session, coalesce(g.kind, ''), g.from_us, coalesce(g.to_us, 0), coalesce(g.lost, 0), g.reason,
			ifnull((SELECT id FROM change WHERE at_us <= g.from_us ORDER BY at_us DESC, id DESC LIMIT 1), 0) AS place
		FROM gap g
		WHERE g.from_us <= ?1 AND (g.to_us IS NULL OR g.to_us >= ?2)
			AND (g.id > ?3 OR g.to_us IS NOT NULL AND g.id IN (SELECT value FROM json_each(?4)))
			AND place >= ?5
		ORDER BY `+order, w.to, w.from, t.seen, "["+join(t.open)+"]", w.gapsAfter)
	if err != nil {
		return err
	}
	first := len(t.gaps)
	if err := t.takeGaps(rows); err != nil || t.stretches == nil {
		return err
	}
	return t.placeGaps(ctx, t.gaps[first:], w.backwards)
}

// placeGaps finds the places of gaps where the clock was set back, and sorts
// the gaps by them.
func (t *teller) placeGaps(ctx context.Context, gaps []LogGap, backwards bool) (err error) {
	for i := range gaps {
		if gaps[i].after, err = t.placeOf(ctx, gaps[i].session, gaps[i].From); err != nil {
			return err
		}
	}
	slices.SortFunc(gaps, func(a, b LogGap) int {
		order := cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.ID, b.ID))
		if backwards {
			return -order
		}
		return order
	})
	return nil
}

func (t *teller) takeGaps(rows *sql.Rows) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var g LogGap
		if err := rows.Scan(&g.ID, &g.session, &g.Kind, &g.From, &g.To, &g.Lost, &g.Reason, &g.after); err != nil {
			return err
		}
		t.seen = max(t.seen, g.ID)
		t.open = slices.DeleteFunc(t.open, func(id int64) bool { return id == g.ID })
		if t.selection.has(g.Kind) {
			t.gaps = append(t.gaps, g)
		}
	}
	return rows.Err()
}

// follow tells what is recorded from now on. Between two looks it asks only
// whether anybody has written to the file, which takes some microseconds and no
// lock that a recorder would wait for.
func (t *teller) follow(ctx context.Context, w walk) error {
	tick := time.NewTicker(t.Interval)
	defer tick.Stop()
	everything := *w.selection
	everything.chosen, everything.states = nil, nil // more will come
	w.selection = &everything
	w.first, w.from, w.to, w.stepped, t.left = max(w.first, w.last+1), math.MinInt64, math.MaxInt64, false, 0
	for seen := int64(-1); ; {
		version, err := t.number(ctx, `PRAGMA data_version`)
		if err == nil && version != seen {
			seen = version
			w, err = t.tellNew(ctx, w)
		}
		if err == nil {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// tellNew tells what is new, and returns the walk that goes on after it.
func (t *teller) tellNew(ctx context.Context, w walk) (walk, error) {
	last, err := t.number(ctx, `SELECT max(id) FROM change`)
	if err != nil {
		return w, err
	}
	w.last = last
	if err := t.tell(ctx, w); err != nil {
		return w, err
	}
	w.first = max(w.first, last+1)
	return w, t.Idle()
}
