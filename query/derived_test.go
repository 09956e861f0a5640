package query

import (
	"path/filepath"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// Each row tells the gap that its instant lies in: now, at an instant, and of a
// version in history the last one in which it began or ended.
func TestGapColumn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(t0-second, t0)
	r.Set(t0+1*second, rtnl.Link, link(1, "eth0")) // #1
	r.Gap(nil, t0+2*second, t0+4*second, "overrun")
	r.Set(t0+4*second, rtnl.Link, link(1, "eth1"))                                                                      // #2, found when the gap ended
	r.Set(t0+5*second, rtnl.Link, link(1, "eth2"))                                                                      // #3
	r.Set(t0+5*second, rtnl.Route, route("default", 1))                                                                 // #4
	r.Gap(rtnl.Route, t0+6*second, t0+7*second, "undecodable message")                                                  // of routes only
	r.Gap(rtnl.Neighbour, t0+8*second, 0, "group refused")                                                              // lasts
	r.Set(t0+9*second, rtnl.Neighbour, recordingtest.Values{"family": "inet", "ifindex": int64(1), "dst": "192.0.2.1"}) // #5
	r.Close(t0 + 10*second)
	tests := []struct{ name, at, sql, want string }{
		{"now", "", "SELECT gap FROM link UNION ALL SELECT gap FROM route", "\n"},
		{"now, in one that lasts", "", "SELECT gap FROM neighbour", "3"},
		{"before", "2026-05-01 10:00:01.5", "SELECT gap FROM link", ""},
		{"at its beginning, when all was known", "2026-05-01 10:00:02", "SELECT gap FROM link", ""},
		{"within", "2026-05-01 10:00:02.000001", "SELECT gap FROM link", "1"},
		{"at its end, when all was known again", "2026-05-01 10:00:04", "SELECT gap FROM link", ""},
		{"as of a change in it", "#5", "SELECT gap FROM neighbour", "3"},
		{"of another kind", "2026-05-01 10:00:06.5", "SELECT gap FROM link", ""},
		{"of its kind", "2026-05-01 10:00:06.5", "SELECT gap FROM route", "2"},
		{"by a function", "", "SELECT gap FROM link_at('2026-05-01 10:00:03')", "1"},
		{"by a function after it", "", "SELECT gap FROM link_at('#2')", ""},
		{"versions that end, begin and do neither in one", "", "SELECT ifname, gap FROM link_history ORDER BY valid_from_us", "eth0 1\neth1 1\neth2 "},
		{"a version over one", "", "SELECT gap FROM route_history", ""},
		{"a version that lasts in one that does", "", "SELECT gap FROM neighbour_history", "3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := answer(t, open(t, path, tt.at), tt.sql); got != tt.want {
				t.Errorf("%s\n got %q\nwant %q", tt.sql, got, tt.want)
			}
		})
	}
}

// What follows from other objects is what they were at that time.
func TestDerived(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(t0-second, t0)
	const up, down = `["UP","LOWER_UP"]`, `["NO-CARRIER","UP"]`
	set := func(at int64, k *rtnl.Kind, v recordingtest.Values) { r.Set(t0+at*second, k, v) }
	set(1, rtnl.Link, link(1, "eth0", "flags", up, "carrier", int64(1)))
	set(1, rtnl.Link, link(2, "vx0", "flags", `[]`, "link_index", int64(1), "info_data", `{"id":7,"link_index":1,"learning":true}`))
	set(1, rtnl.Link, link(3, "far", "flags", `["UP"]`, "link_index", int64(2), "link_netnsid", int64(0)))
	set(1, rtnl.Route, route("default", 1, "oif", int64(1), "flags", `["onlink"]`, "scope", "global"))
	set(1, rtnl.Route, route("10.0.0.1", 0, "oif", int64(1), "flags", `[]`, "scope", "host", "type", "local"))
	set(1, rtnl.Route, route("10.0.0.0/8", 0, "flags", `[]`, "scope", "global",
		"nexthops", `[{"oif":1,"weight":1,"flags":[]},{"oif":3,"weight":1,"flags":["dead","linkdown"]}]`))
	six := route("2001:db8::/32", 0, "oif", int64(1), "flags", `[]`, "scope", "global", "type", "unicast")
	six["family"] = "inet6"
	set(1, rtnl.Route, six)
	set(2, rtnl.Route, route("10.1.0.0/16", 0, "oif", int64(1), "flags", `[]`, "scope", "global", "via", `{"family":"inet6","host":"fe80::5"}`))
	rule := func(priority int64, more recordingtest.Values) recordingtest.Values {
		v := recordingtest.Values{"family": "inet", "priority": priority}
		for column, value := range more {
			v[column] = value
		}
		return v
	}
	set(1, rtnl.Rule, rule(5, recordingtest.Values{"iif": "eth0", "oif": "other", "goto": int64(9)}))
	set(2, rtnl.Link, link(1, "eth0", "flags", down, "carrier", int64(0)))
	set(3, rtnl.Link, link(1, "eth9", "altnames", `["eth0","x"]`, "flags", down, "carrier", int64(0)))
	set(3, rtnl.Netconf, recordingtest.Values{"family": "inet", "ifindex": int64(-1), "ignore_routes_with_linkdown": int64(1)})
	set(3, rtnl.Rule, rule(9, nil))
	set(4, rtnl.Link, link(1, "eth9", "flags", `[]`, "carrier", int64(0)))
	r.Remove(t0+4*second, rtnl.Rule, rule(9, nil))
	r.Close(t0 + 10*second)

	at := func(s string) string { return "2026-05-01 10:00:0" + s }
	routes := "SELECT flags FROM route WHERE dst = 'default'"
	local := "SELECT flags FROM route WHERE dst = '10.0.0.1'"
	hops := "SELECT json_extract(nexthops, '$[0].flags'), json_extract(nexthops, '$[1].flags'), json_extract(nexthops, '$[0].dev') FROM route WHERE dst = '10.0.0.0/8'"
	via := "SELECT flags FROM route WHERE dst = '10.1.0.0/16'"
	inet6 := "SELECT flags FROM route WHERE family = 'inet6'"
	rules := "SELECT iif_detached, oif_detached, unresolved FROM rule WHERE priority = 5"
	below := "SELECT ifname, flags FROM link WHERE ifindex > 1 ORDER BY ifindex"
	inside := "SELECT json_extract(info_data, '$.link'), json_type(info_data, '$.learning') FROM link WHERE ifindex = 2"
	tests := []struct{ name, at, sql, want string }{
		{"carrier", at("1"), routes, `["onlink"]`},
		{"no carrier", at("2"), routes, `["onlink","linkdown"]`},
		{"no carrier, which matters", at("3"), routes, `["dead","onlink","linkdown"]`},
		{"no carrier, local", at("3"), local, `[]`},
		{"hops with carrier", at("1"), hops, `[] ["dead","linkdown"] eth0`},
		{"hops without", at("2"), hops, `["linkdown"] ["dead","linkdown"] eth0`},
		{"hops without, which matters", at("3"), hops, `["dead","linkdown"] ["dead","linkdown"] eth9`},
		{"a gateway of another family, as told", at("2"), via, `[]`},
		{"IPv6 without carrier", at("3"), inet6, `["linkdown"]`},
		{"IPv6 over a link that is down", at("4"), inet6, `["dead","linkdown"]`},
		{"a rule's link, and no rule to go to", at("1"), rules, "0 1 1"},
		{"an alternative name, and a rule to go to", at("3"), rules, "0 1 0"},
		{"neither", at("4"), rules, "1 1 1"},
		{"lower link up", at("1"), below, `vx0 []` + "\n" + `far ["UP"]`},
		{"lower link down", at("4"), below, `vx0 ["M-DOWN"]` + "\n" + `far ["UP"]`},
		{"name inside JSON", at("2"), inside, "eth0 true"},
		{"new name inside JSON", at("3"), inside, "eth9 true"},
		{"now", "", inside, "eth9 true"},
		{"when the version began", "", "SELECT json_extract(info_data, '$.link') FROM link_history WHERE ifindex = 2", "eth0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := answer(t, open(t, path, tt.at), tt.sql); got != tt.want {
				t.Errorf("%s\n got %q\nwant %q", tt.sql, got, tt.want)
			}
		})
	}
}
