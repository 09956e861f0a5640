package iptest

// What tests make in a namespace, for sh(1). Each uses the links of TwoLinks.
const (
	// TwoLinks makes two pairs of links, v0 and w0 with addresses.
	TwoLinks = `sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0
	for l in v w; do ip link add ${l}0 type veth peer name ${l}1; ip link set ${l}0 up; ip link set ${l}1 up; done
	ip address add 10.0.0.1/24 dev v0; ip address add 10.1.0.1/24 dev w0
	ip address add 2001:db8:1::1/64 dev v0 nodad; ip address add 2001:db8:2::1/64 dev w0 nodad`

	// Vxlans makes VXLANs with all that is special to them, over v0.
	Vxlans = `ip link add vx0 type vxlan id 42 dstport 4789 local 10.9.9.1 group 239.1.1.1 dev v0 ttl 5 tos 0x10 ageing 60 maxaddress 10 proxy rsc l2miss l3miss srcport 1000 2000 udp6zerocsumtx gbp
	ip link add vx1 type vxlan id 43 dstport 4790 remote 2001:db8::1 local 2001:db8::2 flowlabel 0x10 df set; ip link add vx2 type vxlan dstport 4791 external vnifilter
	ip link add vx3 type vxlan id 44 dstport 4792 remote 10.0.0.7 ttl inherit tos inherit noudpcsum nolearning; ip link add vx4 type vxlan dstport 4793 external gpe`

	// Encapsulations makes routes through lightweight tunnels.
	Encapsulations = `ip route add 10.11.0.0/16 encap seg6 mode encap segs 2001:db8:1::5,2001:db8:1::6 dev v0
	ip -6 route add 2001:db8:51::/48 encap seg6 mode inline segs 2001:db8:1::5 dev v0
	ip -6 route add 2001:db8:52::/48 encap seg6local action End.X nh6 2001:db8:1::9 dev v0
	ip -6 route add 2001:db8:53::/48 encap seg6local action End.T table 100 dev v0; ip -6 route add 2001:db8:55::/48 encap seg6local action End.T table 254 dev v0
	ip -6 route add 2001:db8:54::/48 encap seg6local action End.DX2 oif v1 dev v0
	ip -6 route add 2001:db8:56::/48 encap seg6local action End.B6.Encaps srh segs 2001:db8:1::5 dev v0
	ip route add 10.12.0.0/16 encap ip id 7 src 10.0.0.1 dst 10.0.0.2 ttl 5 tos 4 csum key dev v0
	ip route add 10.13.0.0/16 encap ip6 id 7 src 2001:db8:1::1 dst 2001:db8:1::2 hoplimit 5 tc 4 dev v0
	ip route add 10.16.0.0/16 nexthop encap seg6 mode encap segs 2001:db8:1::5 dev v0 nexthop via 10.0.0.4 encap seg6 mode encap segs 2001:db8:1::6`

	// Nexthops makes nexthop objects, and routes of either family that use them.
	Nexthops = `ip nexthop add id 1 via 10.0.0.2 dev v0 onlink; ip nexthop add id 2 blackhole; ip nexthop add id 3 group 1; ip nexthop add id 9 via 10.1.0.2 dev w0 protocol static
	ip nexthop add id 4 group 1,3/9,7; ip nexthop add id 5 via fe80::1 dev v0; ip nexthop add id 6 group 1/9,100 type resilient buckets 8 idle_timer 5 unbalanced_timer 77
	ip nexthop add id 7 via 10.0.0.3 fdb; ip nexthop add id 8 group 7 fdb; ip nexthop add id 10 group 2; ip nexthop add id 11 dev v0
	ip nexthop add id 12 encap seg6 mode encap segs 2001:db8:1::6 dev v0; ip -6 nexthop add id 13 blackhole; ip nexthop add id 14 group 13; ip nexthop add id 15 group 5
	ip nexthop add id 16 group 1/5; ip nexthop add id 17 encap ip id 9 dst 10.0.0.3 dev v0
	for id in 2 3 4 5 6 10 11 12 15 16 17; do ip route add 10.30.$id.0/24 nhid $id; done
	for id in 5 13 14 15; do ip -6 route add 2001:db8:30:$id::/64 nhid $id; done`
)
