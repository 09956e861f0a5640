package main

import (
	"testing"

	"nlrec/internal/iptest"
)

// kindSteps give objects of every kind every attribute that this kernel and
// ip(8) know, and take from links what others are shown by.
var kindSteps = []string{
	iptest.TwoLinks,

	// Routes over links that lose their carrier, or go down.
	`ip route add 10.9.0.0/24 nexthop via 10.0.0.2 nexthop via 10.0.0.3
	ip route add 10.9.1.0/24 nexthop via 10.0.0.2 nexthop via 10.1.0.3 onlink dev w0
	ip route add 10.9.2.0/24 via 10.0.0.2 dev v0 onlink; ip route add 10.9.3.0/24 dev w0 scope host
	ip route add 10.9.5.0/24 via inet6 fe80::1 dev v0; ip -6 route add anycast 2001:db8:c::1 dev v0
	ip -6 route add 2001:db8:a::/64 nexthop via 2001:db8:1::2 nexthop via 2001:db8:2::3
	sysctl -qw net.ipv6.conf.all.forwarding=1`,
	`ip link set v1 down`,
	`ip link set w1 down`,
	`ip route add 10.9.6.0/24 nexthop via 10.0.0.5 nexthop via 10.1.0.5; ip route add 10.9.7.0/24 via inet6 fe80::5 dev w0
	ip route add 10.9.8.0/24 nexthop via inet6 fe80::5 dev w0 nexthop via 10.1.0.6`,
	`ip link set v1 up`,
	`ip link set w1 up`,
	`sysctl -qw net.ipv4.conf.v0.ignore_routes_with_linkdown=1 net.ipv6.conf.v0.ignore_routes_with_linkdown=1; ip link set v0 alias x`,
	`ip link set v1 down`,
	`ip link set v1 up`,
	`sysctl -qw net.ipv4.conf.v0.ignore_routes_with_linkdown=0 net.ipv6.conf.v0.ignore_routes_with_linkdown=0; ip link set v0 alias y`,
	`ip link set v0 down`,
	`ip link set w1 down`,
	`ip link set w1 up`,
	`ip -6 route del 2001:db8:a::/64 via 2001:db8:2::3`,
	`ip link set v0 up`,

	// Rules, and what they name.
	`ip rule add pref 3 tos 0x10 table 7; ip rule add pref 4 realms 5 table 7
	ip rule add pref 5 iif nope oif v0 table 10 realms 3/4; ip rule add pref 6 goto 40; ip rule add pref 7 l3mdev; ip rule add pref 9 nop
	ip rule add pref 10 tos 0x10 ipproto 17 sport 5 table 10 protocol 5; ip rule add pref 12 table 10 suppress_ifgroup 5 tun_id 7
	ip rule add pref 14 to 10.0.0.0/8 fwmark 7 table 7; ip rule add pref 15 from 10.0.0.1 fwmark 7/0xf prohibit; ip rule add pref 16 to 192.0.2.0/24 blackhole
	ip rule add pref 17 uidrange 5-7 ipproto icmp sport 4-9 dport 3-9 unreachable; ip rule add pref 18 table 1000000 not to 10.0.0.0/24
	ip -6 rule add pref 7 oif nope goto 41; ip -6 rule add pref 11 to 2001:db8::/32 from 2001:db8:1::5 oif lo lookup main suppress_prefixlength 3`,
	`ip rule add pref 40 table 10; ip link add nope type ifb`,
	`ip link set nope name nope2; ip rule del pref 40`,
	`ip link property add dev v0 altname alto; ip rule add pref 13 iif alto table 10`,
	`ip link del nope2`,

	// Addresses and neighbours.
	`ip address add 10.0.0.9/24 dev v0 valid_lft 1000 preferred_lft 500; ip address add 10.5.0.1 peer 10.6.0.1/24 dev v0 metric 77
	ip address change 10.0.0.1/24 dev v0 broadcast 10.0.0.255 label v0:x; ip address add 10.0.7.1/24 brd + dev v0
	ip address add 2001:db8:1::9/64 dev v0 valid_lft 1000 preferred_lft 0; ip address add 2001:db8:1::8/64 dev v0 mngtmpaddr noprefixroute home
	ip address add 2001:db8:44::1 peer 2001:db8:44::2/64 dev w0`,
	`ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:01 dev v0 protocol static; ip neigh add 10.0.0.51 dev v0 managed
	ip neigh add 10.0.0.52 lladdr 02:00:00:00:00:01 dev v0 extern_learn nud reachable; ip neigh add 10.0.0.53 dev v0 use
	ip neigh add 10.0.0.54 dev v0 nud noarp lladdr 02:00:00:00:00:01; ip neigh add 2001:db8:1::5 dev v0 lladdr 02:00:00:00:00:05 router nud stale`,

	// What a route can say.
	`ip route add 10.9.20.0/24 via 10.0.0.2 realm 5; ip route add unreachable 10.9.23.0/24; ip route add throw 10.9.25.0/24
	ip route add 10.9.21.0/24 nexthop via 10.0.0.2 realm 3 nexthop via 10.1.0.2 weight 3 onlink dev w0 realm 4/5
	ip route add 10.9.22.0/24 via 10.0.0.2 dev v0 onlink table 10 src 10.0.0.1 mtu lock 1400 window lock 100 hoplimit 3 rtt 30ms rttvar 20 \
		initcwnd 3 initrwnd 9 cwnd 4 ssthresh 5 reordering 3 quickack 1 features ecn rto_min 20ms advmss 999 fastopen_no_cookie 1
	ip route add 10.9.24.0/24 tos 0x10 via 10.0.0.2; ip route add 10.9.27.0/24 tos 0x28 dev v0; ip route add prohibit 10.9.26.0/24 proto 77
	ip route add 10.9.28.0/24 via 10.0.0.7 proto 99 scope 77; ip -6 route add prohibit 2001:db8:b::/48
	ip -6 route add 2001:db8:9::/48 via 2001:db8:1::2 expires 1000; ip -6 route add 2001:db8:99::/48 via 2001:db8:1::2 pref low mtu 1300`,

	// Lightweight tunnels.
	iptest.Encapsulations,

	// Nexthop objects, and routes of either family that use them.
	iptest.Nexthops,
	`sysctl -qw net.ipv4.nexthop_compat_mode=0; ip route add 10.31.0.0/24 nhid 4; ip -6 route add 2001:db8:31::/64 nhid 15`,

	// Bridges, and their ports.
	`ip link add br0 type bridge stp_state 1 mcast_querier 1 priority 7 ageing_time 100 group_fwd_mask 0x8 mcast_igmp_version 3; ip link set br0 up
	ip link add p0 type veth peer name p1; ip link set p0 up; ip link set p1 up; ip link set p1 master br0; ip link add p2 type veth peer name p3; ip link set p2 master br0`,
	`bridge link set dev p1 guard on; bridge link set dev p1 hairpin on; bridge link set dev p1 root_block on fastleave on mcast_to_unicast on
	bridge link set dev p1 cost 5 priority 3 learning off flood off mcast_flood off bcast_flood off neigh_suppress on isolated on
	bridge link set dev p1 backup_port p2; ip link set p1 type bridge_slave group_fwd_mask 8 mcast_router 2`,
	`ip link set br0 type bridge mcast_snooping 0 hello_time 300 mcast_hash_max 128 nf_call_iptables 1; ip link set br0 group 5`,

	// Other links.
	iptest.Vxlans,
	`ip link add mv0 link v0 type macvlan mode bridge bcqueuelen 50; ip link add mv1 link v0 type macvlan mode source
	ip link add mv2 link w0 type macvlan mode vepa; ip link set mv0 up`,
	`ip link add ps0 link p0 type macvlan mode passthru nopromisc; ip link set p0 promisc on; ip link set p0 allmulticast on; ip link set p0 multicast off
	ip link set p0 arp off; ip link set p0 group 7 txqueuelen 55; ip link set p0 mode dormant; ip link set p2 address 02:00:00:00:00:99`,
	`ip tuntap add tap0 mode tap user 0 group 0 pi vnet_hdr multi_queue 2>/dev/null || ip link add tap0 type ifb # a tap needs /dev/net/tun
	ip link set tap0 up`,

	`ip link set v0 down; ip link set p1 nomaster; ip link set br0 down; ip rule del pref 5`,
	`ip link del v0; ip link del br0`,
}

// TestLiveKinds is TestLive with all that the kinds can say.
func TestLiveKinds(t *testing.T) { compareSteps(t, kindSteps) }
