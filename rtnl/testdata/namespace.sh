# Fills the network namespace it runs in with one of everything, for
# go test ./rtnl -capture. Addresses are fixed so that captures differ only
# where kernels do.

may() { "$@" 2>/dev/null || true; } # for what not every kernel or ip(8) can

# Links.
ip link set lo up
ip link add br0 address 02:0a:00:00:00:01 type bridge
ip link add v0 address 02:00:00:00:00:10 type veth peer name v1 address 02:00:00:00:00:11
ip link set v1 master br0
ip link set v0 up
ip link set v1 up
ip link set br0 up
ip link add vx0 address 02:00:00:00:00:20 type vxlan id 42 dstport 4789 local 10.9.9.1 dev v0
ip link add mv0 link v0 address 02:00:00:00:00:30 type macvlan mode bridge
ip tuntap add tap0 mode tap
ip link set tap0 address 02:00:00:00:00:40
ip link set v0 alias 'hi there'
ip link property add dev v0 altname longlonglongname
ip link property add dev v0 altname another-name

# More of them, away from the others: all options, and no defaults.
ip link add br1 address 02:0a:00:00:00:02 type bridge stp_state 1 priority 4096 forward_delay 400 hello_time 100 \
	group_fwd_mask 8 mcast_querier 1 mcast_igmp_version 3 no_linklocal_learn 1 ageing_time 1000
ip link add w0 address 02:00:00:00:00:50 type veth peer name w1 address 02:00:00:00:00:51
ip link set w1 master br1
ip link set w1 type bridge_slave cost 7 priority 8 hairpin on guard on learning off flood off isolated on \
	group_fwd_mask 16 neigh_suppress on
ip link set w0 type veth
ip link set w0 mtu 1400 group 7 txqueuelen 10
ip link set w0 arp off multicast off promisc on
ip link set br1 up
ip link set w1 up
ip link add vx1 address 02:00:00:00:00:21 type vxlan id 43 dstport 4789 group 239.1.1.1 dev v0 ttl 5 tos 0x10 \
	nolearning proxy rsc l2miss l3miss srcport 1000 2000 ageing 77 maxaddress 9 df set gbp udpcsum
ip link add vx2 address 02:00:00:00:00:22 type vxlan id 44 dstport 4790 remote 2001:db8::9 local 2001:db8::1 ttl inherit \
	flowlabel 0x12345 udp6zerocsumtx udp6zerocsumrx remcsumtx remcsumrx
ip link add vx3 address 02:00:00:00:00:23 type vxlan external dstport 4791
may ip link set vx3 protodown on
may ip link set vx3 protodown_reason 3 on
ip link add mv1 link v0 address 02:00:00:00:00:31 type macvlan mode source macaddr set 02:00:00:00:01:01 02:00:00:00:01:02
ip link add mt0 link v0 address 02:00:00:00:00:32 type macvtap mode vepa bcqueuelen 500
ip tuntap add tun0 mode tun user 1000 group 1001 multi_queue pi vnet_hdr
ip link set tun0 up
may ip link add ifb0 address 02:00:00:00:00:60 type ifb

# Addresses.
ip addr add 192.0.2.1/24 dev v0
ip addr add 10.5.0.1 peer 10.6.0.1/24 dev v0
ip addr add 2001:db8::1/64 dev v0 valid_lft 1000 preferred_lft 500

# Routes and next hops.
ip route add 10.0.0.0/8 via 192.0.2.2 metric 5 mtu lock 1400 advmss 1300 realms 1/2
ip route add 10.1.0.0/16 nexthop via 192.0.2.3 weight 2 nexthop via 192.0.2.4
ip route add default via inet6 fe80::1 dev v0
ip route add unreachable 10.66.0.0/16
ip -6 route add unreachable 2001:db8:bad::/48
ip -6 route add 2001:db8:1::/48 via 2001:db8::2 table 100 expires 300 pref high
ip -6 route add 2001:db8:2::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3
ip nexthop add id 1 via 192.0.2.9 dev v0
ip nexthop add id 2 via 192.0.2.10 dev v0
ip nexthop add id 3 group 1,2/2,3
ip nexthop add id 4 group 1/2 type resilient buckets 8 idle_timer 60
ip nexthop add id 5 blackhole
ip route add 10.77.0.0/16 nhid 1
ip route add 10.78.0.0/16 nhid 3
ip link set vx0 up
ip route add 10.79.0.0/16 encap ip id 5 dst 1.2.3.4 ttl 9 dev vx0

# Rules.
ip rule add from 10.0.0.0/8 to 1.2.3.4 iif v0 fwmark 0x10/0xff table 100 pref 100 ipproto tcp sport 10-20 dport 80 \
	uidrange 0-100 tos 0x10
ip rule add not to 10.3.0.0/16 suppress_prefixlength 0 table main pref 101
ip rule add pref 103 goto 32766
ip rule add pref 104 unreachable
ip -6 rule add from 2001:db8::/32 table 100 pref 105 protocol 17
may ip rule add pref 106 l3mdev
ip rule add pref 107 tun_id 5 table 9
ip rule add pref 108 from 1.1.1.1 realms 3/4 table 7 suppress_ifgroup 5

# Neighbours.
ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:01 dev v0
ip neigh add 192.0.2.51 lladdr 02:00:00:00:00:02 dev v0 nud reachable router extern_learn
ip neigh add proxy 192.0.2.77 dev v0
ip neigh add 192.0.2.52 lladdr 02:00:00:00:00:05 dev v0 managed protocol bgp

sleep 2 # until addresses are no longer tentative
