package query

// What "ip route get" would have said. The state that a lookup reads is read
// here, as of an instant; package fib does the lookup.
//
// Of routes only those are read that can matter: to the prefixes that cover the
// destination, and the source where it is looked at, in every table. There are
// at most 33 or 129 of each, so one pass over the keys of all routes finds them,
// and only their states are looked up.

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"nlrec/query/fib"
	"nlrec/rtnl"
	"nlrec/store"
)

// ErrNoLink says that a question names a link that was not there.
var ErrNoLink = errors.New("there was no such link")

// RouteGet answers a question as of the reader's moment: with one answer, or
// with all that are possible where the kernel's hash over a packet decides.
// Every question that has an answer has at least one, which may be that there
// is no way. It fails with ErrNoLink.
func (r *Reader) RouteGet(ctx context.Context, q RouteQuestion) ([]fib.Answer, error) {
	m, err := r.momentOrNow(ctx)
	if err != nil {
		return nil, err
	}
	s := fibReader{ctx: ctx, timeline: r.timeline, moment: m, family: "inet6"}
	if q.To.Is4() {
		s.family = "inet"
	}
	answers, err := s.get(q)
	if err != nil && !errors.Is(err, ErrNoLink) {
		err = WithPath(r.path, err)
	}
	return answers, err
}

// momentOrNow returns the reader's moment, or that of the last change.
func (r *Reader) momentOrNow(ctx context.Context) (*Moment, error) {
	if r.moment != nil {
		return r.moment, nil
	}
	last, err := r.timeline.number(ctx, `SELECT max(id) FROM change`)
	return &Moment{At: r.timeline.last, Change: last}, err
}

// fibReader reads what a lookup of one family needs.
type fibReader struct {
	ctx      context.Context
	timeline *timeline
	moment   *Moment
	family   string
}

func (s *fibReader) get(q RouteQuestion) ([]fib.Answer, error) {
	state := &fib.State{Neighbours: map[fib.Neighbour]string{}}
	routes, err := s.read(state, q)
	if err != nil {
		return nil, err
	}
	state.Index(routes)
	question := q.Question
	for _, link := range []struct {
		name string
		into *int64
	}{{q.InName, &question.In}, {q.OutName, &question.Out}} {
		if link.name == "" {
			continue
		}
		l := linkSpelt(state, link.name)
		if l == nil {
			return nil, fmt.Errorf("%s: %w", Visible(link.name), ErrNoLink)
		}
		*link.into = l.Index
	}
	return state.Get(question), nil
}

// linkSpelt returns the link that somebody may mean who typed a name, or nil.
func linkSpelt(state *fib.State, typed string) *fib.Link {
	for _, name := range spellings(typed) {
		if l := state.LinkNamed(name); l != nil {
			return l
		}
	}
	return nil
}

// read fills a state, and returns the routes that may matter.
func (s *fibReader) read(state *fib.State, q RouteQuestion) (routes []fib.Route, err error) {
	for _, part := range []func() error{
		func() error { return s.readLinks(state) },
		func() error { return s.readSettings(state) },
		func() error { return s.readAddresses(state) },
		func() error { return s.readRules(state) },
		func() error { return s.readMerged(state) },
		func() error { return s.readSourceChecks(state, q) },
		func() (err error) {
			routes, err = s.readRoutes(coveringPrefixes(q.To, q.From))
			return err
		},
		func() error {
			if !state.AddedLocal {
				return nil
			}
			// A gateway may be this machine by more than its addresses.
			also, err := s.readRoutes(coveringPrefixes(gatewaysOf(routes)...))
			routes = distinct(append(routes, also...))
			return err
		},
		func() error { return s.readNexthops(routes) },
		func() error { return s.readNeighbours(state, routes) },
	} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return routes, nil
}

// coveringPrefixes lists the prefixes that cover addresses, as the key of a route spells
// them.
func coveringPrefixes(addrs ...netip.Addr) (texts []string) {
	for _, a := range addrs {
		if !a.IsValid() {
			continue
		}
		for bits := range a.BitLen() {
			p, _ := a.Prefix(bits)
			text := p.String()
			if bits == 0 {
				text = "default"
			}
			texts = append(texts, text)
		}
		texts = append(texts, a.String())
	}
	return texts
}

// rows calls f for each row of a kind as of the moment, of the columns named
// and where a condition holds.
func (s *fibReader) rows(k *rtnl.Kind, columns, where string, f func(row []any) error) error {
	body, err := store.AsOf(k, "?1", "?2")
	if err != nil {
		return err
	}
	return s.query("SELECT "+columns+" FROM ("+body+") v WHERE "+where, f, s.moment.Change, s.moment.At)
}

func (s *fibReader) query(text string, f func(row []any) error, args ...any) error {
	rows, err := s.timeline.QueryContext(s.ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		row, err := scanRow(rows)
		if row == nil || err != nil {
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

// distinct returns routes without those that are there already.
func distinct(routes []fib.Route) (left []fib.Route) {
	seen := map[int64]bool{}
	for _, r := range routes {
		if !seen[r.Object] {
			left = append(left, r)
		}
		seen[r.Object] = true
	}
	return left
}
