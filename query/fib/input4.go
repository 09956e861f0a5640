package fib

import (
	"cmp"
	"net/netip"
	"slices"
	"syscall"
)

// input4 answers where a packet goes that comes in by a link;
// ip_route_input_slow() of net/ipv4/route.c. What it drops, it drops with
// EINVAL.
func (l *lookup) input4() []Answer {
	in := l.link(l.q.In)
	f := flow{dst: l.q.To, src: l.q.From, in: in.Index, mark: l.q.Mark, tos: l.q.TOS & 0xfc,
		proto: l.q.Proto, sport: l.q.Sport, dport: l.q.Dport}
	if f.proto == 0 {
		f.proto = syscall.IPPROTO_UDP
	}
	if f.proto == syscall.IPPROTO_ICMP { // it has no ports
		f.sport, f.dport = 0, 0
	}
	if !f.src.IsValid() {
		f.src = none4
	}
	switch why, toAll := l.martian(f, in); {
	case why != "":
		return l.drop(why)
	case f.dst.IsMulticast():
		return l.multicastInput(f, in)
	case toAll:
		return l.deliver(f, in, result{}, "broadcast")
	}
	res, err := l.find4(f)
	switch {
	case err != found && in.Settings["forwarding"] == 0:
		l.say("%s does not forward", in.Name)
		return l.refuse(syscall.EHOSTUNREACH)
	case err != found:
		return l.refuse(err)
	case res.route.Type == "broadcast" && in.Settings["bc_forwarding"] == 0:
		return l.deliver(f, in, res, "broadcast")
	case res.route.Type == "local":
		return l.deliver(f, in, res, "local")
	case in.Settings["forwarding"] == 0 && res.route.Type != "broadcast":
		l.say("%s does not forward", in.Name)
		return l.refuse(syscall.EHOSTUNREACH)
	case res.route.Type != "unicast" && res.route.Type != "broadcast":
		return l.drop("packets for a route of type " + res.route.Type + " are not forwarded")
	}
	return l.forward4(f, in, res)
}

// martian says why addresses can be none of a packet that comes in, or whether
// it is for everybody.
func (l *lookup) martian(f flow, in *Link) (why string, toAll bool) {
	localnet := in.Settings["route_localnet"] != 0
	switch {
	case !in.Enabled:
		return in.Name + " has no IPv4", false
	case f.dst.IsMulticast():
		return "", false
	case f.src.IsMulticast() || f.src == broadcast4:
		return f.src.String() + " cannot be a source", false
	case f.dst == broadcast4 || isNone(f.src) && isNone(f.dst):
		return "", true
	case isNone(f.src):
		return f.src.String() + " cannot be a source", false
	case isNone(f.dst):
		return f.dst.String() + " cannot be a destination", false
	case (f.dst.IsLoopback() || f.src.IsLoopback()) && !localnet:
		return "127.0.0.0/8 does not come in by a link (route_localnet)", false
	}
	return "", false
}

func (l *lookup) drop(why string) []Answer {
	l.say("dropped: %s", why)
	return l.refuse(syscall.EINVAL)
}

// multicastInput answers for a group; ip_route_input_mc(). Which groups a link
// has joined is not recorded, but for the one that all have.
func (l *lookup) multicastInput(f flow, in *Link) []Answer {
	if !in.Up {
		return l.drop(in.Name + " is not up, so it has joined no group")
	}
	if f.dst != allHosts4 {
		l.note("whether %s has joined %s is not recorded", in.Name, f.dst)
		return l.drop(in.Name + " is not known to have joined " + f.dst.String())
	}
	switch {
	case f.src.IsMulticast() || f.src == broadcast4 || f.src.IsLoopback() && in.Settings["route_localnet"] == 0:
		return l.drop(f.src.String() + " cannot be a source")
	case isNone(f.src) && !isLocalMulticast(f.dst):
		return l.drop(f.src.String() + " cannot be a source")
	}
	var way verdict // back to the source; there is none to nobody
	if !isNone(f.src) {
		var ok bool
		if way, ok = l.validSource(f, netip.Addr{}, in, 0); !ok {
			return l.refuse(syscall.EINVAL)
		}
	}
	a := l.inputAnswer(f, in, result{}, "multicast")
	a.Realms, a.Cache = way.realms, []string{"local", "mc"}
	return []Answer{a}
}

// deliver answers for a packet that this machine takes.
func (l *lookup) deliver(f flow, in *Link, res result, kind string) []Answer {
	dst := f.dst
	if kind == "broadcast" {
		dst = none4
	}
	a := l.inputAnswer(f, in, res, kind)
	if kind == "local" || !isNone(f.src) {
		v, ok := l.validSource(f, dst, in, 0)
		if !ok {
			return l.refuse(syscall.EINVAL)
		}
		a.Realms = v.realms
	}
	a.Cache = []string{"local"}
	if kind == "broadcast" {
		a.Cache = []string{"local", "brd"}
	}
	return []Answer{a}
}

func (l *lookup) inputAnswer(f flow, in *Link, res result, kind string) Answer {
	dev, tos := l.link(loopback), int64(0)
	if res.route != nil {
		tos = res.route.TOS
		if vrf := l.master(res.nexthop().Link); vrf != 0 {
			dev = l.link(vrf)
		}
	}
	a := Answer{Family: "inet", Type: kind, Dst: f.dst, From: l.q.From, Dev: dev.Name, IIF: in.Name, Mark: l.q.Mark, Table: res.table, TOS: tos}
	if l.q.UIDGiven {
		a.UID = &l.q.UID
	}
	return a
}

// forward4 answers with each leg by which a packet may be forwarded;
// ip_mkroute_input() and __mkroute_input().
func (l *lookup) forward4(f flow, in *Link, res result) (answers []Answer) {
	legs := []result{res}
	if len(res.route.Hops) > 1 {
		anySource := f
		anySource.src = none4
		legs = l.legs4(anySource, res)
	}
	var refused []Answer // what the legs have in common that the source must not leave by
	for _, leg := range legs {
		out := l.link(leg.nexthop().Link)
		v, ok := l.validSource(f, f.dst, in, out.Index)
		if !ok {
			refused = l.refuse(syscall.EINVAL)
			continue
		}
		a := l.inputAnswer(f, in, leg, leg.route.Type)
		a.Dev = out.Name
		l.take(&a, leg)
		a.Realms = merged(a.Realms, v.realms)
		if out == in && v.onLink {
			l.say("the sender is told of a shorter way: the packet leaves by the link it came by")
			a.Cache = []string{"redirect"}
		}
		answers = append(answers, a)
	}
	return append(answers, refused...)
}

// merged fills the realms that are missing.
func merged(a, b Realms) Realms {
	if a.From == 0 {
		a.From = b.From
	}
	if a.To == 0 {
		a.To = b.To
	}
	return a
}

// A verdict is what the way back to a source tells.
type verdict struct {
	onLink bool // the source is a neighbour
	realms Realms
}

// validSource looks whether a packet may have the source it has, where it
// leaves by a link, or is for this machine (0); fib_validate_source() of
// net/ipv4/fib_frontend.c.
func (l *lookup) validSource(f flow, dst netip.Addr, in *Link, out int64) (verdict, bool) {
	if !dst.IsValid() {
		dst = none4
	}
	strict := in.Settings["rp_filter"]
	if strict == 0 && !l.Realms && out != in.Index {
		switch _, own := l.addressOwner(f.src); {
		case in.Settings["accept_local"] != 0:
			return verdict{}, true
		case l.AddedLocal || !l.Merged:
		case own:
			l.say("dropped: the source %s is this machine's", f.src)
			return verdict{}, false
		default:
			return verdict{}, true
		}
	}
	l.say("the way back to %s (rp_filter %d):", f.src, strict)
	back := flow{dst: f.src, src: dst, in: cmp.Or(out, loopback), l3mdev: l.master(in.Index), tos: f.tos, proto: f.proto, sport: f.dport, dport: f.sport}
	if in.Settings["src_valid_mark"] != 0 {
		back.mark = f.mark
	}
	res, err := l.find4(back)
	if err != found {
		return l.lastResort(strict)
	}
	if t := res.route.Type; t != "unicast" && (t != "local" || in.Settings["accept_local"] == 0) {
		l.say("dropped: the source %s is %s", f.src, t)
		return verdict{}, false
	}
	v := verdict{realms: sourceRealms(res)}
	if slices.ContainsFunc(res.route.Hops, func(h Hop) bool { return h.Link == in.Index || l.master(h.Link) == in.Index }) ||
		res.route.Type == "local" && in.Loopback {
		v.onLink = l.isNeighbour(res)
		return v, true
	}
	if !l.hasAddress(in.Index) {
		return l.lastResort(strict)
	}
	if strict == 1 {
		l.say("dropped: it is not by %s", in.Name)
		return verdict{}, false
	}
	back.out, back.carrierless = in.Index, true
	if res, err := l.find4(back); err == found && res.route.Type == "unicast" {
		v.onLink = l.isNeighbour(res)
	}
	return v, true
}

func (l *lookup) lastResort(strict int64) (verdict, bool) {
	if strict != 0 {
		l.say("dropped: there is no way back")
	}
	return verdict{}, strict == 0
}

// isNeighbour reports whether the leg of a result has no gateway.
func (l *lookup) isNeighbour(res result) bool {
	h := res.nexthop()
	return !h.Gateway.IsValid() || l.isOwnGateway(res.route, h)
}

// sourceRealms are those that the way back gives a packet;
// fib_combine_itag().
func sourceRealms(res result) Realms {
	r := Realms{From: res.nexthop().Flow.To}
	if r.From == 0 {
		r.From = res.flow.To
	}
	r.To = res.flow.From
	return r
}

func (l *lookup) hasAddress(link int64) bool {
	return slices.ContainsFunc(l.Addresses, func(a Address) bool { return a.Link == link })
}
