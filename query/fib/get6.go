package fib

import (
	"iter"
	"net/netip"
	"slices"
	"syscall"
)

// get6 answers where an IPv6 packet goes, of this machine or one that comes in
// by a link; inet6_rtm_getroute(), ip6_route_output_flags() and
// ip6_route_input_lookup() of net/ipv6/route.c.
func (l *lookup) get6() []Answer {
	f := flow{dst: l.q.To, src: l.q.From, in: loopback, out: l.q.Out, mark: l.q.Mark, uid: l.q.UID,
		proto: l.q.Proto, sport: l.q.Sport, dport: l.q.Dport, tos: l.q.TOS & 0xfc}
	if !f.src.IsValid() {
		f.src = netip.IPv6Unspecified()
	}
	f.hasSrc = !isNone(f.src)
	w := walk6{f: &f, through: f.out, strict: needsLink(f.dst) || f.out != 0 && !f.hasSrc}
	if l.q.In != 0 {
		f.in, f.out, w.through, w.strict = l.q.In, 0, l.q.In, needsLink(f.dst)
		if !l.q.UIDGiven {
			f.uid = noUID
		}
	}
	res, err := l.walkRules(&f, func(table int64) (result, syscall.Errno) { return l.search6(w, table) })
	if err != found {
		return l.refuse(err)
	}
	return l.answer6(w, res)
}

const noUID = 1<<32 - 1 // INVALID_UID

// needsLink reports whether an address only means something on a link;
// rt6_need_strict().
func needsLink(a netip.Addr) bool {
	return a.IsMulticast() || a.IsLinkLocalUnicast() || a.IsLoopback()
}

// A walk6 is a search of one flow through tables.
type walk6 struct {
	f         *flow
	through   int64 // the link that routes should use; 0: any
	strict    bool  // routes by others do not count
	reachable bool  // gateways that do not answer do not count
}

// search6 looks in a table: the longest prefix that has a route which can be
// used, its best. A machine that does not forward first tries to do without
// gateways that do not answer; fib6_table_lookup().
func (l *lookup) search6(w walk6, table int64) (result, syscall.Errno) {
	w.reachable = !l.Forwarding
	for {
		for slot := range l.nodes6(w.f, table) {
			if res, ok := l.select6(w, slot); ok {
				return l.settle6(res, table)
			}
		}
		if !w.reachable {
			break
		}
		w.reachable = false
	}
	l.say("  no route in table %s", tableName(table))
	return result{}, again
}

func (l *lookup) settle6(res result, table int64) (result, syscall.Errno) {
	res.table = table
	if err, refuses := refusals[res.route.Type]; refuses {
		l.say("  %s: it refuses", routeName(res.route))
		return res, err
	}
	if res.route.Drops {
		l.say("  %s: nexthop %d drops packets", routeName(res.route), res.route.Nexthop)
		return res, syscall.EINVAL
	}
	l.say("  %s: the longest prefix that can be used", routeName(res.route))
	return res, found
}

// nodes6 yields the routes to each prefix that covers the destination, longest
// first, those for a source before those for all. As fib6_node_lookup() does
// it passes over a prefix with routes for sources, of which none is for this
// one, as long as it has yielded nothing, unless that is the root;
// fib6_backtrack() does not.
func (l *lookup) nodes6(f *flow, table int64) iter.Seq[[]*Route] {
	return func(yield func([]*Route) bool) {
		t := l.tables[table]
		if t == nil {
			return
		}
		begun := false
		for p, routes := range t.Supernets(netip.PrefixFrom(f.dst, f.dst.BitLen())) {
			plain, bySource := parted(routes, f)
			if !begun && hasSources(routes) && len(bySource) == 0 && p.Bits() > 0 {
				continue
			}
			if len(plain) > 0 {
				bySource = append(bySource, plain)
			}
			for _, slot := range bySource {
				begun = true
				if !yield(slot) {
					return
				}
			}
		}
	}
}

func hasSources(routes []*Route) bool {
	return slices.ContainsFunc(routes, func(r *Route) bool { return r.Src.Bits() > 0 })
}

// parted parts the routes to a prefix into those for all and those for sources
// that cover a flow's, the longest first.
func parted(routes []*Route, f *flow) (plain []*Route, bySource [][]*Route) {
	for _, r := range routes {
		switch {
		case r.Src.Bits() <= 0:
			plain = append(plain, r)
		case r.Src.Contains(f.src):
			i := slices.IndexFunc(bySource, func(s []*Route) bool { return s[0].Src == r.Src })
			if i < 0 {
				bySource = append(bySource, []*Route{r})
			} else {
				bySource[i] = append(bySource[i], r)
			}
		}
	}
	slices.SortStableFunc(bySource, func(a, b []*Route) int { return b[0].Src.Bits() - a[0].Src.Bits() })
	return plain, bySource
}

// select6 takes the best of the routes to a prefix, of those with the lowest
// metric that can be used at all; rt6_select() and find_rr_leaf().
func (l *lookup) select6(w walk6, routes []*Route) (best result, ok bool) {
	score := -1
	for i, r := range routes {
		if i > 0 && r.Metric != routes[i-1].Metric && ok {
			break
		}
		if r.Drops {
			return result{route: r}, true
		}
		for hop, h := range r.legs() {
			s := l.score6(w, r, h)
			if h.Dead || s <= score {
				continue
			}
			best, score, ok = result{route: r, hop: hop}, s, true
			if r.Nexthop != 0 {
				break
			}
		}
	}
	if !ok && len(routes) > 0 {
		l.say("  %s: not used", routeName(routes[0]))
	}
	return best, ok
}

// legs are those of a route; a route that refuses has one, at lo.
func (r *Route) legs() []Hop {
	if len(r.Hops) == 0 {
		return []Hop{{Link: loopback}}
	}
	return r.Hops
}

// score6 rates a leg, negative when it cannot be used; rt6_score_route().
func (l *lookup) score6(w walk6, r *Route, h Hop) int {
	score := 0
	if w.through == 0 || h.Link == w.through {
		score = 2
	} else if w.strict {
		return -1
	}
	switch r.Pref {
	case "high":
		score |= 3 << 2
	case "", "medium":
		score |= 2 << 2
	case "low":
		score |= 1 << 2
	}
	if _, refuses := refusals[r.Type]; w.reachable && !refuses && h.Gateway.IsValid() && l.failed6(h) {
		return -1
	}
	return score
}

// failed6 reports whether a gateway is known not to answer; rt6_check_neigh().
func (l *lookup) failed6(h Hop) bool {
	return l.Neighbours[Neighbour{h.Link, h.Gateway}] == "FAILED"
}

// legs6 lists the legs that the hash over a packet may choose;
// fib6_select_path().
func (l *lookup) legs6(w walk6, res result) []result {
	hops := res.route.legs()
	if len(hops) < 2 {
		return []result{res}
	}
	w.reachable = !l.Forwarding
	var legs []result
	for i, h := range hops {
		if i != res.hop && (h.Dead || l.score6(w, res.route, h) < 0 || res.route.Nexthop != 0 && l.fails(h)) {
			continue
		}
		if i == res.hop && res.route.Nexthop != 0 && l.fails(h) {
			continue
		}
		legs = append(legs, result{route: res.route, hop: i, table: res.table})
	}
	if len(legs) == 0 {
		return []result{{route: res.route, table: res.table}}
	}
	if len(legs) > 1 {
		l.say("  the hash over the packet chooses one of %d legs", len(legs))
	}
	if res.route.Nexthop == 0 && legs[len(legs)-1].hop > 0 {
		l.note("metrics and source of a leg that joined a route are not recorded, the kernel shows those of the first")
	}
	return legs
}

// answer6 is the last step: rt6_fill_node().
func (l *lookup) answer6(w walk6, res result) (answers []Answer) {
	for _, leg := range l.legs6(w, res) {
		r, h := leg.route, leg.route.legs()[leg.hop]
		if l.q.In != 0 && r.Dst.Addr().IsMulticast() {
			l.say("  the kernel asks the multicast routing of such packets, which has nothing, and fails")
			return l.refuse(syscall.EMSGSIZE)
		}
		metric := r.Metric
		a := Answer{Family: "inet6", Type: r.Type, Dst: l.q.To, From: w.f.src, Gateway: h.Gateway, Table: leg.table, Protocol: r.Protocol,
			Scope: r.Scope, Metric: &metric, Metrics: r.Metrics, Pref: r.Pref, Encap: h.Encap}
		dev := l.link(h.Link)
		if r.Type == "local" || r.Type == "anycast" && r.Protocol == "kernel" {
			switch vrf := l.master(dev.Index); {
			case vrf != 0:
				dev = l.link(vrf)
			default:
				dev = l.link(loopback)
			}
		}
		a.Dev = dev.Name
		if l.q.In != 0 {
			a.IIF = l.link(l.q.In).Name
		}
		switch {
		case r.Prefsrc.IsValid():
			l.say("source %s: the route names it", r.Prefsrc)
			a.Prefsrc = r.Prefsrc
		case l.q.In == 0:
			first := h.Link
			if r.Nexthop != 0 {
				first = r.legs()[0].Link
			}
			a.Prefsrc = l.source6(first)
		}
		answers = append(answers, a)
	}
	return answers
}
