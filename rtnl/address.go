package rtnl

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// Address is an IPv4 or IPv6 address of a link, as in ip-address(8); the
// layout is that of linux/if_addr.h.
var Address = define(Kind{
	Name: "address", Number: 2,
	New: unix.RTM_NEWADDR, Del: unix.RTM_DELADDR, Get: unix.RTM_GETADDR,
	Groups:   []uint32{unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR},
	Dumps:    perFamily(unix.SizeofIfAddrmsg),
	Over:     addressesOver,
	Key:      []string{"family", "ifindex", "local", "prefixlen"},
	Volatile: []string{"valid_life_time", "preferred_life_time"},

	Size: unix.SizeofIfAddrmsg,
	Header: []Field{
		{"family", 0, 1, enum(u8, families)},
		{"prefixlen", 1, 1, u8},
		{"flags", 2, 1, addressFlags(u8)}, // IFA_FLAGS overrides them
		{"scope", 3, 1, enum(u8, scopes)},
		{"ifindex", 4, 4, s32},
	},
	Attrs: []Attr{
		unix.IFA_ADDRESS:   {Column: "address", Read: ip},
		unix.IFA_LOCAL:     {Column: "local", Read: ip},
		unix.IFA_LABEL:     {Column: "label", Read: text},
		unix.IFA_BROADCAST: {Column: "broadcast", Read: ip},
		unix.IFA_ANYCAST:   {Column: "anycast", Read: ip},
		unix.IFA_CACHEINFO: {Struct: []Field{
			{"preferred_life_time", 0, 4, u32},
			{"valid_life_time", 4, 4, u32},
			// cstamp and tstamp are ages, in hundredths of a second since boot.
		}},
		unix.IFA_FLAGS:          {Column: "flags", Read: addressFlags(u32)},
		unix.IFA_RT_PRIORITY:    {Column: "metric", Read: u32},
		unix.IFA_TARGET_NETNSID: {Read: skip}, // repeats the request
		ifaProto:                {Column: "protocol", Read: enum(u8, addressProtocols)},
	},
	Contents: plainly(map[string]Content{"local": IPAddress, "address": IPAddress, "broadcast": IPAddress, "anycast": IPAddress, "label": LinkLabel},
		"scope", "flags", "protocol"),
	About:  inetFamily,
	Finish: finishAddress,
	Slots:  &Slots{Place: placeAddress},
	Refs:   addressRefs,
	Doubts: addressDoubts,
})

const ifaProto = 11 // IFA_PROTO

// addressProtocols are IFAPROT_* of linux/if_addr.h.
var addressProtocols = names{0: "unspec", 1: "kernel_lo", 2: "kernel_ra", 3: "kernel_ll"}

// addressFlags reads IFA_F_* and names them as ip(8) does: the first bit means
// two things, and what is not permanent is dynamic.
func addressFlags(read reader) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := read(m, b)
		if err != nil {
			return nil, err
		}
		bits, first := v.(int64), "secondary"
		if m.header[0] == unix.AF_INET6 {
			first = "temporary"
		}
		const dynamic = 1 << 32
		if bits&unix.IFA_F_PERMANENT == 0 {
			bits |= dynamic
		}
		return flagNames(bits&^unix.IFA_F_PERMANENT, []flag{
			{unix.IFA_F_SECONDARY, first}, {unix.IFA_F_TENTATIVE, "tentative"}, {unix.IFA_F_DEPRECATED, "deprecated"},
			{unix.IFA_F_HOMEADDRESS, "home"}, {unix.IFA_F_NODAD, "nodad"}, {unix.IFA_F_OPTIMISTIC, "optimistic"},
			{unix.IFA_F_DADFAILED, "dadfailed"}, {unix.IFA_F_MANAGETEMPADDR, "mngtmpaddr"},
			{unix.IFA_F_NOPREFIXROUTE, "noprefixroute"}, {unix.IFA_F_MCAUTOJOIN, "autojoin"},
			{unix.IFA_F_STABLE_PRIVACY, "stable-privacy"}, {dynamic, "dynamic"},
		}), nil
	}
}

// finishAddress makes local the address of this machine and address that of
// the peer, NULL when there is none. The kernel sends only IFA_ADDRESS for an
// IPv6 address without peer, and both with one value for most of IPv4.
func finishAddress(m *message) error {
	switch local, address := m.get("local"), m.get("address"); {
	case local == nil:
		m.set("local", address)
		m.set("address", nil)
	case local == address:
		m.set("address", nil)
	}
	return nil
}

// placeAddress tells IPv4 addresses apart by the network of their peer:
// inet_insert_ifa() allows one local address per network. An IPv6 address has
// its slot alone, and its peer may change.
func placeAddress(k *Kind, held []Element, n Notification) []Element {
	i := slices.IndexFunc(held, func(e Element) bool { return peerNetwork(k, n.Key, e.State) == peerNetwork(k, n.Key, n.State) })
	switch {
	case n.Deleted && i >= 0:
		return without(held, i)
	case n.Deleted:
		return held
	case i >= 0:
		return with(held, i, n.State)
	default:
		return append(slices.Clone(held), Element{k.newPosition(held, n.State), n.State})
	}
}

func peerNetwork(k *Kind, key, state Row) netip.Prefix {
	peer, ok := k.StateValue(state, "address").(string)
	if !ok {
		peer, _ = key[k.Index("local")].(string)
	}
	bits, _ := key[k.Index("prefixlen")].(int64)
	addr, err := netip.ParseAddr(peer)
	if err != nil || addr.Is6() {
		return netip.Prefix{}
	}
	network, _ := addr.Prefix(int(bits)) // zero when the length is absurd
	return network
}

func addressRefs(k *Kind, key, _ Row) []Ref {
	index, _ := key[k.Index("ifindex")].(int64)
	return []Ref{{"link", index}}
}

// addressDoubts: routes that named a deleted address as their source vanish or
// lose it, and with the last IPv4 address all IPv4 routes of the link. The
// route to the prefix of an IPv6 address takes over its lifetime.
func addressDoubts(k *Kind, key, _, now Row) []Doubt {
	if now != nil && key[0] == "inet" {
		return nil
	}
	index, _ := key[k.Index("ifindex")].(int64)
	return []Doubt{{"route", index}}
}

// addressesOver are the requests for the addresses of a link.
func addressesOver(link int64) [][]byte {
	bodies := perFamily(unix.SizeofIfAddrmsg)
	for _, b := range bodies {
		binary.NativeEndian.PutUint32(b[4:], uint32(link))
	}
	return bodies
}
