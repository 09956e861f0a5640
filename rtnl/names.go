package rtnl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Names that several kinds share, spelled as ip(8) spells them.

// families are the address families of the objects recorded.
var families = names{unix.AF_UNSPEC: "unspec", unix.AF_INET: "inet", unix.AF_INET6: "inet6", unix.AF_BRIDGE: "bridge", unix.AF_MPLS: "mpls"}

// inetFamily reports whether a message's first octet, its family, is IPv4 or
// IPv6. The same types carry multicast routes, rules of the multicast routing
// tables (families 128 and 129) and MPLS.
func inetFamily(header []byte) bool {
	return header[0] == unix.AF_INET || header[0] == unix.AF_INET6
}

// perFamily returns the two dump requests for IPv4 and for IPv6 of a header of
// size octets that begins with the family.
func perFamily(size int) [][]byte {
	v4, v6 := make([]byte, size), make([]byte, size)
	v4[0], v6[0] = unix.AF_INET, unix.AF_INET6
	return [][]byte{v4, v6}
}

// appendU32 appends an attribute of 32 bits to the body of a request.
func appendU32(body []byte, attribute uint16, v int64) []byte {
	const header = 4
	body = binary.NativeEndian.AppendUint16(body, header+4)
	body = binary.NativeEndian.AppendUint16(body, attribute)
	return binary.NativeEndian.AppendUint32(body, uint32(v))
}

// protocols are RTPROT_* of linux/rtnetlink.h.
var protocols = names{
	0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 10: "mrt", 11: "zebra",
	12: "bird", 13: "dnrouted", 14: "xorp", 15: "ntk", 16: "dhcp", 18: "keepalived", 42: "babel", 99: "openr",
	186: "bgp", 187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
}

// tableNames are RT_TABLE_* of linux/rtnetlink.h.
var tableNames = names{253: "default", 254: "main", 255: "local"}

// scopes are RT_SCOPE_* of linux/rtnetlink.h.
var scopes = names{0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}

// nextHopFlags are RTNH_F_* of linux/rtnetlink.h, in the order of ip(8). That a
// link has no carrier is no state of a hop, see hopFlags.
var nextHopFlags = []flag{
	{unix.RTNH_F_DEAD, "dead"},
	{unix.RTNH_F_ONLINK, "onlink"},
	{unix.RTNH_F_PERVASIVE, "pervasive"},
	{unix.RTNH_F_OFFLOAD, "offload"},
	{rtnhTrap, "trap"},
	{unix.RTM_F_NOTIFY, "notify"}, // of a route
	{unix.RTNH_F_LINKDOWN, "linkdown"},
	{unix.RTNH_F_UNRESOLVED, "unresolved"},
}

const (
	rtnhTrap     = 64 // RTNH_F_TRAP
	rtnhFromLink = unix.RTNH_F_DEAD | unix.RTNH_F_LINKDOWN
)

// ipProtocols are the commoner names of the IANA registry of protocol numbers.
var ipProtocols = names{1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 50: "esp", 51: "ah",
	58: "ipv6-icmp", 89: "ospf", 103: "pim", 112: "vrrp", 115: "l2tp", 132: "sctp", 136: "udplite"}
