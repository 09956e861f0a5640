package query

// Which objects a history is of: those of which a filter ever held, at one of
// their changes or by what they refer to now.

import (
	"context"
	"errors"
	"slices"

	"nlrec/store"
)

// find lists the objects of which a filter ever held.
func (c *Changes) find(ctx context.Context, f Filter) ([]int64, error) {
	s, err := c.choose(ctx, []Filter{f})
	if err != nil {
		return nil, err
	}
	rest := f.butOf(f.Kind.Key)
	if rest.Empty() && s.chosen != nil {
		return s.chosen, nil
	}
	changed, err := c.findChanged(ctx, f, s, rest)
	if err != nil {
		return nil, err
	}
	now, err := c.findNow(ctx, f, s, rest)
	if err != nil {
		return nil, err
	}
	unchanged, err := c.findUnchanged(ctx, f)
	found := slices.Concat(changed, now, unchanged)
	slices.Sort(found)
	return slices.Compact(found), err
}

// findChanged finds those of which there are changes.
func (c *Changes) findChanged(ctx context.Context, f Filter, s *selection, rest Filter) ([]int64, error) {
	plain, err := store.PlainColumns(f.Kind)
	if err != nil {
		return nil, err
	}
	if s.states != nil && rest.butOf(plain).Empty() {
		return c.findByState(ctx, s)
	}
	return c.findByVersion(ctx, s)
}

// findNow finds those that are what a filter asks for by what they refer to now:
// a neighbour has no change when its link gets another name.
func (c *Changes) findNow(ctx context.Context, f Filter, s *selection, rest Filter) ([]int64, error) {
	plain, err := store.PlainColumns(f.Kind)
	if err != nil || rest.butOf(plain).Empty() {
		return nil, err
	}
	last, err := c.number(ctx, `SELECT max(id) FROM change`)
	if err != nil {
		return nil, err
	}
	if s.chosen != nil {
		return c.findHeld(ctx, f, last, `SELECT n.object, n.state FROM now n WHERE n.object IN (SELECT value FROM json_each(?))`, s.list())
	}
	return c.findHeld(ctx, f, last, `SELECT n.object, n.state FROM now n WHERE n.object & 63 = ?`, f.Kind.Number)
}

// findHeld finds those of some objects and their states of which a filter holds
// right after a change.
func (c *Changes) findHeld(ctx context.Context, f Filter, seen int64, text string, args ...any) (objects []int64, err error) {
	rows, err := c.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var all []version
	for rows.Next() {
		v := version{seen: seen}
		if err := rows.Scan(&v.object, &v.state); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	hits, err := c.which(ctx, f, all)
	for i, v := range all {
		if err == nil && hits[i] {
			objects = append(objects, v.object)
		}
	}
	return objects, errors.Join(err, rows.Err())
}

// findByState finds those that ever had one of the selected states.
func (c *Changes) findByState(ctx context.Context, s *selection) ([]int64, error) {
	w, err := c.bound(ctx, Span{})
	if err != nil {
		return nil, err
	}
	w.selection = s
	where, args := w.where()
	rows, err := c.QueryContext(ctx, `SELECT DISTINCT c.object FROM change c NOT INDEXED WHERE `+where+` ORDER BY c.object`, args...)
	if err != nil {
		return nil, err
	}
	return scanColumn[int64](rows)
}

// findByVersion finds them by looking at every version.
func (c *Changes) findByVersion(ctx context.Context, s *selection) (objects []int64, err error) {
	w, err := c.bound(ctx, Span{})
	if err != nil {
		return nil, err
	}
	w.selection = s
	for found, err := range c.walk(ctx, w) {
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			if !slices.Contains(objects, x.Object) {
				objects = append(objects, x.Object)
			}
		}
	}
	slices.Sort(objects)
	return objects, nil
}

// findUnchanged finds the objects of which a filter holds that have not changed
// since what is left begins.
func (c *Changes) findUnchanged(ctx context.Context, f Filter) (objects []int64, err error) {
	if c.pruned == 0 {
		return nil, nil
	}
	return c.findHeld(ctx, f, c.pruned, `
		SELECT n.object, n.state FROM now n
		WHERE n.object & 63 = ? AND NOT EXISTS (SELECT 1 FROM change x WHERE x.object = n.object) ORDER BY n.object`, f.Kind.Number)
}
