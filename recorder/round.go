package recorder

import (
	"iter"
	"slices"

	"nlrec/rtnl"
	"nlrec/store"
)

// round is what one dump has shown. A dump of a million routes lies beside the
// state, so it takes little for each, and least for what is held already: most
// dumps show nothing new.
type round struct {
	kind  *rtnl.Kind
	held  slots
	alike map[*store.Object]*store.State // shown as they were held then, alone in their slots
	first map[string]int32               // of any other slot, by the text of its key: where in seen
	seen  []seen                         // in the order in which it came
}

// seen is a state that a dump showed.
type seen struct {
	text  string // of the key
	state *store.State
	next  int32 // of the same slot: where in seen; 0: none
	other bool  // it is not the first of its slot
}

// newRound returns a round that is to show about as many objects as were held.
func newRound(k *rtnl.Kind, held slots, expected int) round {
	return round{k, held, make(map[*store.Object]*store.State, expected), map[string]int32{}, nil}
}

// add notes an object. A dump that is not whole may show one twice.
func (r *round) add(key rtnl.Row, state *store.State) {
	text, held := r.held.find(key)
	_, known := r.first[text]
	if len(held) == 1 && !known {
		was := r.alike[held[0]]
		if was == state && (r.kind.Slots == nil || !r.kind.Slots.Multiset) {
			return
		}
		if was == nil && held[0].State == state {
			r.alike[held[0]] = state
			return
		}
		if was != nil {
			delete(r.alike, held[0])
			r.put(text, was)
		}
	}
	r.put(text, state)
}

// put notes a state of a slot that has none in alike.
func (r *round) put(text string, state *store.State) {
	at, known := r.first[text]
	if !known {
		r.first[text] = int32(len(r.seen))
		r.seen = append(r.seen, seen{text: text, state: state})
		return
	}
	if r.kind.Slots == nil {
		r.seen[at].state = state
		return
	}
	if !r.kind.Slots.Multiset && slices.ContainsFunc(r.statesAt(at), func(s rtnl.Row) bool { return r.kind.Same(s, state.Values) }) {
		return
	}
	for r.seen[at].next != 0 {
		at = r.seen[at].next
	}
	r.seen[at].next = int32(len(r.seen))
	r.seen = append(r.seen, seen{text: text, state: state, other: true})
}

// stops reports whether the dump shows that a countdown stopped. In the clock
// tick in which a lifetime ends the kernel says of it what it says of none.
func (r *round) stops() bool {
	if len(r.kind.Volatile) == 0 || len(r.held.only) == 0 {
		return false
	}
	return slices.ContainsFunc(r.seen, func(s seen) bool {
		o := r.held.only[s.text]
		return o != nil && r.kind.Stops(o.State.Values, s.state.Values)
	})
}

// shows reports whether the dump has shown a slot.
func (r *round) shows(text string) bool { return r.states(text) != nil }

// states returns what the dump has shown of a slot.
func (r *round) states(text string) []rtnl.Row {
	if state := r.alike[r.held.only[text]]; state != nil {
		return []rtnl.Row{state.Values}
	}
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

// slots yields every slot that the dump has shown, and what of it.
func (r *round) slots() iter.Seq2[string, []rtnl.Row] {
	return func(yield func(string, []rtnl.Row) bool) {
		for o, state := range r.alike {
			if !yield(o.Key, []rtnl.Row{state.Values}) {
				return
			}
		}
		for at := range r.seen {
			if !r.seen[at].other && !yield(r.seen[at].text, r.statesAt(int32(at))) {
				return
			}
		}
	}
}
