package rtnl

import "golang.org/x/sys/unix"

// Links that stand on others.

// vlanInfo is IFLA_VLAN_* of linux/if_link.h.
var vlanInfo = []Attr{
	unix.IFLA_VLAN_ID: {Column: "id", Read: u16},
	unix.IFLA_VLAN_FLAGS: {Column: "flags", Read: part(0, 4, flags(u32, 0, []flag{
		{1, "REORDER_HDR"}, {2, "GVRP"}, {4, "LOOSE_BINDING"}, {8, "MVRP"}, {16, "BRIDGE_BINDING"}}))},
	unix.IFLA_VLAN_EGRESS_QOS:  {Column: "egress_qos", Read: list(structure(vlanQOS))},
	unix.IFLA_VLAN_INGRESS_QOS: {Column: "ingress_qos", Read: list(structure(vlanQOS))},
	unix.IFLA_VLAN_PROTOCOL:    {Column: "protocol", Read: enum(be16, vlanProtocols)},
}

// vlanQOS is struct ifla_vlan_qos_mapping.
var vlanQOS = []Field{{"from", 0, 4, u32}, {"to", 4, 4, u32}}

// macvlanInfo is IFLA_MACVLAN_* of linux/if_link.h.
var macvlanInfo = []Attr{
	unix.IFLA_MACVLAN_MODE: {Column: "mode", Read: enum(u32, names{1: "private", 2: "vepa", 4: "bridge",
		8: "passthru", 16: "source"})},
	unix.IFLA_MACVLAN_FLAGS:             fields(Field{"nopromisc", 0, 2, bit(u16, 1)}, Field{"nodst", 0, 2, bit(u16, 2)}),
	unix.IFLA_MACVLAN_MACADDR_MODE:      {Read: skip}, // a command
	unix.IFLA_MACVLAN_MACADDR:           {Read: skip}, // its argument
	unix.IFLA_MACVLAN_MACADDR_DATA:      {Column: "macaddr_data", Read: list(mac)},
	unix.IFLA_MACVLAN_MACADDR_COUNT:     {Column: "macaddr_count", Read: u32},
	unix.IFLA_MACVLAN_BC_QUEUE_LEN:      {Column: "bcqueuelen", Read: u32},
	unix.IFLA_MACVLAN_BC_QUEUE_LEN_USED: {Column: "usedbcqueuelen", Read: u32},
	unix.IFLA_MACVLAN_BC_CUTOFF:         {Column: "bclim", Read: s32},
}

// ipvlanInfo is IFLA_IPVLAN_* of linux/if_link.h.
var ipvlanInfo = []Attr{
	unix.IFLA_IPVLAN_MODE:  {Column: "mode", Read: enum(u16, names{0: "l2", 1: "l3", 2: "l3s"})},
	unix.IFLA_IPVLAN_FLAGS: fields(Field{"private", 0, 2, bit(u16, 1)}, Field{"vepa", 0, 2, bit(u16, 2)}, Field{"bridge", 0, 2, neitherBit(3)}),
}

// neitherBit reads the absence of bits as true, or as nothing.
func neitherBit(mask int64) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := u16(m, b)
		if err != nil || v.(int64)&mask != 0 {
			return nil, err
		}
		return truth(true), nil
	}
}

// hsrInfo is IFLA_HSR_* of linux/if_link.h.
var hsrInfo = []Attr{
	unix.IFLA_HSR_SLAVE1:           {Column: "slave1_index", Read: u32},
	unix.IFLA_HSR_SLAVE2:           {Column: "slave2_index", Read: u32},
	unix.IFLA_HSR_MULTICAST_SPEC:   {Column: "multicast_spec", Read: u8},
	unix.IFLA_HSR_SUPERVISION_ADDR: {Column: "supervision_addr", Read: mac},
	unix.IFLA_HSR_SEQ_NR:           {Read: skip}, // a counter
	unix.IFLA_HSR_VERSION:          {Column: "version", Read: u8},
	unix.IFLA_HSR_PROTOCOL:         {Column: "proto", Read: u8},
	unix.IFLA_HSR_INTERLINK:        {Column: "interlink_index", Read: u32},
}

// macsecInfo is IFLA_MACSEC_* of linux/if_link.h. Keys travel elsewhere.
var macsecInfo = []Attr{
	unix.IFLA_MACSEC_SCI:     {Column: "sci", Read: raw},
	unix.IFLA_MACSEC_PORT:    {Column: "port", Read: be16},
	unix.IFLA_MACSEC_ICV_LEN: {Column: "icv_len", Read: u8},
	unix.IFLA_MACSEC_CIPHER_SUITE: {Column: "cipher_suite", Read: enum(u64, names{
		0x0080c20001000001: "GCM-AES-128", 0x0080c20001000002: "GCM-AES-256",
		0x0080c20001000003: "GCM-AES-XPN-128", 0x0080c20001000004: "GCM-AES-XPN-256"})},
	unix.IFLA_MACSEC_WINDOW:         {Column: "window", Read: u32},
	unix.IFLA_MACSEC_ENCODING_SA:    {Column: "encoding_sa", Read: u8},
	unix.IFLA_MACSEC_ENCRYPT:        {Column: "encrypt", Read: boolean},
	unix.IFLA_MACSEC_PROTECT:        {Column: "protect", Read: boolean},
	unix.IFLA_MACSEC_INC_SCI:        {Column: "inc_sci", Read: boolean},
	unix.IFLA_MACSEC_ES:             {Column: "es", Read: boolean},
	unix.IFLA_MACSEC_SCB:            {Column: "scb", Read: boolean},
	unix.IFLA_MACSEC_REPLAY_PROTECT: {Column: "replay_protect", Read: boolean},
	unix.IFLA_MACSEC_VALIDATION:     {Column: "validation", Read: enum(u8, names{0: "disabled", 1: "check", 2: "strict"})},
	unix.IFLA_MACSEC_PAD:            {Read: skip},
	unix.IFLA_MACSEC_OFFLOAD:        {Column: "offload", Read: enum(u8, names{0: "off", 1: "phy", 2: "mac"})},
}

// xfrmInfo is IFLA_XFRM_* of linux/if_link.h.
var xfrmInfo = []Attr{
	unix.IFLA_XFRM_LINK:             {Column: "link_index", Read: nonzero(u32)},
	unix.IFLA_XFRM_IF_ID:            {Column: "if_id", Read: cHex(u32)},
	unix.IFLA_XFRM_COLLECT_METADATA: {Column: "external", Read: isSet},
}

// rmnetInfo is IFLA_RMNET_* of linux/if_link.h.
var rmnetInfo = []Attr{
	unix.IFLA_RMNET_MUX_ID: {Column: "mux_id", Read: u16},
	unix.IFLA_RMNET_FLAGS:  {Column: "flags", Read: part(0, 4, cHex(u32))},
}

// ipoibInfo is IFLA_IPOIB_* of linux/if_link.h.
var ipoibInfo = []Attr{
	unix.IFLA_IPOIB_PKEY:   {Column: "key", Read: formatted(u16, "0x%04x")},
	unix.IFLA_IPOIB_MODE:   {Column: "mode", Read: enum(u16, names{0: "datagram", 1: "connected"})},
	unix.IFLA_IPOIB_UMCAST: {Column: "umcast", Read: formatted(u16, "%04x")},
}
