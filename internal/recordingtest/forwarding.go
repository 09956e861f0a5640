package recordingtest

import "nlrec/rtnl"

// Forwarding makes a recording of a machine that packets leave by eth0 and
// eth1: the rules that every namespace has, a default route by 192.0.2.1,
// which becomes one by 192.0.2.9 at 3 s after T0 and goes at 4 s, 10.0.0.0/8
// by two legs, 10.66.0.0/16 unreachable. At 5 s a rule sends packets with mark 7
// to table 100, where 198.51.100.9 is the default. It ends 10 s after T0 and has a
// gap from 6 s to 7 s.
func Forwarding(t TB, path string) {
	r := Open(t, path)
	r.Begin(T0-Second, T0)
	r.links()
	for _, rule := range [][2]int64{{0, 255}, {32766, 254}, {32767, 253}} {
		r.Set(T0, rtnl.Rule, ruleTo("inet", rule[0], rule[1]))
	}
	for _, rule := range [][2]int64{{0, 255}, {32766, 254}} {
		r.Set(T0, rtnl.Rule, ruleTo("inet6", rule[0], rule[1]))
	}
	r.networks()
	route := RouteTo("default", Values{"gateway": "192.0.2.1", "oif": int64(2)})
	r.Set(T0, rtnl.Route, route)
	r.Set(T0, rtnl.Route, RouteTo("10.0.0.0/8", Values{
		"nexthops": `[{"gateway":"192.0.2.2","oif":2,"weight":1,"flags":[]},{"gateway":"198.51.100.2","oif":3,"weight":3,"flags":[]}]`}))
	r.Set(T0, rtnl.Route, RouteTo("10.66.0.0/16", Values{"type": "unreachable"}))
	r.Set(T0, rtnl.Route, RouteTo("default", Values{"table_id": int64(100), "gateway": "198.51.100.9", "oif": int64(3), "metrics": `[{"mtu":1400}]`}))
	r.Commit()
	route["gateway"] = "192.0.2.9"
	r.Set(T0+3*Second, rtnl.Route, route)
	r.Remove(T0+4*Second, rtnl.Route, route)
	marked := ruleTo("inet", 1000, 100)
	marked["fwmark"], marked["fwmask"] = "0x7", "0xffffffff"
	r.Set(T0+5*Second, rtnl.Rule, marked)
	r.Gap(nil, T0+6*Second, T0+7*Second, "overrun")
	r.Close(T0 + 10*Second)
}

func (r *Recording) links() {
	for i, name := range []string{"lo", "eth0", "eth1"} {
		index, flags := int64(i+1), `["BROADCAST","MULTICAST","UP","LOWER_UP"]`
		if name == "lo" {
			flags = `["LOOPBACK","UP","LOWER_UP"]`
		}
		r.Set(T0, rtnl.Link, Values{"ifindex": index, "ifname": name, "mtu": int64(1500), "flags": flags, "carrier": int64(1), "link_group": "default"})
		for _, family := range []string{"inet", "inet6"} {
			r.Set(T0, rtnl.Netconf, Values{"family": family, "ifindex": index, "forwarding": int64(0)})
		}
	}
}

// networks gives eth0 and eth1 an address each, and what comes of them.
func (r *Recording) networks() {
	for _, n := range []struct {
		index           int64
		family, network string
		local, scope    string
		bits            int64
	}{
		{2, "inet", "192.0.2.0/24", "192.0.2.10", "link", 24}, {3, "inet", "198.51.100.0/24", "198.51.100.10", "link", 24},
		{2, "inet6", "2001:db8:1::/64", "2001:db8:1::10", "global", 64},
	} {
		r.Set(T0, rtnl.Address, Values{"family": n.family, "ifindex": n.index, "local": n.local, "prefixlen": n.bits, "scope": "global", "flags": "[]"})
		connected := RouteTo(n.network, Values{"family": n.family, "oif": n.index, "scope": n.scope, "protocol": "kernel"})
		local := RouteTo(n.local, Values{"family": n.family, "table_id": int64(255), "type": "local", "oif": n.index, "scope": "host", "protocol": "kernel"})
		if n.family == "inet" {
			connected["prefsrc"], local["prefsrc"] = n.local, n.local
		} else {
			connected["metric"], connected["pref"], local["scope"], local["pref"] = int64(256), "medium", "global", "medium"
		}
		r.Set(T0, rtnl.Route, connected)
		r.Set(T0, rtnl.Route, local)
	}
}

// RouteTo is a unicast route of table main, but for what others say.
func RouteTo(dst string, others Values) Values {
	v := Values{"family": "inet", "table_id": int64(254), "dst": dst, "src": "", "metric": int64(0), "tos": int64(0), "type": "unicast", "protocol": "boot",
		"scope": "global", "flags": "[]"}
	for column, value := range others {
		v[column] = value
	}
	return v
}

func ruleTo(family string, priority, table int64) Values {
	return Values{"family": family, "priority": priority, "invert": int64(0), "src": "all", "srclen": int64(0), "dst": "all", "dstlen": int64(0),
		"tos": int64(0), "action": "to_tbl", "table_id": table, "protocol": "kernel"}
}
