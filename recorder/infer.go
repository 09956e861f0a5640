package recorder

// Inference: what the kernel does without a word.
//
// Some changes bring about others that are not announced, and which these are
// follows from what is held. They are written at once, with the change they
// follow from as their cause; the dump that every doubt asks for confirms them
// or not. The rules, each found by experiment, and where the kernel does it:
//
//   - A link goes down: the IPv4 routes over it go, but for those of type
//     local; a multipath route stays until all its hops are over dead links.
//     fib_sync_down_dev()
//   - A link vanishes: all IPv4 routes with a hop over it go. fib_flush() on
//     NETDEV_UNREGISTER
//   - The last IPv4 address of a link goes: as when it goes down, and those of
//     type local too. fib_disable_ip()
//   - A link goes down, vanishes or loses its carrier: its nexthop objects go,
//     their groups shrink, and a group without members goes. nexthop_flush_dev()
//   - A nexthop object goes: the IPv4 routes that use it go. fib_sync_down_nh()
//   - An IPv6 address goes: routes over its link that named it as their source
//     name none. rt6_remove_prefsrc()
//   - A veth comes: it is its peer's peer. veth_newlink()

import (
	"maps"
	"slices"
	"strings"

	"nlrec/rtnl"
	"nlrec/store"
)

// infer applies what follows from a change that the kernel announced, or that
// was inferred itself.
func (st *state) infer(c store.Change) {
	if c.Kind == rtnl.Link {
		st.noteDead(c.Key[0].(int64), c.State)
	}
	if st.literal || c.How != store.Announced && c.How != store.Inferred {
		return
	}
	from := origin{at: c.At, how: store.Inferred, cause: c.ID}
	switch c.Kind {
	case rtnl.Link:
		st.inferFromLink(c, from)
	case rtnl.Address:
		st.inferFromAddress(c, from)
	case rtnl.Nexthop:
		if c.State == nil {
			st.inferFromNexthop(c, from)
		}
	}
}

// noteDead keeps account of the links that are down or gone.
func (st *state) noteDead(index int64, s *store.State) {
	if hasFlag(s, "UP") {
		delete(st.dead, index)
	} else {
		st.dead[index] = true
	}
}

// hasFlag reports whether a link's state has a flag; one that is gone has none.
func hasFlag(s *store.State, name string) bool {
	if s == nil {
		return false
	}
	flags, _ := rtnl.Link.StateValue(s.Values, "flags").(string)
	return strings.Contains(flags, `"`+name+`"`)
}

func (st *state) inferFromLink(c store.Change, from origin) {
	index := c.Key[0].(int64)
	link := rtnl.Ref{Kind: "link", ID: index}
	gone, down := c.State == nil, hasFlag(c.Was, "UP") && !hasFlag(c.State, "UP")
	noCarrier := hasFlag(c.Was, "LOWER_UP") && !hasFlag(c.State, "LOWER_UP") || !hasFlag(c.Was, "NO-CARRIER") && hasFlag(c.State, "NO-CARRIER")
	if gone || down || c.Was != nil && noCarrier {
		st.remove(rtnl.Nexthop, link, from, func(_ rtnl.Row, nexthop rtnl.Row) bool {
			return rtnl.Nexthop.StateValue(nexthop, "blackhole") == nil
		})
	}
	switch {
	case gone:
		st.remove(rtnl.Route, link, from, func(key, _ rtnl.Row) bool { return key[0] == "inet" })
	case down:
		st.removeDead(link, from, false)
	}
	st.inferPeer(c, from)
}

// remove removes the objects of a kind that stand on another and of which also
// holds.
func (st *state) remove(k *rtnl.Kind, on rtnl.Ref, from origin, also func(key, state rtnl.Row) bool) {
	st.rewrite(k, on, from, func(key, state rtnl.Row) rtnl.Row {
		if also(key, state) {
			return nil
		}
		return state
	})
}

// removeDead removes the IPv4 routes over a link that have no hop left that is
// alive.
func (st *state) removeDead(link rtnl.Ref, from origin, local bool) {
	k := rtnl.Route
	st.remove(k, link, from, func(key, route rtnl.Row) bool {
		if key[0] != "inet" || !local && k.StateValue(route, "type") == "local" {
			return false
		}
		return !slices.ContainsFunc(k.Refs(k, key, route), func(r rtnl.Ref) bool { return !st.dead[r.ID] })
	})
}

// rewrite changes the states of the objects of a kind that stand on another;
// nil removes one.
func (st *state) rewrite(k *rtnl.Kind, on rtnl.Ref, from origin, to func(key, state rtnl.Row) rtnl.Row) {
	var slots []string
	for u := range maps.Keys(st.users[on]) {
		if u.kind == k {
			slots = append(slots, u.key)
		}
	}
	slices.Sort(slots)
	for _, text := range slots {
		key, held := rtnl.ParseKey(text), st.kinds[k][text]
		var after []rtnl.Element
		for _, e := range elements(held) {
			if slices.Contains(k.Refs(k, key, e.State), on) {
				e.State = to(key, e.State)
			}
			if e.State != nil {
				after = append(after, e)
			}
		}
		st.replace(k, key, text, held, after, from)
	}
}

func (st *state) inferFromAddress(c store.Change, from origin) {
	k := rtnl.Address
	index := c.Key[k.Index("ifindex")].(int64)
	link := rtnl.Ref{Kind: "link", ID: index}
	switch {
	case c.State != nil && c.Key[0] == "inet" && st.linkUp(index):
		delete(st.dead, index)
	case c.State == nil && c.Key[0] == "inet" && !st.hasIPv4(link):
		st.dead[index] = true
		st.removeDead(link, from, true)
	case c.State == nil && c.Key[0] == "inet6":
		local := c.Key[k.Index("local")]
		st.rewrite(rtnl.Route, link, from, func(key, route rtnl.Row) rtnl.Row {
			if key[0] == "inet6" && rtnl.Route.StateValue(route, "prefsrc") == local {
				return rtnl.Route.With(route, "prefsrc", nil)
			}
			return route
		})
	}
}

func (st *state) hasIPv4(link rtnl.Ref) bool {
	for u := range st.users[link] {
		if u.kind == rtnl.Address && rtnl.ParseKey(u.key)[0] == "inet" {
			return true
		}
	}
	return false
}

// link returns the state of a link, or nil.
func (st *state) link(index int64) (text string, held []*store.Object) {
	text = string(rtnl.AppendKey(nil, rtnl.Row{index}))
	return text, st.kinds[rtnl.Link][text]
}

func (st *state) linkUp(index int64) bool {
	_, held := st.link(index)
	return len(held) == 1 && hasFlag(held[0].State, "UP")
}

// inferFromNexthop: what uses a nexthop object that is gone. When somebody
// deleted it, the kernel announces the groups that it was a member of.
func (st *state) inferFromNexthop(c store.Change, from origin) {
	id := c.Key[0].(int64)
	nexthop := rtnl.Ref{Kind: "nexthop", ID: id}
	st.remove(rtnl.Route, nexthop, from, func(key, _ rtnl.Row) bool { return key[0] == "inet" })
	if c.How != store.Inferred {
		return
	}
	st.rewrite(rtnl.Nexthop, nexthop, from, func(_, group rtnl.Row) rtnl.Row {
		members, _ := rtnl.Nexthop.StateValue(group, "nh_group").(string)
		left, ok := rtnl.WithoutMember(members, id)
		if !ok {
			return nil
		}
		return rtnl.Nexthop.With(group, "nh_group", left)
	})
}

// inferPeer makes a veth that names a peer in this namespace the peer of that.
func (st *state) inferPeer(c store.Change, from origin) {
	k := rtnl.Link
	if c.State == nil || k.StateValue(c.State.Values, "info_kind") != "veth" || k.StateValue(c.State.Values, "link_netnsid") != nil {
		return
	}
	index, _ := k.StateValue(c.State.Values, "link_index").(int64)
	text, held := st.link(index)
	if len(held) != 1 || k.StateValue(held[0].State.Values, "info_kind") != "veth" || k.StateValue(held[0].State.Values, "link_index") == c.Key[0] {
		return
	}
	peer := k.With(k.With(held[0].State.Values, "link_index", c.Key[0]), "link_netnsid", nil)
	st.replace(k, rtnl.Row{index}, text, held, []rtnl.Element{{Position: held[0].Position, State: peer}}, from)
}
