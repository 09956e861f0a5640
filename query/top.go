package query

// What changed most in a span of time. Changes are counted in the index of
// objects, or, where the span is short, in the changes themselves; how long an
// object was out is worked out only for those that are told, unless that is
// what they are sorted by.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"nlrec/rtnl"
)

// A Ranked is how often and how long an object was out within a span. It is
// out while it is not there, or what outStates of its kind say holds.
type Ranked struct {
	Kind      *rtnl.Kind
	Object    int64
	Name      string // what it is called in the end
	Changes   int64
	Outages   int64 // how often it was out
	OutUS     int64 // for how long in all
	LongestUS int64
	OutNow    bool // at the end of the span
	LastUS    int64
}

// outStates are conditions on the states of a kind in which an object that is
// there is out.
var outStates = map[string]string{
	"link":      `s.carrier = 0 OR s.operstate IN ('DOWN', 'LOWERLAYERDOWN', 'NOTPRESENT') OR s.flags NOT LIKE '%"UP"%'`,
	"neighbour": `s.state LIKE '%"FAILED"%'`,
}

// measures are what Top can sort by.
var measures = map[string]func(Ranked) int64{
	"changes": func(r Ranked) int64 { return r.Changes }, "outages": func(r Ranked) int64 { return r.Outages },
	"out": func(r Ranked) int64 { return r.OutUS }, "longest": func(r Ranked) int64 { return r.LongestUS },
}

// Measures lists what Top can sort by.
func Measures() []string { return []string{"changes", "outages", "out", "longest"} }

// TopOptions say what is ranked.
type TopOptions struct {
	Span
	Filters []Filter // nil: all kinds
	By      string   // one of Measures
	Most    int      // how many are told; 0: all
}

// Top ranks the objects that changed in a span. It fails with ErrInstant, and
// warns when changes may have been missed in the span.
func (c *Changes) Top(ctx context.Context, o TopOptions) ([]Ranked, error) {
	if o.Since == "" && o.Around == "" {
		o.Since = "first" // what the first dump found did not change
	}
	w, err := c.bound(ctx, o.Span)
	if err != nil {
		return nil, err
	}
	if c.first != 0 && w.from < c.first { // so it did not, either, in a range that begins earlier
		began, err := c.bound(ctx, Span{Since: "first"})
		if err != nil {
			return nil, err
		}
		w.from, w.first = began.from, max(w.first, began.first)
	}
	w.to = min(w.to, c.last)
	if w.selection, err = c.choose(ctx, o.Filters); err != nil {
		return nil, err
	}
	if err := c.warnOfMissing(ctx, w); err != nil {
		return nil, err
	}
	ranked, err := c.count(ctx, w)
	if err != nil {
		return nil, err
	}
	if o.By == "changes" {
		ranked = most(ranked, o)
	}
	if err := c.measure(ctx, w, ranked); err != nil {
		return nil, err
	}
	ranked = most(ranked, o)
	return ranked, c.nameAll(ctx, w, ranked)
}

// most leaves the first by a measure, and by the number of changes where that
// is equal.
func most(ranked []Ranked, o TopOptions) []Ranked {
	slices.SortFunc(ranked, func(a, b Ranked) int {
		by := measures[o.By]
		return cmp.Or(cmp.Compare(by(b), by(a)), cmp.Compare(b.Changes, a.Changes), cmp.Compare(a.Object, b.Object))
	})
	if o.Most > 0 {
		ranked = ranked[:min(o.Most, len(ranked))]
	}
	return ranked
}

// count counts the changes of each object.
func (c *Changes) count(ctx context.Context, w walk) ([]Ranked, error) {
	for _, f := range w.selection.filters {
		if !f.butOf(f.Kind.Key).Empty() || w.selection.chosen == nil {
			return c.countMatching(ctx, w)
		}
	}
	total, err := c.number(ctx, `SELECT max(id) FROM change`)
	if err != nil {
		return nil, err
	}
	total -= c.pruned
	search := "INDEXED BY change_object"
	if (w.last-w.first)*lookUpCost < total || w.stepped {
		search = "NOT INDEXED"
	}
	where, args := w.where()
	rows, err := c.QueryContext(ctx, `SELECT c.object, count(*) FROM change c `+search+` WHERE `+where+` GROUP BY c.object`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ranked []Ranked
	for rows.Next() {
		var r Ranked
		if err := rows.Scan(&r.Object, &r.Changes); err != nil {
			return nil, err
		}
		r.Kind = kindNumbered(r.Object & (rtnl.ObjectKinds - 1))
		ranked = append(ranked, r)
	}
	return ranked, rows.Err()
}

// countMatching counts those of which either side is what the filter says.
func (c *Changes) countMatching(ctx context.Context, w walk) ([]Ranked, error) {
	place := map[int64]int{}
	var ranked []Ranked
	for found, err := range c.walk(ctx, w) {
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			i, known := place[x.Object]
			if !known {
				i = len(ranked)
				place[x.Object], ranked = i, append(ranked, Ranked{Kind: x.Kind, Object: x.Object})
			}
			ranked[i].Changes++
		}
	}
	return ranked, nil
}

// measure works out how long objects were out.
func (c *Changes) measure(ctx context.Context, w walk, ranked []Ranked) error {
	out := map[*rtnl.Kind]map[int64]bool{}
	for i := range ranked {
		r := &ranked[i]
		if out[r.Kind] == nil {
			var err error
			if out[r.Kind], err = c.outStates(ctx, r.Kind); err != nil {
				return err
			}
		}
		if err := c.measureOne(ctx, w, r, out[r.Kind]); err != nil {
			return err
		}
	}
	return nil
}

// outStates returns the states of a kind in which an object is out.
func (c *Changes) outStates(ctx context.Context, k *rtnl.Kind) (map[int64]bool, error) {
	states := map[int64]bool{}
	where := outStates[k.Name]
	if where == "" {
		return states, nil
	}
	rows, err := c.QueryContext(ctx, `SELECT s.id FROM `+k.Name+`_state s WHERE `+where)
	if err != nil {
		return nil, err
	}
	numbers, err := scanColumn[int64](rows)
	for _, n := range numbers {
		states[n] = true
	}
	return states, err
}

func (c *Changes) measureOne(ctx context.Context, w walk, r *Ranked, out map[int64]bool) (err error) {
	rows, err := c.QueryContext(ctx, `
		SELECT id, at_us, ifnull(was, 0), ifnull(state, 0) FROM change INDEXED BY change_object
		WHERE object = ? AND id BETWEEN ? AND ? ORDER BY id`, r.Object, w.first, w.last)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	m := meter{Ranked: r, line: c.timeline, out: out, since: w.from, after: w.first - 1}
	for first := true; rows.Next(); first = false {
		var id, at, was, state int64
		if err := rows.Scan(&id, &at, &was, &state); err != nil {
			return err
		}
		if first && (out[was] || was == 0 && !r.Kind.Mortal && c.wasThere(ctx, r.Object, w.first)) {
			m.begin(w.first-1, w.from)
		}
		m.change(id, at, state)
	}
	m.end(w.last+1, w.to)
	return rows.Err()
}

// wasThere reports whether an object was there at any time before a change.
func (c *Changes) wasThere(ctx context.Context, object, id int64) bool {
	n, err := c.number(ctx, `SELECT EXISTS (SELECT 1 FROM change WHERE object = ?1 AND id < ?2) OR EXISTS (SELECT 1 FROM arrival WHERE object = ?1)`, object, id)
	return err == nil && n != 0
}

// meter measures the outages of one object.
type meter struct {
	*Ranked
	out   map[int64]bool
	since int64 // when the outage began
	after int64 // right after which change
	line  *timeline
}

func (m *meter) begin(id, at int64) {
	m.OutNow, m.after, m.since = true, id, at
	m.Outages++
}

func (m *meter) finish(id, at int64) {
	span := m.line.elapsed(m.after, m.since, id, at)
	m.OutUS += span
	m.LongestUS = max(m.LongestUS, span)
}

// change takes notice of the state that a change brought about.
func (m *meter) change(id, at, state int64) {
	m.LastUS = at
	is := m.out[state] || state == 0 && !m.Kind.Mortal
	switch {
	case is && !m.OutNow:
		m.begin(id, at)
	case !is && m.OutNow:
		m.finish(id, at)
		m.OutNow = false
	}
}

func (m *meter) end(id, at int64) {
	if m.OutNow {
		m.finish(id, at)
	}
}

// nameAll finds what objects are called in the end.
func (c *Changes) nameAll(ctx context.Context, w walk, ranked []Ranked) error {
	for i := range ranked {
		r := &ranked[i]
		x, err := c.lastOf(ctx, walk{first: w.first, last: w.last, selection: &selection{kinds: []*rtnl.Kind{r.Kind}, chosen: []int64{r.Object}}})
		if err != nil {
			return err
		}
		r.Name = x.Name()
	}
	return nil
}

// warnOfMissing says how long changes may have been missed within a walk.
func (c *Changes) warnOfMissing(ctx context.Context, w walk) error {
	rows, err := c.QueryContext(ctx, `
		SELECT coalesce(kind, ''), from_us, coalesce(to_us, ?3), reason FROM gap
		WHERE from_us < ?1 AND (to_us IS NULL OR to_us > ?2) ORDER BY from_us`, w.to, w.from, int64(math.MaxInt64))
	if err != nil {
		return err
	}
	defer rows.Close()
	gaps, total, counted := 0, int64(0), int64(math.MinInt64)
	for rows.Next() {
		var g Gap
		if err := rows.Scan(&g.Kind, &g.From, &g.To, &g.Reason); err != nil {
			return err
		}
		if !w.selection.has(g.Kind) {
			continue
		}
		from, to := max(g.From, w.from, counted), min(g.To, w.to)
		gaps, total, counted = gaps+1, total+max(0, to-from), max(counted, to)
	}
	if gaps > 0 {
		c.warnOnce(fmt.Sprintf("changes may have been missed in that time: gaps: %d, %s in all", gaps, FormatSpan(time.Duration(total)*time.Microsecond)))
	}
	return rows.Err()
}

// rankedJSON is a Ranked as JSON.
type rankedJSON struct {
	Kind      string `json:"kind"`
	Object    int64  `json:"object"`
	Name      string `json:"name"`
	Changes   int64  `json:"changes"`
	Outages   int64  `json:"outages"`
	OutUS     int64  `json:"out_us"`
	LongestUS int64  `json:"longest_us"`
	Out       bool   `json:"out"`
	Last      string `json:"last"`
	LastUS    int64  `json:"last_us"`
}

// Ranked returns a Ranked as a value for package json.
func (e *Encoder) Ranked(r Ranked) any {
	return rankedJSON{r.Kind.Name, r.Object, r.Name, r.Changes, r.Outages, r.OutUS, r.LongestUS, r.OutNow, FormatTime(r.LastUS, e.loc), r.LastUS}
}
