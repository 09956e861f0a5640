package fib

import (
	"net/netip"
	"slices"
)

// throughLegs answers with each leg of the route that may be chosen;
// fib_select_path() of net/ipv4/fib_semantics.c.
func (l *lookup) throughLegs(f flow, res result) []Answer {
	var answers []Answer
	for _, r := range l.alternatives4(f, res) {
		one := f
		if isNone(one.src) {
			one.src = l.sourceOf(r.route, r.nexthop())
		}
		answers = append(answers, l.made4(one, r, []int64{r.nexthop().Link})...)
	}
	return answers
}

// alternatives4 lists what may be chosen in place of a result.
func (l *lookup) alternatives4(f flow, res result) []result {
	switch {
	case f.out != 0:
		return []result{res}
	case len(res.route.Hops) > 1:
		return l.legs4(f, res)
	case res.route.Dst.Bits() == 0 && res.route.Type == "unicast":
		return l.defaults4(f, res)
	}
	return []result{res}
}

// legs4 lists the legs of a multipath route that the hash over a packet may
// choose: fib_select_multipath(), and nexthop_select_path() of a group of
// nexthop objects, which passes over gateways that do not answer. Where legs
// have the source that is given as their own, only those are chosen; the kernel
// finds that out when the route comes, and again sometime after addresses
// changed.
func (l *lookup) legs4(f flow, res result) []result {
	var all, own []result
	settled := true
	for i, h := range res.route.Hops {
		leg := result{route: res.route, hop: i, table: res.table, flow: res.flow}
		switch {
		case h.Dead:
			continue
		case res.route.Nexthop != 0 && l.fails(h):
			l.say("  the leg by %s is not taken: its gateway does not answer", l.hopName(h))
			continue
		}
		all = append(all, leg)
		source := l.legSource(res.route, h)
		settled = settled && l.readdressed(h.Link, source) < res.route.Since
		if res.route.Nexthop == 0 && !isNone(f.src) && source == f.src {
			own = append(own, leg)
		}
	}
	switch {
	case len(all) == 0:
		return []result{res}
	case len(own) == 0 && settled || len(own) == len(all) || isNone(f.src) || res.route.Nexthop != 0:
	case !settled:
		l.note("legs whose own source is %s go before others; which source the kernel keeps with a leg is not known, since addresses changed after the route came", f.src)
	default:
		l.say("  legs whose own source is %s go before the others", f.src)
		all = own
	}
	if len(all) > 1 {
		l.say("  the hash over the packet chooses one of %d legs", len(all))
	}
	return all
}

// legSource is the source that the kernel keeps with a leg.
func (l *lookup) legSource(r *Route, h Hop) netip.Addr {
	steps := len(l.steps)
	defer func() { l.steps = l.steps[:steps] }()
	return l.addressFor(h.Link, h.Gateway, scopes[r.Scope])
}

// readdressed is the id of the last change that may have given a leg by a link
// its source: one of the addresses of that link, or of all where the source is
// another's.
func (l *lookup) readdressed(link int64, source netip.Addr) int64 {
	last := l.link(link).Readdressed
	if slices.ContainsFunc(l.Addresses, func(a Address) bool { return a.Link == link && a.Local == source }) {
		return last
	}
	for _, other := range l.Links {
		last = max(last, other.Readdressed)
	}
	return last
}

// fails reports whether a gateway is known not to answer; ipv4_good_nh() and
// ipv6_good_nh() of net/ipv4/nexthop.c.
func (l *lookup) fails(h Hop) bool {
	state, known := l.Neighbours[Neighbour{h.Link, h.Gateway}]
	return known && h.Gateway.IsValid() && (state == "FAILED" || state == "INCOMPLETE" || state == "NONE")
}

// defaults4 lists the default routes of which the kernel takes one that
// answers, where several have the same metric; fib_select_default(). Which it
// remembers as the last that did is not recorded.
func (l *lookup) defaults4(f flow, res result) []result {
	rivals := []result{res}
	for _, r := range l.covering(f.dst, []int64{res.route.Table}) {
		if r == res.route || r.Dst.Bits() != 0 || r.TOS != res.route.TOS || r.Metric != res.route.Metric || r.Type != "unicast" ||
			r.Scope != res.route.Scope || len(r.Hops) != 1 || !r.Hops[0].Gateway.IsValid() || r.Hops[0].Dead {
			continue
		}
		rivals = append(rivals, result{route: r, table: res.table, flow: res.flow})
	}
	state, known := l.Neighbours[Neighbour{res.nexthop().Link, res.nexthop().Gateway}]
	if len(rivals) == 1 || !res.nexthop().Gateway.IsValid() || !known || state == "REACHABLE" {
		return rivals[:1]
	}
	l.note("one of %d default routes is taken, by which gateway answers and which was taken before", len(rivals))
	return rivals
}

func (l *lookup) hopName(h Hop) string {
	if h.Gateway.IsValid() {
		return h.Gateway.String()
	}
	return l.link(h.Link).Name
}
