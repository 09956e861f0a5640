package fib

import (
	"net/netip"
	"slices"
)

// sourceOf is the source that packets by a leg of a route take;
// fib_result_prefsrc() of net/ipv4/fib_semantics.c.
func (l *lookup) sourceOf(r *Route, h Hop) netip.Addr {
	if r.Prefsrc.IsValid() {
		l.say("source %s: the route names it", r.Prefsrc)
		return r.Prefsrc
	}
	return l.addressFor(h.Link, h.Gateway, scopes[r.Scope])
}

var none4 = netip.IPv4Unspecified()

// addressFor selects an address of a link that reaches as far as a scope: the
// first whose network has the gateway, else the first; inet_select_addr() of
// net/ipv4/devinet.c.
func (l *lookup) addressFor(link int64, gateway netip.Addr, scope int64) netip.Addr {
	local := int64(scopeHost)
	if l.link(link).Settings["route_localnet"] != 0 {
		local = scopeLink
	}
	var first netip.Addr
	for _, a := range l.Addresses {
		if a.Link != link || slices.Contains(a.Flags, "secondary") || min(a.Scope, local) > scope {
			continue
		}
		if !gateway.Is4() || a.Net.Contains(gateway) {
			l.say("source %s: of %s", a.Local, l.link(link).Name)
			return a.Local
		}
		if !first.IsValid() {
			first = a.Local
		}
	}
	if first.IsValid() {
		l.say("source %s: the first of %s, none is in the gateway's network", first, l.link(link).Name)
		return first
	}
	return l.addressOfOther(link, scope)
}

// addressOfOther selects an address of another link: of the VRF, else of the
// first link of the same VRF that has one.
func (l *lookup) addressOfOther(link, scope int64) netip.Addr {
	master := l.master(link)
	order := []int64{master}
	for _, other := range l.Links {
		if l.master(other.Index) == master {
			order = append(order, other.Index)
		}
	}
	for _, index := range order {
		for _, a := range l.Addresses {
			if index != 0 && a.Link == index && !slices.Contains(a.Flags, "secondary") && a.Scope != scopeLink && a.Scope <= scope {
				l.say("source %s: of %s, since %s has none that reaches as far", a.Local, l.link(index).Name, l.link(link).Name)
				return a.Local
			}
		}
	}
	l.say("no source: no address reaches as far")
	return none4
}

// isLocal reports whether an IPv4 address is this machine's, and on which
// link; __ip_dev_find() of net/ipv4/devinet.c.
func (l *lookup) isLocal(a netip.Addr) (link int64, ok bool) {
	if link, ok = l.addressOwner(a); ok {
		return link, true
	}
	steps := len(l.steps)
	defer func() { l.steps = l.steps[:steps] }()
	tables := []int64{tableLocal}
	if l.Merged {
		tables = []int64{tableLocal, tableMain}
	}
	res, err := l.search4(flow{dst: a}, tables...)
	if err != found || res.route.Type != "local" {
		return 0, false
	}
	return res.nexthop().Link, true
}

// addressOwner returns the link with an address: of several the one that got
// it last.
func (l *lookup) addressOwner(a netip.Addr) (link int64, ok bool) {
	last := int64(-1)
	for _, own := range l.Addresses {
		if own.Local == a && own.Since > last {
			link, last, ok = own.Link, own.Since, true
		}
	}
	return link, ok
}
