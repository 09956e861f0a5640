package rtnl

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Rule is an entry of the routing policy database, as in ip-rule(8); the
// layout is that of linux/fib_rules.h. A rule has no values beside those that
// identify it, and nothing forbids adding the same one twice.
var Rule = define(Kind{
	Name: "rule", Number: 6,
	New: unix.RTM_NEWRULE, Del: unix.RTM_DELRULE, Get: unix.RTM_GETRULE,
	Groups: []uint32{unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV6_RULE},
	Dumps:  perFamily(unix.SizeofRtMsg),
	Key: []string{"family", "priority", "invert", "src", "srclen", "dst", "dstlen", "tos", "dscp", "dscp_mask", "fwmark", "fwmask",
		"iif", "oif", "l3mdev", "uid_start", "uid_end", "ipproto", "sport_start", "sport_end", "sport_mask",
		"dport_start", "dport_end", "dport_mask", "tun_id", "flowlabel", "flowlabel_mask", "action", "goto", "table_id", "protocol",
		"suppress_prefixlen", "suppress_ifgroup", "flow_from", "flow_to"},

	Size: unix.SizeofRtMsg, // struct fib_rule_hdr is laid out like struct rtmsg
	Header: []Field{
		{"family", 0, 1, enum(u8, families)},
		{"src", 0, 0, always("all")},
		{"dst", 0, 0, always("all")},
		{"dstlen", 1, 1, u8},
		{"srclen", 2, 1, u8},
		{"tos", 3, 1, u8},
		{"table_id", 4, 1, u8}, // FRA_TABLE overrides it
		{"action", 7, 1, enum(u8, ruleActions)},
		{"invert", 8, 4, ruleInvert},
		{"priority", 0, 0, always(int64(0))}, // the kernel leaves out FRA_PRIORITY 0
	},
	Attrs: []Attr{
		unix.FRA_DST:                {Column: "dst", Read: ip},
		unix.FRA_SRC:                {Column: "src", Read: ip},
		unix.FRA_IIFNAME:            {Column: "iif", Read: text},
		unix.FRA_GOTO:               {Column: "goto", Read: u32},
		unix.FRA_PRIORITY:           {Column: "priority", Read: u32},
		unix.FRA_FWMARK:             {Column: "fwmark", Read: hexadecimal},
		unix.FRA_FLOW:               {Struct: []Field{{"flow_from", 0, 4, nonzero(high16)}, {"flow_to", 0, 4, low16}}},
		unix.FRA_TUN_ID:             {Column: "tun_id", Read: be64},
		unix.FRA_SUPPRESS_IFGROUP:   {Column: "suppress_ifgroup", Read: u32OrNone},
		unix.FRA_SUPPRESS_PREFIXLEN: {Column: "suppress_prefixlen", Read: u32OrNone},
		unix.FRA_TABLE:              {Column: "table_id", Read: u32},
		unix.FRA_FWMASK:             {Column: "fwmask", Read: hexadecimal},
		unix.FRA_OIFNAME:            {Column: "oif", Read: text},
		unix.FRA_PAD:                {Read: skip},
		unix.FRA_L3MDEV:             {Column: "l3mdev", Read: u8},
		unix.FRA_UID_RANGE:          {Struct: []Field{{"uid_start", 0, 4, u32}, {"uid_end", 4, 4, u32}}},
		unix.FRA_PROTOCOL:           {Column: "protocol", Read: enum(u8, protocols)},
		unix.FRA_IP_PROTO:           {Column: "ipproto", Read: enum(u8, ipProtocols)},
		unix.FRA_SPORT_RANGE:        {Struct: []Field{{"sport_start", 0, 2, u16}, {"sport_end", 2, 2, u16}}},
		unix.FRA_DPORT_RANGE:        {Struct: []Field{{"dport_start", 0, 2, u16}, {"dport_end", 2, 2, u16}}},
		fraDSCP:                     {Column: "dscp", Read: u8},
		fraFlowlabel:                {Column: "flowlabel", Read: be32},
		fraFlowlabelMask:            {Column: "flowlabel_mask", Read: be32},
		fraSportMask:                {Column: "sport_mask", Read: u16},
		fraDportMask:                {Column: "dport_mask", Read: u16},
		fraDSCPMask:                 {Column: "dscp_mask", Read: u8},
	},
	Contents: plainly(map[string]Content{"src": IPAddress, "dst": IPAddress, "iif": LinkName, "oif": LinkName},
		"fwmark", "fwmask", "ipproto", "action", "protocol"),
	Lengths: map[string]string{"src": "srclen", "dst": "dstlen"},
	About:   inetFamily,
	Slots:   &Slots{Place: placeRule, Multiset: true},
})

// Attributes newer than x/sys/unix, from linux/fib_rules.h of Linux 6.18.
const (
	fraDSCP          = 25
	fraFlowlabel     = 26
	fraFlowlabelMask = 27
	fraSportMask     = 28
	fraDportMask     = 29
	fraDSCPMask      = 30
)

// ruleActions are FR_ACT_* of linux/fib_rules.h, named as ip(8) does.
var ruleActions = names{0: "unspec", 1: "to_tbl", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}

// ruleInvert reads FIB_RULE_INVERT. The other flags follow from what exists
// elsewhere: whether the target of a goto or the interface of a selector does.
func ruleInvert(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if err != nil {
		return nil, err
	}
	return v.(int64) >> 1 & 1, nil
}

// u32OrNone reads a number of which all bits set mean that there is none.
func u32OrNone(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if v == forever {
		return nil, err
	}
	return v, err
}

// placeRule keeps rules as the multiset they are: a rule that is there already
// is there once more, unless the notification only repeats what a dump showed.
func placeRule(k *Kind, held []Element, n Notification) []Element {
	switch {
	case !n.Deleted && n.Replayed && len(held) > 0:
		return held
	case !n.Deleted:
		return append(slices.Clone(held), Element{k.newPosition(held, n.State), n.State})
	case len(held) > 0:
		return without(held, len(held)-1)
	default:
		return held
	}
}
