package query

// How changes are walked, however long the history is. One question is asked
// for a window of ids, which is small at first, so that the first row comes at
// once, and grows while it finds little. Within a window either every change
// is looked at, or, where few objects are chosen, each of them is looked up in
// the index. So memory is bounded, nothing is sorted but a window, and a
// question for the last hundred changes reads little more than these.

import (
	"context"
	"fmt"
	"iter"

	"nlrec/rtnl"
)

// A walk is which changes are wanted: ids from first to last.
type walk struct {
	first, last int64
	from, to    int64 // bounds of at_us
	stepped     bool  // the clock was set back, so that ids do not tell whether these hold
	gapsAfter   int64 // id of the change before which no gap is wanted; 0: all are
	backwards   bool
	selection   *selection
}

const (
	firstRows, mostRows = 64, 1024     // that one question returns
	firstIDs, mostIDs   = 256, 1 << 17 // that one question looks at
	probeCost           = 32           // how many changes are looked at while one object is looked up
)

// walk yields changes in bunches, in the order of ids or backwards, without
// their rows.
func (c *Changes) walk(ctx context.Context, w walk) iter.Seq2[[]*Change, error] {
	return func(yield func([]*Change, error) bool) {
		rows, ids := firstRows, int64(firstIDs)
		for w.first <= w.last && !w.selection.isEmpty() {
			low, high := w.window(ids)
			found, err := c.readWindow(ctx, w, low, high, rows)
			switch {
			case len(found) == rows: // there may be more of them
				low, high = found[rows-1].ID, found[rows-1].ID
				ids = max(ids/4, firstIDs)
			case len(found) < rows/4:
				ids = min(4*ids, mostIDs)
			}
			rows = min(4*rows, mostRows)
			if w.backwards {
				w.last = low - 1
			} else {
				w.first = high + 1
			}
			if err == nil {
				found, err = c.match(ctx, w.selection, found)
			}
			if (len(found) > 0 || err != nil) && !yield(found, err) || err != nil {
				return
			}
		}
	}
}

// window returns the next ids to look at.
func (w walk) window(ids int64) (low, high int64) {
	if w.backwards {
		return max(w.first, w.last-ids+1), w.last
	}
	return w.first, min(w.last, w.first+ids-1)
}

func (c *Changes) readWindow(ctx context.Context, w walk, low, high int64, rows int) ([]*Change, error) {
	search := "NOT INDEXED"
	if s := w.selection; s.chosen != nil && int64(len(s.chosen))*probeCost < high-low {
		search = "INDEXED BY change_object"
	}
	w.first, w.last = low, high
	where, args := w.where()
	order := "ORDER BY c.id"
	if w.backwards {
		order += " DESC"
	}
	return c.readChanges(ctx, fmt.Sprintf(changeRows, search)+fmt.Sprintf("WHERE %s\n%s LIMIT %d", where, order, rows), args...)
}

// where is the condition on the changes c that are wanted, and its arguments.
func (w walk) where() (sql string, args []any) {
	sql, args = "c.id BETWEEN ?1 AND ?2", []any{w.first, w.last}
	if s := w.selection; s.chosen != nil {
		args = append(args, s.list())
		sql += fmt.Sprintf(" AND c.object IN (SELECT value FROM json_each(?%d))", len(args))
	} else if len(s.kinds) < len(rtnl.Kinds()) {
		sql += " AND c.object & 63 IN (" + join(s.numbers()) + ")"
	}
	if s := w.selection; s.states != nil {
		args = append(args, "["+join(s.states)+"]")
		sql += fmt.Sprintf(" AND (c.was IN (SELECT value FROM json_each(?%d)) OR c.state IN (SELECT value FROM json_each(?%[1]d)))", len(args))
	}
	if w.stepped {
		args = append(args, w.from, w.to)
		sql += fmt.Sprintf(" AND c.at_us BETWEEN ?%d AND ?%d", len(args)-1, len(args))
	}
	return sql, args
}
