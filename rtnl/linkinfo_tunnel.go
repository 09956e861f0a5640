package rtnl

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Tunnels over UDP.

// vxlanInfo is IFLA_VXLAN_* of linux/if_link.h.
var vxlanInfo = []Attr{
	unix.IFLA_VXLAN_ID:                {Column: "id", Read: u32},
	unix.IFLA_VXLAN_GROUP:             fields(Field{"group", 0, 4, group}, Field{"remote", 0, 4, remote}),
	unix.IFLA_VXLAN_LINK:              {Column: "link_index", Read: nonzero(u32)},
	unix.IFLA_VXLAN_LOCAL:             {Column: "local", Read: whenZero(nil, ip)},
	unix.IFLA_VXLAN_TTL:               {Column: "ttl", Read: u8},
	unix.IFLA_VXLAN_TOS:               {Column: "tos", Read: cHex(nonzero(u8))},
	unix.IFLA_VXLAN_LEARNING:          {Column: "learning", Read: boolean},
	unix.IFLA_VXLAN_AGEING:            {Column: "ageing", Read: u32},
	unix.IFLA_VXLAN_LIMIT:             {Column: "limit", Read: nonzero(u32)},
	unix.IFLA_VXLAN_PORT_RANGE:        {Column: "port_range", Read: structure(portRange)},
	unix.IFLA_VXLAN_PROXY:             {Column: "proxy", Read: ifTrue},
	unix.IFLA_VXLAN_RSC:               {Column: "rsc", Read: ifTrue},
	unix.IFLA_VXLAN_L2MISS:            {Column: "l2miss", Read: ifTrue},
	unix.IFLA_VXLAN_L3MISS:            {Column: "l3miss", Read: ifTrue},
	unix.IFLA_VXLAN_PORT:              {Column: "port", Read: be16},
	unix.IFLA_VXLAN_GROUP6:            fields(Field{"group6", 0, 16, group}, Field{"remote6", 0, 16, remote}),
	unix.IFLA_VXLAN_LOCAL6:            {Column: "local6", Read: whenZero(nil, ip)},
	unix.IFLA_VXLAN_UDP_CSUM:          {Column: "udp_csum", Read: boolean},
	unix.IFLA_VXLAN_UDP_ZERO_CSUM6_TX: {Column: "udp_zero_csum6_tx", Read: boolean},
	unix.IFLA_VXLAN_UDP_ZERO_CSUM6_RX: {Column: "udp_zero_csum6_rx", Read: boolean},
	unix.IFLA_VXLAN_REMCSUM_TX:        {Column: "remcsum_tx", Read: ifTrue},
	unix.IFLA_VXLAN_REMCSUM_RX:        {Column: "remcsum_rx", Read: ifTrue},
	unix.IFLA_VXLAN_GBP:               {Column: "gbp", Read: isSet},
	unix.IFLA_VXLAN_REMCSUM_NOPARTIAL: {Column: "remcsum_nopartial", Read: isSet},
	unix.IFLA_VXLAN_COLLECT_METADATA:  {Column: "external", Read: ifTrue},
	unix.IFLA_VXLAN_LABEL:             {Column: "label", Read: cHex(nonzero(be32))},
	unix.IFLA_VXLAN_GPE:               {Column: "gpe", Read: isSet},
	unix.IFLA_VXLAN_TTL_INHERIT:       {Column: "ttl_inherit", Read: ifTrue},
	unix.IFLA_VXLAN_DF:                {Column: "df", Read: enum(u8, tunnelDF)},
	unix.IFLA_VXLAN_VNIFILTER:         {Column: "vnifilter", Read: ifTrue},
	unix.IFLA_VXLAN_LOCALBYPASS:       {Column: "localbypass", Read: boolean},
	unix.IFLA_VXLAN_LABEL_POLICY:      {Column: "label_policy", Read: enum(u32, names{0: "fixed", 1: "inherit"})},
	iflaVXLANReservedBits:             {Column: "reserved_bits", Read: raw},
	iflaVXLANMCRoute:                  {Column: "mcroute", Read: boolean},
}

// geneveInfo is IFLA_GENEVE_* of linux/if_link.h.
var geneveInfo = []Attr{
	unix.IFLA_GENEVE_ID:                  {Column: "id", Read: u32},
	unix.IFLA_GENEVE_REMOTE:              {Column: "remote", Read: whenZero(nil, ip)},
	unix.IFLA_GENEVE_TTL:                 {Column: "ttl", Read: u8},
	unix.IFLA_GENEVE_TOS:                 {Column: "tos", Read: cHex(nonzero(u8))},
	unix.IFLA_GENEVE_PORT:                {Column: "port", Read: be16},
	unix.IFLA_GENEVE_COLLECT_METADATA:    {Column: "external", Read: isSet},
	unix.IFLA_GENEVE_REMOTE6:             {Column: "remote6", Read: whenZero(nil, ip)},
	unix.IFLA_GENEVE_UDP_CSUM:            {Column: "udp_csum", Read: boolean},
	unix.IFLA_GENEVE_UDP_ZERO_CSUM6_TX:   {Column: "udp_zero_csum6_tx", Read: boolean},
	unix.IFLA_GENEVE_UDP_ZERO_CSUM6_RX:   {Column: "udp_zero_csum6_rx", Read: boolean},
	unix.IFLA_GENEVE_LABEL:               {Column: "label", Read: cHex(nonzero(be32))},
	unix.IFLA_GENEVE_TTL_INHERIT:         {Column: "ttl_inherit", Read: ifTrue},
	unix.IFLA_GENEVE_DF:                  {Column: "df", Read: enum(u8, tunnelDF)},
	unix.IFLA_GENEVE_INNER_PROTO_INHERIT: {Column: "inner_proto_inherit", Read: isSet},
	iflaGenevePortRange:                  {Column: "port_range", Read: structure(portRange)},
}

// Attributes newer than x/sys/unix, from linux/if_link.h.
const (
	iflaVXLANReservedBits = 33
	iflaVXLANMCRoute      = 34
	iflaGenevePortRange   = 15
)

// tunnelDF are VXLAN_DF_* and GENEVE_DF_*.
var tunnelDF = names{0: "unset", 1: "set", 2: "inherit"}

// portRange is struct ifla_vxlan_port_range and struct ifla_geneve_port_range.
var portRange = []Field{{"low", 0, 2, be16}, {"high", 2, 2, be16}}

// bareudpInfo is IFLA_BAREUDP_* of linux/if_link.h.
var bareudpInfo = []Attr{
	unix.IFLA_BAREUDP_PORT:            {Column: "port", Read: be16},
	unix.IFLA_BAREUDP_ETHERTYPE:       {Column: "ethertype", Read: cHex(be16)},
	unix.IFLA_BAREUDP_SRCPORT_MIN:     {Column: "srcportmin", Read: u16},
	unix.IFLA_BAREUDP_MULTIPROTO_MODE: {Column: "multiproto", Read: isSet},
}

// gtpInfo is IFLA_GTP_* of linux/if_link.h; sockets only go to the kernel.
var gtpInfo = []Attr{
	unix.IFLA_GTP_FD0:            {Read: skip},
	unix.IFLA_GTP_FD1:            {Read: skip},
	unix.IFLA_GTP_PDP_HASHSIZE:   {Column: "hsize", Read: u32},
	unix.IFLA_GTP_ROLE:           {Column: "role", Read: enum(u32, names{0: "ggsn", 1: "sgsn"})},
	unix.IFLA_GTP_CREATE_SOCKETS: {Read: skip},
	unix.IFLA_GTP_RESTART_COUNT:  {Column: "restart_count", Read: u8},
	unix.IFLA_GTP_LOCAL:          {Column: "local", Read: ip},
	unix.IFLA_GTP_LOCAL6:         {Column: "local6", Read: ip},
}

// amtInfo is IFLA_AMT_* of linux/amt.h.
var amtInfo = []Attr{
	1: {Column: "mode", Read: enum(u32, names{0: "gateway", 1: "relay"})},
	2: {Column: "relay_port", Read: be16}, 3: {Column: "gateway_port", Read: be16},
	4: {Column: "link_index", Read: u32}, 5: {Column: "local", Read: ip}, 6: {Column: "remote", Read: ip},
	7: {Column: "discovery", Read: ip}, 8: {Column: "max_tunnels", Read: u32},
}

// group reads an address that is a multicast group, remote one that is not.
func group(_ *message, b []byte) (any, error) { return addressIf(b, netip.Addr.IsMulticast) }

func remote(_ *message, b []byte) (any, error) {
	return addressIf(b, func(a netip.Addr) bool { return !a.IsMulticast() && !a.IsUnspecified() })
}

func addressIf(b []byte, is func(netip.Addr) bool) (any, error) {
	addr, ok := netip.AddrFromSlice(b)
	if !ok {
		return nil, fmt.Errorf("%d bytes for an address", len(b))
	}
	if !is(addr) {
		return nil, nil
	}
	return addressText(addr), nil
}

// whenZero reads something of which zeros mean v.
func whenZero(v any, read reader) reader {
	return func(m *message, b []byte) (any, error) {
		for _, octet := range b {
			if octet != 0 {
				return read(m, b)
			}
		}
		return v, nil
	}
}
