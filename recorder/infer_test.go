package recorder

import (
	"path/filepath"
	"testing"

	"nlrec/internal/netnstest"
)

// twoLinks is what every scenario begins with: v0 and w0, up, with addresses.
const twoLinks = `
ip link add v0 type veth peer name v1; ip link add w0 type veth peer name w1
for l in v0 v1 w0 w1; do sysctl -qw net.ipv6.conf.$l.accept_dad=0 net.ipv6.conf.$l.router_solicitations=0; ip link set $l up; done
ip address add 10.0.0.1/24 dev v0; ip address add 10.1.0.1/24 dev w0
ip address add 2001:db8:1::1/64 dev v0 nodad; ip address add 2001:db8:2::1/64 dev w0 nodad
`

// allUp waits until every link of twoLinks is up, for IPv6 too, which comes
// some time after it was told to be.
const allUp = `; until [ $(ip -6 route show table local type multicast | wc -l) = 4 ] && ! ip link show | grep -q LOWERLAYERDOWN &&
	[ $(ip -6 address show scope link | grep -c inet6) = 4 ]; do :; done`

// lower waits until a link knows that the one below it, or its peer, is down.
func lower(link string) string {
	return "; until ip link show " + link + " | grep -q LOWERLAYERDOWN; do :; done"
}

// TestInfer does what the kernel announces in part only, before a recorder that
// does not look again. What is not announced must be inferred: nothing is left
// for the dump of a restart to find.
func TestInfer(t *testing.T) {
	tests := []struct {
		name, setup, do string
		inferred        bool // something is to be inferred
	}{
		{"a link goes down", "ip route add 10.9.0.0/16 via 10.0.0.2; ip route add 10.8.0.0/16 via 10.0.0.3 table 77; ip route add 10.7.0.0/16 via 10.1.0.2", "ip link set v0 down" + lower("v1"), true},
		{"a link goes down and up", "ip route add 10.9.0.0/16 via 10.0.0.2", "ip link set v0 down; ip link set v0 up; ip route add 10.9.0.0/16 via 10.0.0.3" + allUp, true},
		{"a link vanishes", "ip route add 10.9.0.0/16 via 10.0.0.2; ip route add 10.8.0.0/16 nexthop via 10.0.0.2 nexthop via 10.1.0.2", "ip link del v0", true},
		{"one leg of two goes down", "ip route add 10.8.0.0/16 nexthop via 10.0.0.2 nexthop via 10.1.0.2", "ip link set v0 down" + lower("v1"), true},
		{"both legs go down", "ip route add 10.8.0.0/16 nexthop via 10.0.0.2 nexthop via 10.1.0.2", "ip link set v0 down; ip link set w0 down" + lower("v1") + lower("w1"), true},
		{"the last address goes", "ip route add 10.9.0.0/16 via 10.0.0.2; ip route add local 10.6.0.1 dev v0", "ip address del 10.0.0.1/24 dev v0", true},
		{"an address goes, another stays", "ip address add 10.2.0.1/24 dev v0; ip route add 10.9.0.0/16 via 10.2.0.2", "ip address del 10.0.0.1/24 dev v0", false},
		{"a nexthop's link goes down", "ip nexthop add id 1 via 10.0.0.2 dev v0; ip nexthop add id 2 via 10.1.0.2 dev w0; ip nexthop add id 3 group 1/2; ip nexthop add id 4 group 1; ip nexthop add id 5 blackhole; ip route add 10.9.0.0/16 nhid 1; ip route add 10.8.0.0/16 nhid 3; ip route add 10.7.0.0/16 nhid 4",
			"ip link set v0 down" + lower("v1"), true},
		{"a nexthop's link loses its carrier", "ip nexthop add id 1 via 10.0.0.2 dev v0; ip route add 10.9.0.0/16 nhid 1; ip -6 route add 2001:db8:9::/48 via 2001:db8:1::2", "ip link set v1 down" + lower("v0"), true},
		{"a nexthop is deleted", "ip nexthop add id 1 via 10.0.0.2 dev v0; ip nexthop add id 2 via 10.1.0.2 dev w0; ip nexthop add id 3 group 1/2; ip route add 10.9.0.0/16 nhid 1; ip route add 10.8.0.0/16 nhid 3", "ip nexthop del id 1", true},
		{"the source address of routes goes", "ip address add 2001:db8:1::9/64 dev v0 nodad; ip -6 route add 2001:db8:9::/48 via 2001:db8:1::2 src 2001:db8:1::9", "ip address del 2001:db8:1::9/64 dev v0", true},
		{"a veth comes", "true", "ip link add x0 type veth peer name x1", true},
		{"a veth comes and goes", "true", "ip link add x0 type veth peer name x1; ip link set x0 up; ip link del x0", true},
		{"a link turns dormant", "ip nexthop add id 5 via 10.0.0.2 dev v0; ip route add 10.77.0.0/16 nhid 5", "ip link set v0 mode dormant; ip link set v0 state dormant", false},
		{"a rename", "ip route add 10.9.0.0/16 via 10.0.0.2", "ip link set v0 down; ip link set v0 name z0; ip link set z0 up" + allUp, true},
		{"IPv6 hops go one by one", "ip -6 route add 2001:db8:9::/48 nexthop via 2001:db8:1::2 nexthop via 2001:db8:1::3 nexthop via 2001:db8:2::2", "ip -6 route del 2001:db8:9::/48 via 2001:db8:1::3; ip link set w0 down" + lower("w1"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !netnstest.Enter(t) {
				return
			}
			path := filepath.Join(t.TempDir(), "a.db")
			netnstest.Run(t, twoLinks+tt.setup+allUp)
			r := run(t, path, Config{incurious: true})
			netnstest.Run(t, tt.do+"; ip route add unreachable 203.0.113.0/24")
			r.until(isRoute("203.0.113.0/24"))
			r.stop()
			run(t, path, Config{}).stop()

			db := openSQL(t, path)
			if n := number(t, db, `SELECT count(*) FROM change WHERE how = 3`); (n > 0) != tt.inferred {
				t.Errorf("%d changes were inferred", n)
			}
			rows, err := db.Query(`
				SELECT op || ' ' || kind || ' ' || label
				FROM change_log WHERE how = 'found' AND kind <> 'neighbour' ORDER BY id`)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var found string
				if err := rows.Scan(&found); err != nil {
					t.Fatal(err)
				}
				t.Errorf("left to be found: %s", found)
			}
		})
	}
}
