package recorder

// Inference: what the kernel does without a word.
//
// Some changes bring about others that are not announced, and which these are
// follows from what is held. They are written at once, with the change they
// follow from as their cause; the dump that every doubt asks for confirms them
// or not. The rules, each found by experiment, and where the kernel does it:
//
//   - A link goes down: the hops over it are dead, but for those of scope
//     host, until it comes up again. An IPv4 route whose hops are all dead
//     goes. fib_sync_down_dev(), fib_sync_up(), rt6_multipath_nh_flags_set()
//   - A link vanishes: all IPv4 routes with a hop over it go. fib_flush() on
//     NETDEV_UNREGISTER
//   - The last IPv4 address of a link goes: as when it goes down, for IPv4 and
//     those of scope host too, until one comes. fib_disable_ip()
//   - The MTU of a link changes: IPv6 routes over it that have the same take the
//     new one, or a smaller one. rt6_mtu_change()
//   - A link goes down, vanishes or loses its carrier: its nexthop objects go,
//     their groups shrink, and a group without members goes. nexthop_flush_dev()
//   - A nexthop object goes: the IPv4 routes that use it go. fib_sync_down_nh()
//   - An IPv6 address goes: routes over its link that named it as their source
//     name none. rt6_remove_prefsrc()
//   - A veth comes: it is its peer's peer. veth_newlink()

import (
	"slices"
	"strings"

	"nlrec/rtnl"
	"nlrec/store"
)

// infer applies what follows from a change that the kernel announced, or that
// was inferred itself, and happened in the same interval.
func (st *state) infer(c store.Change, dating store.Dating) {
	if st.literal || c.How != store.Announced && c.How != store.Inferred {
		return
	}
	from := origin{at: c.At, how: store.Inferred, cause: c.ID, dating: dating}
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

// hasFlag reports whether a link's state has a flag; one that is gone has none.
func hasFlag(s *store.State, name string) bool {
	if s == nil {
		return false
	}
	flags, _ := rtnl.Link.StateValue(s.Values, "flags").(string)
	return strings.Contains(flags, `"`+name+`"`)
}

// working reports whether a link has a carrier or runs: IFF_LOWER_UP or
// IFF_RUNNING, of which ip(8) names the lack.
func working(s *store.State) bool {
	return hasFlag(s, "LOWER_UP") || hasFlag(s, "UP") && !hasFlag(s, "NO-CARRIER")
}

// keyNumber returns the only column of a key.
func keyNumber(o *store.Object) int64 {
	n, _ := rtnl.ParseKey(o.Key)[0].(int64)
	return n
}

func (st *state) inferFromLink(c store.Change, from origin) {
	index := keyNumber(c.Object)
	link := rtnl.Ref{Kind: "link", ID: index}
	gone, down := c.State == nil, hasFlag(c.Was, "UP") && !hasFlag(c.State, "UP")
	if gone || down || c.Was != nil && working(c.Was) && !working(c.State) {
		st.remove(rtnl.Nexthop, link, from, func(_ rtnl.Row, nexthop rtnl.Row) bool {
			return rtnl.Nexthop.StateValue(nexthop, "blackhole") == nil
		})
	}
	switch {
	case gone:
		st.remove(rtnl.Route, link, from, isIPv4)
	case down:
		st.die(link, from, diesWithLink)
	case c.Was != nil && !hasFlag(c.Was, "UP") && hasFlag(c.State, "UP"):
		st.revive(link, from, diesWithLink)
	}
	if c.Was != nil && !gone {
		st.inferMTU(c, from)
	}
	st.inferPeer(c, from)
}

// inferMTU: IPv6 routes over a link, or by nexthop objects over it, follow its
// MTU.
func (st *state) inferMTU(c store.Change, from origin) {
	k := rtnl.Link
	now, _ := k.StateValue(c.State.Values, "mtu").(int64)
	if k.StateValue(c.Was.Values, "mtu") == now || now < minMTU6 {
		return
	}
	was, link := rtnl.MTU6(c.Was.Values), rtnl.Ref{Kind: k.Name, ID: keyNumber(c.Object)}
	follow := func(key, route rtnl.Row) rtnl.Row {
		if key[0] != "inet6" || !rtnl.Route.ShowsFirst(route, link.ID) {
			return route
		}
		return rtnl.Route.WithMTU(route, was, now)
	}
	st.rewrite(rtnl.Route, link, from, follow)
	for nexthop := range st.nexthopsOver(link, map[rtnl.Ref]bool{}) {
		st.rewrite(rtnl.Route, nexthop, from, follow)
	}
}

// nexthopsOver adds to found the nexthop objects that stand on another object,
// and the groups they are in.
func (st *state) nexthopsOver(on rtnl.Ref, found map[rtnl.Ref]bool) map[rtnl.Ref]bool {
	for o := range st.users[on][rtnl.Nexthop] {
		if ref := (rtnl.Ref{Kind: rtnl.Nexthop.Name, ID: keyNumber(o)}); !found[ref] {
			found[ref] = true
			st.nexthopsOver(ref, found)
		}
	}
	return found
}

// minMTU6 is the MTU below which IPv6 leaves a link, RFC 8200.
const minMTU6 = 1280

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

// die marks the hops over a link as dead, and removes the IPv4 routes that have
// none left that is alive. IPv6 routes without such a hop are announced.
func (st *state) die(link rtnl.Ref, from origin, dies func(key, route rtnl.Row) bool) {
	st.rewrite(rtnl.Route, link, from, func(key, route rtnl.Row) rtnl.Row {
		if !dies(key, route) {
			return route
		}
		after, alive := rtnl.Route.WithDead(route, link.ID, true)
		switch {
		case alive:
			return after
		case key[0] == "inet":
			return nil
		}
		return route
	})
}

// diesWithLink reports whether the hops of a route die when their link goes
// down: not those to this host.
func diesWithLink(key, route rtnl.Row) bool {
	return key[0] == "inet6" || rtnl.Route.StateValue(route, "scope") != "host"
}

// ownDead returns a route's state without the hops that are dead only because
// their link has no carrier and ignores such routes. before are the states
// that its slot has.
func (st *state) ownDead(key, route rtnl.Row, before []rtnl.Element) rtnl.Row {
	k, was := rtnl.Route, rtnl.Row(nil)
	if i := slices.IndexFunc(before, func(e rtnl.Element) bool { return k.SameRoute(e.State, route) }); i >= 0 {
		was = before[i].State
	}
	return k.OwnDead(route, was, func(link int64, wasDead bool) bool {
		return wasDead || !st.upWithoutCarrier(link) || !st.minds(key[0], link) ||
			key[0] == "inet" && !st.hasIPv4(rtnl.Ref{Kind: rtnl.Link.Name, ID: link})
	})
}

func isIPv4(key, _ rtnl.Row) bool { return key[0] == "inet" }

// revive ends what die did to the routes that are left.
func (st *state) revive(link rtnl.Ref, from origin, revives func(key, route rtnl.Row) bool) {
	st.rewrite(rtnl.Route, link, from, func(key, route rtnl.Row) rtnl.Row {
		if !revives(key, route) {
			return route
		}
		after, _ := rtnl.Route.WithDead(route, link.ID, false)
		return after
	})
}

// rewrite changes the states of the objects of a kind that stand on another;
// nil removes one.
func (st *state) rewrite(k *rtnl.Kind, on rtnl.Ref, from origin, to func(key, state rtnl.Row) rtnl.Row) {
	for _, text := range st.users.slots(k, on) {
		key, held := rtnl.ParseKey(text), st.kinds[k].of(text)
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
	k, key := rtnl.Address, rtnl.ParseKey(c.Object.Key)
	index := key[k.Index("ifindex")].(int64)
	link := rtnl.Ref{Kind: "link", ID: index}
	switch {
	case c.Was == nil && key[0] == "inet" && st.linkUp(index):
		st.revive(link, from, isIPv4)
	case c.State == nil && key[0] == "inet" && !st.hasIPv4(link):
		st.die(link, from, isIPv4)
	case c.State == nil && key[0] == "inet6":
		local := key[k.Index("local")]
		st.rewrite(rtnl.Route, link, from, func(key, route rtnl.Row) rtnl.Row {
			if key[0] == "inet6" && rtnl.Route.StateValue(route, "prefsrc") == local {
				return rtnl.Route.With(route, "prefsrc", nil)
			}
			return route
		})
	}
}

func (st *state) hasIPv4(link rtnl.Ref) bool {
	for o := range st.users[link][rtnl.Address] {
		if rtnl.ParseKey(o.Key)[0] == "inet" {
			return true
		}
	}
	return false
}

// link returns the state of a link, or nil.
func (st *state) link(index int64) (text string, held []*store.Object) {
	return st.kinds[rtnl.Link].find(rtnl.Row{index})
}

func (st *state) upWithoutCarrier(index int64) bool {
	_, held := st.link(index)
	return len(held) == 1 && hasFlag(held[0].State, "UP") && !hasFlag(held[0].State, "LOWER_UP")
}

// minds reports whether a family may be told to ignore routes over a link that
// has no carrier.
func (st *state) minds(family any, index int64) bool {
	const all = -1
	for _, i := range []int64{index, all} {
		_, held := st.kinds[rtnl.Netconf].find(rtnl.Row{family, i})
		if len(held) > 0 && rtnl.Netconf.StateValue(held[0].State.Values, "ignore_routes_with_linkdown") != int64(0) {
			return true
		}
	}
	return false
}

func (st *state) linkUp(index int64) bool {
	_, held := st.link(index)
	return len(held) == 1 && hasFlag(held[0].State, "UP")
}

// inferFromNexthop: what uses a nexthop object that is gone. When somebody
// deleted it, the kernel announces the groups that it was a member of.
func (st *state) inferFromNexthop(c store.Change, from origin) {
	id := keyNumber(c.Object)
	nexthop := rtnl.Ref{Kind: "nexthop", ID: id}
	st.remove(rtnl.Route, nexthop, from, isIPv4)
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
	if len(held) != 1 || k.StateValue(held[0].State.Values, "info_kind") != "veth" || k.StateValue(held[0].State.Values, "link_index") == keyNumber(c.Object) {
		return
	}
	peer := k.With(k.With(held[0].State.Values, "link_index", keyNumber(c.Object)), "link_netnsid", nil)
	st.replace(k, rtnl.Row{index}, text, held, []rtnl.Element{{Position: held[0].Position, State: peer}}, from)
}
