package rtnl

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"
)

// What else may have changed when a link does, and what says that a link may
// have changed without saying how.

// linkDoubts names what the kernel changes without a word when a link does.
// Each line is an observation on Linux 6.18; veth_newlink(),
// br_stp_change_bridge_id() and fib_sync_down_dev() are where to look.
func linkDoubts(k *Kind, key, was, now Row) (doubts []Doubt) {
	before, after := linkState{k, was}, linkState{k, now}
	changed := func(column string) bool { return before.value(column) != after.value(column) }
	appeared, vanished := was == nil && now != nil, was != nil && now == nil
	stays := was != nil && now != nil
	down, up := before.flag("UP") && !after.flag("UP"), !before.flag("UP") && after.flag("UP")
	noCarrier := before.flag("LOWER_UP") && !after.flag("LOWER_UP") || !before.flag("NO-CARRIER") && after.flag("NO-CARRIER")
	bridge := after.value("info_kind") == "bridge"
	var index int64 // nothing stands yet on one that appears
	if was != nil {
		index = key[0].(int64)
	}

	add := func(when bool, kind string, link int64) {
		if when {
			doubts = append(doubts, Doubt{kind, link})
		}
	}
	// A veth learns of its peer, a port of its bridge, the device under a
	// macvlan that it is promiscuous, and IPv6 of a new MTU.
	add(stays && changed("mtu") || appeared || vanished || changed("master_index") || changed("link_index") || changed("link_netnsid") ||
		changed("info_slave_kind") || changed("info_slave_data") || bridge && (changed("address") || changed("info_data")), "link", 0)
	// IPv6 addresses that are kept when a link goes down turn tentative, and one
	// that the link gets when it comes up is announced only once it is not.
	add(stays && (down || up), "address", index)
	add(vanished || down || noCarrier, "nexthop", index)
	// A route also takes its MTU from the link, and its dead hops revive.
	add(vanished || down || stays && up || noCarrier || stays && changed("mtu"), "route", index)
	return doubts
}

// linkHintGroups are the groups of what linkHints reads.
var linkHintGroups = []uint32{unix.RTNLGRP_TC, unix.RTNLGRP_IPV6_IFINFO, unix.RTNLGRP_IPV4_NETCONF, unix.RTNLGRP_IPV6_NETCONF}

// linkHints reads messages that tell of one aspect of a link: the settings
// that IPv4 and IPv6 keep for it, its root queueing discipline, its place in a
// bridge.
var linkHints = map[uint16]func(body []byte) []Doubt{
	unix.RTM_NEWLINK:    aspectOfLink,
	unix.RTM_DELLINK:    aspectOfLink,
	unix.RTM_NEWNETCONF: func([]byte) []Doubt { return []Doubt{{Kind: "link"}} },
	unix.RTM_NEWQDISC:   rootQdisc,
	unix.RTM_DELQDISC:   rootQdisc,
}

// aspectOfLink reads struct ifinfomsg of a message of one address family.
// That of IPv6 is sent for each router advertisement, which also changes the
// routes it has brought.
func aspectOfLink(body []byte) []Doubt {
	switch {
	case len(body) < unix.SizeofIfInfomsg:
		return nil
	case body[0] == unix.AF_BRIDGE:
		return []Doubt{{Kind: "link"}}
	case body[0] == unix.AF_INET6:
		return []Doubt{{Kind: "link"}, {"route", int64(binary.NativeEndian.Uint32(body[4:]))}}
	}
	return nil
}

// rootQdisc reads struct tcmsg of linux/rtnetlink.h.
func rootQdisc(body []byte) []Doubt {
	const size, parent, root = 20, 12, 0xffffffff // TC_H_ROOT
	if len(body) < size || binary.NativeEndian.Uint32(body[parent:]) != root {
		return nil
	}
	return []Doubt{{Kind: "link"}}
}

// linkState is the state of a link at one time, nil when there was none.
type linkState struct {
	kind  *Kind
	state Row
}

func (s linkState) value(column string) any {
	if s.state == nil {
		return nil
	}
	return s.kind.StateValue(s.state, column)
}

func (s linkState) flag(name string) bool {
	flags, _ := s.value("flags").(string)
	return strings.Contains(flags, `"`+name+`"`)
}
