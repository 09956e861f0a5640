package main

import (
	"fmt"
	"strings"
	"time"
)

const day = 24 * time.Hour

// forDay makes v0 speak IPv6, at once.
const forDay = `sysctl -qw net.ipv6.conf.v0.accept_dad=0 net.ipv6.conf.v0.disable_ipv6=0`

// events are a day's of a quiet host, in the order of a day, each a line for
// the shell: every five minutes each of four neighbours is found stale and
// reachable again; every ten minutes a router advertises itself and renews what
// it gave; every hour one neighbour fails and comes back; twice the DHCP lease
// is renewed; twelve times a container starts and ends. $c is a namespace for containers.
func events() (all []string) {
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for m := range int(day / time.Minute) {
		if m%5 == 0 {
			for _, state := range []string{"stale", "reachable"} {
				for n := range 4 {
					add("ip neighbour replace 192.0.2.%d lladdr 02:00:00:00:00:0%d dev v0 nud %s", 10+n, n, state)
				}
			}
		}
		if m%10 == 1 {
			add("ip -6 route replace default via fe80::1 dev v0 proto ra metric 1024 expires 1800")
			add("ip -6 address replace 2001:db8::2/64 dev v0 valid_lft 86400 preferred_lft 14400")
		}
		if m%60 == 2 {
			add("ip neighbour replace 192.0.2.13 dev v0 nud failed")
			add("ip neighbour delete 192.0.2.13 dev v0")
		}
		if m%720 == 3 {
			add("ip address replace 192.0.2.1/24 dev v0 valid_lft 86400 preferred_lft 86400")
		}
		if m%120 == 4 {
			all = append(all, container(m)...)
		}
	}
	return all
}

// container starts one and ends it.
func container(n int) []string {
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(`
ip link add c0 type veth peer name c1
ip link set c1 netns $c
nsenter -t $c -n ip link set c1 name eth0
nsenter -t $c -n ip link set eth0 up
ip link set c0 up
ip address add 172.17.0.1/24 dev c0
ip route add 172.18.N.0/24 via 172.17.0.2 dev c0
ip route delete 172.18.N.0/24
ip link delete c0`, "N", fmt.Sprint(n/120))), "\n")
}
