package rtnl

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Link is a network device, as in ip-link(8); the layout is that of struct
// ifinfomsg in linux/rtnetlink.h and IFLA_* in linux/if_link.h.
//
// Indexes of other links are kept as such, under names that end in _index;
// what those links are called is a question for the one who asks.
var Link = define(Kind{
	Name: "link", Number: 1,
	New: unix.RTM_NEWLINK, Del: unix.RTM_DELLINK, Get: unix.RTM_GETLINK,
	Groups: append([]uint32{unix.RTNLGRP_LINK}, linkHintGroups...),
	Dumps:  [][]byte{linkDump()},
	Key:    []string{"ifindex"},

	Size: unix.SizeofIfInfomsg,
	Header: []Field{
		{"ifindex", 4, 4, s32},
		{"flags", 8, 4, linkFlags},
		{"link_type", 2, 2, enum(u16, linkTypes)},
		{"inet6_addr_gen_mode", 0, 0, always(nil)}, // set by addrGenMode
	},
	Attrs: []Attr{
		unix.IFLA_ADDRESS:             {Column: "address", Read: lladdr},
		unix.IFLA_BROADCAST:           {Column: "broadcast", Read: lladdr},
		unix.IFLA_IFNAME:              {Column: "ifname", Read: text},
		unix.IFLA_MTU:                 {Column: "mtu", Read: u32},
		unix.IFLA_LINK:                {Column: "link_index", Read: nonzero(u32)},
		unix.IFLA_QDISC:               {Column: "qdisc", Read: text},
		unix.IFLA_STATS:               {Read: skip},
		unix.IFLA_MASTER:              {Column: "master_index", Read: nonzero(u32)},
		unix.IFLA_WIRELESS:            {Read: wirelessEvent},
		unix.IFLA_TXQLEN:              {Column: "txqlen", Read: u32},
		unix.IFLA_MAP:                 {Column: "map", Read: unlessEmpty(structure(linkMap))},
		unix.IFLA_OPERSTATE:           {Column: "operstate", Read: enum(u8, operStates)},
		unix.IFLA_LINKMODE:            {Column: "linkmode", Read: enum(u8, linkModes)},
		unix.IFLA_LINKINFO:            {Nested: linkInfo},
		unix.IFLA_IFALIAS:             {Column: "ifalias", Read: text},
		unix.IFLA_NUM_VF:              {Column: "num_vf", Read: u32},
		unix.IFLA_VFINFO_LIST:         {Column: "vfinfo_list", Read: list(flat(virtualFunction))},
		unix.IFLA_STATS64:             {Read: skip},
		unix.IFLA_AF_SPEC:             {Column: "af_spec", Read: unlessEmpty(nested(afSpec))},
		unix.IFLA_GROUP:               {Column: "link_group", Read: enum(u32, names{0: "default"})},
		unix.IFLA_EXT_MASK:            {Read: skip}, // repeats the request
		unix.IFLA_PROMISCUITY:         {Column: "promiscuity", Read: u32},
		unix.IFLA_NUM_TX_QUEUES:       {Column: "num_tx_queues", Read: u32},
		unix.IFLA_NUM_RX_QUEUES:       {Column: "num_rx_queues", Read: u32},
		unix.IFLA_CARRIER:             {Column: "carrier", Read: u8},
		unix.IFLA_PHYS_PORT_ID:        {Column: "phys_port_id", Read: raw},
		unix.IFLA_CARRIER_CHANGES:     {Read: skip}, // a counter
		unix.IFLA_PHYS_SWITCH_ID:      {Column: "phys_switch_id", Read: raw},
		unix.IFLA_LINK_NETNSID:        {Column: "link_netnsid", Read: s32},
		unix.IFLA_PHYS_PORT_NAME:      {Column: "phys_port_name", Read: text},
		unix.IFLA_PROTO_DOWN:          {Column: "proto_down", Read: u8},
		unix.IFLA_GSO_MAX_SEGS:        {Column: "gso_max_segs", Read: u32},
		unix.IFLA_GSO_MAX_SIZE:        {Column: "gso_max_size", Read: u32},
		unix.IFLA_PAD:                 {Read: skip},
		unix.IFLA_XDP:                 {Column: "xdp", Read: xdp},
		unix.IFLA_EVENT:               {Read: skip}, // says why the message was sent
		unix.IFLA_NEW_NETNSID:         {Read: skip}, // where a deleted link went
		unix.IFLA_TARGET_NETNSID:      {Read: skip}, // repeats the request
		unix.IFLA_CARRIER_UP_COUNT:    {Read: skip}, // a counter
		unix.IFLA_CARRIER_DOWN_COUNT:  {Read: skip}, // a counter
		unix.IFLA_NEW_IFINDEX:         {Read: skip}, // where a deleted link went
		unix.IFLA_MIN_MTU:             {Column: "min_mtu", Read: u32},
		unix.IFLA_MAX_MTU:             {Column: "max_mtu", Read: u32},
		unix.IFLA_PROP_LIST:           {Column: "altnames", Read: list(text)}, // of IFLA_ALT_IFNAME
		unix.IFLA_PERM_ADDRESS:        {Column: "permaddr", Read: lladdr},
		unix.IFLA_PROTO_DOWN_REASON:   {Nested: protoDownReason},
		unix.IFLA_PARENT_DEV_NAME:     {Column: "parentdev", Read: text},
		unix.IFLA_PARENT_DEV_BUS_NAME: {Column: "parentbus", Read: text},
		unix.IFLA_GRO_MAX_SIZE:        {Column: "gro_max_size", Read: u32},
		unix.IFLA_TSO_MAX_SIZE:        {Column: "tso_max_size", Read: u32},
		unix.IFLA_TSO_MAX_SEGS:        {Column: "tso_max_segs", Read: u32},
		unix.IFLA_ALLMULTI:            {Column: "allmulti", Read: u32},
		unix.IFLA_DEVLINK_PORT:        {Column: "devlink_port", Read: unlessEmpty(nested(devlinkPort))},
		unix.IFLA_GSO_IPV4_MAX_SIZE:   {Column: "gso_ipv4_max_size", Read: u32},
		unix.IFLA_GRO_IPV4_MAX_SIZE:   {Column: "gro_ipv4_max_size", Read: u32},
		unix.IFLA_DPLL_PIN:            {Column: "dpll_pin", Read: unlessEmpty(nested(dpllPin))},
		iflaMaxPacingOffloadHorizon:   {Column: "max_pacing_offload_horizon", Read: u32OrU64},
		iflaNetnsImmutable:            {Column: "netns_immutable", Read: u8},
		iflaHeadroom:                  {Column: "headroom", Read: u16},
		iflaTailroom:                  {Column: "tailroom", Read: u16},
	},
	About:  func(header []byte) bool { return header[0] == unix.AF_UNSPEC },
	Part:   bridgeView,
	Moved:  movedAway,
	Hints:  linkHints,
	Doubts: linkDoubts,

	Contents: plainly(map[string]Content{
		"ifname": LinkName, "altnames": LinkNames, "ifalias": FreeText,
		"address": LinkLayer, "broadcast": LinkLayer, "permaddr": LinkLayer,
		"phys_port_id": Digits, "phys_switch_id": Digits, "phys_port_name": FreeText, "parentdev": FreeText,
		"info_data": Structured, "info_slave_data": Structured, "af_spec": Structured, "vfinfo_list": Structured, "devlink_port": Structured,
	}, "flags", "qdisc", "operstate", "linkmode", "link_group", "link_type", "proto_down_reason", "parentbus", "info_kind", "info_slave_kind",
		"inet6_addr_gen_mode", "xdp", "map", "dpll_pin"),

	Mortal:  true, // an index may be given again, once its link is gone
	Another: anotherLink,
})

// Attributes newer than x/sys/unix, from linux/if_link.h of Linux 6.18.
const (
	iflaMaxPacingOffloadHorizon = 66
	iflaNetnsImmutable          = 67
	iflaHeadroom                = 68
	iflaTailroom                = 69
)

// linkDump returns the body of a dump request without statistics. It asks for
// nothing else that notifications leave out, virtual functions least of all.
func linkDump() []byte {
	const extSkipStats = 8 // RTEXT_FILTER_SKIP_STATS
	return appendU32(make([]byte, unix.SizeofIfInfomsg), unix.IFLA_EXT_MASK, extSkipStats)
}

// linkFlags reads IFF_* and names them as ip(8) does, which tells when RUNNING
// is missing and never that it is there.
func linkFlags(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if err != nil {
		return nil, err
	}
	bits := v.(int64)
	if bits&unix.IFF_UP != 0 && bits&unix.IFF_RUNNING == 0 {
		bits |= noCarrier
	}
	return flagNames(bits&^unix.IFF_RUNNING, linkFlagNames), nil
}

// wirelessEvent refuses a message that looks like a whole link but carries an
// event of the wireless extensions and a name: wireless_nlevent() of
// net/wireless/wext-core.c.
func wirelessEvent(*message, []byte) (any, error) {
	return nil, fmt.Errorf("wireless event: %w", ErrForeign)
}

// xdp reads IFLA_XDP_*, which the kernel sends even when no program is there.
func xdp(m *message, b []byte) (any, error) {
	v, err := nested([]Attr{
		unix.IFLA_XDP_ATTACHED:    {Column: "mode", Read: nonzero(u8)},
		unix.IFLA_XDP_FLAGS:       {Column: "flags", Read: u32},
		unix.IFLA_XDP_PROG_ID:     {Column: "prog_id", Read: u32},
		unix.IFLA_XDP_DRV_PROG_ID: {Column: "drv_prog_id", Read: u32},
		unix.IFLA_XDP_SKB_PROG_ID: {Column: "skb_prog_id", Read: u32},
		unix.IFLA_XDP_HW_PROG_ID:  {Column: "hw_prog_id", Read: u32},
	})(m, b)
	return emptyToNil(v), err
}

// linkMap is struct rtnl_link_ifmap.
var linkMap = []Field{
	{"mem_start", 0, 8, nonzero(u64)}, {"mem_end", 8, 8, nonzero(u64)}, {"base_addr", 16, 8, nonzero(u64)},
	{"irq", 24, 2, nonzero(u16)}, {"dma", 26, 1, nonzero(u8)}, {"port", 27, 1, nonzero(u8)},
}

// protoDownReason is IFLA_PROTO_DOWN_REASON_*; a mask only goes to the kernel.
var protoDownReason = []Attr{
	unix.IFLA_PROTO_DOWN_REASON_MASK:  {Read: skip},
	unix.IFLA_PROTO_DOWN_REASON_VALUE: {Column: "proto_down_reason", Read: bitNumbers},
}

// devlinkPort is DEVLINK_ATTR_* of linux/devlink.h, as far as
// devlink_nl_port_handle_fill() sends them.
var devlinkPort = []Attr{1: {Column: "bus_name", Read: text}, 2: {Column: "dev_name", Read: text}, 3: {Column: "port_index", Read: u32}}

// dpllPin is DPLL_A_PIN_* of linux/dpll.h.
var dpllPin = []Attr{1: {Column: "id", Read: u32}}

// virtualFunction is IFLA_VF_*, every one a struct that begins with the
// function's number.
var virtualFunction = []Attr{
	unix.IFLA_VF_MAC:          fields(Field{"vf", 0, 4, u32}, Field{"mac", 4, 6, mac}),
	unix.IFLA_VF_VLAN:         fields(Field{"vlan", 4, 4, nonzero(u32)}, Field{"qos", 8, 4, nonzero(u32)}),
	unix.IFLA_VF_TX_RATE:      fields(Field{"tx_rate", 4, 4, nonzero(u32)}),
	unix.IFLA_VF_SPOOFCHK:     fields(Field{"spoofchk", 4, 4, vfSetting}),
	unix.IFLA_VF_LINK_STATE:   fields(Field{"link_state", 4, 4, enum(u32, names{0: "auto", 1: "enable", 2: "disable"})}),
	unix.IFLA_VF_RATE:         fields(Field{"min_tx", 4, 4, u32}, Field{"max_tx", 8, 4, u32}),
	unix.IFLA_VF_RSS_QUERY_EN: fields(Field{"query_rss_en", 4, 4, vfSetting}),
	unix.IFLA_VF_STATS:        {Read: skip},
	unix.IFLA_VF_TRUST:        fields(Field{"trust", 4, 4, vfSetting}),
	unix.IFLA_VF_IB_NODE_GUID: fields(Field{"node_guid", 8, 8, raw}),
	unix.IFLA_VF_IB_PORT_GUID: fields(Field{"port_guid", 8, 8, raw}),
	unix.IFLA_VF_VLAN_LIST: {Column: "vlan_list", Read: list(structure([]Field{
		{"vlan", 4, 4, nonzero(u32)}, {"qos", 8, 4, nonzero(u32)}, {"protocol", 12, 2, enum(be16, vlanProtocols)}}))},
	unix.IFLA_VF_BROADCAST: {Column: "broadcast", Read: raw},
}

// vfSetting reads a switch, of which -1 says that the driver has none.
func vfSetting(m *message, b []byte) (any, error) {
	v, err := s32(m, b)
	if err != nil || v == int64(-1) {
		return nil, err
	}
	return truth(v != int64(0)), nil
}

// anotherLink tells by what no link ever changes.
func anotherLink(k *Kind, was, now Row) bool {
	for _, column := range []string{"info_kind", "permaddr", "parentdev"} {
		if k.StateValue(was, column) != k.StateValue(now, column) {
			return true
		}
	}
	return false
}

// movedAway looks for IFLA_NEW_NETNSID, which dev_change_net_namespace() of
// net/core/dev.c adds to the message.
func movedAway(body []byte) (moved bool) {
	if len(body) < unix.SizeofIfInfomsg {
		return false
	}
	_ = eachAttr(body[unix.SizeofIfInfomsg:], func(a attribute) error {
		moved = moved || a.number == unix.IFLA_NEW_NETNSID
		return nil
	})
	return moved
}
