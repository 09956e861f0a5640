package recorder

import (
	"iter"
	"slices"

	"nlrec/rtnl"
	"nlrec/store"
)

// round is what one dump has shown, in the order in which it came. A dump of a
// million routes is held beside the state, so it takes little for each.
type round struct {
	first map[string]int32 // of a slot, by the text of its key: where in seen
	seen  []seen
}

// seen is a state that a dump showed.
type seen struct {
	text  string // of the key
	state *store.State
	next  int32 // of the same slot: where in seen; 0: none
	other bool  // it is not the first of its slot
}

func newRound() round { return round{first: map[string]int32{}} }

// add notes an object. A dump that is not whole may show one twice.
func (r *round) add(k *rtnl.Kind, text string, state *store.State) {
	at, known := r.first[text]
	if !known {
		r.first[text] = int32(len(r.seen))
		r.seen = append(r.seen, seen{text: text, state: state})
		return
	}
	if k.Slots == nil {
		r.seen[at].state = state
		return
	}
	if !k.Slots.Multiset && slices.ContainsFunc(r.states(text), func(s rtnl.Row) bool { return k.Same(s, state.Values) }) {
		return
	}
	for r.seen[at].next != 0 {
		at = r.seen[at].next
	}
	r.seen[at].next = int32(len(r.seen))
	r.seen = append(r.seen, seen{text: text, state: state, other: true})
}

// shows reports whether the dump has shown a slot.
func (r *round) shows(text string) bool {
	_, shown := r.first[text]
	return shown
}

// states returns what the dump has shown of a slot.
func (r *round) states(text string) []rtnl.Row {
	if at, shown := r.first[text]; shown {
		return r.statesAt(at)
	}
	return nil
}

// statesAt returns what the dump has shown of the slot that seen[at] is the
// first of.
func (r *round) statesAt(at int32) (states []rtnl.Row) {
	for more := true; more; more = at != 0 {
		states = append(states, r.seen[at].state.Values)
		at = r.seen[at].next
	}
	return states
}

// slots yields where the first state of every slot is.
func (r *round) slots() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for at := range r.seen {
			if !r.seen[at].other && !yield(int32(at)) {
				return
			}
		}
	}
}
