package rtnl

// Tunnels over IP: IFLA_GRE_*, IFLA_IPTUN_* and IFLA_VTI_* of
// linux/if_tunnel.h. IPv4 and IPv6 tunnels share their numbers and little else.

// greInfo are the attributes of gre, gretap and erspan.
var greInfo = []Attr{
	1:  {Column: "link_index", Read: nonzero(u32)},
	2:  fields(greFlags("iseq", "icsum", "iflags")...),
	3:  fields(greFlags("oseq", "ocsum", "oflags")...),
	4:  {Column: "ikey", Read: whenZero(nil, ip)}, // written as an address
	5:  {Column: "okey", Read: whenZero(nil, ip)},
	6:  {Column: "local", Read: whenZero("any", ip)},
	7:  {Column: "remote", Read: whenZero("any", ip)},
	8:  {Column: "ttl", Read: u8},
	9:  {Column: "tos", Read: cHex(nonzero(u8))},
	10: {Column: "pmtudisc", Read: boolean},
	14: {Column: "encap_type", Read: tunnelEncap},
	15: {Column: "encap_flags", Read: unlessEmptyArray(flags(u16, 0, tunnelEncapFlags))},
	16: {Column: "encap_sport", Read: nonzero(be16)},
	17: {Column: "encap_dport", Read: nonzero(be16)},
	18: {Column: "external", Read: isSet},
	19: {Column: "ignore_df", Read: ifTrue},
	20: {Column: "fwmark", Read: cHex(nonzero(u32))},
	21: {Column: "erspan_index", Read: u32},
	22: {Column: "erspan_ver", Read: u8},
	23: {Column: "erspan_dir", Read: enum(u8, names{0: "ingress", 1: "egress"})},
	24: {Column: "erspan_hwid", Read: cHex(u16)},
}

// gre6Info are the attributes of ip6gre, ip6gretap and ip6erspan.
var gre6Info = []Attr{
	1: greInfo[1], 2: greInfo[2], 3: greInfo[3], 4: greInfo[4], 5: greInfo[5], 6: greInfo[6], 7: greInfo[7], 8: greInfo[8],
	11: {Column: "encap_limit", Read: u8},
	12: fields(flowInfo...),
	13: fields(ip6tnlFlags...),
	14: greInfo[14], 15: greInfo[15], 16: greInfo[16], 17: greInfo[17], 18: greInfo[18], 20: greInfo[20],
	21: greInfo[21], 22: greInfo[22], 23: greInfo[23], 24: greInfo[24],
}

// greFlags are GRE_* of linux/if_tunnel.h, for one direction. All of them
// follow the two that have names, for a key may be there and be zero.
func greFlags(seq, csum, all string) []Field {
	return []Field{{seq, 0, 2, bit(be16, 0x1000)}, {csum, 0, 2, bit(be16, 0x8000)}, {all, 0, 2, cHex(nonzero(be16))}}
}

// iptunInfo are the attributes of ipip and sit.
var iptunInfo = []Attr{
	1:  {Column: "link_index", Read: nonzero(u32)},
	2:  {Column: "local", Read: whenZero("any", ip)},
	3:  {Column: "remote", Read: whenZero("any", ip)},
	4:  {Column: "ttl", Read: u8},
	5:  {Column: "tos", Read: cHex(nonzero(u8))},
	8:  fields(Field{"isatap", 0, 2, bit(u16, 1)}), // SIT_ISATAP
	9:  {Column: "proto", Read: enum(u8, names{0: "any", 4: "ipip", 41: "ip6ip", 137: "mplsip"})},
	10: {Column: "pmtudisc", Read: boolean},
	// 6rd: a prefix of length zero is none.
	11: {Column: "prefix", Read: whenZero(nil, ip)},
	12: {Column: "relay_prefix", Read: whenZero(nil, ip)},
	13: {Column: "prefixlen", Read: nonzero(u16)},
	14: {Column: "relay_prefixlen", Read: nonzero(u16)},
	15: {Column: "encap_type", Read: tunnelEncap},
	16: {Column: "encap_flags", Read: unlessEmptyArray(flags(u16, 0, tunnelEncapFlags))},
	17: {Column: "encap_sport", Read: nonzero(be16)},
	18: {Column: "encap_dport", Read: nonzero(be16)},
	19: {Column: "external", Read: isSet},
	20: {Column: "fwmark", Read: cHex(nonzero(u32))},
}

// ip6tnlInfo are the attributes of ip6tnl.
var ip6tnlInfo = []Attr{
	1:  iptunInfo[1],
	2:  {Column: "local", Read: ip},
	3:  {Column: "remote", Read: ip},
	4:  iptunInfo[4],
	6:  {Column: "encap_limit", Read: u8},
	7:  fields(flowInfo...),
	8:  fields(ip6tnlFlags...),
	9:  {Column: "proto", Read: enum(u8, names{0: "any", 4: "ipip6", 41: "ip6ip6"})},
	15: iptunInfo[15], 16: iptunInfo[16], 17: iptunInfo[17], 18: iptunInfo[18], 19: iptunInfo[19], 20: iptunInfo[20],
}

// vtiInfo are the attributes of vti and vti6.
var vtiInfo = []Attr{
	1: {Column: "link_index", Read: nonzero(u32)},
	2: {Column: "ikey", Read: whenZero(nil, ip)}, // written as an address
	3: {Column: "okey", Read: whenZero(nil, ip)},
	4: {Column: "local", Read: whenZero("any", ip)},
	5: {Column: "remote", Read: whenZero("any", ip)},
	6: {Column: "fwmark", Read: cHex(nonzero(u32))},
}

// flowInfo is the first word of an IPv6 header.
var flowInfo = []Field{
	{"tclass", 0, 4, formatted(masked(be32, 0x0ff00000, 20), "0x%02x")},
	{"flowlabel", 0, 4, formatted(masked(be32, 0x000fffff, 0), "0x%05x")},
}

// ip6tnlFlags are IP6_TNL_F_* of linux/ip6_tunnel.h. The bits above them say
// what the kernel makes of the addresses.
var ip6tnlFlags = []Field{
	{"ip6_tnl_f_ign_encap_limit", 0, 4, bit(u32, 0x01)},
	{"ip6_tnl_f_use_orig_tclass", 0, 4, bit(u32, 0x02)},
	{"ip6_tnl_f_use_orig_flowlabel", 0, 4, bit(u32, 0x04)},
	{"ip6_tnl_f_mip6_dev", 0, 4, bit(u32, 0x08)},
	{"ip6_tnl_f_rcv_dscp_copy", 0, 4, bit(u32, 0x10)},
	{"ip6_tnl_f_use_orig_fwmark", 0, 4, bit(u32, 0x20)},
	{"ip6_tnl_f_allow_local_remote", 0, 4, bit(u32, 0x40)},
}

// tunnelEncap reads TUNNEL_ENCAP_*, of which zero is none.
func tunnelEncap(m *message, b []byte) (any, error) {
	v, err := u16(m, b)
	if err != nil || v == int64(0) {
		return nil, err
	}
	return names{1: "fou", 2: "gue", 3: "mpls"}.of(v.(int64)), nil
}

// tunnelEncapFlags are TUNNEL_ENCAP_FLAG_*.
var tunnelEncapFlags = []flag{{1, "csum"}, {2, "csum6"}, {4, "remcsum"}}

// unlessEmptyArray reads a list, and nothing where it has no elements.
func unlessEmptyArray(read reader) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := read(m, b)
		if v == jsonText("[]") {
			return nil, err
		}
		return v, err
	}
}
