package rtnl

// Slots: when one key names several objects.
//
// A key names a slot. Most slots hold one object, and a notification creates,
// updates or ends it. Three kinds are otherwise: IPv4 routes of one prefix,
// tos and metric are an ordered list of which the kernel uses the first; IPv6
// routes of one prefix and metric stand side by side; and a rule may be there
// twice. The objects of a slot differ in their position, a number that an
// object keeps for life. In ordered slots positions ascend in the kernel's
// order, so that an object can be put before or after all others without
// renumbering any; in others a position is but a name.

import "slices"

// An Element is one object of a slot.
type Element struct {
	Position int64
	State    Row
}

// A Notification is what the kernel announced of one slot.
type Notification struct {
	Key      Row
	Flags    uint16 // of nlmsghdr: NLM_F_REPLACE and the like
	Deleted  bool
	Moved    bool // it lives on in another network namespace
	State    Row
	Replayed bool // a dump may have shown its effect already
}

// Slots says how the objects that share a key behave.
type Slots struct {
	// Place returns the elements of a slot after a notification. It must not
	// change held, and must do nothing when the effect is already there.
	Place func(k *Kind, held []Element, n Notification) []Element
	// Ordered reports whether the order of the slot's elements matters.
	Ordered func(key Row) bool
	// Multiset says that a slot may hold the same object several times.
	Multiset bool
	// Wish names the position a new element would like best; the next free
	// one above it is taken.
	Wish func(k *Kind, state Row) int64
}

// Place returns the elements of a slot after a notification. held is not
// changed, but may be returned.
func (k *Kind) Place(held []Element, n Notification) []Element {
	if k.Slots != nil {
		return k.Slots.Place(k, held, n)
	}
	switch {
	case n.Deleted:
		return nil
	case len(held) == 1:
		return []Element{{held[0].Position, n.State}}
	default:
		return []Element{{0, n.State}}
	}
}

// Reconcile returns the elements of a slot after a dump showed these states
// for it, in the kernel's order. Objects that did not change keep their
// positions; a state that is new takes the position of one that is gone, for
// most often it has replaced it.
func (k *Kind) Reconcile(key Row, held []Element, dumped []Row) []Element {
	const none = -1
	left := slices.Clone(held)
	from := make([]int, len(dumped)) // index into held, or none
	taken := make([]bool, len(held))
	for i, state := range dumped {
		from[i] = slices.IndexFunc(left, func(e Element) bool { return e.State != nil && k.Same(e.State, state) })
		if from[i] != none {
			taken[from[i]] = true
			left[from[i]].State = nil
		}
	}
	after := make([]Element, 0, len(dumped))
	for i, state := range dumped {
		switch gone := slices.Index(taken, false); {
		case from[i] != none:
			after = append(after, Element{held[from[i]].Position, held[from[i]].State})
		case gone != none:
			taken[gone] = true
			after = append(after, Element{held[gone].Position, state})
		default:
			after = append(after, Element{k.newPosition(append(slices.Clone(held), after...), state), state})
		}
	}
	if k.Ordered(key) {
		positions := make([]int64, len(after))
		for i, e := range after {
			positions[i] = e.Position
		}
		slices.Sort(positions)
		for i := range after {
			after[i].Position = positions[i]
		}
	}
	return after
}

// Ordered reports whether the order of a slot's elements matters.
func (k *Kind) Ordered(key Row) bool {
	return k.Slots != nil && k.Slots.Ordered != nil && k.Slots.Ordered(key)
}

// newPosition returns a position that no element has.
func (k *Kind) newPosition(held []Element, state Row) int64 {
	var p int64
	if k.Slots != nil && k.Slots.Wish != nil {
		p = k.Slots.Wish(k, state)
	}
	for slices.ContainsFunc(held, func(e Element) bool { return e.Position == p }) {
		p++
	}
	return p
}

// without returns held without its element i.
func without(held []Element, i int) []Element {
	return slices.Delete(slices.Clone(held), i, i+1)
}

// with returns held with the state of its element i replaced.
func with(held []Element, i int, state Row) []Element {
	after := slices.Clone(held)
	after[i].State = state
	return after
}
