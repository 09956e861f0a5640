package rtnl

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLinkInfo(t *testing.T) {
	const slave = "slave "
	tests := []struct {
		name string
		kind string // of the link, or "slave " and the kind of its master
		data [][]byte
		want any
	}{
		{"a VLAN with priorities", "vlan", [][]byte{
			attr(unix.IFLA_VLAN_PROTOCOL, []byte{0x88, 0xa8}),
			attr(unix.IFLA_VLAN_ID, n16(100)),
			attr(unix.IFLA_VLAN_FLAGS, concat(n32(0x11), n32(0xffffffff))),
			nest(unix.IFLA_VLAN_EGRESS_QOS, attr(1, concat(n32(1), n32(2))), attr(1, concat(n32(3), n32(4)))),
		}, `{"id":100,"flags":["REORDER_HDR","BRIDGE_BINDING"],"egress_qos":[{"from":1,"to":2},{"from":3,"to":4}],"protocol":"802.1ad"}`},
		{"an 802.3ad bond", "bond", [][]byte{
			attr(unix.IFLA_BOND_MODE, n8(4)),
			attr(unix.IFLA_BOND_ACTIVE_SLAVE, n32(0)),
			attr(unix.IFLA_BOND_ARP_VALIDATE, n32(0)),
			nest(unix.IFLA_BOND_ARP_IP_TARGET, attr(0, []byte{10, 0, 0, 1}), attr(1, []byte{10, 0, 0, 2})),
			nest(unix.IFLA_BOND_AD_INFO, attr(unix.IFLA_BOND_AD_INFO_AGGREGATOR, n16(1)),
				attr(unix.IFLA_BOND_AD_INFO_PARTNER_MAC, []byte{0, 1, 2, 3, 4, 5})),
			nest(unix.IFLA_BOND_NS_IP6_TARGET, attr(0, make([]byte, 16))),
			attr(iflaBondBroadcastNeigh, n8(1)),
		}, `{"mode":"802.3ad","arp_ip_target":["10.0.0.1","10.0.0.2"],"arp_validate":null,` +
			`"ad_info":{"aggregator":1,"partner_mac":"00:01:02:03:04:05"},"ns_ip6_target":["::"],"broadcast_neighbor":true}`},
		{"a port of a bond, without its counter", slave + "bond", [][]byte{
			attr(unix.IFLA_BOND_SLAVE_STATE, n8(1)),
			attr(unix.IFLA_BOND_SLAVE_MII_STATUS, n8(2)),
			attr(unix.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, n32(3)),
			attr(unix.IFLA_BOND_SLAVE_PERM_HWADDR, []byte{2, 0, 0, 0, 0, 1}),
			attr(unix.IFLA_BOND_SLAVE_PRIO, n32(0xffffffff)),
		}, `{"state":"BACKUP","mii_status":"DOWN","perm_hwaddr":"02:00:00:00:00:01","prio":-1}`},
		{"a port of a bridge, without its timers", slave + "bridge", [][]byte{
			attr(unix.IFLA_BRPORT_STATE, n8(4)),
			attr(unix.IFLA_BRPORT_ROOT_ID, []byte{0x80, 0, 0, 0x0a, 0x5b, 1, 2, 0xff}),
			attr(unix.IFLA_BRPORT_HOLD_TIMER, n64(12)),
			attr(unix.IFLA_BRPORT_BACKUP_PORT, n32(9)),
			attr(unix.IFLA_BRPORT_MCAST_N_GROUPS, n32(9)),
		}, `{"state":"blocking","root_id":"8000.0:a:5b:1:2:ff","backup_port_index":9}`},
		{"a bridge with options newer than this table", "bridge", [][]byte{
			attr(unix.IFLA_BR_MULTI_BOOLOPT, concat(n32(0x22), n32(0x3))),
			nest(unix.IFLA_BR_MCAST_QUERIER_STATE, attr(1, []byte{10, 0, 0, 1}), attr(3, n64(1))),
			attr(unix.IFLA_BR_GC_TIMER, n64(7)),
			attr(unix.IFLA_BR_FDB_N_LEARNED, n32(7)),
		}, `{"no_linklocal_learn":0,"mcast_vlan_snooping":1,"boolopt":32,"mcast_querier_ipv4_addr":"10.0.0.1"}`},
		{"a VRF", "vrf", [][]byte{attr(unix.IFLA_VRF_TABLE, n32(10))}, `{"table":10}`},
		{"a port of a VRF", slave + "vrf", [][]byte{attr(unix.IFLA_VRF_PORT_TABLE, n32(10))}, `{"table":10}`},
		{"a GRE tunnel with a key", "gre", [][]byte{
			attr(1, n32(3)), attr(2, []byte{0x20, 0}), attr(3, []byte{0xb0, 0}),
			attr(4, []byte{0, 0, 0, 5}), attr(5, []byte{0, 0, 0, 5}),
			attr(6, []byte{10, 0, 0, 1}), attr(7, make([]byte, 4)),
			attr(8, n8(64)), attr(9, n8(0)), attr(10, n8(1)),
			attr(14, n16(2)), attr(15, n16(1)), attr(16, n16(0)), attr(17, []byte{0x12, 0xb5}), attr(20, n32(0)),
		}, `{"link_index":3,"ikey":"0.0.0.5","okey":"0.0.0.5","local":"10.0.0.1","remote":"any","ttl":64,"pmtudisc":true,` +
			`"encap_type":"gue","encap_flags":["csum"],"encap_dport":4789,"iflags":"0x2000","oseq":true,"ocsum":true,"oflags":"0xb000"}`},
		{"an erspan tunnel", "erspan", [][]byte{attr(22, n8(2)), attr(23, n8(1)), attr(24, n16(0x1f))},
			`{"erspan_ver":2,"erspan_dir":"egress","erspan_hwid":"0x1f"}`},
		{"an IPv6 GRE tunnel", "ip6gre", [][]byte{
			attr(11, n8(4)), attr(12, []byte{0, 0xa0, 0, 0x0c}), attr(13, n32(0x10012)), attr(6, make([]byte, 16)),
		}, `{"local":"any","encap_limit":4,"tclass":"0x0a","flowlabel":"0x0000c","ip6_tnl_f_use_orig_tclass":true,"ip6_tnl_f_rcv_dscp_copy":true}`},
		{"an IPv4 tunnel", "ipip", [][]byte{
			attr(1, n32(0)), attr(2, []byte{10, 0, 0, 1}), attr(3, []byte{10, 0, 0, 2}), attr(4, n8(0)), attr(5, n8(1)),
			attr(9, n8(4)), attr(10, n8(0)), attr(15, n16(0)), attr(16, n16(0)),
		}, `{"local":"10.0.0.1","remote":"10.0.0.2","ttl":0,"tos":"0x1","proto":"ipip","pmtudisc":false}`},
		{"a 6rd tunnel", "sit", [][]byte{
			attr(8, n16(1)), attr(9, n8(41)), attr(11, append([]byte{0x20, 2}, make([]byte, 14)...)),
			attr(12, make([]byte, 4)), attr(13, n16(16)), attr(14, n16(0)),
		}, `{"proto":"ip6ip","prefix":"2002::","prefixlen":16,"isatap":true}`},
		{"an IPv6 tunnel", "ip6tnl", [][]byte{
			attr(2, make([]byte, 16)), attr(8, n32(1)), attr(9, n8(0)), attr(19, nil),
		}, `{"local":"::","proto":"any","external":true,"ip6_tnl_f_ign_encap_limit":true}`},
		{"a VTI", "vti", [][]byte{attr(2, []byte{0, 0, 0, 1}), attr(4, make([]byte, 4)), attr(6, n32(16))},
			`{"ikey":"0.0.0.1","local":"any","fwmark":"0x10"}`},
		{"a multicast VXLAN over IPv6", "vxlan", [][]byte{
			attr(unix.IFLA_VXLAN_ID, n32(9)), attr(unix.IFLA_VXLAN_GROUP6, append([]byte{0xff, 5}, make([]byte, 14)...)),
			attr(iflaVXLANMCRoute, n8(1)),
		}, `{"id":9,"mcroute":true,"group6":"ff05::"}`},
		{"a GENEVE tunnel", "geneve", [][]byte{
			attr(unix.IFLA_GENEVE_PORT, []byte{0x17, 0xc1}), attr(iflaGenevePortRange, []byte{0, 1, 0xff, 0xff}),
			attr(unix.IFLA_GENEVE_COLLECT_METADATA, nil),
		}, `{"port":6081,"external":true,"port_range":{"low":1,"high":65535}}`},
		{"an ipvlan", "ipvlan", [][]byte{attr(unix.IFLA_IPVLAN_MODE, n16(2)), attr(unix.IFLA_IPVLAN_FLAGS, n16(0))},
			`{"mode":"l3s","bridge":true}`},
		{"an HSR ring, without its sequence", "hsr", [][]byte{
			attr(unix.IFLA_HSR_SLAVE1, n32(3)), attr(unix.IFLA_HSR_SEQ_NR, n16(99)), attr(unix.IFLA_HSR_PROTOCOL, n8(1))},
			`{"slave1_index":3,"proto":1}`},
		{"a netkit", "netkit", [][]byte{
			attr(unix.IFLA_NETKIT_PRIMARY, n8(1)), attr(unix.IFLA_NETKIT_POLICY, n32(2)), attr(iflaNetkitPeerScrub, n32(1))},
			`{"type":"primary","policy":"blackhole","peer_scrub":"default"}`},
		{"MACsec, of which keys are no part", "macsec", [][]byte{
			attr(unix.IFLA_MACSEC_SCI, []byte{2, 0, 0, 0, 0, 1, 0, 1}), attr(unix.IFLA_MACSEC_CIPHER_SUITE, n64(0x0080c20001000001)),
			attr(unix.IFLA_MACSEC_VALIDATION, n8(2))},
			`{"sci":"0200000000010001","cipher_suite":"GCM-AES-128","validation":"strict"}`},
		{"a CAN device", "can", [][]byte{
			attr(unix.IFLA_CAN_CTRLMODE, concat(n32(0), n32(0x21))), attr(unix.IFLA_CAN_BERR_COUNTER, n32(5)), attr(unix.IFLA_CAN_STATE, n32(3))},
			`{"state":"BUS-OFF","ctrlmode":["LOOPBACK","FD"]}`},
		{"an XFRM interface", "xfrm", [][]byte{attr(unix.IFLA_XFRM_LINK, n32(2)), attr(unix.IFLA_XFRM_IF_ID, n32(0x2a))},
			`{"link_index":2,"if_id":"0x2a"}`},
		{"a WireGuard device, whatever it says", "wireguard", [][]byte{attr(3, []byte("secret"))}, nil},
		{"a kind that has no table", "quux", [][]byte{attr(1, n8(2)), attr(300, nil)}, `{"attr1":"02","attr300":""}`},
		{"a kind whose data does not fit the table", "vrf", [][]byte{attr(unix.IFLA_VRF_TABLE, []byte{1, 2})}, `{"attr1":"0102"}`},
		{"no data", "dummy", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind, data, column := unix.IFLA_INFO_KIND, unix.IFLA_INFO_DATA, "info_data"
			name, ofMaster := strings.CutPrefix(tt.kind, slave)
			if ofMaster {
				kind, data, column = unix.IFLA_INFO_SLAVE_KIND, unix.IFLA_INFO_SLAVE_DATA, "info_slave_data"
			}
			row := decode(t, Link, linkBody(unix.ARPHRD_ETHER, 0,
				nest(unix.IFLA_LINKINFO, attr(kind, cstring(name)), nest(data, tt.data...))))
			if got := Link.Value(row, column); got != tt.want {
				t.Errorf("%s:\n got %v\nwant %v", column, got, tt.want)
			}
		})
	}
}
