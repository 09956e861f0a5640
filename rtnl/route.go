package rtnl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Route is an entry of the routing tables, as in ip-route(8); the layout is
// that of linux/rtnetlink.h. The hops of a route that uses a nexthop object
// are that object's, not the route's: they are found when asked.
var Route = define(Kind{
	Name: "route", Number: 4,
	New: unix.RTM_NEWROUTE, Del: unix.RTM_DELROUTE, Get: unix.RTM_GETROUTE,
	Groups:   []uint32{unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_IPV6_PREFIX, unix.RTNLGRP_ND_USEROPT},
	Dumps:    perFamily(unix.SizeofRtMsg),
	Over:     routesOver,
	Key:      []string{"family", "table_id", "dst", "src", "tos", "metric"},
	Volatile: []string{"expires"},

	Size: unix.SizeofRtMsg,
	Header: []Field{
		{"family", 0, 1, enum(u8, families)},
		{"dst", 0, 0, always("default")}, // the kernel leaves out RTA_DST of length 0
		{"tos", 3, 1, u8},
		{"table_id", 4, 1, u8}, // RTA_TABLE overrides it
		{"protocol", 5, 1, enum(u8, protocols)},
		{"scope", 6, 1, enum(u8, scopes)},
		{"type", 7, 1, enum(u8, routeTypes)},
		{"flags", 8, 4, flags(u32, rtnhFromLink, routeFlags)},
		{"metric", 0, 0, always(int64(0))}, // the kernel leaves out RTA_PRIORITY 0
		{"src", 0, 0, always("")},
	},
	Attrs: []Attr{
		unix.RTA_DST:       {Column: "dst", Read: prefix(1)},
		unix.RTA_SRC:       {Column: "src", Read: prefix(2)},
		unix.RTA_IIF:       {Column: "iif", Read: u32},
		unix.RTA_OIF:       {Column: "oif", Read: u32},
		unix.RTA_GATEWAY:   {Column: "gateway", Read: ip},
		unix.RTA_PRIORITY:  {Column: "metric", Read: u32},
		unix.RTA_PREFSRC:   {Column: "prefsrc", Read: ip},
		unix.RTA_METRICS:   {Column: "metrics", Read: metrics},
		unix.RTA_MULTIPATH: {Column: "nexthops", Read: nexthops},
		unix.RTA_FLOW:      {Struct: []Field{{"flow_from", 0, 4, nonzero(high16)}, {"flow_to", 0, 4, low16}}},
		unix.RTA_CACHEINFO: {Struct: []Field{
			// Reference count and time of last use are no state.
			{"expires", 8, 4, expires},
			{"error", 12, 4, routeError},
		}},
		unix.RTA_TABLE:         {Column: "table_id", Read: u32},
		unix.RTA_MARK:          {Column: "mark", Read: hexadecimal},
		unix.RTA_MFC_STATS:     {Read: skip}, // counters
		unix.RTA_VIA:           {Column: "via", Read: via},
		unix.RTA_NEWDST:        {Column: "newdst", Read: raw},
		unix.RTA_PREF:          {Column: "pref", Read: enum(u8, names{0: "medium", 1: "high", 3: "low"})},
		unix.RTA_ENCAP_TYPE:    {Column: "encap", Read: encapType},
		unix.RTA_ENCAP:         {Column: "encap", Read: encapData},
		unix.RTA_EXPIRES:       {Read: skip}, // age of a multicast route
		unix.RTA_PAD:           {Read: skip},
		unix.RTA_UID:           {Read: skip}, // repeats the request
		unix.RTA_TTL_PROPAGATE: {Column: "ttl_propagate", Read: u8},
		unix.RTA_IP_PROTO:      {Read: skip}, // repeats the request, as the next two
		unix.RTA_SPORT:         {Read: skip},
		unix.RTA_DPORT:         {Read: skip},
		rtaNHID:                {Column: "nhid", Read: u32},
		rtaFlowlabel:           {Column: "flowlabel", Read: be32},
	},
	Contents: plainly(map[string]Content{"dst": IPAddress, "src": IPAddress, "prefsrc": IPAddress, "gateway": IPAddress,
		"via": Structured, "nexthops": Structured, "encap": Structured, "newdst": Digits},
		"type", "protocol", "scope", "flags", "metrics", "pref", "mark"),
	// A cloned route is a cached exception or the answer to a query.
	About: func(header []byte) bool {
		return inetFamily(header) && binary.NativeEndian.Uint32(header[8:])&unix.RTM_F_CLONED == 0
	},
	Finish: finishRoute,
	Slots:  &Slots{Place: placeRoute, Ordered: func(key Row) bool { return key[0] == "inet" }, Wish: wishRoute},
	Refs:   routeRefs,
	Hints:  map[uint16]func([]byte) []Doubt{unix.RTM_NEWPREFIX: routerSpoke, unix.RTM_NEWNDUSEROPT: routerSpoke},
	Doubts: routeDoubts,
})

// Attributes newer than x/sys/unix, from linux/rtnetlink.h of Linux 6.18.
const (
	rtaNHID      = 30
	rtaFlowlabel = 31
)

// routeTypes are RTN_*.
var routeTypes = names{0: "none", 1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast",
	6: "blackhole", 7: "unreachable", 8: "prohibit", 9: "throw", 10: "nat", 11: "xresolve"}

// routeFlags are RTNH_F_* of the only hop and RTM_F_* of the route, in one word.
var routeFlags = append(append([]flag{}, nextHopFlags...),
	flag{rtmOffload, "rt_offload"}, flag{rtmTrap, "rt_trap"}, flag{rtmOffloadFailed, "rt_offload_failed"})

const (
	rtmOffload       = 0x4000     // RTM_F_OFFLOAD
	rtmTrap          = 0x8000     // RTM_F_TRAP
	rtmOffloadFailed = 0x20000000 // RTM_F_OFFLOAD_FAILED
	rtmOfHop         = 0xff       // the bits of rtm_flags that are RTNH_F_*
)

// metrics reads RTAX_*, in the shape of ip(8): an array of one object.
func metrics(m *message, b []byte) (any, error) {
	v, err := nested(metricNames)(m, b)
	if err != nil {
		return nil, err
	}
	return array([]any{v}), nil
}

var metricNames = []Attr{
	unix.RTAX_LOCK:               {Column: "lock", Read: metricLocks},
	unix.RTAX_MTU:                {Column: "mtu", Read: u32},
	unix.RTAX_WINDOW:             {Column: "window", Read: u32},
	unix.RTAX_RTT:                {Column: "rtt", Read: divided(8)},
	unix.RTAX_RTTVAR:             {Column: "rttvar", Read: divided(4)},
	unix.RTAX_SSTHRESH:           {Column: "ssthresh", Read: u32},
	unix.RTAX_CWND:               {Column: "cwnd", Read: u32},
	unix.RTAX_ADVMSS:             {Column: "advmss", Read: u32},
	unix.RTAX_REORDERING:         {Column: "reordering", Read: u32},
	unix.RTAX_HOPLIMIT:           {Column: "hoplimit", Read: u32},
	unix.RTAX_INITCWND:           {Column: "initcwnd", Read: u32},
	unix.RTAX_FEATURES:           {Column: "features", Read: flags(u32, 0, []flag{{1, "ecn"}, {2, "sack"}, {4, "timestamp"}, {8, "allfrag"}, {16, "tcp_usec_ts"}})},
	unix.RTAX_RTO_MIN:            {Column: "rto_min", Read: u32},
	unix.RTAX_INITRWND:           {Column: "initrwnd", Read: u32},
	unix.RTAX_QUICKACK:           {Column: "quickack", Read: u32},
	unix.RTAX_CC_ALGO:            {Column: "congestion", Read: text},
	unix.RTAX_FASTOPEN_NO_COOKIE: {Column: "fastopen_no_cookie", Read: u32},
}

// metricLocks reads the set of metrics that path MTU discovery and TCP may not
// change, as the array of their names.
func metricLocks(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if err != nil {
		return nil, err
	}
	if v == int64(0) {
		return nil, nil
	}
	return flagNames(v.(int64), []flag{
		{1 << unix.RTAX_MTU, "mtu"}, {1 << unix.RTAX_WINDOW, "window"}, {1 << unix.RTAX_RTT, "rtt"},
		{1 << unix.RTAX_RTTVAR, "rttvar"}, {1 << unix.RTAX_SSTHRESH, "ssthresh"}, {1 << unix.RTAX_CWND, "cwnd"},
		{1 << unix.RTAX_ADVMSS, "advmss"}, {1 << unix.RTAX_REORDERING, "reordering"},
		{1 << unix.RTAX_HOPLIMIT, "hoplimit"}, {1 << unix.RTAX_RTO_MIN, "rto_min"},
	}), nil
}

// divided reads a number that the kernel keeps scaled.
func divided(by int64) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := u32(m, b)
		if err != nil {
			return nil, err
		}
		return v.(int64) / by, nil
	}
}

// expires reads the lifetime left, a clock_t, in seconds; 0 is none.
func expires(m *message, b []byte) (any, error) {
	v, err := s32(m, b)
	if err != nil || v == int64(0) {
		return nil, err
	}
	return v.(int64) / 100, nil
}

// routeError reads an errno, negative; 0 is none.
func routeError(m *message, b []byte) (any, error) {
	v, err := s32(m, b)
	if err != nil || v == int64(0) {
		return nil, err
	}
	return v, nil
}

// finishRoute takes away what belongs to the nexthop object a route uses, and
// keeps that a route is down where that does not follow from its links: of an
// only hop as hopFlags says, and of several when the last of them went down
// alone, or all were down from the beginning (fib_sync_down_dev() and
// fib_create_info() of net/ipv4/fib_semantics.c).
func finishRoute(m *message) error {
	bits := int64(binary.NativeEndian.Uint32(m.header[8:]))
	if m.get("nhid") == nil {
		if bits&unix.RTNH_F_LINKDOWN != 0 && (m.get("via") != nil || variousHops(m)) {
			m.set("flags", string(flagNames(bits&^unix.RTNH_F_DEAD, routeFlags)))
		}
		return nil
	}
	for _, column := range []string{"oif", "gateway", "via", "nexthops", "encap"} {
		m.set(column, nil)
	}
	m.set("flags", string(flagNames(bits&^rtmOfHop, routeFlags)))
	return nil
}
