package rtnl

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// What becomes of a route's own values when its links change: which hops are
// dead, and what MTU it has.

// WithDead returns a multipath route's state with its hops over a link marked
// as dead, or not any more, and whether a hop is left that is not.
func (k *Kind) WithDead(state Row, link int64, dead bool) (after Row, alive bool) {
	hops := k.hopsOf(state)
	for i, h := range hops {
		if h.id.Oif == link {
			h = h.withFlags(h.flags(dead))
			hops[i] = h
		}
		alive = alive || !h.isDead()
	}
	if len(hops) < 2 {
		return state, alive // the flags of an only hop are the route's
	}
	return k.withHops(state, hops), alive
}

// OwnDead returns a route's state in which no hop is dead that is not so of
// itself: the kernel also shows a hop as dead while its link has no carrier and
// is told to ignore such routes. own decides, and is told the link and whether
// before, the state the route had so far or nil, has the hop as dead.
func (k *Kind) OwnDead(state, before Row, own func(link int64, was bool) bool) Row {
	if text, _ := k.StateValue(state, "nexthops").(string); !strings.Contains(text, `"dead"`) {
		return state
	}
	hops := k.hopsOf(state)
	for i, h := range hops {
		if !h.isDead() {
			continue
		}
		was := before != nil && slices.ContainsFunc(k.hopsOf(before), func(b hop) bool { return b.id == h.id && b.isDead() })
		if !own(h.id.Oif, was) {
			hops[i] = h.withFlags(h.flags(false))
		}
	}
	return k.withHops(state, hops)
}

func (h hop) isDead() bool { return strings.Contains(string(h.text), `"dead"`) }

// flags returns the names of a hop's flags, with those of a dead one or
// without.
func (h hop) flags(dead bool) []string {
	var o struct{ Flags []string }
	_ = json.Unmarshal([]byte(h.text), &o) // what nextHop wrote
	flags := slices.DeleteFunc(o.Flags, func(f string) bool { return f == "dead" || f == "linkdown" })
	if dead {
		flags = append(flags, "dead", "linkdown")
	}
	return flags
}

// withFlags returns a hop with other flags, in the order in which flagNames
// has them.
func (h hop) withFlags(flags []string) hop {
	var bits int64
	for _, f := range nextHopFlags {
		if slices.Contains(flags, f.name) {
			bits |= f.bits
		}
	}
	const key = `"flags":`
	before, rest, _ := strings.Cut(string(h.text), key)
	_, after, _ := strings.Cut(rest, "]")
	h.text = jsonText(before + key + string(flagNames(bits, nextHopFlags)) + after)
	return h
}

// ShowsFirst reports whether what a route shows as a whole is that of a hop over
// a link: its first. That of a nexthop object may be.
func (k *Kind) ShowsFirst(state Row, link int64) bool {
	hops := k.hopsOf(state)
	return k.StateValue(state, "nhid") != nil || len(hops) > 0 && hops[0].id.Oif == link
}

// WithMTU returns an IPv6 route's state after the MTU of its link went from
// one value to another. A route that had the same, or one larger than it now
// has, takes that; rt6_mtu_change_route() in net/ipv6/route.c.
func (k *Kind) WithMTU(state Row, was, now int64) Row {
	text, _ := k.StateValue(state, "metrics").(string)
	var metrics []struct {
		MTU  int64
		Lock []string
	}
	_ = json.Unmarshal([]byte(text), &metrics) // what the reader of metrics wrote
	if len(metrics) == 0 || metrics[0].MTU == 0 || metrics[0].MTU < now && metrics[0].MTU != was || slices.Contains(metrics[0].Lock, "mtu") {
		return state
	}
	return k.With(state, "metrics", strings.Replace(text, mtuKey(metrics[0].MTU), mtuKey(now), 1))
}

func mtuKey(mtu int64) string { return `"mtu":` + strconv.FormatInt(mtu, 10) }
