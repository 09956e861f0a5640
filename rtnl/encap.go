package rtnl

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// encap is a lightweight tunnel on a route or next hop: a type that says how
// to read the data. The kernel sends the data first, so each of the two
// attributes reads what is known when it arrives.
type encap struct {
	kind int64 // LWTUNNEL_ENCAP_*; 0 until it is read
	data []byte
}

func encapType(m *message, b []byte) (any, error) {
	v, err := u16(m, b)
	if err != nil {
		return nil, err
	}
	m.encap.kind = v.(int64)
	return m.encap.json(m)
}

func encapData(m *message, b []byte) (any, error) {
	m.encap.data = b
	return m.encap.json(m)
}

// json returns {"encap": the type, and what the data says}.
func (e encap) json(m *message) (any, error) {
	o := object{}
	o.add("encap", encapTypes.of(e.kind))
	if e.data == nil || e.kind == 0 {
		return o.text(), nil
	}
	table, known := encapTables[e.kind]
	if !known {
		v, _ := raw(m, e.data)
		o.add("data", v)
		return o.text(), nil
	}
	data, err := flat(table)(m, e.data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", encapTypes.of(e.kind), err)
	}
	if body := data.(jsonText); body != "{}" {
		return o.text()[:len(o.text())-1] + "," + body[1:], nil
	}
	return o.text(), nil
}

// encapTypes are LWTUNNEL_ENCAP_* of linux/lwtunnel.h, named as ip(8) does.
var encapTypes = names{0: "none", 1: "mpls", 2: "ip", 3: "ila", 4: "ip6", 5: "seg6", 6: "bpf", 7: "seg6local",
	8: "rpl", 9: "ioam6", 10: "xfrm"}

// encapTables are the attributes of each type. The headers are, in order,
// linux/mpls_iptunnel.h, lwtunnel.h, ila.h, lwtunnel.h, seg6_iptunnel.h,
// lwtunnel.h, seg6_local.h, rpl_iptunnel.h, ioam6_iptunnel.h and lwtunnel.h.
var encapTables = map[int64][]Attr{
	1: {1: {Column: "dst", Read: mplsLabels}, 2: {Column: "ttl", Read: u8}},
	2: {
		1: {Column: "id", Read: be64}, 2: {Column: "dst", Read: ip}, 3: {Column: "src", Read: ip},
		4: {Column: "ttl", Read: u8}, 5: {Column: "tos", Read: u8}, 6: fields(tunnelFlags...),
		7: {Read: skip}, 8: {Column: "opts", Read: nested(encapOptions)},
	},
	3: {
		1: {Column: "locator", Read: raw}, 2: {Read: skip}, 3: {Column: "csum_mode", Read: u8},
		4: {Column: "ident_type", Read: u8}, 5: {Column: "hook_type", Read: u8},
	},
	4: {
		1: {Column: "id", Read: be64}, 2: {Column: "dst", Read: ip}, 3: {Column: "src", Read: ip},
		4: {Column: "hoplimit", Read: u8}, 5: {Column: "tc", Read: u8}, 6: fields(tunnelFlags...),
		7: {Read: skip}, 8: {Column: "opts", Read: nested(encapOptions)},
	},
	5: {1: fields(seg6Encap...), 2: {Column: "tunsrc", Read: ip}},
	6: {
		1: {Column: "in", Read: nested(bpfProgram)}, 2: {Column: "out", Read: nested(bpfProgram)},
		3: {Column: "xmit", Read: nested(bpfProgram)}, 4: {Column: "headroom", Read: u32},
	},
	7: {
		1: {Column: "action", Read: enum(u32, seg6Actions)}, 2: {Column: "srh", Read: structure([]Field{{"segs", 0, 0, segments}})},
		3: {Column: "table", Read: enum(u32, tableNames)}, 4: {Column: "nh4", Read: ip}, 5: {Column: "nh6", Read: ip},
		6: {Column: "iif_index", Read: u32}, 7: {Column: "oif_index", Read: u32}, 8: {Column: "bpf", Read: nested(bpfProgram)},
		9: {Column: "vrftable", Read: enum(u32, tableNames)}, 10: {Read: skip}, // counters
		11: {Column: "flavors", Read: nested([]Attr{
			1: {Column: "operation", Read: u32}, 2: {Column: "lblen", Read: u8}, 3: {Column: "nflen", Read: u8}})},
	},
	8: {1: {Column: "segs", Read: segments}},
	9: {
		1: {Column: "mode", Read: enum(u8, names{1: "inline", 2: "encap", 3: "auto"})}, 2: {Column: "tundst", Read: ip},
		3: {Column: "trace", Read: raw}, 4: {Column: "freq_k", Read: u32}, 5: {Column: "freq_n", Read: u32},
		6: {Column: "tunsrc", Read: ip},
	},
	10: {1: {Column: "if_id", Read: u32}, 2: {Column: "link_dev_index", Read: nonzero(u32)}},
}

// tunnelFlags are TUNNEL_* of linux/if_tunnel.h.
var tunnelFlags = []Field{
	{"key", 0, 2, bit(be16, 4)}, {"csum", 0, 2, bit(be16, 1)}, {"seq", 0, 2, bit(be16, 8)},
	{"flags", 0, 2, nonzero(masked(be16, 0xfff2, 0))},
}

// encapOptions are LWTUNNEL_IP_OPTS_*, the options of what runs over the tunnel.
var encapOptions = []Attr{
	1: {Column: "geneve", Read: nested([]Attr{
		1: {Column: "class", Read: be16}, 2: {Column: "type", Read: u8}, 3: {Column: "data", Read: raw}})},
	2: {Column: "vxlan", Read: nested([]Attr{1: {Column: "gbp", Read: u32}})},
	3: {Column: "erspan", Read: nested([]Attr{
		1: {Column: "ver", Read: u8}, 2: {Column: "index", Read: be32}, 3: {Column: "dir", Read: u8}, 4: {Column: "hwid", Read: u8}})},
}

// bpfProgram is LWT_BPF_PROG_*; a descriptor only ever goes to the kernel.
var bpfProgram = []Attr{1: {Read: skip}, 2: {Column: "name", Read: text}}

// seg6Actions are SEG6_LOCAL_ACTION_* of linux/seg6_local.h.
var seg6Actions = names{1: "End", 2: "End.X", 3: "End.T", 4: "End.DX2", 5: "End.DX6", 6: "End.DX4", 7: "End.DT6",
	8: "End.DT4", 9: "End.B6", 10: "End.B6.Encaps", 11: "End.BM", 12: "End.S", 13: "End.AS", 14: "End.AM",
	15: "End.BPF", 16: "End.DT46"}

// mplsLabels reads a label stack of RFC 3032, written as labels with slashes.
func mplsLabels(_ *message, b []byte) (any, error) {
	if len(b)%4 != 0 {
		return nil, fmt.Errorf("%d bytes for MPLS labels", len(b))
	}
	labels := []string{}
	for ; len(b) > 0; b = b[4:] {
		labels = append(labels, strconv.Itoa(int(binary.BigEndian.Uint32(b)>>12)))
	}
	return strings.Join(labels, "/"), nil
}

// seg6Encap is struct seg6_iptunnel_encap: a mode, then the header.
var seg6Encap = []Field{
	{"mode", 0, 4, enum(u32, names{0: "inline", 1: "encap", 2: "l2encap", 3: "encap.red", 4: "l2encap.red"})},
	{"segs", 4, 0, segments},
}

// segments reads the addresses of an IPv6 routing header (RFC 8754), the first
// hop first, that is, backwards. A compressed one (RFC 6554) stays raw.
func segments(m *message, b []byte) (any, error) {
	const header, routingTypeSRH = 8, 4
	if len(b) < header || b[2] != routingTypeSRH || len(b) < header+16*(int(b[4])+1) {
		return raw(m, b)
	}
	hops := []string{}
	for i := int(b[4]); i >= 0; i-- {
		addr := netip.AddrFrom16([16]byte(b[header+16*i:]))
		hops = append(hops, addressText(addr))
	}
	return array(hops), nil
}
