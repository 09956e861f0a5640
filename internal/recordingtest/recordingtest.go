// Package recordingtest makes recordings for tests, change by change, without
// a kernel.
package recordingtest

import (
	"context"
	"fmt"

	"nlrec/rtnl"
	"nlrec/store"
)

// TB is what a test or a test script fails by.
type TB interface {
	Fatalf(format string, args ...any)
}

// A Recording is one being made. Instants are microseconds since 1970.
type Recording struct {
	t       TB
	Store   *store.Store
	objects map[string]*store.Object
	batch   store.Batch
	origin  Origin

	booted int64 // when the machine did, as its wall clock has it
}

// clock reads the clocks when the wall clock shows an instant.
func (r *Recording) clock(at int64) store.Clock {
	return store.Clock{Wall: at, Boot: at - r.booted, Running: at - r.booted}
}

// An Origin is where changes come from: how they are known (0: announced), the
// change that brought them about, and who asked for them.
type Origin struct {
	How    store.How
	Cause  int64
	Portid uint32
}

// From makes the changes that f makes come from an origin.
func (r *Recording) From(o Origin, f func()) {
	before := r.origin
	r.origin = o
	f()
	r.origin = before
}

// Open opens the recording at path to add to it.
func Open(t TB, path string) *Recording {
	s, err := store.Open(context.Background(), path)
	r := &Recording{t: t, Store: s, objects: map[string]*store.Object{}, booted: T0 - 3600*Second}
	r.must(err)
	return r
}

func (r *Recording) must(err error) {
	if err != nil {
		r.t.Fatalf("recordingtest: %v", err)
	}
}

// Begin starts a session whose first dump is complete at an instant.
func (r *Recording) Begin(started, ready int64) {
	_, _, err := r.Store.Begin(context.Background(), r.clock(started), "test")
	r.must(err)
	r.must(r.Store.Ready(context.Background(), ready))

}

// Boot says that the machine boots when its wall clock shows an instant.
func (r *Recording) Boot(at int64) { r.booted = at }

// End ends the session at an instant; another may begin.
func (r *Recording) End(at int64) {
	r.Commit()
	r.must(r.Store.End(context.Background(), at))
}

// Values are columns of a row; the others are NULL.
type Values map[string]any

// Set gives an object these values, making it if need be. It returns the id of
// the change, or 0 when there is none.
func (r *Recording) Set(at int64, k *rtnl.Kind, v Values) int64 {
	row := make(rtnl.Row, len(k.Columns))
	for column, value := range v {
		row[k.Index(column)] = value
	}
	key, values := k.Split(row)
	o := r.object(k, key)
	state := r.Store.Intern(k, values)
	if o.State == state {
		return 0
	}
	return r.change(store.Change{At: at, Kind: k, Object: o, Was: o.State, State: state})
}

// Remove lets the object with the key of a row go. It returns the id of the
// change, or 0 when there is no such object.
func (r *Recording) Remove(at int64, k *rtnl.Kind, v Values) int64 {
	row := make(rtnl.Row, len(k.Columns))
	for column, value := range v {
		row[k.Index(column)] = value
	}
	key, _ := k.Split(row)
	o := r.object(k, key)
	delete(r.objects, objectName(k, key))
	if o.State == nil {
		return 0
	}
	return r.change(store.Change{At: at, Kind: k, Object: o, Was: o.State})
}

func (r *Recording) change(c store.Change) int64 {
	c.ID, c.How, c.Cause, c.Portid = r.Store.NextChange(), r.origin.How, r.origin.Cause, r.origin.Portid
	if c.How == 0 {
		c.How = store.Announced
	}
	c.Object.State = c.State
	r.batch.Changes = append(r.batch.Changes, c)
	return c.ID
}

func (r *Recording) object(k *rtnl.Kind, key rtnl.Row) *store.Object {
	name := objectName(k, key)
	if r.objects[name] == nil {
		r.objects[name] = &store.Object{Key: string(rtnl.AppendKey(nil, key))}
	}
	return r.objects[name]
}

func objectName(k *rtnl.Kind, key rtnl.Row) string {
	return fmt.Sprintf("%s %#v", k.Name, key)
}

// Missed says of the changes from one on, which a dump found, that they happened
// in an interval, which is a gap for all kinds for some reason.
func (r *Recording) Missed(first, from, to int64, reason string) {
	gap, err := r.Store.OpenGap(context.Background(), store.Gap{From: from, Reason: reason})
	r.must(err)
	r.must(r.Store.CloseGap(context.Background(), gap, to, 0))
	last := r.batch.Changes[len(r.batch.Changes)-1].ID
	r.batch.Datings = append(r.batch.Datings, store.Dating{First: first, Last: last, NotBefore: from, NotAfter: to, Gap: gap})
	r.Commit()
}

// Commit writes the changes made since the last.
func (r *Recording) Commit() {
	r.must(r.Store.Append(context.Background(), r.batch))
	r.batch = store.Batch{}
}

// Step notes that the wall clock was set to an instant, which it showed after
// the changes until then.
func (r *Recording) Step(at, by int64) {
	r.booted += by
	clock := r.clock(at)
	r.batch.Steps = append(r.batch.Steps, store.ClockStep{Clock: clock, By: by, Before: clock.Boot, After: r.Store.Drawn()})
}

// Gap notes a gap, of one kind or of all; one that does not end is open.
func (r *Recording) Gap(k *rtnl.Kind, from, to int64, reason string) {
	id, err := r.Store.OpenGap(context.Background(), store.Gap{Kind: k, From: from, Reason: reason})
	r.must(err)
	if to != 0 {
		r.must(r.Store.CloseGap(context.Background(), id, to, 0))
	}
}

// Close ends the session at an instant, or not at all when it is 0, and closes
// the file.
func (r *Recording) Close(at int64) {
	r.Commit()
	if at != 0 {
		r.must(r.Store.End(context.Background(), at))
	}
	r.must(r.Store.Close())
}

// T0 is when the recording that Sample makes begins: 2026-05-01T10:00:00Z.
const T0 = int64(1777629600_000000)

// Second is a second.
const Second = int64(1_000_000)

// Sample makes a recording: eth0 comes (#1, a second after T0), then a default
// route (#2), which gets another gateway (#3, at 3 s) and goes (#4, at 4 s);
// eth0 is renamed to wan0 (#5). It ends 10 s after T0 and has a gap from 6 s to
// 7 s.
func Sample(t TB, path string) {
	r := Open(t, path)
	r.Begin(T0-Second, T0)
	r.Set(T0+1*Second, rtnl.Link, Values{"ifindex": int64(1), "ifname": "eth0", "mtu": int64(1500)})
	route := Values{"family": "inet", "table_id": int64(254), "dst": "default", "metric": int64(5), "tos": int64(0), "gateway": "192.0.2.1", "oif": int64(1)}
	r.Set(T0+2*Second, rtnl.Route, route)
	r.Commit()
	route["gateway"] = "192.0.2.2"
	r.Set(T0+3*Second, rtnl.Route, route)
	r.Remove(T0+4*Second, rtnl.Route, route)
	r.Set(T0+5*Second, rtnl.Link, Values{"ifindex": int64(1), "ifname": "wan0", "mtu": int64(1500)})
	r.Gap(nil, T0+6*Second, T0+7*Second, "overrun")
	r.Close(T0 + 10*Second)
}
