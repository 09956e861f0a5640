package store

// Objects and states, each written once.
//
// An object's row says what identifies it; a state's row holds one distinct
// set of values, whatever objects take it and however often. Both are found
// again by a hash of their values, so a route that flaps for a year writes one
// row of each, and one narrow row of the table change per flap. In memory a
// state is shared by the objects that have it, and its id is looked up only
// when it is first needed.

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"nlrec/rtnl"
)

// netns is the only network namespace recorded so far: the recorder's own.
const netns = int64(1)

// An Object is an object the recorder follows. Its zero value, but for Key and
// Position, is one not written yet.
type Object struct {
	Key      string // the text of its key, see rtnl.AppendKey
	Position int64
	State    *State // nil: gone
	id       int64
	written  int64 // id of the state the timeline shows
	since    int64 // at_us of the change that brought it
	listed   bool  // in the table now
	touched  bool  // that row is to be written
}

// A State is a set of values that objects of a kind have.
type State struct {
	Values rtnl.Row
	id     int64
	key    string
}

// table keeps the objects and states of one kind.
type table struct {
	kind            *rtnl.Kind
	objects, states inserter
	findObject      string
	findState       string
	nextObject      int64
	nextState       int64
	empty           bool             // no object in the file is older than this session
	gone            map[string]int64 // objects that went in this session, by key
	interned        map[string]*State
	crowd           int      // how many are many
	row             rtnl.Row // memory to put one together in
}

// maxCached bounds what is remembered of states and objects that no longer are.
const maxCached = 1 << 16

func openTable(ctx context.Context, w *writer, k *rtnl.Kind) (*table, error) {
	key, values := k.Columns[:len(k.Key)], k.Columns[len(k.Key):]
	t := &table{kind: k, gone: map[string]int64{}, interned: map[string]*State{}, crowd: maxCached}
	t.objects = *newInserter(k.Name+"_object", append([]string{"object", "hash", "netns", "position"}, key...)...)
	t.states = *newInserter(k.Name+"_state", append([]string{"id", "hash"}, values...)...)
	t.findObject = find(k.Name+"_object", "object", append([]string{"netns", "position"}, key...))
	t.findState = find(k.Name+"_state", "id", values)
	object, err := w.number(ctx, `SELECT coalesce(max(object), 0) FROM `+k.Name+`_object`)
	if err != nil {
		return nil, err
	}
	state, err := w.number(ctx, `SELECT coalesce(max(id), 0) FROM `+k.Name+`_state`)
	t.empty = object == 0
	t.nextObject = (object/rtnl.ObjectKinds+1)*rtnl.ObjectKinds + k.Number
	t.nextState = state + 1
	return t, err
}

// find returns the query for the row with a hash and all these values.
func find(table, id string, columns []string) string {
	var q strings.Builder
	fmt.Fprintf(&q, "SELECT %s FROM %s WHERE hash = ?", id, table)
	for _, c := range columns {
		fmt.Fprintf(&q, " AND %s IS ?", c)
	}
	return q.String()
}

// Intern returns the one State with these values, which it may keep.
func (s *Store) Intern(k *rtnl.Kind, values rtnl.Row) *State {
	t := s.tables[k]
	key := rtnl.AppendKey(make([]byte, 0, 64), values)
	if state, ok := t.interned[string(key)]; ok {
		return state
	}
	state := &State{Values: slices.Clone(values), key: string(key)}
	t.interned[state.key] = state
	return state
}

// Forget lets go of the states that no object has, when many have piled up.
// The objects are all those there are of the kind.
func (s *Store) Forget(k *rtnl.Kind, objects func(yield func(*Object))) {
	t := s.tables[k]
	if len(t.interned) < t.crowd {
		return
	}
	t.interned = map[string]*State{}
	objects(func(o *Object) { t.interned[o.State.key] = o.State })
	t.crowd = 2*len(t.interned) + maxCached
}

// hash is what the column hash holds: it must never change.
func hash(key []byte) int64 { return int64(xxhash.Sum64(key)) }

// objectID returns the id of the object with this key and position, writing
// its row if it is new.
func (t *table) objectID(ctx context.Context, w *writer, o *Object) (int64, error) {
	text := objectText(make([]byte, 0, 64), o)
	if id, ok := t.gone[string(text)]; ok {
		delete(t.gone, string(text))
		return id, nil
	}
	t.row = rtnl.AppendParsed(append(t.row[:0], t.nextObject, hash(text), netns, o.Position), o.Key)
	if !t.empty && !t.kind.Mortal {
		id, err := w.number(ctx, t.findObject, t.row[1:]...)
		if id != 0 || err != nil {
			return id, err
		}
	}
	id := t.nextObject
	t.nextObject += rtnl.ObjectKinds
	return id, t.objects.add(ctx, w, t.row...)
}

// objectText appends the text of all that identifies an object.
func objectText(b []byte, o *Object) []byte {
	return append(rtnl.AppendKey(b, rtnl.Row{netns, o.Position}), o.Key...)
}

// forgetObject notes that an object is gone, so that it is found again cheaply.
func (t *table) forgetObject(o *Object) {
	if t.kind.Mortal {
		return
	}
	if len(t.gone) >= maxCached {
		t.gone, t.empty = map[string]int64{}, false
	}
	t.gone[string(objectText(make([]byte, 0, 64), o))] = o.id
}

// stateID returns the id of a state, writing its row if it is new.
func (t *table) stateID(ctx context.Context, w *writer, state *State) (int64, error) {
	if state.id != 0 {
		return state.id, nil
	}
	h := hash([]byte(state.key))
	id, err := w.number(ctx, t.findState, append([]any{h}, state.Values...)...)
	if err != nil {
		return 0, err
	}
	if id == 0 {
		id = t.nextState
		t.nextState++
		err = t.states.add(ctx, w, append([]any{id, h}, state.Values...)...)
	}
	state.id = id
	return id, err
}
