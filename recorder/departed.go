package recorder

// Links that go to another network namespace and come back are what they were.

import (
	"nlrec/rtnl"
	"nlrec/store"
)

// departed is an object that went to another network namespace, and the state
// it had.
type departed struct {
	object *store.Object
	state  rtnl.Row
}

// manyDeparted bounds how many are remembered: those of containers never
// return.
const manyDeparted = 1024

func (st *state) depart(k *rtnl.Kind, text string, o *store.Object) {
	if len(st.departed) >= manyDeparted {
		clear(st.departed)
	}
	st.departed[slot{k, text}] = departed{o, o.State.Values}
}

// arrive returns the object that has come: one that had gone to another
// namespace if it is the same, or else a new one.
func (st *state) arrive(k *rtnl.Kind, text string, e rtnl.Element) *store.Object {
	d, ok := st.departed[slot{k, text}]
	delete(st.departed, slot{k, text})
	if ok && k.Another != nil && !k.Another(k, d.state, e.State) {
		return d.object
	}
	return &store.Object{Key: text, Position: e.Position}
}
