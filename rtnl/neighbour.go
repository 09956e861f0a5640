package rtnl

import "golang.org/x/sys/unix"

// Neighbour is an entry of the ARP or NDP table of a link, as in
// ip-neighbour(8); the layout is that of linux/neighbour.h. Proxy entries are
// another table, which the kernel does not announce, and are not recorded.
var Neighbour = define(Kind{
	Name: "neighbour", Number: 5,
	New: unix.RTM_NEWNEIGH, Del: unix.RTM_DELNEIGH, Get: unix.RTM_GETNEIGH,
	Groups: []uint32{unix.RTNLGRP_NEIGH},
	Dumps:  perFamily(unix.SizeofNdMsg),
	Key:    []string{"family", "ifindex", "dst"},

	Size: unix.SizeofNdMsg,
	Header: []Field{
		{"family", 0, 1, enum(u8, families)},
		{"ifindex", 4, 4, s32},
		{"state", 8, 2, flags(u16, 0, neighbourStates)},
		{"flags", 10, 1, flags(u8, 0, neighbourFlags)},
		{"type", 11, 1, enum(u8, routeTypes)},
	},
	Attrs: []Attr{
		unix.NDA_DST:          {Column: "dst", Read: ip},
		unix.NDA_LLADDR:       {Column: "lladdr", Read: mac},
		unix.NDA_CACHEINFO:    {Read: skip}, // ages
		unix.NDA_PROBES:       {Read: skip}, // a counter
		unix.NDA_VLAN:         {Column: "vlan", Read: u16},
		unix.NDA_PORT:         {Column: "port", Read: be16},
		unix.NDA_VNI:          {Column: "vni", Read: u32},
		unix.NDA_IFINDEX:      {Column: "via_index", Read: u32},
		unix.NDA_MASTER:       {Column: "master_index", Read: u32},
		unix.NDA_LINK_NETNSID: {Column: "link_netnsid", Read: s32},
		unix.NDA_SRC_VNI:      {Column: "src_vni", Read: u32},
		ndaProtocol:           {Column: "protocol", Read: enum(u8, protocols)},
		ndaNHID:               {Column: "nhid", Read: u32},
		ndaFlagsExt:           {Column: "flags_ext", Read: flags(u32, 0, neighbourFlagsExt)},
	},
	Contents: plainly(map[string]Content{"dst": IPAddress, "lladdr": LinkLayer, "via": LinkName}, "state", "flags", "flags_ext", "protocol", "type"),
	About:    func(header []byte) bool { return inetFamily(header) && header[10]&unix.NTF_PROXY == 0 },
	CountsAs: neighbourCountsAs,
})

// Attributes newer than x/sys/unix, from linux/neighbour.h.
const (
	ndaProtocol = 12
	ndaNHID     = 13
	ndaFlagsExt = 15
	ntfSticky   = 0x40 // NTF_STICKY
)

// neighbourCountsAs: the kernel announces what has come of asking for a
// neighbour, not that it asks. One that waits for the first answer is not there
// yet, one that waits for another is still unreachable, and one whose answer
// was a while ago is stale until it fails to confirm it. What needs no asking
// (NUD_NOARP: multicast, loopback) is hidden by ip(8) too.
func neighbourCountsAs(k *Kind, known bool, state Row) Row {
	switch k.StateValue(state, "state") {
	case `["NOARP"]`, `[]`:
		return nil
	case `["INCOMPLETE"]`:
		if !known {
			return nil
		}
		return k.With(state, "state", `["FAILED"]`)
	case `["DELAY"]`:
		return k.With(state, "state", `["STALE"]`)
	}
	return state
}

// neighbourStates are NUD_*.
var neighbourStates = []flag{
	{unix.NUD_INCOMPLETE, "INCOMPLETE"}, {unix.NUD_REACHABLE, "REACHABLE"}, {unix.NUD_STALE, "STALE"},
	{unix.NUD_DELAY, "DELAY"}, {unix.NUD_PROBE, "PROBE"}, {unix.NUD_FAILED, "FAILED"},
	{unix.NUD_NOARP, "NOARP"}, {unix.NUD_PERMANENT, "PERMANENT"},
}

// neighbourFlags are NTF_*, neighbourFlagsExt are NTF_EXT_*.
var (
	neighbourFlags = []flag{
		{unix.NTF_USE, "use"}, {unix.NTF_SELF, "self"}, {unix.NTF_MASTER, "master"}, {unix.NTF_ROUTER, "router"},
		{unix.NTF_EXT_LEARNED, "extern_learn"}, {unix.NTF_OFFLOADED, "offload"}, {ntfSticky, "sticky"},
	}
	neighbourFlagsExt = []flag{{1, "managed"}, {2, "locked"}, {4, "extern_valid"}}
)
