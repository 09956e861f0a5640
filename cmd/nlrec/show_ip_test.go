package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/iptest"
	"nlrec/internal/netnstest"
)

// showSteps give every kind whatever this kernel and ip(8) know, so that what
// ip shows of it can be compared. $OTHER is a process in another namespace.
var showSteps = []string{
	iptest.TwoLinks,

	// Links of all kinds, with all that is special to them.
	`ip link add br0 type bridge stp_state 1 mcast_querier 1 priority 7 ageing_time 100 group_fwd_mask 0x8 mcast_igmp_version 3
	ip link add br1 type bridge mcast_snooping 0 nf_call_iptables 1 mcast_hash_max 128 no_linklocal_learn 1
	ip link set br0 up; ip link add p0 type veth peer name p1; ip link set p0 up; ip link set p1 up; ip link set p1 master br0
	ip link add p2 type veth peer name p3; ip link set p2 master br0
	bridge link set dev p1 guard on; bridge link set dev p1 hairpin on; bridge link set dev p1 root_block on fastleave on mcast_to_unicast on
	bridge link set dev p1 cost 5 priority 3 learning off flood off mcast_flood off bcast_flood off neigh_suppress on isolated on
	bridge link set dev p1 backup_port p2; ip link set p1 type bridge_slave group_fwd_mask 8 mcast_router 2; ip link set br1 group 5`,
	iptest.Vxlans + `; ip link set vx1 protodown on; ip link set vx1 protodown_reason 3 on; ip link set vx0 mtu 1400; ip link set vx3 master br1`,
	`ip link add mv0 link v0 type macvlan mode bridge bcqueuelen 50; ip link add mv1 link v0 type macvlan mode source
	ip link add mv2 link w0 type macvlan mode vepa; ip link set mv0 up; ip link add mt0 link w0 type macvtap mode private
	ip link add ps0 link p0 type macvlan mode passthru nopromisc; ip link add ifb9 type ifb; ip link set ifb9 up
	ip link set p0 promisc on; ip link set p0 allmulticast on; ip link set p0 multicast off; ip link set p0 arp off
	ip link set p0 group 7 txqueuelen 55; ip link set p0 mode dormant; ip link set p2 address 02:00:00:00:00:99
	ip link set v0 alias 'the "way" out'; ip link property add dev v0 altname wan altname averylongalternativename
	ip link add n0 type veth peer name n1; ip link set n1 netns $OTHER; ip link set n0 up
	! ip tuntap add tap0 mode tap user 0 group 0 pi vnet_hdr multi_queue || ip link set tap0 up # a tap needs /dev/net/tun`,

	// Addresses: in the kernel's order, which is not that in which they came.
	`ip address add 10.0.0.9/24 dev v0 valid_lft 10000 preferred_lft 5000; ip address add 10.5.0.1 peer 10.6.0.1/24 dev v0 metric 77
	ip address add 10.0.7.1/24 brd + dev v0 label v0:x; ip address add 10.0.0.8/24 dev v0; ip address add 10.8.0.1/24 dev v0 scope link
	ip address add 10.8.0.2/32 dev v0 scope host; ip address add 10.8.1.1/32 dev v0; ip address add 10.0.0.7/25 dev v0 noprefixroute
	ip address add 2001:db8:1::9/64 dev v0 valid_lft 10000 preferred_lft 0; ip address add 2001:db8:1::8/64 dev v0 mngtmpaddr noprefixroute home
	ip address add 2001:db8:44::1 peer 2001:db8:44::2/64 dev w0; ip address add fec0::1/64 dev v0 nodad; ip address add 10.1.0.1/24 dev mv1
	ip address del 2001:db8:1::1/64 dev v0; ip address add 2001:db8:1::1/64 dev v0 nodad; ip address add fd00::1/128 dev lo`,

	// Neighbours, rules.
	`ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:01 dev v0 protocol static; ip neigh add 10.0.0.52 lladdr 02:00:00:00:00:01 dev v0 extern_learn nud reachable
	ip neigh add 2001:db8:1::5 dev v0 lladdr 02:00:00:00:00:05 router nud stale; ip neigh add 10.0.0.53 lladdr 02:00:00:00:00:02 dev v0 nud permanent
	ip neigh add 10.0.0.55 lladdr 02:00:00:00:00:03 dev v0 managed; ip neigh add proxy 10.0.0.77 dev v0`,
	`ip rule add pref 3 tos 0x10 table 7; ip rule add pref 4 realms 5 table 7; ip rule add pref 5 iif nope oif v0 table 10 realms 3/4
	ip rule add pref 6 goto 40; ip rule add pref 7 l3mdev; ip rule add pref 9 nop; ip rule add pref 40 table 10; ip rule add pref 8 goto 41
	ip rule add pref 10 tos 0x08 ipproto 17 sport 5 table 10 protocol 5; ip rule add pref 12 table 10 suppress_ifgroup 5 tun_id 7 protocol bgp
	ip rule add pref 13 iif wan table 253; ip rule add pref 18 table 1000000 not to 10.0.0.0/24; ip rule add pref 19 ipproto 4 fwmark 0/0xff
	ip rule add pref 14 to 10.0.0.0/8 fwmark 7 table 7; ip rule add pref 15 from 10.0.0.1 fwmark 7/0xf prohibit; ip rule add pref 16 to 192.0.2.0/24 blackhole
	ip rule add pref 17 uidrange 5-7 ipproto icmp sport 4-9 dport 3-9 unreachable; ip rule add pref 16 to 192.0.2.0/24 blackhole || :
	ip -6 rule add pref 7 oif nope goto 41; ip -6 rule add pref 11 to 2001:db8::/32 from 2001:db8:1::5 oif lo lookup main suppress_prefixlength 3`,

	// Routes.
	`ip route add 10.9.0.0/24 nexthop via 10.0.0.2 nexthop via 10.0.0.3; ip route add 10.9.7.0/24 via inet6 fe80::5 dev w0
	ip route add 10.9.1.0/24 nexthop via 10.0.0.2 nexthop via 10.1.0.3 onlink dev w0; ip route add 10.9.2.0/24 via 10.0.0.2 dev v0 onlink
	ip route add 10.9.3.0/24 dev w0 scope host; ip -6 route add anycast 2001:db8:c::1 dev v0; ip route add default via 10.0.0.2 proto dhcp metric 5
	ip route add 10.9.8.0/24 nexthop via inet6 fe80::5 dev w0 nexthop via 10.1.0.6 weight 5; ip -6 route add default via 2001:db8:1::2 proto bgp
	ip route add 10.9.20.0/24 via 10.0.0.2 realm 5; ip route add unreachable 10.9.23.0/24; ip route add throw 10.9.25.0/24; ip route add blackhole 10.9.29.0/24
	ip route add 10.9.21.0/24 nexthop via 10.0.0.2 realm 3 nexthop via 10.1.0.2 weight 3 onlink dev w0 realm 4/5
	ip route add 10.9.22.0/24 via 10.0.0.2 dev v0 onlink table 10 src 10.0.0.1 mtu lock 1400 window lock 100 hoplimit 3 rtt 30ms rttvar 20 \
		initcwnd 3 initrwnd 9 cwnd 4 ssthresh 5 reordering 3 quickack 1 features ecn rto_min 20ms advmss 999 fastopen_no_cookie 1
	ip route add 10.9.24.0/24 tos 0x10 via 10.0.0.2; ip route add 10.9.27.0/24 tos 0x28 dev v0; ip route add prohibit 10.9.26.0/24 proto 77
	ip route add 10.9.28.0/24 via 10.0.0.7 proto 99 scope 77; ip -6 route add prohibit 2001:db8:b::/48; ip -6 route add blackhole 2001:db8:bb::/48
	ip route append 10.9.24.0/24 tos 0x10 via 10.0.0.3; ip route add 10.9.24.0/24 tos 0x10 via 10.0.0.4 table 100000
	ip -6 route add 2001:db8:9::/48 via 2001:db8:1::2 expires 10000; ip -6 route add 2001:db8:99::/48 via 2001:db8:1::2 pref low mtu 1300
	ip -6 route add 2001:db8:7::/48 nexthop via 2001:db8:1::2 nexthop via 2001:db8:1::3 weight 3`,
	iptest.Encapsulations,
	iptest.Nexthops,

	// What is not as it should be.
	`ip link set w1 down; ip link set p3 down`,
	`ip link set w1 up; ip link set w0 name uplink`,
	`ip link set v1 down; sysctl -qw net.ipv4.conf.v0.ignore_routes_with_linkdown=1 net.ipv6.conf.v0.ignore_routes_with_linkdown=1; ip link set v0 alias y`,

	`ip link set v0 down; ip link del br0; ip link del uplink; ip rule flush; ip -6 rule flush; ip nexthop flush >/dev/null
	for l in v0 br1 vx1 vx2 vx4 n0 ifb9; do ip link del $l; done; ip route flush table all; ip -6 route flush table all`,
}

// shownByIP are the commands whose objects "nlrec show KIND -o ip-json" prints.
var shownByIP = []struct {
	kind string
	ip   []string
}{
	{"link", []string{"link show"}},
	{"address", []string{"address show"}},
	{"neighbour", []string{"neighbour show"}},
	{"nexthop", []string{"nexthop show"}},
	{"route", []string{"-4 route show table all", "-6 route show table all"}},
	{"rule", []string{"-4 rule show", "-6 rule show"}},
	{"netconf", []string{"netconf show"}},
}

// counters are members that nlrec does not record, countdowns those that it has
// as they were when the version began.
var (
	counters = []string{"hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "message_age_timer", "forward_delay_timer", "hold_timer",
		"mcast_eht_hosts_cnt", "unbalanced_time"}
	countdowns = []string{"expires", "valid_life_time", "preferred_life_time"}
)

// objects reads arrays of objects, and returns each object as JSON with its
// keys sorted, less what counts, in an order of its own.
func objects(t *testing.T, texts ...[]byte) (lines []string) {
	t.Helper()
	for _, text := range texts {
		var list []map[string]any
		if err := json.Unmarshal(text, &list); err != nil && len(text) > 0 {
			t.Fatalf("%v in %s", err, text)
		}
		for _, o := range list {
			line, _ := json.Marshal(atRest(o))
			lines = append(lines, string(line))
		}
	}
	slices.Sort(lines)
	return lines
}

// atRest takes away what counts, at any depth, and has the states of neighbours
// that are never announced as what they are shown as.
func atRest(v any) any {
	switch v := v.(type) {
	case map[string]any:
		left := map[string]any{}
		for key, value := range v {
			switch {
			case slices.Contains(counters, key):
			case slices.Contains(countdowns, key) && value != float64(1<<32-1):
				left[key] = "runs"
			default:
				left[key] = atRest(value)
			}
		}
		return left
	case []any:
		for i := range v {
			v[i] = atRest(v[i])
		}
	case string:
		if shown, ok := map[string]string{"DELAY": "STALE", "INCOMPLETE": "FAILED"}[v]; ok {
			return shown
		}
	}
	return v
}

// ipShows asks ip for all kinds.
func ipShows(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, s := range shownByIP {
		var texts [][]byte
		for _, args := range s.ip {
			out, err := exec.Command("ip", append([]string{"-d", "-j"}, strings.Fields(args)...)...).Output()
			if err != nil {
				t.Fatalf("ip %s: %v", args, err)
			}
			texts = append(texts, out)
		}
		all[s.kind] = objects(t, texts...)
	}
	return all
}

// nlrecShows asks nlrec for all kinds.
func nlrecShows(t *testing.T, db string, more ...string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, s := range shownByIP {
		cmd := exec.Command("nlrec", append([]string{"show", s.kind, "-o", "ip-json", "--db", db}, more...)...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, err.(*exec.ExitError).Stderr)
		}
		all[s.kind] = objects(t, out)
	}
	return all
}

// differing tells which objects only one side has; of two that are next to one
// another, which members differ.
func differing(ip, nlrec map[string][]string) (text string) {
	for _, s := range shownByIP {
		left, right := without(ip[s.kind], nlrec[s.kind]), without(nlrec[s.kind], ip[s.kind])
		for i := range max(len(left), len(right)) {
			var a, b map[string]any
			if i < len(left) {
				_ = json.Unmarshal([]byte(left[i]), &a) // what objects wrote
			}
			if i < len(right) {
				_ = json.Unmarshal([]byte(right[i]), &b)
			}
			text += fmt.Sprintf("%s %v %v\n", s.kind, cmp.Or(a["ifname"], a["dst"], a["priority"], a["id"]), cmp.Or(b["ifname"], b["dst"], b["priority"], b["id"]))
			keys := map[string]any{}
			maps.Copy(keys, a)
			maps.Copy(keys, b)
			for _, key := range slices.Sorted(maps.Keys(keys)) {
				if x, y := fmt.Sprint(a[key]), fmt.Sprint(b[key]); x != y {
					for len(x) > 200 && len(y) > 200 && x[:50] == y[:50] {
						x, y = x[50:], y[50:]
					}
					text += fmt.Sprintf("  %s\n    ip    %s\n    nlrec %s\n", key, x, y)
				}
			}
		}
	}
	return text
}

// without returns what of one sorted list is not in another.
func without(lines, others []string) (left []string) {
	others = slices.Clone(others)
	for _, line := range lines {
		if i := slices.Index(others, line); i >= 0 {
			others = slices.Delete(others, i, i+1)
		} else {
			left = append(left, line)
		}
	}
	return left
}

// TestShowAsIP compares what "nlrec show KIND -o ip-json" prints with the
// installed ip(8), key by key, after each step and, when all is torn down, as
// of then.
func TestShowAsIP(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	other := exec.Command("sleep", "infinity")
	other.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	t.Setenv("OTHER", fmt.Sprint(other.Process.Pid))

	db := filepath.Join(t.TempDir(), "show.db")
	r := startRecording(t, db, polling)
	shown, instants := []map[string][]string{}, []string{}
	for i, step := range showSteps {
		netnstest.Run(t, step)
		s, at := agreesWithIP(t, db, step)
		if i == filteredStep {
			filtersAgree(t, db, at)
			briefAgrees(t, db)
		}
		shown, instants = append(shown, s), append(instants, at)
	}
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Errorf("nlrec record: %v", err)
	}
	for i, at := range instants {
		if diff := differing(shown[i], nlrecShows(t, db, "--at", at)); diff != "" {
			t.Errorf("as of %s, after %s:\n%s", at, showSteps[i], diff)
		}
	}
}

// filtersOfIP are filters that ip understands as nlrec does. They are asked of
// what filteredStep has left.
var filtersOfIP = map[string][]string{
	"link":      {"up", "type bridge", "type vxlan", "master br0", "group 7", "nomaster", "type bridge_slave", "dev wan", "type macvlan up"},
	"address":   {"dev v0", "dev wan", "to 10.0.0.0/8", "up", "type bridge", "master br0", "nomaster", "group 7"},
	"neighbour": {"dev v0", "dev wan", "10.0.0.53", "to 10.0.0.48/29", "to 10.0.0.48/29 dev v0"}, // by state, ip lets learned ones through as well
	"nexthop":   {"groups", "dev w0", "dev averylongalternativename"},
	"rule":      {"from 10.0.0.0/8", "to 10.0.0.0/8", "table 7", "pref 10", "iif wan", "fwmark 7/0xf"},
	"route": {"10.9.0.0/24", "to 10.9.0.0/24", "root 10.9.0.0/16", "to root 10.9/16", "match 10.9.22.7", "to match 10.9.0.0/20", "exact 10.9.0.0/24",
		"proto kernel", "proto 77", "scope host", "type local", "type blackhole", "table 10", "table local", "default", "src 10.0.0.1",
		"root 2001:db8::/32", "match 2001:db8:1::9", "realm 5", "scope link proto kernel", "tos 0x10", "metric 5", "dev wan table local"},
}

const filteredStep = 9 // of showSteps, with routes, and before what is not as it should be

// familiesOf are the flags by which ip shows all there is of a kind.
var familiesOf = map[string][][]string{
	"link": {{}}, "address": {{}}, "neighbour": {{}}, "nexthop": {{}}, "route": {{"-4"}, {"-6"}}, "rule": {{"-4"}, {"-6"}},
}

// filtersAgree compares what filters let through, by what identifies objects: ip
// prints less of an object when it is told to filter.
func filtersAgree(t *testing.T, db, at string) {
	t.Helper()
	identities := func(kind string, lines []string) (found []string) {
		for _, line := range lines {
			var o map[string]any
			_ = json.Unmarshal([]byte(line), &o) // what objects wrote
			if len(o) > 0 {
				found = append(found, fmt.Sprint(o["type"], o["ifname"], o["dst"], o["priority"], o["id"], o["addr_info"]))
			}
		}
		slices.Sort(found)
		return found
	}
	for kind, filters := range filtersOfIP {
		for _, filter := range filters {
			var texts [][]byte
			for _, family := range familiesOf[kind] {
				args := slices.Concat([]string{"-d", "-j"}, family, []string{kind, "show"}, strings.Fields(filter))
				if kind == "route" && !strings.Contains(filter, "table") {
					args = append(args, "table", "all")
				}
				out, err := exec.Command("ip", args...).Output()
				if err != nil && (len(family) == 0 || (family[0] == "-6") == strings.Contains(filter, ":")) { // it may be of the other family
					t.Errorf("ip %v: %v", args, err)
				}
				if err == nil { // of a table that is not there, ip prints half an array
					texts = append(texts, out)
				}
			}
			out, err := exec.Command("nlrec", slices.Concat([]string{"show", kind}, strings.Fields(filter), []string{"-o", "ip-json", "--db", db, "--at", at})...).Output()
			if err != nil {
				t.Errorf("nlrec show %s %s: %v", kind, filter, err)
			}
			got, want := identities(kind, objects(t, out)), identities(kind, objects(t, texts...))
			if len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%s %s: nlrec shows\n%s\nip\n%s", kind, filter, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}

// briefAgrees waits until nlrec shows what ip -br does.
func briefAgrees(t *testing.T, db string) {
	t.Helper()
	lines := func(name string, args ...string) (all []string) {
		out, err := exec.Command(name, args...).Output()
		if err != nil {
			t.Fatalf("%s %v: %v", name, args, err)
		}
		for line := range strings.Lines(string(out)) {
			all = append(all, strings.TrimRight(line, " \n"))
		}
		slices.Sort(all)
		return all
	}
	for _, kind := range []string{"link", "address", "neighbour"} {
		var want, got []string
		for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); {
			want, got = lines("ip", "-br", kind, "show"), lines("nlrec", "show", kind, "-o", "brief", "--db", db)
			if slices.Equal(want, got) {
				break
			}
		}
		if len(want) == 0 || !slices.Equal(want, got) {
			t.Errorf("ip -br %s shows\n%s\nnlrec\n%s", kind, strings.Join(want, "\n"), strings.Join(got, "\n"))
		}
	}
}

// agreesWithIP waits until nlrec shows what ip does, and returns that and an
// instant at which it held.
func agreesWithIP(t *testing.T, db, step string) (map[string][]string, string) {
	t.Helper()
	diff := ""
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); {
		before := ipShows(t)
		recorded := nlrecShows(t, db)
		at := fmt.Sprintf("@%.6f", float64(time.Now().UnixMicro())/1e6)
		if diff = differing(before, recorded); diff == "" && differing(before, ipShows(t)) == "" {
			return before, at
		}
	}
	t.Fatalf("after %s:\n%s", step, diff)
	return nil, ""
}
