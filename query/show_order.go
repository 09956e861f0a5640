package query

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"nlrec/rtnl"
)

// A sortKey is bytes that compare as what they stand for.
type sortKey string

func (k sortKey) number(n int64) sortKey {
	return k + sortKey(binary.BigEndian.AppendUint64(nil, uint64(n)^1<<63))
}

// prefix sorts by address and then by length; all addresses come first.
func (k sortKey) prefix(text string) sortKey {
	p, err := parsePrefix(text)
	if err != nil {
		p = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	a := p.Addr().As16()
	if p.Addr().Is4() {
		a = netip.AddrFrom4(p.Addr().As4()).As16()
	}
	return k + sortKey(a[:]) + sortKey(rune(p.Bits()))
}

// byFamily begins a key: IPv4 comes first.
func byFamily(r record) sortKey {
	if r.text("family") == "inet6" {
		return "6"
	}
	return "4"
}

// routeKey has the main table first, and the local one, which nobody has
// written, last.
func routeKey(r record) sortKey {
	table := r.number("table_id")
	switch table {
	case mainTable:
		table = -2
	case defaultTable:
		table = -1
	case localTable:
		table = 1 << 32
	}
	return byFamily(r).number(table).prefix(r.text("dst")).number(r.number("tos")).number(r.number("metric")).number(r.number("position"))
}

// arrival are columns that tell when an address came: by which change, at what
// instant at the latest, and whether the kernel announced it.
func (l *listing) arrival() []string {
	until := ""
	if m := l.r.Moment(); m != nil {
		until = fmt.Sprintf(" AND c.id <= %d", m.Change)
	}
	last := "coalesce((SELECT %s FROM change_log c WHERE c.object = x.object AND c.op = '+'" + until + " ORDER BY c.id DESC LIMIT 1), (SELECT %s FROM arrival a WHERE a.object = x.object)) AS %s"
	return []string{fmt.Sprintf(last, "c.id", "a.came", "came"),
		fmt.Sprintf(last, "coalesce(c.not_after_us, c.at_us)", "coalesce(a.not_after_us, a.at_us)", "came_us"),
		fmt.Sprintf(last, "c.how = 'announced'", "a.how = 2", "announced")}
}

// addressKey has the addresses of a link in the kernel's order: IPv4 first, by
// inet_insert_ifa() of net/ipv4/devinet.c: primary ones from the narrowest scope
// to the widest, as they came. IPv6 by ipv6_link_dev_addr() of
// net/ipv6/addrconf.c: from the widest scope to the narrowest, the latest
// first; what one dump has found is in that order already.
func (l *listing) addressKey(r record) sortKey {
	scope, came := scopeNumber(r.text("scope")), r.number("came")
	if r.text("family") == "inet" {
		secondary := int64(0)
		for _, flag := range r.list("flags") {
			if flag == "secondary" {
				secondary, scope = 1, 0
			}
		}
		return byFamily(r).number(secondary).number(-scope).number(came)
	}
	if r.number("announced") > 0 {
		came = -came
	}
	return byFamily(r).number(scope).number(-r.number("came_us")).number(came)
}

func scopeNumber(text string) int64 {
	n, err := numberOf(text, rtnl.ScopeNames(), nil)
	if err != nil {
		return 0
	}
	return n
}
