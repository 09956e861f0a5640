package query

// The net difference between two instants: of the objects that changed in
// between, those that were otherwise at the end than at the beginning. Neither
// of the two states is read as a whole. Which objects these are is found the
// cheaper way: by the changes between, or, where these are many more than
// there are objects, by looking up each object's first and last of them.
//
// An object that only shows what another is, such as a route the new name of
// its link, has not changed.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nlrec/rtnl"
)

// A Diff is what differs between two instants.
type Diff struct {
	From, To Moment
	Groups   []Group // of kinds with differences, in the order of rtnl.Kinds
}

// A Group is the differences of a kind, each as a Change without an instant.
type Group struct {
	Kind    *rtnl.Kind
	Changes []*Change
}

// Diff finds what differs between two instants, the second of which may be the
// earlier one. It fails with ErrInstant or ErrOutside.
func (c *Changes) Diff(ctx context.Context, from, to string, filters []Filter) (*Diff, error) {
	a, err := c.resolve(ctx, from)
	if err != nil {
		return nil, err
	}
	b, err := c.resolve(ctx, to)
	if err != nil {
		return nil, err
	}
	s, err := c.choose(ctx, filters)
	if err != nil {
		return nil, err
	}
	d := &Diff{From: *a, To: *b}
	early, late := min(a.Change, b.Change), max(a.Change, b.Change)
	touched, err := c.touched(ctx, s, early, late)
	if err != nil {
		return nil, err
	}
	if a.Change > b.Change {
		for _, x := range touched {
			x.was, x.state = x.state, x.was
		}
	}
	d.Groups, err = c.group(ctx, s, touched, a.Change, b.Change)
	return d, err
}

// group reads what the objects were at both ends, and leaves those that differ.
func (c *Changes) group(ctx context.Context, s *selection, touched []*Change, from, to int64) (groups []Group, err error) {
	for k, changes := range byKind(touched) {
		var both []version
		for _, x := range changes {
			both = append(both, version{x.Object, x.was, from}, version{x.Object, x.state, to})
		}
		if changes, both, err = c.matching(ctx, s, k, changes, both); err != nil {
			return nil, err
		}
		v, err := c.of(ctx, k)
		if err != nil {
			return nil, err
		}
		rows, err := v.read(ctx, both)
		if err != nil {
			return nil, err
		}
		for i, x := range changes {
			x.Columns, x.Before, x.After = v.columns, rows[2*i], rows[2*i+1]
		}
		changes = slices.DeleteFunc(changes, func(x *Change) bool { return x.Op() == "~" && len(x.Changed()) == 0 })
		slices.SortFunc(changes, func(a, b *Change) int {
			return cmp.Or(cmp.Compare(a.order(), b.order()), cmp.Compare(a.Object, b.Object))
		})
		if len(changes) > 0 {
			groups = append(groups, Group{k, changes})
		}
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Compare(slices.Index(rtnl.Kinds(), a.Kind), slices.Index(rtnl.Kinds(), b.Kind))
	})
	return groups, nil
}

// matching leaves the changes of which either version is selected.
func (c *Changes) matching(ctx context.Context, s *selection, k *rtnl.Kind, changes []*Change, both []version) ([]*Change, []version, error) {
	f, filtered := s.filters[k]
	if !filtered {
		return changes, both, nil
	}
	hits, err := c.which(ctx, f, both)
	if err != nil {
		return nil, nil, err
	}
	var left []*Change
	var versions []version
	for i, x := range changes {
		if hits[2*i] || hits[2*i+1] {
			left, versions = append(left, x), append(versions, both[2*i], both[2*i+1])
		}
	}
	return left, versions, nil
}

// lookUpCost is how many changes are read while an object's first and last
// change are looked up.
const lookUpCost = 8

// touched lists the selected objects that have another state after one change
// than after an earlier one, each with both states.
func (c *Changes) touched(ctx context.Context, s *selection, early, late int64) ([]*Change, error) {
	objects, err := c.countObjects(ctx, s)
	if err != nil {
		return nil, err
	}
	if objects*lookUpCost < late-early {
		return c.lookUp(ctx, s, early, late)
	}
	return c.readThrough(ctx, s, early, late)
}

func (c *Changes) countObjects(ctx context.Context, s *selection) (int64, error) {
	if s.chosen != nil {
		return int64(len(s.chosen)), nil
	}
	total := int64(0)
	for _, k := range s.kinds {
		n, err := c.number(ctx, `SELECT count(*) FROM `+k.Name+`_object`)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// lookUp finds each object's first and last change between.
func (c *Changes) lookUp(ctx context.Context, s *selection, early, late int64) (found []*Change, err error) {
	for _, k := range s.kinds {
		objects, args := k.Name+"_object", []any{early, late}
		if s.chosen != nil {
			objects, args = `(SELECT value AS object FROM json_each(?3) WHERE value & 63 = `+fmt.Sprint(k.Number)+`)`, append(args, s.list())
		}
		more, err := c.readStates(ctx, `
			SELECT o.object,
				(SELECT ifnull(c.was, 0) FROM change c WHERE c.object = o.object AND c.id > ?1 AND c.id <= ?2 ORDER BY c.id LIMIT 1) AS was,
				(SELECT ifnull(c.state, 0) FROM change c WHERE c.object = o.object AND c.id > ?1 AND c.id <= ?2 ORDER BY c.id DESC LIMIT 1) AS state
			FROM `+objects+` o WHERE was <> state`, args...)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// readThrough reads all changes between.
func (c *Changes) readThrough(ctx context.Context, s *selection, early, late int64) ([]*Change, error) {
	where, args := "id > ?1 AND id <= ?2 AND object & 63 IN ("+join(s.numbers())+")", []any{early, late}
	if s.chosen != nil {
		where, args = where+" AND object IN (SELECT value FROM json_each(?3))", append(args, s.list())
	}
	all, err := c.readStates(ctx, `SELECT object, ifnull(was, 0), ifnull(state, 0) FROM change NOT INDEXED WHERE `+where+` ORDER BY id`, args...)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(x *Change) bool { return x.was == x.state }), nil
}

// readStates reads rows of an object, the state before and the state after,
// and makes one of those that are of one object.
func (c *Changes) readStates(ctx context.Context, text string, args ...any) (found []*Change, err error) {
	rows, err := c.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	of := map[int64]*Change{}
	for rows.Next() {
		var x Change
		if err := rows.Scan(&x.Object, &x.was, &x.state); err != nil {
			return nil, err
		}
		if before := of[x.Object]; before != nil {
			before.state = x.state
			continue
		}
		x.Kind = kindNumbered(x.Object & (rtnl.ObjectKinds - 1))
		of[x.Object] = &x
	}
	return slices.AppendSeq(found, maps.Values(of)), rows.Err()
}

// order is what changes of a kind are sorted by.
func (c *Change) order() sortKey {
	r := record{map[string]int{}, c.row()}
	for i, name := range c.Columns {
		r.columns[name] = i
	}
	if shape, ok := shapes[c.Kind.Name]; ok {
		return shape.key(r)
	}
	return byFamily(r).number(r.number("ifindex")).prefix(r.text("local"))
}

// Pieces returns the line that tells of a difference.
func (c *Change) Pieces() []Piece {
	pieces := c.pieces(Clock{})
	pieces[0].Text = c.Op() + " " + c.Name()
	return pieces
}

// diffJSON is a difference as JSON: kind, op, object, name, before, after and
// changed, as in the log.
type diffJSON struct {
	Kind    string         `json:"kind"`
	Op      string         `json:"op"`
	Object  int64          `json:"object"`
	Name    string         `json:"name"`
	Before  map[string]any `json:"before"`
	After   map[string]any `json:"after"`
	Changed []string       `json:"changed"`
}

// Difference returns a difference as a value for package json.
func (e *Encoder) Difference(c *Change) any {
	return diffJSON{c.Kind.Name, c.Op(), c.Object, c.Name(),
		e.Row(c.Kind.Name, c.Columns, c.Before), e.Row(c.Kind.Name, c.Columns, c.After), c.Changed()}
}

// A Stat is how many objects of a kind came, went, and changed.
type Stat struct {
	Kind    string `json:"kind"`
	Came    int    `json:"came"`
	Went    int    `json:"went"`
	Changed int    `json:"changed"`
}

// StatOf counts the differences of a group.
func StatOf(g Group) Stat {
	s := Stat{Kind: g.Kind.Name}
	for _, x := range g.Changes {
		switch x.Op() {
		case "+":
			s.Came++
		case "-":
			s.Went++
		default:
			s.Changed++
		}
	}
	return s
}
