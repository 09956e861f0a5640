package rtnl

import "golang.org/x/sys/unix"

// Netconf is what IPv4 or IPv6 has been told about one interface, as in
// ip-netconf(8); the layout is that of linux/netconf.h. Index -1 stands for all
// interfaces, -2 for those that are yet to come. A notification has only what
// has changed.
var Netconf = define(Kind{
	Name: "netconf", Number: 7,
	New: unix.RTM_NEWNETCONF, Del: rtmDelNetconf, Get: unix.RTM_GETNETCONF,
	Groups: []uint32{unix.RTNLGRP_IPV4_NETCONF, unix.RTNLGRP_IPV6_NETCONF},
	Dumps:  perFamily(netconfHeader),
	Key:    []string{"family", "ifindex"},

	Size:   netconfHeader,
	Header: []Field{{"family", 0, 1, enum(u8, families)}},
	Attrs: []Attr{
		1: {Column: "ifindex", Read: s32},
		2: {Column: "forwarding", Read: s32},
		3: {Column: "rp_filter", Read: enum(s32, names{0: "off", 1: "strict", 2: "loose"})},
		4: {Column: "mc_forwarding", Read: s32},
		5: {Column: "proxy_neigh", Read: s32},
		6: {Column: "ignore_routes_with_linkdown", Read: s32},
		7: {Column: "input", Read: s32},
		8: {Column: "bc_forwarding", Read: s32},
		9: {Column: "force_forwarding", Read: s32},
	},
	Contents: plainly(map[string]Content{}, "rp_filter"),
	About:    inetFamily,
	Slots:    &Slots{Place: placeNetconf},
	// What is told to all interfaces goes to those that had the default, and
	// who changes one thing often changes others that are not announced.
	Doubts: func(_ *Kind, _, was, now Row) []Doubt {
		if was == nil || now == nil {
			return nil
		}
		return []Doubt{{Kind: "netconf"}}
	},
})

const (
	netconfHeader = 4 // struct netconfmsg, aligned
	rtmDelNetconf = 81
)

// placeNetconf adds what a notification has to what is held.
func placeNetconf(_ *Kind, held []Element, n Notification) []Element {
	switch {
	case n.Deleted:
		return nil
	case len(held) == 0:
		return []Element{{0, n.State}}
	}
	state := append(Row{}, held[0].State...)
	for i, v := range n.State {
		if v != nil {
			state[i] = v
		}
	}
	return with(held, 0, state)
}
