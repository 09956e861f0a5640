package query

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// shownPath makes a recording of what the kernel of a test machine may not
// have: VRFs, bonds, GRE, XDP, names from elsewhere.
func shownPath(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(t0-second, t0)
	at := t0
	set := func(k *rtnl.Kind, v recordingtest.Values) { at++; r.Set(at, k, v) }
	set(rtnl.Link, link(2, "eth0", "flags", `["BROADCAST","UP","LOWER_UP"]`, "mtu", int64(1500), "carrier", int64(1), "qdisc", "mq", "operstate", "UP", "linkmode", "DEFAULT",
		"link_group", "default", "txqlen", int64(1000), "link_type", "ether", "address", "02:00:00:00:00:01", "broadcast", "ff:ff:ff:ff:ff:ff",
		"master_index", int64(3), "info_slave_kind", "bond", "info_slave_data", `{"state":"ACTIVE","queue_id":0}`, "permaddr", "02:00:00:00:00:02",
		"xdp", `{"mode":2,"prog_id":7,"skb_prog_id":7}`, "promiscuity", int64(0), "proto_down", int64(1), "proto_down_reason", `["3"]`))
	set(rtnl.Link, link(3, "bond0", "flags", `["MASTER"]`, "link_type", "ether", "info_kind", "bond", "info_data", `{"mode":"802.3ad","active_slave_index":2,"arp_validate":null,"ad_info":{"aggregator":1}}`))
	set(rtnl.Link, link(4, "gre1", "flags", `["POINTOPOINT","NOARP"]`, "link_type", "gre", "address", "192.0.2.1", "broadcast", "192.0.2.2", "link_index", int64(2),
		"info_kind", "gre", "info_data", `{"remote":"192.0.2.2","ttl":64}`))
	set(rtnl.Link, link(5, "a\x1b[31m", "flags", `[]`, "link_type", "ether", "ifalias", "two\nlines", "altnames", `["\u202eb"]`, "link_netnsid", int64(3), "link_index", int64(9)))
	set(rtnl.Route, route("default", 0, "gateway", "192.0.2.1", "oif", int64(2), "protocol", "dhcp", "type", "unicast", "scope", "global", "flags", `[]`))
	set(rtnl.Route, route("9.0.0.0/8", 0, "oif", int64(2), "protocol", "boot", "type", "unicast", "scope", "link", "flags", `["onlink"]`, "metrics", `[{"mtu":1400,"rtt":30,"lock":["mtu"],"features":["ecn"]}]`))
	set(rtnl.Route, route("10.0.0.0/8", 0, "protocol", "boot", "type", "unicast", "scope", "global", "flags", `[]`,
		"nexthops", `[{"gateway":"192.0.2.1","oif":2,"weight":1,"flags":[]},{"via":{"family":"inet6","host":"fe80::1"},"oif":4,"weight":3,"flags":["onlink"],"encap":{"encap":"mpls","dst":"100/200"}}]`))
	set(rtnl.Route, recordingtest.Values{"family": "inet", "table_id": int64(100), "dst": "10.0.0.0/8", "tos": int64(0), "metric": int64(0), "type": "blackhole", "protocol": "77", "scope": "global", "flags": `[]`, "nhid": int64(1)})
	set(rtnl.Route, recordingtest.Values{"family": "inet6", "table_id": int64(255), "dst": "fe80::", "src": "", "metric": int64(0), "type": "anycast", "protocol": "kernel", "scope": "global", "flags": `[]`, "oif": int64(2), "pref": "medium", "expires": int64(30)})
	set(rtnl.Nexthop, recordingtest.Values{"id": int64(1), "family": "inet", "blackhole": int64(1), "protocol": "zebra", "scope": "global", "flags": `[]`})
	set(rtnl.Address, recordingtest.Values{"family": "inet", "ifindex": int64(2), "local": "192.0.2.9", "prefixlen": int64(24), "label": "eth0", "scope": "global", "flags": `["dynamic"]`,
		"valid_life_time": int64(60), "preferred_life_time": int64(4294967295), "broadcast": "192.0.2.255"})
	set(rtnl.Neighbour, recordingtest.Values{"family": "inet", "ifindex": int64(2), "dst": "192.0.2.1", "lladdr": "02:00:00:00:00:0b", "state": `["STALE"]`, "flags": `["router","offload"]`, "flags_ext": `["managed"]`})
	set(rtnl.Rule, recordingtest.Values{"family": "inet", "priority": int64(7), "src": "10.1.0.0", "srclen": int64(16), "dst": "192.0.2.1", "dstlen": int64(32), "table_id": int64(254), "tos": int64(0),
		"fwmark": "0x10", "fwmask": "0xff", "invert": int64(1), "action": "to_tbl", "protocol": "unspec", "iif": "eth0", "oif": "gone", "flow_to": int64(4000)})
	set(rtnl.Rule, recordingtest.Values{"family": "inet6", "priority": int64(9), "src": "all", "srclen": int64(0), "dst": "all", "dstlen": int64(0), "goto": int64(10), "action": "goto", "protocol": "static"})
	set(rtnl.Netconf, recordingtest.Values{"family": "inet", "ifindex": int64(-1), "forwarding": int64(1), "rp_filter": "strict"})
	r.Close(t0 + 10*second)
	return path
}

func showing(t *testing.T, r *Reader, kind, words, format string, detail bool) string {
	t.Helper()
	k, err := FindKind(kind)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFilter(k, strings.Fields(words))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Show(t.Context(), &out, f, ShowOptions{Format: format, Details: detail}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestShowText(t *testing.T) {
	r := open(t, shownPath(t), "")
	tests := []struct {
		kind, words string
		detail      bool
		want        string
	}{
		{"link", "dev eth0", false, `
2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 xdpgeneric/id:7 qdisc mq master bond0 state UP mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff permaddr 02:00:00:00:00:02 protodown on protodown_reason <3>
`},
		{"link", "dev eth0 dev bond0", true, `
2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 xdpgeneric/id:7 qdisc mq master bond0 state UP mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff permaddr 02:00:00:00:00:02 protodown on protodown_reason <3> promiscuity 0
    bond_slave state ACTIVE queue_id 0
3: bond0: <MASTER>
    link/ether
    bond mode 802.3ad arp_validate aggregator 1 active_slave eth0
`},
		{"link", "type gre", false, `
4: gre1@eth0: <POINTOPOINT,NOARP>
    link/gre 192.0.2.1 peer 192.0.2.2
`},
		{"link", "ifindex 5", false, `
5: a\x1b[31m@if9: <>
    link/ether link-netnsid 3
    alias two\nlines
    altname \u202eb
`},
		{"route", "", false, `
default via 192.0.2.1 dev eth0 proto dhcp
9.0.0.0/8 dev eth0 scope link onlink mtu lock 1400 rtt 30ms features ecn
10.0.0.0/8
	nexthop via 192.0.2.1 dev eth0 weight 1
	nexthop encap mpls dst 100/200 via inet6 fe80::1 dev gre1 weight 3 onlink
blackhole 10.0.0.0/8 nhid 1 table 100 proto 77
anycast fe80:: dev eth0 table local proto kernel metric 0 expires 30sec pref medium
`},
		{"route", "9.0.0.0/8", true, `
unicast 9.0.0.0/8 dev eth0 table main proto boot scope link onlink mtu lock 1400 rtt 30ms features ecn
`},
		{"address", "dev eth0", false, `
2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 xdpgeneric/id:7 qdisc mq master bond0 state UP group default qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff permaddr 02:00:00:00:00:02 protodown on protodown_reason <3>
    inet 192.0.2.9/24 brd 192.0.2.255 scope global dynamic eth0
       valid_lft 60sec preferred_lft forever
`},
		{"address", "dev bond0", false, "\n3: bond0: <MASTER>\n    link/ether\n"},
		{"address", "dev bond0 scope global", false, "\n"},
		{"neighbour", "", false, "\n192.0.2.1 dev eth0 lladdr 02:00:00:00:00:0b router managed offload STALE\n"},
		{"rule", "", false, `
IPv4:
7:	not from 10.1.0.0/16 to 192.0.2.1 fwmark 0x10/0xff iif eth0 oif gone [detached] lookup main realms 4000
IPv6:
9:	from all goto 10 [unresolved] proto static
`},
		{"rule", "-6", false, "\n9:\tfrom all goto 10 [unresolved] proto static\n"},
		{"nexthop", "", false, "\nid 1 blackhole proto zebra\n"},
		{"netconf", "", false, "\ninet all forwarding on rp_filter strict\n"},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+tt.words, func(t *testing.T) {
			if got := "\n" + showing(t, r, tt.kind, tt.words, "ip", tt.detail); got != tt.want {
				t.Errorf("got%swant%s", got, tt.want)
			}
		})
	}
}

// What ip(8) puts elsewhere than the views, and no test machine has.
func TestShowIPJSON(t *testing.T) {
	r := open(t, shownPath(t), "")
	tests := []struct{ kind, words, want string }{
		{"link", "dev bond0", `{"ifindex":3,"ifname":"bond0","flags":["MASTER"],"link_type":"ether",` +
			`"linkinfo":{"info_kind":"bond","info_data":{"mode":"802.3ad","arp_validate":null,"ad_info":{"aggregator":1},"active_slave":"eth0"}}}`},
		{"link", "type gre", `{"ifindex":4,"link":"eth0","ifname":"gre1","flags":["POINTOPOINT","NOARP"],"link_type":"gre","address":"192.0.2.1",` +
			`"link_pointtopoint":true,"broadcast":"192.0.2.2","linkinfo":{"info_kind":"gre","info_data":{"remote":"192.0.2.2","ttl":64}}}`},
		{"route", "table 100", `{"type":"blackhole","dst":"10.0.0.0/8","nhid":1,"table":"100","protocol":"77","scope":"global","flags":[],` +
			`"nh_info":{"id":1,"scope":"global","blackhole":null,"protocol":"zebra","flags":[]}}`},
		{"route", "dev gre1", `{"type":"unicast","dst":"10.0.0.0/8","table":"main","protocol":"boot","scope":"global","flags":[],"nexthops":[` +
			`{"gateway":"192.0.2.1","dev":"eth0","weight":1,"flags":[]},` +
			`{"encap":"mpls","dst":"100/200","via":{"family":"inet6","host":"fe80::1"},"dev":"gre1","weight":3,"flags":["onlink"]}]}`},
		{"link", "ifindex 5", `{"ifindex":5,"link_index":9,"ifname":"a\u001b[31m","flags":[],"link_type":"ether","link_netnsid":3,"ifalias":"two\nlines","altnames":["\u202eb"]}`},
		{"neighbour", "nud failed", ""},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+tt.words, func(t *testing.T) {
			got := showing(t, r, tt.kind, tt.words, "ip-json", false)
			if want := "[" + tt.want + "]\n"; got != want || !json.Valid([]byte(got)) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// The formats of queries have the columns of the view, then or now.
func TestShowFormats(t *testing.T) {
	r := open(t, samplePath(t), "#2")
	for _, format := range Formats() {
		got := showing(t, r, "route", "via 192.0.2.1", format, false)
		var want bytes.Buffer
		err := r.Query(t.Context(), "SELECT * FROM route WHERE gateway = '192.0.2.1'", func(rows *Rows) error { return Write(&want, Page{}, format, rows) })
		if err != nil || got != want.String() || !strings.Contains(got, "eth0") {
			t.Errorf("%s: %v: got\n%swant\n%s", format, err, got, want.String())
		}
	}
}
