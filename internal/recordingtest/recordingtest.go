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
}

// Open opens the recording at path to add to it.
func Open(t TB, path string) *Recording {
	s, err := store.Open(context.Background(), path)
	r := &Recording{t: t, Store: s, objects: map[string]*store.Object{}}
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
	_, err := r.Store.Begin(context.Background(), store.Clock{Wall: started, Boot: started / 2}, "test")
	r.must(err)
	r.must(r.Store.Ready(context.Background(), ready))
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
	return r.change(store.Change{At: at, Kind: k, Key: key, Object: o, Was: o.State, State: state})
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
	return r.change(store.Change{At: at, Kind: k, Key: key, Object: o, Was: o.State})
}

func (r *Recording) change(c store.Change) int64 {
	c.ID, c.How = r.Store.NextChange(), store.Announced
	c.Object.State = c.State
	r.batch.Changes = append(r.batch.Changes, c)
	return c.ID
}

func (r *Recording) object(k *rtnl.Kind, key rtnl.Row) *store.Object {
	name := objectName(k, key)
	if r.objects[name] == nil {
		r.objects[name] = &store.Object{}
	}
	return r.objects[name]
}

func objectName(k *rtnl.Kind, key rtnl.Row) string {
	return fmt.Sprintf("%s %#v", k.Name, key)
}

// Commit writes the changes made since the last.
func (r *Recording) Commit() {
	r.must(r.Store.Append(context.Background(), r.batch))
	r.batch = store.Batch{}
}

// Step notes that the wall clock was set to an instant.
func (r *Recording) Step(at, by int64) {
	r.Commit()
	r.must(r.Store.Append(context.Background(), store.Batch{Clock: &store.Clock{Wall: at, Boot: at / 2, Step: by}}))
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
