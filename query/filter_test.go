package query

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// filterPath makes a recording with a few objects of each kind; each can be
// told by a column that name returns.
func filterPath(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(t0-second, t0)
	at := t0
	set := func(k *rtnl.Kind, v recordingtest.Values) { at++; r.Set(at, k, v) }
	set(rtnl.Link, link(1, "lo", "flags", `["LOOPBACK","UP"]`, "operstate", "UNKNOWN", "link_group", "default"))
	set(rtnl.Link, link(3, "br0", "flags", `[]`, "operstate", "DOWN", "info_kind", "bridge", "mtu", int64(1400), "ifalias", "a b", "altnames", `["span"]`))
	set(rtnl.Link, link(2, "eth0", "flags", `["NO-CARRIER","UP"]`, "operstate", "DOWN", "link_group", "7", "altnames", `["wan","uplink"]`,
		"master_index", int64(3), "info_slave_kind", "bridge", "address", "02:00:00:00:00:0a"))
	set(rtnl.Link, link(4, "blue", "altnames", `["azure"]`, "info_kind", "vrf", "info_data", `{"table":100}`))
	for dst, more := range map[string][]any{
		"default":     {"gateway", "192.0.2.1", "oif", int64(2), "protocol", "dhcp", "type", "unicast", "metrics", `[{"mtu":1400}]`},
		"10.0.0.0/8":  {"nexthops", `[{"gateway":"192.0.2.1","oif":2},{"via":{"family":"inet6","host":"fe80::1"},"oif":3}]`, "protocol", "bgp", "type", "unicast"},
		"10.1.0.0/16": {"oif", int64(3), "protocol", "static", "scope", "link", "prefsrc", "192.0.2.9", "type", "unicast"},
		"10.1.2.3":    {"type", "blackhole", "protocol", "77", "flow_to", int64(5)},
	} {
		set(rtnl.Route, route(dst, 5, more...))
	}
	set(rtnl.Route, recordingtest.Values{"family": "inet", "table_id": int64(100), "dst": "172.16.0.0/12", "tos": int64(16), "metric": int64(0), "type": "unicast"})
	for _, dst := range []string{"default", "2001:db8::/32"} {
		set(rtnl.Route, recordingtest.Values{"family": "inet6", "table_id": int64(254), "dst": dst, "src": "", "metric": int64(1024), "protocol": "ra", "oif": int64(2), "pref": "high", "type": "unicast"})
	}
	set(rtnl.Address, recordingtest.Values{"family": "inet", "ifindex": int64(2), "local": "192.0.2.9", "prefixlen": int64(24), "label": "eth0:1", "scope": "global", "flags": `["secondary"]`})
	set(rtnl.Address, recordingtest.Values{"family": "inet6", "ifindex": int64(1), "local": "::1", "prefixlen": int64(128), "scope": "host", "flags": `["dynamic"]`})
	set(rtnl.Neighbour, recordingtest.Values{"family": "inet", "ifindex": int64(2), "dst": "192.0.2.1", "lladdr": "02:00:00:00:00:0b", "state": `["STALE"]`, "flags": `["router"]`})
	set(rtnl.Neighbour, recordingtest.Values{"family": "inet6", "ifindex": int64(3), "dst": "fe80::1", "state": `["FAILED"]`, "master_index": int64(3), "flags": `[]`})
	set(rtnl.Rule, recordingtest.Values{"family": "inet", "priority": int64(7), "src": "10.1.0.0", "srclen": int64(16), "dst": "all", "dstlen": int64(0), "table_id": int64(100),
		"fwmark": "0x10", "fwmask": "0xff", "ipproto": "tcp", "dport_start": int64(80), "dport_end": int64(90), "invert": int64(1), "action": "to_tbl"})
	set(rtnl.Rule, recordingtest.Values{"family": "inet6", "priority": int64(9), "src": "all", "srclen": int64(0), "dst": "all", "dstlen": int64(0), "iif": "eth0", "l3mdev": int64(1), "action": "to_tbl"})
	set(rtnl.Nexthop, recordingtest.Values{"id": int64(1), "family": "inet", "gateway": "192.0.2.1", "oif": int64(2), "protocol": "zebra"})
	set(rtnl.Nexthop, recordingtest.Values{"id": int64(2), "family": "unspec", "nh_group": `[{"id":1}]`, "fdb": int64(1)})
	set(rtnl.Netconf, recordingtest.Values{"family": "inet", "ifindex": int64(-1), "forwarding": int64(1)})
	set(rtnl.Netconf, recordingtest.Values{"family": "inet", "ifindex": int64(2), "forwarding": int64(0)})
	r.Close(t0 + 10*second)
	return path
}

// names are the columns that tell the objects of filterPath apart.
var names = map[string]string{
	"link": "ifname", "route": "CASE family WHEN 'inet6' THEN 'six:' ELSE '' END || dst", "address": "local", "neighbour": "dst",
	"rule": "priority", "nexthop": "id", "netconf": "interface",
}

// The words of ip(8) choose what they say.
func TestFilters(t *testing.T) {
	r := open(t, filterPath(t), "")
	tests := []struct{ kind, words, want string }{
		{"link", "", "blue br0 eth0 lo"},
		{"link", "dev eth0", "eth0"},
		{"link", "eth0", "eth0"},
		{"link", "wan", "eth0"},
		{"link", "dev eth0 dev lo", "eth0 lo"},
		{"link", "up", "eth0 lo"},
		{"link", "down", "blue br0"},
		{"link", "-up", "blue br0"},
		{"link", "no-carrier", "eth0"},
		{"link", "up state down", "eth0"},
		{"link", "type bridge", "br0"},
		{"link", "type bridge_slave", "eth0"},
		{"link", "group 7", "eth0"},
		{"link", "group default", "lo"},
		{"link", "master br0", "eth0"},
		{"link", "master span", "eth0"},
		{"link", "nomaster up", "lo"},
		{"link", "mtu 1400", "br0"},
		{"link", "alias a'b", ""},
		{"link", "address 02:00:00:00:00:0A", "eth0"},
		{"links", "altname uplink", "eth0"},
		{"route", "", "10.0.0.0/8 10.1.0.0/16 10.1.2.3 172.16.0.0/12 default six:2001:db8::/32 six:default"},
		{"route", "-4 table main", "10.0.0.0/8 10.1.0.0/16 10.1.2.3 default"},
		{"route", "table all -6", "six:2001:db8::/32 six:default"},
		{"route", "-4 -6 proto ra", ""},
		{"route", "table 100", "172.16.0.0/12"},
		{"route", "vrf blue", "172.16.0.0/12"},
		{"route", "vrf azure", "172.16.0.0/12"},
		{"routes", "to 10.0.0.0/8", "10.0.0.0/8"},
		{"route", "10/8", "10.0.0.0/8"},
		{"route", "exact 10.1.0.0/16", "10.1.0.0/16"},
		{"route", "to root 10.0.0.0/8", "10.0.0.0/8 10.1.0.0/16 10.1.2.3"},
		{"route", "root 0/0", "10.0.0.0/8 10.1.0.0/16 10.1.2.3 172.16.0.0/12 default"},
		{"route", "match 10.1.2.3", "10.0.0.0/8 10.1.0.0/16 10.1.2.3 default"},
		{"route", "to match 10.1/16", "10.0.0.0/8 10.1.0.0/16 default"},
		{"route", "default", "default six:default"},
		{"route", "::/0", "six:default"},
		{"route", "root ::/0", "six:2001:db8::/32 six:default"},
		{"route", "via 192.0.2.1", "10.0.0.0/8 default"},
		{"route", "via inet6 fe80::1", "10.0.0.0/8"},
		{"route", "dev br0", "10.0.0.0/8 10.1.0.0/16"},
		{"route", "dev span", "10.0.0.0/8 10.1.0.0/16"},
		{"route", "-4 oif wan", "10.0.0.0/8 default"},
		{"route", "proto bgp", "10.0.0.0/8"},
		{"route", "proto 186", "10.0.0.0/8"},
		{"route", "proto 77 type blackhole", "10.1.2.3"},
		{"route", "proto bgp proto dhcp", "10.0.0.0/8 default"},
		{"route", "scope link", "10.1.0.0/16"},
		{"route", "src 192.0.2.9", "10.1.0.0/16"},
		{"route", "metric 1024 pref high", "six:2001:db8::/32 six:default"},
		{"route", "tos 0x10", "172.16.0.0/12"},
		{"route", "realms 5", "10.1.2.3"},
		{"addr", "192.0.2.0/24", "192.0.2.9"},
		{"address", "to 192.0.2.9", "192.0.2.9"},
		{"address", "dev uplink", "192.0.2.9"},
		{"address", "eth0", "192.0.2.9"},
		{"address", "label eth0:*", "192.0.2.9"},
		{"address", "secondary", "192.0.2.9"},
		{"address", "primary scope host", "::1"},
		{"address", "permanent", "192.0.2.9"},
		{"address", "up", "192.0.2.9 ::1"},
		{"address", "up group 7", "192.0.2.9"},
		{"address", "master span", "192.0.2.9"},
		{"address", "nomaster", "::1"},
		{"address", "type bridge_slave", "192.0.2.9"},
		{"address", "vrf br0", ""},
		{"address", "-dynamic", "192.0.2.9"},
		{"neigh", "nud stale", "192.0.2.1"},
		{"neigh", "state FAILED nud STALE", "192.0.2.1 fe80::1"},
		{"neigh", "nud all", "192.0.2.1 fe80::1"},
		{"neighbor", "failed", "fe80::1"},
		{"neigh", "192.0.2.0/24 dev eth0 router", "192.0.2.1"},
		{"neigh", "lladdr 02:00:00:00:00:0B", "192.0.2.1"},
		{"neigh", "master br0", "fe80::1"},
		{"neigh", "master span", "fe80::1"},
		{"neigh", "vrf span", "fe80::1"},
		{"neigh", "dev wan", "192.0.2.1"},
		{"rule", "from 10.0.0.0/8", "7"},
		{"rule", "from 10.1.0.0/17", ""},
		{"rule", "from all", "7 9"},
		{"rule", "to 0/0", "7"},
		{"rule", "pref 9", "9"},
		{"rule", "9", "9"},
		{"rule", "iif eth0 l3mdev", "9"},
		{"rule", "-l3mdev", "7"},
		{"rule", "not lookup 100", "7"},
		{"rule", "fwmark 16", "7"},
		{"rule", "fwmark 0x10/0xff", "7"},
		{"rule", "fwmark 0x10/0xf", ""},
		{"rule", "ipproto 6 dport 85", "7"},
		{"rule", "dport 91-99", ""},
		{"nexthop", "1", "1"},
		{"nexthop", "id 2", "2"},
		{"nexthop", "groups fdb", "2"},
		{"nexthop", "fdb 0", "1"},
		{"nexthop", "via 192.0.2.1 dev eth0 proto zebra", "1"},
		{"nexthop", "dev wan", "1"},
		{"nexthop", "-4", "1 2"},
		{"netconf", "forwarding", "all"},
		{"netconf", "forwarding off dev eth0", "eth0"},
		{"netconf", "forwarding off dev uplink", "eth0"},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+tt.words, func(t *testing.T) {
			k, err := FindKind(tt.kind)
			if err != nil {
				t.Fatal(err)
			}
			f, err := ParseFilter(k, strings.Fields(tt.words))
			if err != nil {
				t.Fatal(err)
			}
			for _, from := range []string{k.Name, k.Name + "_history"} { // all that is has been
				if len(f.asks) > 0 && from != k.Name {
					continue // which is refused
				}
				where, args := f.Where("x", map[bool]string{true: rtnl.Link.Name, false: everLink}[from == k.Name])
				var found []string
				err = r.QueryWith(t.Context(), "SELECT "+names[k.Name]+" AS name FROM "+from+" x WHERE "+where+" ORDER BY name", args, func(rows *Rows) error {
					for {
						row, err := rows.Next()
						if row == nil || err != nil {
							return err
						}
						found = append(found, valueText(row[0]))
					}
				})
				if got := strings.Join(found, " "); err != nil || got != tt.want {
					t.Errorf("%s: got %q, %v; want %q", from, got, err, tt.want)
				}
			}
		})
	}
}

func TestFilterErrors(t *testing.T) {
	tests := []struct{ kind, words, want, hint string }{
		{"route", "protoo bgp", "protoo: no filter of route", "did you mean proto?"},
		{"route", "proto bpg", "proto bpg: no filter: no such name", "did you mean bgp?"},
		{"route", "proto", "proto: no filter: a value is missing", "proto bgp"},
		{"route", "to 10.0.0.0/33", "to 10.0.0.0/33: no filter: no length", "10.0.0.0/8"},
		{"route", "to eth0", "to eth0: no filter: no address", "10.0.0.0/8"},
		{"route", "table mian", "table mian: no filter: no such name", "did you mean main?"},
		{"route", "eth0", "eth0: no filter of route", "nlrec tables route"},
		{"route", "cached", "cached: no filter of route", "does not record cached routes"},
		{"link", "devv eth0", "devv and eth0: no filter: only one", "did you mean dev?"},
		{"link", "eth0 lo", "eth0 and lo: no filter: only one", "dev eth0 dev lo"},
		{"link", "-4", "-4: no filter of link", "nlrec tables link"},
		{"neighbour", "nud stael", "nud stael: no filter: no such value", "did you mean STALE?"},
		{"neighbour", "nud noarp", "nud noarp: no filter: nlrec records none in that state", "needs no asking"},
		{"neighbour", "state DELAY", "nud DELAY: no filter: nlrec records none in that state", "nud stale"},
		{"neighbour", "proxy", "proxy: no filter of neighbour", "does not record proxy"},
		{"rule", "fwmark x", "fwmark x: no filter: a mark is expected", "0x10"},
		{"route", "to ", "to: no filter: a value is missing", "to 10.0.0.0/8"},
		{"rule", "dport 90-80", "dport 90-80: no filter: a number or a range", "80-90"},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+tt.words, func(t *testing.T) {
			k, err := FindKind(tt.kind)
			if err != nil {
				t.Fatal(err)
			}
			_, err = ParseFilter(k, strings.Split(tt.words, " "))
			if !errors.Is(err, ErrFilter) || !strings.HasPrefix(err.Error(), tt.want) || !strings.Contains(Hint(err), tt.hint) {
				t.Errorf("%v; hint %q", err, Hint(err))
			}
		})
	}
}

// Words without a kind are for all kinds that know them.
func TestSelection(t *testing.T) {
	tests := []struct{ words, want, err string }{
		{"", "link netconf address nexthop route neighbour rule", ""},
		{"neigh nud stale", "neighbour", ""},
		{"dev eth0", "link netconf address nexthop route neighbour rule", ""},
		{"proto bgp", "nexthop route neighbour rule", ""},
		{"nud stale", "neighbour", ""},
		{"state STALE", "neighbour", ""},
		{"192.0.2.1", "address route neighbour rule", ""},
		{"eth0", "link netconf address", ""},
		{"up", "link", ""},
		{"failed", "neighbour", ""},
		{"master br0", "link neighbour", ""},
		{"mtu", "", "mtu: no filter: a value is missing"},
		{"address up", "", "up: no filter of the changes of address"},
		{"roots", "", "roots: no such kind"},
		{"intrefaces dev eth0", "", "intrefaces and"},
		{"interfaces", "", "interfaces: no such kind"},
		{"table mian", "", "table mian: no filter: no such name"},
		{"route colour red", "", "colour: no filter of route"},
	}
	for _, tt := range tests {
		t.Run(tt.words, func(t *testing.T) {
			filters, err := ParseSelection(strings.Fields(tt.words))
			var kinds []string
			for _, f := range filters {
				kinds = append(kinds, f.Kind.Name)
			}
			if got := strings.Join(kinds, " "); got != tt.want && tt.err == "" {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
			if tt.err != "" && (!errors.Is(err, ErrFilter) || !strings.HasPrefix(err.Error(), tt.err)) {
				t.Errorf("error %v, want %s", err, tt.err)
			}
		})
	}
}

func TestFindKind(t *testing.T) {
	for word, want := range map[string]string{"link": "link", "addr": "address", "neighbors": "neighbour", "routes": "route"} {
		if k, err := FindKind(word); err != nil || k.Name != want {
			t.Errorf("%s: %v", word, err)
		}
	}
	for word, hint := range map[string]string{"roue": "did you mean route?", "arp": "did you mean neighbour?", "neihgbor": "did you mean neighbour?", "zzz": "there are link, "} {
		if _, err := FindKind(word); !errors.Is(err, ErrFilter) || !strings.HasPrefix(Hint(err), hint) {
			t.Errorf("%s: %v, hint %q", word, err, Hint(err))
		}
	}
}
