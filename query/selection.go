package query

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nlrec/rtnl"
	"nlrec/store"
)

// A selection is which objects a question is about.
type selection struct {
	kinds   []*rtnl.Kind
	chosen  []int64 // the objects that come into question; nil: all of the kinds
	states  []int64 // of the only kind: one of these comes before or after a change; nil: any
	filters map[*rtnl.Kind]Filter
}

// fewObjects is how many objects are worth looking up one by one.
const fewObjects = 4096

// choose makes a selection of filters; none are all kinds.
func (c *Changes) choose(ctx context.Context, filters []Filter) (*selection, error) {
	s := &selection{filters: map[*rtnl.Kind]Filter{}}
	for _, f := range filters {
		s.kinds = append(s.kinds, f.Kind)
		if !f.Empty() {
			s.filters[f.Kind] = f
		}
	}
	if err := c.warnOfUnknownLinks(ctx, filters); err != nil {
		return nil, err
	}
	if len(filters) == 0 {
		s.kinds = rtnl.Kinds()
	}
	if len(s.kinds) == len(rtnl.Kinds()) && len(s.filters) == 0 {
		return s, nil
	}
	if err := c.chooseFew(ctx, s); err != nil {
		return nil, err
	}
	return s, c.chooseStates(ctx, s)
}

// isEmpty reports whether no change can be of the selection.
func (s *selection) isEmpty() bool {
	return s.chosen != nil && len(s.chosen) == 0 || s.states != nil && len(s.states) == 0
}

// chooseFew notes the objects whose keys fit the filters, if they are few.
func (c *Changes) chooseFew(ctx context.Context, s *selection) error {
	var objects []int64
	for _, k := range s.kinds {
		where, args := s.filters[k].ofKey()
		rows, err := c.QueryContext(ctx, fmt.Sprintf("SELECT o.object FROM %s_object o WHERE %s LIMIT %d", k.Name, where, fewObjects+1-len(objects)), args...)
		if err != nil {
			return err
		}
		more, err := scanColumn[int64](rows)
		if err != nil {
			return err
		}
		if objects = append(objects, more...); len(objects) > fewObjects {
			return nil
		}
	}
	s.chosen = append([]int64{}, objects...)
	return nil
}

// chooseStates notes the states that the filter of an only kind may hold of, if
// they are few.
func (c *Changes) chooseStates(ctx context.Context, s *selection) error {
	if len(s.kinds) != 1 {
		return nil
	}
	k := s.kinds[0]
	plain, err := store.PlainColumns(k)
	if err != nil {
		return err
	}
	f := s.filters[k].onlyOf(plain)
	if f.Empty() {
		return nil
	}
	where, args := f.Where("s", everLink)
	rows, err := c.QueryContext(ctx, fmt.Sprintf("SELECT s.id FROM %s_state s WHERE %s LIMIT %d", k.Name, where, fewObjects+1), args...)
	if err != nil {
		return err
	}
	states, err := scanColumn[int64](rows)
	if len(states) <= fewObjects {
		s.states = append([]int64{}, states...)
	}
	return err
}

// ofKey is Where for the table of objects, as far as the filter speaks of what
// identifies them.
func (f Filter) ofKey() (sql string, args []any) {
	if f.Empty() {
		return f.Where("o", everLink)
	}
	return f.onlyOf(f.Kind.Key).Where("o", everLink)
}

// onlyOf is what of a filter speaks of nothing but some columns.
func (f Filter) onlyOf(columns []string) Filter {
	f.words = slices.DeleteFunc(slices.Clone(f.words), func(word string) bool { return !f.speaksOnlyOf(word, columns) })
	return f
}

// butOf is the rest of a filter.
func (f Filter) butOf(columns []string) Filter {
	f.words = slices.DeleteFunc(slices.Clone(f.words), func(word string) bool { return f.speaksOnlyOf(word, columns) })
	return f
}

func (f Filter) speaksOnlyOf(word string, columns []string) bool {
	return !slices.ContainsFunc(f.terms[word], func(c condition) bool { return !onlySpeaksOf(c.sql, columns) })
}

func onlySpeaksOf(sql string, columns []string) bool {
	for _, m := range regexp.MustCompile(`\{\}(\w+)`).FindAllStringSubmatch(sql, -1) {
		if !slices.Contains(columns, m[1]) {
			return false
		}
	}
	return true
}

// list writes the chosen objects for json_each.
func (s *selection) list() string { return "[" + join(s.chosen) + "]" }

func (s *selection) numbers() (numbers []int64) {
	for _, k := range s.kinds {
		numbers = append(numbers, k.Number)
	}
	return numbers
}

// has reports whether a gap of a kind, "" for all, concerns the selection.
func (s *selection) has(kind string) bool {
	return kind == "" || slices.ContainsFunc(s.kinds, func(k *rtnl.Kind) bool { return k.Name == kind })
}

// match leaves the changes of which either side is selected.
func (c *Changes) match(ctx context.Context, s *selection, changes []*Change) ([]*Change, error) {
	if len(s.filters) == 0 {
		return changes, nil
	}
	matches := map[*Change]bool{}
	for k, of := range byKind(changes) {
		hits, err := c.which(ctx, s.filters[k], sides(of))
		if err != nil {
			return nil, err
		}
		for i, x := range of {
			matches[x] = hits[2*i] || hits[2*i+1]
		}
	}
	return slices.DeleteFunc(changes, func(x *Change) bool { return !matches[x] }), nil
}

// which tells of each version whether it is what a filter asks for.
func (c *Changes) which(ctx context.Context, f Filter, asked []version) ([]bool, error) {
	v, err := c.of(ctx, f.Kind)
	if err != nil {
		return nil, err
	}
	where, args := f.Where("x", everLink)
	text := "SELECT x.valid_from_us FROM (" + v.text + ") x WHERE " + where
	hits := make([]bool, len(asked))
	for start := 0; start < len(asked); start += maxListed {
		part := asked[start:min(start+maxListed, len(asked))]
		rows, err := c.QueryContext(ctx, text, append([]any{list(part)}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", f.Kind.Name, strings.Join(f.words, " "), err)
		}
		places, err := scanColumn[int64](rows)
		if err != nil {
			return nil, err
		}
		for _, place := range places {
			hits[start+int(place)] = true
		}
	}
	return hits, nil
}

// byKind parts changes by the kinds of their objects.
func byKind(changes []*Change) map[*rtnl.Kind][]*Change {
	parts := map[*rtnl.Kind][]*Change{}
	for _, x := range changes {
		parts[x.Kind] = append(parts[x.Kind], x)
	}
	return parts
}

// sides lists, of each change, the version it ended and the one it began.
func sides(changes []*Change) (both []version) {
	for _, x := range changes {
		both = append(both, version{x.Object, x.was, x.ID - 1}, version{x.Object, x.state, x.ID})
	}
	return both
}
