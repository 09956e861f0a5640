package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// administration is what people and programs do to a network, as a grammar. A
// line gives a word and one of the texts it may stand for. In a text, <word>
// is replaced by what that word may stand for, {a|b} by one of these, [a] by
// this or nothing, and $ by 4 or 6, the family that the command is about; a
// word that differs between the families has a line for word4 and for word6.
// Many of the commands fail, as people's do.
const administration = `
command    {<link>|<link>|<port>|<device>|<address>|<address>|<route>|<route>|<route>|<route>|<nexthop>|<nexthop>|<rule>|<neighbour>|<sysctl>|<flush>|<time>}

link       ip link set <dev> {up|down|up}
link       ip link set <far> {up|down|up}
link       ip link set <dev> mtu {1500|1400|1280|1200|9000}
link       ip link set <any> {address 02:00:00:00:00:1<n>|alias {one|two}|group {7|0}|txqueuelen {77|1000}}
link       ip link set <any> {promisc|allmulticast|multicast|arp|protodown} {on|off}
link       ip link set <any> {up|down|mtu 1450|addrgenmode {eui64|none}|gso_max_size 30000}
link       ip link property {add|del} dev <any> altname alternative<n>
link       ip link set {<dev> name y0|y0 name <dev>|x0 name x2|x2 name x0}
link       tc qdisc {replace dev <any> root {pfifo|htb}|del dev <any> root}
link       ip token set ::<n> dev <dev>

port       ip link set <member> {master br0|master br0|nomaster}
port       ip link set <member> type bridge_slave {cost 77|priority 9|isolated {on|off}|hairpin on|guard on|mcast_router 2|neigh_suppress on}
port       bridge link set dev <member> {cost 78|learning {on|off}|flood off|state {0|3}|mcast_flood off}
port       ip link set br0 type bridge {priority 5|priority 32768|stp_state {1|0}|ageing_time 1234|forward_delay 200|mcast_snooping 0|group_fwd_mask 8}

device     ip link add br0 type bridge
device     ip link add x0 [index 99] type {ifb|bridge|veth peer name x1|vxlan id 8 dstport 4790}
device     ip link add x2 [index 99] type {ifb|bridge}
device     ip link add m0 link <any> [address 02:00:00:00:00:2<n>] type {macvlan mode {bridge|private|vepa|passthru|source}|macvtap mode bridge}
device     ip link set m0 type macvlan mode {private|bridge|vepa}
device     ip link set m0 type macvlan macaddr {add|del} 02:00:00:00:00:05
device     ip link add vx0 type vxlan id 7 dstport 4789 [ttl 5] {dev v0|remote 10.0.0.2|local 10.0.0.1|group 239.1.1.1 dev w0}
device     ip link set vx0 type vxlan id 7 {remote 10.0.0.{3|4}|ageing 100|nolearning}
device     ip tuntap {add|add|del} t0 mode {tap|tap|tun}
device     ip link del {<new>|<new>|<new>|<any>}
device     ip link add {v|w}0 type veth peer name {v|w}1
device     ip link set <any> netns away
device     ip -n away link set <any> netns home
device     ip -n away link set <any> {up|mtu 1390|address 02:00:00:00:00:3<n>|name y0}

address    ip -$ address {add|add|replace|change|del} <own> dev <dev>
address    ip -$ address {add|add|replace|change} <own> dev <dev> {metric 400|noprefixroute|valid_lft 2 preferred_lft 1|valid_lft 100 preferred_lft 50|preferred_lft 0}
address    ip -$ address {add|replace} <own> dev <any> <flag>
address    ip -$ address {add|del} <peer> dev <dev>
flag4      {scope link|broadcast +|label <any>:1|proto 0x99}
flag6      {nodad|home nodad|mngtmpaddr nodad|optimistic|proto 0x99}

route      ip -$ route <verb> <dst> {via <gw>|dev <dev>} <slot>
route      ip -$ route <verb> <dst> <slot> {nexthop via <gw> nexthop via <gw> [weight 2]|nexthop dev v0 nexthop dev w0|nexthop via <gw> nexthop via <gw> nexthop via <gw>}
route      ip -$ route <verb> {blackhole|unreachable|prohibit|throw} <dst> <slot>
route      ip -$ route <verb> <dst> via <gw> <slot> {proto static|proto bgp|src <src>|mtu {1400|1500|lock 1300}|advmss 1300 hoplimit 5|realm 3|initcwnd 20}
route      ip -$ route <verb> <dst> via <gw> dev <dev> onlink <slot>
route      ip -$ route <verb> <dst> nhid <nhid> <slot>
route      ip -$ route del <dst> <slot>
route      ip -$ route del <dst> {via <gw>|dev <dev>|nexthop via <gw> nexthop via <gw>|nhid <nhid>} <slot>
route      ip -$ route {add|del} default {via <gw>|dev <dev>} [metric 7]
route      <special>
special4   ip -4 route <verb> {local|broadcast|multicast} <dst> dev {lo|<dev>} [table 77]
special4   ip -4 route <verb> <dst> via inet6 fe80::5 dev <dev>
special4   ip -4 route <verb> <dst> encap seg6 mode encap segs 2001:db8:99::1 dev <dev>
special6   ip -6 route <verb> <dst> {dev <dev>|via <gw>} {expires {1|100}|pref {high|low}|from 2001:db8:77::/48}
special6   ip -6 route <verb> <dst> via fe80::{5|6} dev <dev>
special6   ip -6 route <verb> {local <dst> dev lo|multicast ff05::1 dev <dev>|<dst> dev lo|<dst> encap seg6 mode encap segs 2001:db8:99::1 dev <dev>}
verb       {add|append|prepend|replace|change|replace}
slot4      {|||metric 7|table 77|tos 0x10|metric 7 table 77}
slot6      {|||metric 7|table 77|metric 7 table 77}

nexthop    ip nexthop {add|replace} id <nh> via <gw> dev <dev> [onlink]
nexthop    ip nexthop {add|replace} id <nh> {via <gw> dev <dev> proto static|dev <dev>|blackhole}
nexthop    ip nexthop {add|replace} id <group> group <nh>[,2]/<nh>[,3]
nexthop    ip nexthop {add|replace} id <group> group {<nh>|1/11|<nh> type resilient buckets 8 idle_timer 1}
nexthop    ip nexthop del id <nhid>
nexthop4   ip nexthop {add|replace} id 8 via 10.0.0.2 dev v0 {fdb|encap seg6 mode encap segs 2001:db8:99::1}

rule       ip -$ rule add pref {1|2|3|4} {iif <any>|oif <any>|from <dst>|to <dst>|fwmark 0x10/0xff|tos 0x10|not from <dst>|uidrange 0-5} table {77|main}
rule       ip -$ rule add pref {1|2|3|4} {ipproto tcp [sport 10-20] [dport 80]|from <dst> iif lo|fwmark 7|not fwmark 0/1} {table 77 [protocol static]|prohibit|unreachable|blackhole}
rule       ip -$ rule add pref {2|3} {goto 4|goto 32766|goto 99|table main suppress_prefixlength 0|table 77 suppress_ifgroup 7|nop}
rule       ip -$ rule add pref 4 {from all table 77|l3mdev}
rule       ip -$ rule {del pref {1|2|3|4}|del pref 4 from all table 77|add from <dst> table 77}

neighbour  ip neigh {add|replace|change|del} <gw> lladdr 02:00:00:00:00:4<n> dev <dev> [nud {reachable|stale|permanent|noarp|probe|delay|failed}]
neighbour  ip neigh {add|replace} <gw> dev <dev> {lladdr 02:00:00:00:00:4<n> {router|extern_learn|proto static|use}|nud none|nud incomplete|managed}
neighbour  ip neigh {add|del} proxy <gw> dev <dev>
neighbour  bash -c "echo > /dev/udp/<gw>/9"

sysctl     sysctl -qw net.ipv$.conf.<scope>.{forwarding|ignore_routes_with_linkdown}={1|0}
sysctl     sysctl -qw net.ipv6.conf.<scope>.{disable_ipv6|keep_addr_on_down|accept_dad|proxy_ndp}={1|0}
sysctl     sysctl -qw net.ipv6.conf.<dev>.{mtu=1300|addr_gen_mode=1|use_tempaddr=2}
sysctl     sysctl -qw net.ipv4.conf.<scope>.{promote_secondaries|rp_filter|proxy_arp|arp_notify|bc_forwarding}={1|0}
sysctl     sysctl -qw net.ipv6.route.{skip_notify_on_dev_down={1|0}|gc_interval=1}
sysctl     sysctl -qw net.ipv4.{nexthop_compat_mode={0|1}|ip_forward={1|0}}
sysctl     sysctl -qw net.ipv$.neigh.<dev>.base_reachable_time_ms=500 net.ipv$.neigh.<dev>.delay_first_probe_time=1

flush      ip -$ route flush {table 77|dev <dev>|<dst>|proto static}
flush      ip -$ address flush dev <dev>
flush      ip -$ neigh flush dev <dev>
flush      ip {-$ rule flush|nexthop flush|nexthop flush proto static|-$ rule add pref 32766 table main}

time       sleep {0.05|0.05|0.05|0.3|1.1}

dev        {v0|w0}
far        {v1|w1}
any        {<dev>|<dev>|<far>|<far>|<other>}
other      {x0|x0|br0|br0|lo|m0|vx0|t0|x1|y0}
member     {v1|w1|x0|t0|v1}
new        {x0|x0|x2|br0|m0|vx0}
n          {1|2|3}
scope      {<dev>|<dev>|<far>|all|default}
dst4       10.9.{1|2}.0/24
dst6       2001:db8:9{1|2}::/64
gw4        10.{0|1}.0.{2|3}
gw6        2001:db8:{1|2}::{2|3}
own4       {10.0.0.1/24|10.0.0.1/24|10.1.0.1/24|10.{0|1}.0.9/24|10.0.0.9/25|10.7.7.7/32}
own6       {2001:db8:1::1/64|2001:db8:1::1/64|2001:db8:2::1/64|2001:db8:{1|2}::9/64|2001:db8:1::9/48|2001:db8:7::7/128}
peer4      10.5.0.1 peer 10.{6.0.1/24|8.0.1/32}
peer6      2001:db8:5::1 peer 2001:db8:6::1/128
src4       {10.0.0.1|10.0.0.9|10.7.7.7}
src6       {2001:db8:1::1|2001:db8:1::9|2001:db8:7::7}
nh4        {1|2|3}
nh6        {11|12|13}
group4     {5|6}
group6     {15|16}
nhid       {<nh>|<nh>|<group>}
`

// A grammar draws commands.
type grammar struct {
	texts map[string][]string // what each word may stand for
	hole  *regexp.Regexp
}

func parseGrammar(lines string) grammar {
	g := grammar{map[string][]string{}, regexp.MustCompile(`\$|<\w+>|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\[[^]]*\]`)}
	for line := range strings.Lines(lines) {
		if word, text, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			g.texts[word] = append(g.texts[word], strings.TrimSpace(text))
		}
	}
	return g
}

// command draws one.
func (g grammar) command(t *rapid.T) string {
	text := g.expand(t, rapid.SampledFrom([]string{"4", "6"}).Draw(t, "family"), "<command>")
	return strings.Join(strings.Fields(text), " ")
}

func (g grammar) expand(t *rapid.T, family, text string) string {
	return g.hole.ReplaceAllStringFunc(text, func(hole string) string {
		if hole == "$" {
			return family
		}
		inner := hole[1 : len(hole)-1]
		choices := []string{"", inner}
		switch hole[0] {
		case '{':
			choices = alternatives(inner)
		case '<':
			choices = slices.Concat(g.texts[inner], g.texts[inner+family])
		}
		return g.expand(t, family, rapid.SampledFrom(choices).Draw(t, "choice"))
	})
}

// alternatives splits a text at each | that is not in braces.
func alternatives(text string) (found []string) {
	depth, from := 0, 0
	for i, r := range text {
		switch {
		case r == '{':
			depth++
		case r == '}':
			depth--
		case r == '|' && depth == 0:
			found, from = append(found, text[from:i]), i+1
		}
	}
	return append(found, text[from:])
}

// TestGrammar: every word that a text names stands for something, and every word
// but the first is named.
func TestGrammar(t *testing.T) {
	g := parseGrammar(administration)
	named := map[string]bool{"command": true}
	for _, texts := range g.texts {
		for _, m := range regexp.MustCompile(`<(\w+)>`).FindAllStringSubmatch(strings.Join(texts, " "), -1) {
			word := m[1]
			if len(g.texts[word])+len(g.texts[word+"4"]) == 0 {
				t.Errorf("<%s> stands for nothing", word)
			}
			named[word], named[word+"4"], named[word+"6"] = true, true, true
		}
	}
	for word := range g.texts {
		if !named[word] {
			t.Errorf("nothing names %s", word)
		}
	}
}
