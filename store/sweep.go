package store

// Sweeping: which states, objects and actors nothing refers to any more.
//
// No row counts who refers to it: that would be a write for each change. So
// now and then all that refers is walked over, and what was not met is removed
// afterwards. The recorder goes on between the steps of both; what it refers to
// meanwhile is marked when it is written (appendChange). The marks are a bit
// for each row, in memory: after a restart the walk begins again.
//
// A state that a change brings about is also what the next change of the object
// ends, or what the object has now. So the changes need only tell what they
// ended.

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"nlrec/rtnl"
)

// bits is a set of numbers that lie close together, from a first one on.
type bits struct {
	first int64
	words []uint64
}

// add puts a number that is no less than first into the set.
func (b *bits) add(n int64) {
	n -= b.first
	if n < 0 {
		return
	}
	for int64(len(b.words)) <= n>>6 {
		b.words = append(b.words, 0)
	}
	b.words[n>>6] |= 1 << (n & 63)
}

func (b *bits) has(n int64) bool {
	n -= b.first
	return n >= 0 && n>>6 < int64(len(b.words)) && b.words[n>>6]&(1<<(n&63)) != 0
}

// sweep is one that is under way.
type sweep struct {
	cut     int64           // the last change that was removed when it began
	change  int64           // up to which the changes have been walked
	last    int64           // up to which they are to be
	now     int64           // object up to which the table now has been walked
	marked  bool            // all that refers has been walked
	states  map[int64]*bits // by the number of the kind
	objects map[int64]*bits // numbered as they come, whatever the kind: object / rtnl.ObjectKinds
	actors  *bits
	left    []sweptTable // still to be swept
	key     int64        // of the row up to which the first of them is
}

// sweptTable is a table whose rows go when they are not marked.
type sweptTable struct {
	name, key string
	columns   []string // to know the row by in memory
	marked    func(key int64) bool
	forget    func(key int64, row rtnl.Row)
}

// mark notes what a change refers to that is being written.
func (w *sweep) mark(kind, object, was, state, actor int64) {
	if w == nil {
		return
	}
	w.objects[kind].add(object / rtnl.ObjectKinds)
	w.states[kind].add(was)
	w.states[kind].add(state)
	w.actors.add(actor)
}

// beginSweep begins to look for what nothing refers to.
func (s *Store) beginSweep(ctx context.Context, c cut) (err error) {
	w := &sweep{cut: c.change, change: c.change, last: s.written, now: math.MinInt64, states: map[int64]*bits{}, objects: map[int64]*bits{}, actors: &bits{}, key: math.MinInt64}
	for _, k := range rtnl.Kinds() {
		w.states[k.Number], w.objects[k.Number] = &bits{}, &bits{}
		if w.states[k.Number].first, err = s.w.number(ctx, `SELECT ifnull(min(id), 0) FROM `+k.Name+`_state`); err != nil {
			return err
		}
		if w.objects[k.Number].first, err = s.w.number(ctx, fmt.Sprintf(`SELECT ifnull(min(object), 0) / %d FROM %s_object`, rtnl.ObjectKinds, k.Name)); err != nil {
			return err
		}
		w.left = append(w.left, s.sweptState(w, k), s.sweptObject(w, k))
	}
	if w.actors.first, err = s.w.number(ctx, `SELECT ifnull(min(id), 0) FROM actor`); err != nil {
		return err
	}
	w.left = append(w.left, sweptTable{"actor", "id", []string{"session", "portid"}, w.actors.has, func(key int64, row rtnl.Row) {
		if port, ok := row[1].(int64); ok && row[0] == s.session {
			delete(s.actors, uint32(port))
		}
	}})
	s.sweep = w
	return nil
}

func (s *Store) sweptState(w *sweep, k *rtnl.Kind) sweptTable {
	return sweptTable{k.Name + "_state", "id", k.Columns[len(k.Key):], w.states[k.Number].has, func(id int64, row rtnl.Row) {
		if state := s.tables[k].interned[string(rtnl.AppendKey(nil, row))]; state != nil && state.id == id {
			state.id = 0
		}
	}}
}

func (s *Store) sweptObject(w *sweep, k *rtnl.Kind) sweptTable {
	columns := append([]string{"netns", "position"}, k.Columns[:len(k.Key)]...)
	marked := func(object int64) bool { return w.objects[k.Number].has(object / rtnl.ObjectKinds) }
	return sweptTable{k.Name + "_object", "object", columns, marked, func(_ int64, row rtnl.Row) {
		delete(s.tables[k].gone, string(rtnl.AppendKey(nil, row)))
	}}
}

// stepSweep walks over some rows, or sweeps some. It returns how many.
func (s *Store) stepSweep(ctx context.Context, rows int64) (int64, error) {
	w := s.sweep
	switch {
	case w.change < w.last:
		return s.walkChanges(ctx, rows)
	case !w.marked:
		return s.walkNow(ctx, rows)
	case len(w.left) > 0:
		return s.sweepRows(ctx, rows)
	}
	err := s.w.exec(ctx, `UPDATE pruned SET swept = ?`, w.cut)
	s.sweep = nil
	return 1, err
}

func (s *Store) walkChanges(ctx context.Context, rows int64) (int64, error) {
	w := s.sweep
	to := min(w.change+rows, w.last)
	text := fmt.Sprintf(`SELECT object, ifnull(was, 0), ifnull(actor, 0) FROM change WHERE id > %d AND id <= %d`, w.change, to)
	err := eachRow(ctx, s.w.conn, text, 3, func(row rtnl.Row) {
		object := row[0].(int64)
		w.mark(object&(rtnl.ObjectKinds-1), object, row[1].(int64), 0, row[2].(int64))
	})
	n := to - w.change
	w.change = to
	return n, err
}

func (s *Store) walkNow(ctx context.Context, rows int64) (n int64, err error) {
	w := s.sweep
	text := fmt.Sprintf(`SELECT object, state FROM now WHERE object > %d ORDER BY object LIMIT %d`, w.now, rows)
	err = eachRow(ctx, s.w.conn, text, 2, func(row rtnl.Row) {
		n, w.now = n+1, row[0].(int64)
		w.mark(w.now&(rtnl.ObjectKinds-1), w.now, row[1].(int64), 0, 0)
	})
	w.marked = err == nil && n < rows
	return max(n, 1), err
}

// sweepRows looks at some rows of a table, and removes those that are not
// marked.
func (s *Store) sweepRows(ctx context.Context, rows int64) (n int64, err error) {
	w, t := s.sweep, s.sweep.left[0]
	var unmarked []int64
	text := fmt.Sprintf(`SELECT %[1]s FROM %[2]s WHERE %[1]s > %[3]d ORDER BY %[1]s LIMIT %[4]d`, t.key, t.name, w.key, rows)
	err = eachRow(ctx, s.w.conn, text, 1, func(row rtnl.Row) {
		n, w.key = n+1, row[0].(int64)
		if !t.marked(w.key) {
			unmarked = append(unmarked, w.key)
		}
	})
	if err != nil {
		return n, err
	}
	if len(unmarked) > 0 {
		if err := s.remove(ctx, t, unmarked); err != nil {
			return n, err
		}
	}
	if n < rows {
		w.left, w.key = w.left[1:], math.MinInt64
	}
	return max(n, 1), nil
}

// remove removes rows from the file, and from what is remembered of it.
func (s *Store) remove(ctx context.Context, t sweptTable, keys []int64) error {
	list, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	return s.w.transaction(ctx, func() error {
		text := fmt.Sprintf(`DELETE FROM %[1]s WHERE %[2]s IN (SELECT value FROM json_each('%[3]s')) RETURNING %[2]s`, t.name, t.key, list) + listColumns("", t.columns)
		err := eachRow(ctx, s.w.conn, text, 1+len(t.columns), func(row rtnl.Row) { t.forget(row[0].(int64), row[1:]) })
		if err == nil && t.key == "object" {
			err = s.w.exec(ctx, `DELETE FROM arrival WHERE object IN (SELECT value FROM json_each(?))`, string(list))
		}
		return err
	})
}
