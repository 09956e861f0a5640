package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nlrec/internal/netnstest"
)

// forwarding is what decides where packets go, as a grammar like
// administration, and questions about it.
const forwarding = `
command    {<rule>|<rule>|<route>|<route>|<route>|<route>|<route>|<address>|<link>|<nexthop>|<sysctl>|<neighbour>}

rule       ip -$ rule add pref <pref> [not] <selector> <action>
rule       ip -$ rule add pref {5|10|20|30} from all {table <table>|table <table>|goto {30|40}|nop|table main suppress_prefixlength 0|l3mdev}
rule       ip -$ rule del pref <pref>
selector   {from <net>|to <net>|iif <any>|iif lo|oif <any>|fwmark {5|0x10/0xff}|tos {0x10|0x08}|uidrange {0-5|7-9}}
selector   {ipproto {tcp|udp}|ipproto tcp dport {80|70-90}|sport 1000-2000|dport 53|from <net> to <net>|to <net> iif lo|from <net> fwmark 5}
action     {table <table>|table <table>|table <table>|table <table>|table {<table>|main} suppress_prefixlength {0|16|24}|table <table> suppress_ifgroup 7}
action     {blackhole|unreachable|prohibit|nop|goto {30|40|32766|99}|table 77 realms 2/3}
pref       {1|1|5|10|20|30|40}

route      ip -$ route <verb> <net> {via <gw>|dev <dev>|via <gw> src <own>|via <gw> mtu 1400 advmss 1300|via <gw> realm 3|dev <dev> scope link} <slot>
route      ip -$ route <verb> <net> <slot> {nexthop via <gw> nexthop via <gw> [weight 3]|nexthop dev v0 nexthop dev w0|nexthop via <gw> nexthop via <gw> nexthop dev w1}
route      ip -$ route <verb> {blackhole|unreachable|prohibit|throw} <net> <slot>
route      ip -$ route <verb> <net> via <gw> dev <any> onlink <slot>
route      ip -$ route <verb> <net> nhid <nhid> <slot>
route      ip -$ route del <net> <slot>
route      ip -$ route {add|del} default {via <gw>|dev <dev>} <slot>
route      <special>
special4   ip -4 route <verb> {local|broadcast|anycast} <net> dev {lo|<dev>} <slot>
special4   ip -4 route <verb> {multicast|unicast} {239.0.0.0/8|224.0.0.0/4} dev <dev> <slot>
special4   ip -4 route <verb> <net> via inet6 fe80::5 dev <dev> <slot>
special4   ip -4 route <verb> {127.0.0.0/24|10.0.0.1|10.1.0.0/24|10.0.0.255} dev <dev>
special6   ip -6 route <verb> <net> {dev <dev>|via <gw>} {pref {high|low}|from <net>|from 2001:db8:1::/64} <slot>
special6   ip -6 route <verb> {local <net> dev lo|anycast <net> dev <dev>|<net> via fe80::{5|6} dev <dev>|multicast ff05::/16 dev <dev>}
verb       {add|add|append|prepend|replace|replace|change}
slot4      {|||table <table>|table <table>|metric 7|tos 0x10|metric 7 table 77|tos 0x08 table 77}
slot6      {|||table <table>|table <table>|metric 7|metric 7 table 77}
table      {77|77|78|default}

address    ip -$ address {add|add|add|del} <own> dev <any> [<flag>]
flag4      {scope link|scope host|broadcast +|preferred_lft 0}
flag6      {nodad|nodad preferred_lft 0|nodad mngtmpaddr}
link       ip link set {<any>|<dev>} {up|up|down|group {7|0}|mtu 1400}
link       ip link set {w1|v1} {up|down}
nexthop    ip nexthop {add|replace} id <nh> {via <gw> dev <dev>|dev <dev>|blackhole|via <gw> dev <dev> onlink}
nexthop    ip nexthop {add|replace} id <group> group <nh>[,2]/<nh>[,3]
nexthop    ip nexthop {add|replace} id <group> group <nh>
nexthop    ip nexthop del id <nhid>
sysctl     sysctl -qw net.ipv$.conf.{<any>|all}.{forwarding|ignore_routes_with_linkdown}={1|0}
sysctl     sysctl -qw net.ipv4.conf.{<any>|all}.rp_filter={0|1|2}
sysctl     sysctl -qw net.ipv4.conf.<any>.{bc_forwarding|accept_local|route_localnet|src_valid_mark}={0|1}
sysctl     sysctl -qw net.ipv6.conf.<any>.use_tempaddr={0|2}
neighbour  ip neigh {replace|replace|del} <gw> {lladdr 02:00:00:00:00:41 nud {permanent|stale}|nud failed} dev <dev>

question   <to> [from <from>] [{oif <any>|iif <any>}] [mark {5|0x10|0x110}] [uid {3|8|1000}] [ipproto {tcp|udp}] [sport {1500|9}] [dport {80|53}] [tos {0x10|0x08|0xb8}]
question   <to>
question   <to> from <from>
question   <to> from <from> iif <any>
to4        {10.9.0.1|10.9.0.130|10.9.1.1|10.9.1.200|10.9.7.7|10.8.8.8|10.0.0.1|10.0.0.7|10.0.0.255|10.1.0.1|10.1.0.7|10.1.0.255|8.8.8.8|8.8.8.8|127.0.0.1|127.0.0.9|10.7.7.7}
to4        {224.0.0.1|224.0.0.5|239.1.1.1|255.255.255.255|0.0.0.0|0.1.2.3|10.9.0.1|10.9.1.1|10.9.0.0}
to6        {2001:db8:9::1|2001:db8:9::8000:0:0:1|2001:db8:9:1::1|2001:db8:9:7::7|2001:db8:8::8|2001:db8:1::1|2001:db8:1::7|2001:db8:2::7|2a00::8|2a00::8|::1|2001:db8:7::7|2001:db8:1::}
to6        {ff02::1|ff05::1|ff0e::5|::|fe80::7|2001:db8:9::1|2001:db8:9:1::1|2002:1::1|fd00::1|2001::5}
from4      {10.0.0.1|10.0.0.1|10.0.0.1|10.1.0.1|10.1.0.1|10.1.0.1|10.0.0.9|10.7.7.7|10.9.0.1|10.0.0.7|127.0.0.1|0.0.0.0|8.8.8.8|224.0.0.1|10.0.0.255}
from6      {2001:db8:1::1|2001:db8:2::1|2001:db8:1::9|2001:db8:9::1|fe80::7|::|::1|2a00::8}

net4       {default|10.9.0.0/16|10.9.0.0/24|10.9.0.0/25|10.9.1.0/24|10.9.1.1|10.8.0.0/15|10.0.0.0/8|8.0.0.0/7|0.0.0.0/1|10.0.0.0/24}
net6       {default|2001:db8:9::/48|2001:db8:9::/64|2001:db8:9::/65|2001:db8:9:1::/64|2001:db8:9:1::1|2001:db8:8::/47|2001:db8::/32|2a00::/16|2001:db8:1::/64}
gw4        10.{0|0|1}.0.{2|3}
gw6        2001:db8:{1|1|2}::{2|3}
own4       {10.0.0.1/24|10.1.0.1/24|10.{0|1}.0.9/24|10.0.0.8/25|10.7.7.7/32|10.9.0.1/32}
own6       {2001:db8:1::1/64|2001:db8:2::1/64|2001:db8:{1|2}::9/64|2001:db8:1::8/48|2001:db8:7::7/128|fd00::9/64|2002:1::9/64|fec0::1/64}
dev        {v0|v0|w0}
any        {v0|w0|v1|w1|br0|lo}
nh4        {1|2|3}
nh6        {11|12|13}
group4     {5|6}
group6     {15|16}
nhid       {<nh>|<nh>|<group>}
`

// connected makes a world forward, and lead somewhere, to begin with.
var connected = []string{
	"ip -4 route add default via 10.0.0.2", "ip -6 route add default via 2001:db8:1::2",
	"sysctl -qw net.ipv4.conf.v0.forwarding=1 net.ipv4.conf.w0.forwarding=1",
}

// A lookup is a question, what ip said, and an instant at which it held.
type lookup struct {
	question, json, text, at string
}

// asksIP asks "ip route get". The kernel keeps its last answer with the leg it
// names (rt_cache_route()), and repeats of it what is not the leg's: the realms
// of the rule that led there, and that it was for a group. Routes that are equal
// but for their prefix share their legs (fib_find_info()). So that no question
// changes what is said to another, all those are forgotten before each.
func asksIP(t *testing.T, question string) lookup {
	ask := func(flags ...string) string {
		if err := os.WriteFile("/proc/sys/net/ipv4/route/flush", []byte("1"), 0); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		c := exec.Command("ip", slices.Concat(flags, []string{"route", "get"}, strings.Fields(question))...)
		c.Stderr = &stderr
		out, err := c.Output()
		if err != nil {
			return stderr.String()
		}
		return string(out)
	}
	return lookup{question: question, json: ask("-d", "-j"), text: ask()}
}

// differs says how what ip said differs from what nlrec says, now or at an
// instant; empty: it does not.
func (l lookup) differs(db string, at ...string) string {
	ask := func(format string, flags ...string) string {
		var out, stderr bytes.Buffer
		args := slices.Concat([]string{"get", "--db", db, "-o", format}, flags, at, strings.Fields(l.question))
		if code := run(context.Background(), args, strings.NewReader(""), &out, &stderr); code != 0 {
			return fmt.Sprintf("exit code %d: %s", code, stderr.String())
		}
		return out.String()
	}
	ours, kernel := possible(ask("json", "-v")), l.said()
	// What IPv6 legs that joined a route were given beside their gateways is
	// shown by no dump, and not recorded.
	joined := strings.Contains(fmt.Sprint(ours[0]["notes"]), "joined a route")
	for i := range ours {
		delete(ours[i], "steps")
		delete(ours[i], "notes")
		if joined {
			ours[i] = bare(ours[i])
		}
	}
	if joined {
		kernel = bare(kernel)
	}
	if !slices.ContainsFunc(ours, func(o map[string]any) bool { return reflect.DeepEqual(o, kernel) }) {
		return fmt.Sprintf("ip says    %v\nnlrec says %v", kernel, ours)
	}
	text := strings.ReplaceAll(l.text, "rt_offload_failed ", "")
	if got := ask("text"); !joined && !strings.Contains(got, text) {
		return fmt.Sprintf("ip prints    %q\nnlrec prints %q", text, got)
	}
	return ""
}

// bare is an answer without what each IPv6 leg may have of its own.
func bare(answer map[string]any) map[string]any {
	left := maps.Clone(answer)
	for _, key := range []string{"metrics", "prefsrc", "pref", "protocol"} {
		delete(left, key)
	}
	return left
}

// possible reads the answers of nlrec, an error by its text alone.
func possible(text string) (answers []map[string]any) {
	if err := json.Unmarshal([]byte(text), &answers); err != nil {
		return []map[string]any{{"unreadable": text}}
	}
	for _, a := range answers {
		if a["error"] != nil {
			delete(a, "errno")
			delete(a, "dst")
		}
	}
	return answers
}

// said is what ip said as nlrec says it. That ip takes RTCF_MULTICAST for
// rt_offload_failed, which has the same bit, nlrec does not repeat.
func (l lookup) said() map[string]any {
	if refusal, ok := strings.CutPrefix(l.json, "RTNETLINK answers: "); ok {
		return map[string]any{"error": strings.TrimSpace(refusal)}
	}
	text := strings.ReplaceAll(l.json, `"flags":["rt_offload_failed"]`, `"flags":[]`)
	return possible(text)[0]
}

// TestRouteGet asks what "ip route get" says in worlds that rules, routes,
// addresses, links and settings drawn at random have made, and compares: at
// once, and at the end as of each of those instants.
func TestRouteGet(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	runtime.LockOSThread()
	ownNames(t)
	const rounds, questions = 4, 50
	seed, lookups, began := firstSeed(t), often(200, 2000), time.Now()
	outcomes := map[string]int{}
	for done := 0; done < lookups; done += rounds * questions {
		askWorld(t, seed, rounds, questions, outcomes)
		seed++
	}
	t.Logf("%d lookups in %v: %v", lookups, time.Since(began).Round(time.Second), outcomes)
}

// outcome is the sort of answer that ip gave.
func (l lookup) outcome() string {
	said := l.said()
	if said["error"] != nil {
		return fmt.Sprint(said["error"])
	}
	sort := fmt.Sprint(said["type"])
	if said["table"] != "main" && said["table"] != "local" && said["table"] != nil {
		sort += " by a rule"
	}
	if said["gateway"] != nil {
		sort += ", gateway"
	}
	if said["iif"] != nil {
		sort += ", from outside"
	}
	return sort
}

// askWorld makes a world and asks in it.
func askWorld(t *testing.T, seed, rounds, questions int, outcomes map[string]int) {
	g := parseGrammar(forwarding)
	draw := func(word string, n int) []string {
		return rapid.Custom(func(t *rapid.T) (texts []string) {
			for range n {
				family := rapid.SampledFrom([]string{"4", "6"}).Draw(t, "family")
				texts = append(texts, strings.Join(strings.Fields(g.expand(t, family, word)), " "))
			}
			return texts
		}).Example(seed)
	}
	w := newWorld(filepath.Join(t.TempDir(), "get.db"), patience)
	defer w.end()
	defer w.failWith(t)
	for _, c := range connected {
		w.do(c)
	}
	w.do(doStart)
	var asked []lookup
	commands, all := draw("<command>", rounds*10), draw("<question>", rounds*questions)
	for round := range rounds {
		for _, c := range commands[round*10 : (round+1)*10] {
			w.do(c)
		}
		w.compare()
		for _, q := range all[round*questions : (round+1)*questions] {
			asked = append(asked, w.asks(t, seed, q)...)
		}
	}
	w.finish()
	for _, l := range asked {
		outcomes[l.outcome()]++
		if diff := l.differs(w.db, "--at", l.at); diff != "" {
			t.Errorf("NLREC_SEED=%d, as of %s: %s\n%s", seed, l.at, l.question, diff)
		}
	}
}

// asks compares the answers to one question, anew as long as the world moves
// on by itself: ip must say the same before and after nlrec has.
func (w *world) asks(t *testing.T, seed int, question string) []lookup {
	var diff string
	for range 5 {
		before := asksIP(t, question)
		diff = before.differs(w.db)
		at := fmt.Sprintf("@%.6f", float64(time.Now().UnixMicro())/1e6)
		if diff == "" && before == asksIP(t, question) {
			before.at = at
			return []lookup{before}
		}
		w.compare()
	}
	t.Errorf("NLREC_SEED=%d, after\n%s\n: %s\n%s", seed, strings.Join(w.given, "\n"), question, diff)
	return nil
}
