package main

// Histories to ask, made through package store as the recorder would: the state
// of a real namespace when recording began, with so many routes, of which one
// changes every six seconds on the average. A week has 100,000 changes, so that a
// longer history is one of more time, and an hour or a week of it has as much in
// it. Half of the changes are of a hundredth of the routes. One in five takes a
// route away; it comes back with its next change.

import (
	"bufio"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/rtnl"
	"nlrec/store"
)

const (
	week         = 7 * day
	pace         = week / 100_000 // between two changes, on the average
	transaction  = 20_000         // changes in one
	historyLink  = 2              // index of v0 in a new namespace: lo is the first
	flapperShare = 100            // of so many routes, one is of those that change most
)

// A history is one made.
type history struct {
	path             string
	objects, changes int
	began, ended     int64 // microseconds since 1970
	bytes            int64
}

// at returns an instant by the part of the history that is before it.
func (h history) at(part float64) int64 {
	return h.began + int64(part*float64(h.ended-h.began))
}

// makeHistory makes one that ends now, in the namespace of the calling thread.
// Where replay is not empty it writes the changes there too, as rtmon would.
func makeHistory(ctx context.Context, path, replay string, objects, changes int) (h history, err error) {
	s, err := store.Open(ctx, path)
	if err != nil {
		return h, err
	}
	now := time.Now().UnixMicro()
	m := &maker{ctx: ctx, store: s, at: now - int64(changes)*pace.Microseconds() - time.Second.Microseconds(),
		random: rand.New(rand.NewPCG(uint64(objects), uint64(changes))), held: make([]*store.Object, objects), routes: make([]routeRows, objects)}
	if replay != "" {
		f, err := os.Create(replay)
		if err != nil {
			return h, errors.Join(err, s.Close())
		}
		m.replay = bufio.NewWriterSize(f, 1<<20)
		defer func() { err = errors.Join(err, m.replay.Flush(), f.Close()) }()
	}
	h = history{path: path, objects: objects, changes: changes, began: m.at}
	err = m.run(changes)
	h.ended = m.at
	err = errors.Join(err, s.Close())
	h.bytes = fileSize(path)
	return h, err
}

// A maker makes a history.
type maker struct {
	ctx    context.Context
	store  *store.Store
	at     int64
	random *rand.Rand
	held   []*store.Object // by number of the route; nil: it is gone
	routes []routeRows
	batch  []store.Change
	replay *bufio.Writer // nil: nowhere
	buf    []byte
}

// routeRows are what a route has by either gateway.
type routeRows struct {
	key    string
	states [2]*store.State
}

func (m *maker) run(changes int) error {
	if _, _, err := m.store.Begin(m.ctx, store.Clock{Wall: m.at, Boot: m.at / 2}, "bench"); err != nil {
		return err
	}
	if err := m.surroundings(); err != nil {
		return err
	}
	for i := range m.held {
		if err := errors.Join(m.prepare(i), m.change(i, m.routes[i].states[0], store.Dumped)); err != nil {
			return err
		}
	}
	if err := errors.Join(m.commit(), m.store.Ready(m.ctx, m.at)); err != nil {
		return err
	}
	for range changes {
		m.at += int64(m.random.ExpFloat64() * float64(pace.Microseconds()))
		if err := m.next(); err != nil {
			return err
		}
	}
	if err := m.commit(); err != nil {
		return err
	}
	return m.store.End(m.ctx, m.at)
}

// surroundings records what there is in the namespace.
func (m *maker) surroundings() error {
	d, err := rtnl.NewDumper()
	if err != nil {
		return err
	}
	defer d.Close()
	for _, k := range rtnl.Kinds() {
		_, err := d.Dump(k, 0, func(row rtnl.Row) {
			key, values := k.Split(row)
			m.append(store.Change{Kind: k, Object: &store.Object{Key: string(rtnl.AppendKey(nil, key))}, State: m.store.Intern(k, values), How: store.Dumped})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// prepare decodes what the kernel would say of a route.
func (m *maker) prepare(i int) error {
	for n, r := range []request{addRoute, replaceRoute} {
		row, err := rtnl.Route.Decode(appendRoute(nil, r, i, historyLink)[unix.SizeofNlMsghdr:])
		if err != nil {
			return err
		}
		key, values := rtnl.Route.Split(row)
		m.routes[i].key, m.routes[i].states[n] = string(rtnl.AppendKey(nil, key)), m.store.Intern(rtnl.Route, values)
	}
	return nil
}

// next lets some route change.
func (m *maker) next() error {
	of := len(m.held)
	if m.random.IntN(2) == 0 {
		of = max(1, of/flapperShare)
	}
	i := m.random.IntN(of)
	states, o := m.routes[i].states, m.held[i]
	switch {
	case o == nil:
		return m.announce(i, addRoute, states[0])
	case m.random.IntN(5) == 0:
		return m.announce(i, deleteRoute, nil)
	case o.State == states[0]:
		return m.announce(i, replaceRoute, states[1])
	}
	return m.announce(i, restoreRoute, states[0])
}

// announce writes a change, and its notification.
func (m *maker) announce(i int, r request, state *store.State) error {
	if m.replay != nil {
		r.flags &^= unix.NLM_F_REQUEST
		m.buf = appendRoute(appendStamp(m.buf[:0], m.at), r, i, historyLink)
		if _, err := m.replay.Write(m.buf); err != nil {
			return err
		}
	}
	return m.change(i, state, store.Announced)
}

func (m *maker) change(i int, state *store.State, how store.How) error {
	o := m.held[i]
	if o == nil {
		o = &store.Object{Key: m.routes[i].key}
		m.held[i] = o
	}
	was := o.State
	o.State = state
	if state == nil {
		m.held[i] = nil
	}
	m.append(store.Change{Kind: rtnl.Route, Object: o, Was: was, State: state, How: how})
	if len(m.batch) >= transaction {
		return m.commit()
	}
	return nil
}

func (m *maker) append(c store.Change) {
	c.ID, c.At = m.store.NextChange(), m.at
	m.batch = append(m.batch, c)
}

func (m *maker) commit() error {
	err := m.store.Append(m.ctx, store.Batch{Changes: m.batch})
	m.batch = m.batch[:0]
	return err
}
