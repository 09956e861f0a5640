package fib

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// find4 looks an IPv4 flow up; fib_lookup() of include/net/ip_fib.h.
func (l *lookup) find4(f flow) (result, syscall.Errno) {
	if !l.Merged {
		return l.walkRules(&f, func(table int64) (result, syscall.Errno) { return l.search4(f, table) })
	}
	l.say("no IPv4 rule ever changed: local and main count as one table")
	res, err := l.search4(f, tableLocal, tableMain)
	res.table = tableMain // as the kernel says then of both
	if err == again {
		res, err = l.search4(f, tableDefault)
	}
	if err == again {
		err = syscall.ENETUNREACH
	}
	return res, err
}

// search4 looks for the longest prefix in a table, or in several that count as
// one; fib_table_lookup() of net/ipv4/fib_trie.c.
func (l *lookup) search4(f flow, tables ...int64) (result, syscall.Errno) {
	var missed netip.Addr // of a leaf of the kernel's tree that is done with
	for _, r := range l.covering(f.dst, tables) {
		if r.TOS != 0 && r.TOS != maskedTOS(&f) {
			l.say("  %s: it is for tos %#x", routeName(r), r.TOS)
			continue
		}
		if r.Dst.Addr() == missed {
			continue
		}
		if err, refuses := refusals[r.Type]; refuses {
			l.say("  %s: it refuses", routeName(r))
			return result{route: r, table: r.Table}, err
		}
		if r.Drops {
			l.say("  %s: nexthop %d drops packets", routeName(r), r.Nexthop)
			return result{route: r, table: r.Table}, syscall.EINVAL
		}
		hop := slices.IndexFunc(r.Hops, func(h Hop) bool { return l.usable(h, &f) })
		if hop >= 0 {
			l.say("  %s: the longest prefix that can be used", routeName(r))
			return result{route: r, hop: hop, table: r.Table}, found
		}
		l.say("  %s: %s", routeName(r), l.unusable(r, &f))
		if r.Nexthop != 0 {
			missed = r.Dst.Addr()
		}
	}
	l.say("  no route in table %s", tableNames(tables))
	return result{}, again
}

// covering lists the routes of tables to prefixes with an address in the order
// in which they are tried: the longest first, and of equal ones those of the
// first table.
func (l *lookup) covering(a netip.Addr, tables []int64) (routes []*Route) {
	for _, id := range tables {
		if t := l.tables[id]; t != nil {
			for _, slot := range t.Supernets(netip.PrefixFrom(a, a.BitLen())) {
				routes = append(routes, slot...)
			}
		}
	}
	if len(tables) > 1 {
		slices.SortStableFunc(routes, func(a, b *Route) int { return b.Dst.Bits() - a.Dst.Bits() })
	}
	return routes
}

// usable reports whether a leg can be used; fib_lookup_good_nhc().
func (l *lookup) usable(h Hop, f *flow) bool {
	if h.Dead && !(f.carrierless && h.Linkdown && l.link(h.Link).Up) {
		return false
	}
	return f.out == 0 || f.out == h.Link
}

// unusable says why no leg of a route can be used.
func (l *lookup) unusable(r *Route, f *flow) string {
	if slices.ContainsFunc(r.Hops, func(h Hop) bool { return !h.Dead }) {
		return "no leg leaves by " + l.link(f.out).Name
	}
	return "all legs are dead"
}

func tableNames(tables []int64) string {
	names := tableName(tables[0])
	for _, id := range tables[1:] {
		names += " or " + tableName(id)
	}
	return names
}

// routeName is what a step calls a route.
func routeName(r *Route) string {
	dst := r.Dst.String()
	switch {
	case r.Dst.Bits() == 0:
		dst = "default"
	case r.Dst.IsSingleIP():
		dst = r.Dst.Addr().String()
	}
	text := "route "
	if r.Type != "unicast" {
		text += r.Type + " "
	}
	text += dst
	if r.Src.Bits() > 0 {
		text += " from " + r.Src.String()
	}
	text += " table " + tableName(r.Table)
	if r.Metric != 0 {
		text += fmt.Sprintf(" metric %d", r.Metric)
	}
	return text
}
