package fib

import (
	"net/netip"
	"slices"
	"syscall"
)

// output4 answers where a packet of this machine goes;
// ip_route_output_key_hash_rcu() of net/ipv4/route.c.
func (l *lookup) output4() []Answer {
	f := flow{dst: l.q.To, src: l.q.From, in: loopback, out: l.q.Out, mark: l.q.Mark, uid: l.q.UID,
		proto: l.q.Proto, sport: l.q.Sport, dport: l.q.Dport, tos: l.q.TOS & 0xfc}
	if f.proto == 0 {
		f.proto = syscall.IPPROTO_UDP // inet_rtm_getroute()
	}
	if !f.src.IsValid() {
		f.src = none4
	}
	if link, err, special := l.given4(&f); err != found {
		return l.refuse(err)
	} else if special {
		return l.made4(f, result{}, []int64{link})
	}
	if isNone(f.dst) {
		return l.toItself4(f)
	}
	res, err := l.find4(f)
	if err != found {
		return l.unrouted4(f, res.flow, err)
	}
	if res.route.Type == "local" {
		if isNone(f.src) {
			f.src = firstValid(res.route.Prefsrc, f.dst)
			l.say("source %s: the address itself", f.src)
		}
		link := int64(loopback)
		if vrf := l.master(res.nexthop().Link); vrf != 0 {
			link = vrf
		}
		return l.made4(f, res, []int64{link})
	}
	return l.throughLegs(f, res)
}

// given4 looks at what is given beside the destination: the source must be
// this machine's, the link up. It may already decide which link is used.
func (l *lookup) given4(f *flow) (link int64, err syscall.Errno, decided bool) {
	toAll := f.dst.IsMulticast() || f.dst == broadcast4
	if !isNone(f.src) {
		if f.src.IsMulticast() || f.src == broadcast4 {
			l.say("%s cannot be a source", f.src)
			return 0, syscall.EINVAL, false
		}
		own, ok := l.isLocal(f.src)
		if !ok {
			l.say("%s is no address of this machine", f.src)
			return 0, syscall.ENETUNREACH, false
		}
		if f.out == 0 && toAll {
			l.say("multicast and broadcast leave by the link that has the source: %s", l.link(own).Name)
			return own, found, true
		}
	}
	if f.out == 0 {
		return 0, found, false
	}
	out := l.link(f.out)
	if !out.Up || !out.Enabled {
		l.say("%s is not up", out.Name)
		return 0, syscall.ENETUNREACH, false
	}
	if isLocalMulticast(f.dst) || f.dst == broadcast4 {
		l.choose(f, scopeLink)
		return f.out, found, true
	}
	switch {
	case f.dst.IsMulticast():
		l.choose(f, 0)
	case isNone(f.dst):
		l.choose(f, scopeHost)
	}
	return 0, found, false
}

// choose gives a flow a source of the link it leaves by, if it has none.
func (l *lookup) choose(f *flow, scope int64) {
	if isNone(f.src) {
		f.src = l.addressFor(f.out, netip.Addr{}, scope)
	}
}

// toItself4 answers for 0.0.0.0, which stands for this machine.
func (l *lookup) toItself4(f flow) []Answer {
	l.say("0.0.0.0 is this machine")
	if isNone(f.src) {
		f.src = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	f.dst = f.src
	a := l.answer4(f, result{}, loopback, f.src)
	if len(a) == 1 && a[0].Err == found {
		a[0].Type, a[0].Cache = "local", []string{"local"}
	}
	return a
}

// unrouted4 answers where no route leads: with a link named, a destination is
// taken to be on it, with the realms of the rule that decided.
func (l *lookup) unrouted4(f flow, realms Realms, err syscall.Errno) []Answer {
	if f.out == 0 || !f.dst.IsMulticast() && l.inVRF(f.out) {
		return l.refuse(err)
	}
	l.say("it is taken to be on %s, since that is named", l.link(f.out).Name)
	l.choose(&f, scopeLink)
	return l.made4(f, result{flow: realms}, []int64{f.out})
}

func (l *lookup) inVRF(link int64) bool { return !l.Merged && l.master(link) != 0 }

// made4 answers with links that are decided.
func (l *lookup) made4(f flow, res result, links []int64) (answers []Answer) {
	for _, link := range links {
		answers = append(answers, l.answer4(f, res, link, l.q.To)...)
	}
	return answers
}

// answer4 is the last step: __mkroute_output() of net/ipv4/route.c. dst is
// what the packet is for.
func (l *lookup) answer4(f flow, res result, index int64, dst netip.Addr) []Answer {
	out := l.link(index)
	a := Answer{Family: "inet", Type: "unicast", Dst: l.q.To, From: l.q.From, Dev: out.Name, Mark: l.q.Mark, UID: &l.q.UID}
	if res.route != nil {
		a.Type, a.Table, a.TOS = res.route.Type, res.table, res.route.TOS
	}
	switch {
	case !out.Enabled:
		l.say("%s has no IPv4", out.Name)
		return l.refuse(syscall.EINVAL)
	case f.src.IsLoopback() && !out.Loopback && out.VRF == 0 && out.Settings["route_localnet"] == 0:
		l.say("%s does not leave by %s", f.src, out.Name)
		return l.refuse(syscall.EINVAL)
	case dst == broadcast4:
		a.Type, res.route = "broadcast", nil
	case dst.IsMulticast():
		a.Type = "multicast" // whatever the route's is
	case isNone(dst):
		l.say("0.0.0.0 is not reached")
		return l.refuse(syscall.EINVAL)
	}
	a.Cache = l.cacheFlags4(&a, out, dst)
	if a.Type == "multicast" && res.route != nil && res.route.Dst.Bits() < 4 {
		l.say("multicast does not pass the gateway of %s", routeName(res.route))
		res.route = nil
	}
	if !l.q.From.IsValid() {
		a.Prefsrc = f.src
	}
	l.take(&a, res)
	return []Answer{a}
}

// cacheFlags4 are the flags RTCF_* of an answer.
func (l *lookup) cacheFlags4(a *Answer, out *Link, dst netip.Addr) (flags []string) {
	switch {
	case a.Type == "broadcast":
		flags = []string{"local", "brd"}
	case a.Type == "multicast" && dst == allHosts4 && out.Up: // it has joined this one
		flags = []string{"local", "mc"}
	case a.Type == "multicast":
		l.note("whether %s listens to %s itself is not recorded", out.Name, dst)
		flags = []string{"mc"}
	case out.Loopback, a.Type == "local":
		flags = []string{"local"}
	}
	return flags
}

// take gives an answer what the leg of a route says; rt_set_nexthop().
func (l *lookup) take(a *Answer, res result) {
	a.Realms = res.flow
	if res.route == nil {
		return
	}
	h := res.nexthop()
	a.Metrics, a.Encap = res.route.Metrics, h.Encap
	if h.Flow.From != 0 {
		a.Realms.From = h.Flow.From
	}
	if h.Flow.To != 0 {
		a.Realms.To = h.Flow.To
	}
	if h.Gateway.IsValid() && !l.isOwnGateway(res.route, h) {
		a.Gateway = h.Gateway
	}
}

// isOwnGateway reports whether a gateway is this machine, so that there is
// none: it was when the route came, fib_check_nh_v4_gw() of
// net/ipv4/fib_semantics.c.
func (l *lookup) isOwnGateway(r *Route, h Hop) bool {
	if !h.Gateway.Is4() || h.Onlink {
		return false
	}
	if l.link(h.Link).Loopback || slices.ContainsFunc(l.Addresses, func(a Address) bool { return a.Local == h.Gateway && a.Since < r.Since }) {
		return true
	}
	longest := l.covering(h.Gateway, []int64{tableLocal, tableMain})
	return len(longest) > 0 && longest[0].Type == "local" && longest[0].Since < r.Since
}

var (
	broadcast4 = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	allHosts4  = netip.AddrFrom4([4]byte{224, 0, 0, 1})
)

func isNone(a netip.Addr) bool { return !a.IsValid() || a.IsUnspecified() }

// isLocalMulticast reports whether an address is in 224.0.0.0/24.
func isLocalMulticast(a netip.Addr) bool {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{224}), 24).Contains(a)
}

func firstValid(addrs ...netip.Addr) netip.Addr {
	for _, a := range addrs {
		if a.IsValid() {
			return a
		}
	}
	return netip.Addr{}
}
