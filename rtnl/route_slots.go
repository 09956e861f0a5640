package rtnl

// Routes that share a key. What a notification does is told by its flags;
// fib_table_insert() and fib6_add_rt2node() are where the kernel decides. The
// facts, found by experiment:
//
// IPv4, an ordered list of which the first is used. CREATE|EXCL found the slot
// empty, CREATE|APPEND goes behind all others, CREATE alone before them, and
// REPLACE takes the place of the first, whatever it was, unless the route uses
// a nexthop object: then the route that used it is updated where it stands.
//
// IPv6, side by side. Routes with a gateway join into one entry with several
// hops, and a message that adds hops lists all that there now are, the new one
// first or last; a hop keeps its place among the others. DELROUTE takes away
// the hops it names. REPLACE takes the place of the first route of its class:
// those that can be joined, or those that cannot.

import (
	"encoding/json"
	"slices"

	"golang.org/x/sys/unix"
)

func placeRoute(k *Kind, held []Element, n Notification) []Element {
	if n.Key[0] == "inet" {
		return placeIPv4(k, held, n)
	}
	return placeIPv6(k, held, n)
}

// wishRoute gives an IPv6 route without gateway the position of its interface,
// so that fe80::/64 of one link stays one object however often others come.
func wishRoute(k *Kind, state Row) int64 {
	if k.StateValue(state, "gateway") != nil || k.StateValue(state, "nhid") != nil || k.StateValue(state, "type") != "unicast" && k.StateValue(state, "type") != "multicast" {
		return 0
	}
	oif, _ := k.StateValue(state, "oif").(int64)
	return oif
}

// SameRoute reports whether two states are one element of a slot: flags and
// lifetimes do not tell elements apart.
func (k *Kind) SameRoute(a, b Row, besides ...string) bool {
	for i, column := range k.Columns[len(k.Key):] {
		switch {
		case a[i] == b[i], column == "flags", column == "expires", slices.Contains(besides, column):
		case column == "nexthops" && slices.EqualFunc(k.hopsOf(a), k.hopsOf(b), sameHop):
		default:
			return false
		}
	}
	return true
}

// sameHop reports whether two hops are one, but for their flags.
func sameHop(a, b hop) bool { return a.withFlags(nil).text == b.withFlags(nil).text }

func placeIPv4(k *Kind, held []Element, n Notification) []Element {
	same := slices.IndexFunc(held, func(e Element) bool { return k.SameRoute(e.State, n.State) })
	switch {
	case n.Deleted && same >= 0:
		return without(held, same)
	case n.Deleted:
		return held
	case same >= 0:
		return with(held, same, n.State)
	case len(held) == 0:
		return []Element{{0, n.State}}
	case n.Flags&unix.NLM_F_REPLACE != 0:
		return with(held, replacedIPv4(k, held, n), n.State)
	case n.Flags&unix.NLM_F_APPEND != 0:
		return append(slices.Clone(held), Element{held[len(held)-1].Position + 1, n.State})
	default:
		return append([]Element{{held[0].Position - 1, n.State}}, held...)
	}
}

// replacedIPv4 returns the element that a NLM_F_REPLACE displaces.
func replacedIPv4(k *Kind, held []Element, n Notification) int {
	nhid := k.StateValue(n.State, "nhid")
	return max(0, slices.IndexFunc(held, func(e Element) bool {
		return nhid != nil && k.StateValue(e.State, "nhid") == nhid && k.SameRoute(e.State, n.State, "type", "scope")
	}))
}

func placeIPv6(k *Kind, held []Element, n Notification) []Element {
	switch {
	case n.Deleted:
		return removeIPv6(k, held, n.State)
	case n.Flags&unix.NLM_F_REPLACE != 0 && len(held) > 0:
		return with(held, replacedIPv6(k, held, n.State), n.State)
	}
	if joins(k, n.State) {
		if i := slices.IndexFunc(held, func(e Element) bool { return joins(k, e.State) }); i >= 0 {
			return with(held, i, joined(k, held[i].State, n.State))
		}
	}
	if i := slices.IndexFunc(held, func(e Element) bool { return k.SameRoute(e.State, n.State) }); i >= 0 {
		return with(held, i, n.State)
	}
	return append(slices.Clone(held), Element{k.newPosition(held, n.State), n.State})
}

// joins reports whether an IPv6 route is one that becomes a hop of another:
// rt6_qualify_for_ecmp() in net/ipv6/ip6_fib.h.
func joins(k *Kind, state Row) bool {
	return k.StateValue(state, "nhid") == nil && k.StateValue(state, "type") == "unicast" &&
		k.StateValue(state, "protocol") != "ra" &&
		(k.StateValue(state, "gateway") != nil || k.StateValue(state, "nexthops") != nil)
}

func replacedIPv6(k *Kind, held []Element, state Row) int {
	nhid := k.StateValue(state, "nhid")
	if i := slices.IndexFunc(held, func(e Element) bool { return nhid != nil && k.StateValue(e.State, "nhid") == nhid }); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(held, func(e Element) bool { return k.SameRoute(e.State, state) }); i >= 0 {
		return i
	}
	return max(0, slices.IndexFunc(held, func(e Element) bool { return joins(k, e.State) == joins(k, state) }))
}

// removeIPv6 takes the hops of a message from the route that has them.
func removeIPv6(k *Kind, held []Element, state Row) []Element {
	gone := map[hopID]bool{}
	for _, h := range k.hopsOf(state) {
		gone[h.id] = true
	}
	for i, e := range held {
		if k.StateValue(e.State, "type") != k.StateValue(state, "type") ||
			k.StateValue(e.State, "nhid") != k.StateValue(state, "nhid") {
			continue
		}
		hops := k.hopsOf(e.State)
		left := slices.DeleteFunc(slices.Clone(hops), func(h hop) bool { return gone[h.id] })
		switch {
		case len(left) == 0:
			return without(held, i)
		case len(left) < len(hops):
			return with(held, i, k.withHops(e.State, left))
		}
	}
	return held
}

// joined returns the state of a route that others have joined. after has all
// the hops there now are; they are put in the order in which the kernel dumps
// them, those it had before first. Everything else is shown as the first one
// has it, which came before: the message tells of the one that joined.
func joined(k *Kind, before, after Row) Row {
	old := k.hopsOf(before)
	place := func(h hop) int {
		if i := slices.IndexFunc(old, func(o hop) bool { return o.id == h.id }); i >= 0 {
			return i
		}
		return len(old)
	}
	hops := k.hopsOf(after)
	if len(hops) < 2 {
		return after
	}
	slices.SortStableFunc(hops, func(a, b hop) int { return place(a) - place(b) })
	state := k.withHops(before, hops)
	for _, column := range []string{"oif", "gateway", "via", "encap", "flags"} { // those of an only hop
		state = k.With(state, column, k.StateValue(after, column))
	}
	return state
}

// withHops returns a multipath route's state with other hops, at least one.
// The kernel sends a route that is left with one hop as one that never had
// more.
func (k *Kind) withHops(state Row, hops []hop) Row {
	after := slices.Clone(state)
	set := func(column string, v any) { after[k.Index(column)-len(k.Key)] = v }
	if len(hops) > 1 {
		texts := make([]jsonText, len(hops))
		for i, h := range hops {
			texts[i] = h.text
		}
		set("nexthops", string(array(texts)))
		return after
	}
	set("nexthops", nil)
	set("oif", hops[0].id.Oif)
	if hops[0].id.Gateway != "" {
		set("gateway", hops[0].id.Gateway)
	}
	var only struct{ Encap, Flags json.RawMessage }
	_ = json.Unmarshal([]byte(hops[0].text), &only) // what nextHop wrote
	if only.Encap != nil {
		set("encap", string(only.Encap))
	}
	if len(only.Flags) > len("[]") {
		set("flags", string(only.Flags))
	}
	return after
}
