package fib

import (
	"math/bits"
	"net/netip"
	"slices"
)

// source6 selects the source for the destination by a link, or the zero value;
// ipv6_dev_get_saddr() of net/ipv6/addrconf.c, which is RFC 6724, section 5.
func (l *lookup) source6(link int64) netip.Addr {
	dst := l.q.To
	only := dst.IsMulticast() || scope6(dst) <= linkScope6 || l.link(link).Settings["use_oif_addrs_only"] != 0
	var best *Address
	master := l.master(link)
	if master != 0 && !only { // the link's own and the VRF's go first
		out := l.addressesOf(func(other *Link) bool { return other.Index == link || other.Index == master })
		best = l.bestSource(nil, out, dst, link)
		if best != nil && scope6(best.Local) >= scope6(dst) {
			return l.chosen6(best)
		}
	}
	for _, other := range l.Links {
		if only && other.Index != link || !only && l.master(other.Index) != master {
			continue
		}
		best = l.bestSource(best, l.addressesOf(func(o *Link) bool { return o.Index == other.Index }), dst, link)
	}
	return l.chosen6(best)
}

func (l *lookup) chosen6(best *Address) netip.Addr {
	if best == nil {
		l.say("no source: no address is suitable")
		return netip.Addr{}
	}
	l.say("source %s: of %s, the best by RFC 6724", best.Local, l.link(best.Link).Name)
	return best.Local
}

func (l *lookup) addressesOf(f func(*Link) bool) (addresses []Address) {
	for _, a := range l.Addresses {
		if f(l.link(a.Link)) {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// bestSource returns the better of an address so far and others in their
// order. An address that is not better does not displace the one before it.
func (l *lookup) bestSource(best *Address, others []Address, dst netip.Addr, link int64) *Address {
	for i := range others {
		a := &others[i]
		if slices.Contains(a.Flags, "tentative") && !slices.Contains(a.Flags, "optimistic") || isNone(a.Local) || a.Local.IsMulticast() {
			continue
		}
		if best == nil || slices.Compare(l.rate6(best, dst, link), l.rate6(a, dst, link)) < 0 {
			best = a
		}
	}
	return best
}

// rate6 rates an address by the rules of RFC 6724 in their order, as
// ipv6_get_saddr_eval() does: the larger is the better. Rule 4, home addresses,
// only kernels with Mobile IPv6 have.
func (l *lookup) rate6(a *Address, dst netip.Addr, link int64) []int {
	own := l.link(a.Link)
	has := func(flag string) bool { return slices.Contains(a.Flags, flag) }
	scope := scope6(a.Local)
	reach := -scope
	if scope < scope6(dst) {
		reach = scope - 128
	}
	avoided := has("deprecated") || has("optimistic") && own.Settings["use_optimistic"] == 0
	return []int{
		truth(a.Local == dst),
		reach,
		truth(a.Local.IsLoopback() || a.Local.Is4In6() || !avoided),
		truth(a.Link == link),
		truth(label6(a.Local) == label6(dst)),
		truth(has("temporary") == (own.Settings["use_tempaddr"] >= 2)),
		truth(isOrchid(a.Local) == isOrchid(dst)),
		min(common(a.Local, dst), a.Bits),
		truth(!has("optimistic")),
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

const linkScope6 = 2

// scope6 is how far an address reaches, RFC 4007.
func scope6(a netip.Addr) int {
	octets := a.As16()
	switch {
	case a.IsUnspecified():
		return 0
	case a.IsMulticast():
		return int(octets[1] & 0xf)
	case a.IsLinkLocalUnicast(), a.IsLoopback():
		return linkScope6
	case octets[0] == 0xfe && octets[1]&0xc0 == 0xc0:
		return 5 // site-local
	}
	return 14
}

// label6 is the label of an address in the kernel's policy table as it is
// before anybody changes it (RFC 6724, section 2.1): changes are not recorded.
func label6(a netip.Addr) int {
	if a.Is4In6() {
		return 4
	}
	label, longest := 1, -1
	for _, p := range policies {
		if p.prefix.Bits() > longest && p.prefix.Contains(a) {
			label, longest = p.label, p.prefix.Bits()
		}
	}
	return label
}

var policies = []struct {
	prefix netip.Prefix
	label  int
}{
	{netip.MustParsePrefix("::1/128"), 0}, {netip.MustParsePrefix("::/0"), 1}, {netip.MustParsePrefix("2002::/16"), 2},
	{netip.MustParsePrefix("::/96"), 3}, {netip.MustParsePrefix("fc00::/7"), 5}, {netip.MustParsePrefix("2001::/32"), 6},
	{netip.MustParsePrefix("2001:10::/28"), 7}, {netip.MustParsePrefix("fec0::/10"), 11}, {netip.MustParsePrefix("3ffe::/16"), 12},
}

func isOrchid(a netip.Addr) bool { return netip.MustParsePrefix("2001:10::/28").Contains(a) }

// common is how many bits two addresses have in common at their beginning.
func common(a, b netip.Addr) (n int) {
	x, y := a.As16(), b.As16()
	for i := range x {
		if d := x[i] ^ y[i]; d != 0 {
			return n + bits.LeadingZeros8(d)
		}
		n += 8
	}
	return n
}
