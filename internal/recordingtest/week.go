package recordingtest

import (
	"context"
	"fmt"
	"slices"

	"nlrec/rtnl"
	"nlrec/store"
)

// Monday is when the recording that Week makes begins: 2026-04-27T00:00:00Z.
const Monday = int64(1777248000_000000)

// Units of time.
const (
	minute = 60 * Second
	hour   = 60 * minute
	day    = 24 * hour
)

// Indexes of the links of the router.
const (
	lo, wan0, wan1, lan0, tun0 = int64(1), int64(2), int64(3), int64(4), int64(9)
)

// Process ids of those who change something: the DHCP client, the routing
// daemon, keepalived, and somebody at a shell.
const (
	dhcp, bgp, vrrp, somebody = uint32(811), uint32(907), uint32(1042), uint32(24732)
)

// A week is the recording of a router's week.
type week struct {
	*Recording
	links  map[int64]Values
	routes []Values // in the order in which they came
}

// Week makes the recording of a week of a router, from Monday to the end of
// Sunday. It has two ways out: wan0, by DHCP, and wan1, the second best. The
// link wan0 fails on Monday night, flaps on Wednesday, and 10.1.0.0/16 moves
// to wan1. Hosts in lan0 change their addresses. On Thursday somebody tries a
// policy rule and another MTU, on Friday nlrec is restarted and misses something.
func Week(t TB, path string) {
	w := &week{Recording: Open(t, path), links: map[int64]Values{}}
	w.Begin(Monday-Second, Monday)
	w.From(Origin{How: store.Dumped}, w.start)
	w.monday()
	w.tuesday(Monday + day)
	w.wednesday(Monday + 2*day)
	w.thursday(Monday + 3*day)
	w.friday(Monday + 4*day)
	w.saturday(Monday + 5*day)
	w.Close(Monday + 7*day)
}

// start makes what there is when the recording begins.
func (w *week) start() {
	for index, name := range map[int64]string{lo: "lo", wan0: "wan0", wan1: "wan1", lan0: "lan0"} {
		w.links[index] = Values{"ifindex": index, "ifname": name, "mtu": int64(1500), "operstate": "UP", "carrier": int64(1), "promiscuity": int64(0),
			"flags": `["BROADCAST","MULTICAST","UP","LOWER_UP"]`, "address": fmt.Sprintf("02:00:00:00:00:%02x", index), "link_type": "ether"}
	}
	w.links[lo]["mtu"], w.links[lo]["flags"], w.links[lo]["link_type"] = int64(65536), `["LOOPBACK","UP","LOWER_UP"]`, "loopback"
	for _, index := range []int64{lo, wan0, wan1, lan0} {
		w.Set(Monday, rtnl.Link, w.links[index])
		w.forwarding(Monday, index, 1)
	}
	for _, a := range []Values{
		addressOf(wan0, "198.51.100.10", 24), addressOf(wan1, "203.0.113.10", 24), addressOf(lan0, "192.0.2.1", 24), addressOf(lan0, "2001:db8:1::1", 64),
	} {
		w.Set(Monday, rtnl.Address, a)
	}
	for _, rule := range [][2]int64{{0, 255}, {32766, 254}, {32767, 253}} {
		w.Set(Monday, rtnl.Rule, ruleTo("inet", rule[0], rule[1]))
	}
	w.Set(Monday, rtnl.Nexthop, nexthop(1, "192.0.2.2", lan0))
	w.Set(Monday, rtnl.Nexthop, nexthop(2, "192.0.2.3", lan0))
	w.Set(Monday, rtnl.Nexthop, group(`[{"id":1,"weight":1},{"id":2,"weight":1}]`))
	for _, r := range []Values{
		RouteTo("198.51.100.0/24", Values{"oif": wan0, "protocol": "kernel", "scope": "link", "prefsrc": "198.51.100.10"}),
		RouteTo("203.0.113.0/24", Values{"oif": wan1, "protocol": "kernel", "scope": "link", "prefsrc": "203.0.113.10"}),
		RouteTo("192.0.2.0/24", Values{"oif": lan0, "protocol": "kernel", "scope": "link", "prefsrc": "192.0.2.1"}),
		firstDefault(), secondDefault(),
		RouteTo("10.0.0.0/8", Values{"gateway": "198.51.100.2", "oif": wan0, "protocol": "bgp", "metric": int64(20)}),
		RouteTo("10.1.0.0/16", Values{"gateway": "198.51.100.2", "oif": wan0, "protocol": "bgp", "metric": int64(20)}),
		RouteTo("172.16.0.0/12", Values{"gateway": "203.0.113.2", "oif": wan1, "protocol": "bgp", "metric": int64(20)}),
		RouteTo("10.30.0.0/16", Values{"gateway": "192.0.2.2", "oif": lan0, "protocol": "static"}),
		RouteTo("10.20.0.0/16", Values{"nhid": int64(30), "protocol": "static"}),
	} {
		w.route(Monday, r)
	}
	w.neighbour(Monday, wan0, "198.51.100.1", "02:00:5e:00:01:01", "REACHABLE")
	w.neighbour(Monday, wan1, "203.0.113.1", "02:00:5e:00:02:01", "REACHABLE")
	w.Commit()
}

func firstDefault() Values {
	return RouteTo("default", Values{"gateway": "198.51.100.1", "oif": wan0, "protocol": "dhcp", "metric": int64(100)})
}

func secondDefault() Values {
	return RouteTo("default", Values{"gateway": "203.0.113.1", "oif": wan1, "protocol": "static", "metric": int64(200)})
}

func addressOf(index int64, local string, bits int64) Values {
	v := Values{"family": "inet", "ifindex": index, "local": local, "prefixlen": bits, "scope": "global", "flags": "[]"}
	if bits > 32 {
		v["family"] = "inet6"
	}
	return v
}

func nexthop(id int64, gateway string, oif int64) Values {
	return Values{"id": id, "family": "inet", "gateway": gateway, "oif": oif, "scope": "link", "protocol": "static", "flags": "[]"}
}

func group(members string) Values {
	return Values{"id": int64(30), "family": "unspec", "nh_group": members, "type": "mpath", "protocol": "static", "flags": "[]"}
}

func (w *week) forwarding(at, index, on int64) {
	w.Set(at, rtnl.Netconf, Values{"family": "inet", "ifindex": index, "forwarding": on, "rp_filter": "off"})
}

func (w *week) neighbour(at, index int64, dst, lladdr, state string) {
	v := Values{"family": "inet", "ifindex": index, "dst": dst, "state": `["` + state + `"]`, "flags": "[]"}
	if lladdr != "" {
		v["lladdr"] = lladdr
	}
	w.Set(at, rtnl.Neighbour, v)
}

// route sets a route, and knows it from then on.
func (w *week) route(at int64, v Values) int64 {
	w.forget(v)
	w.routes = append(w.routes, v)
	return w.Set(at, rtnl.Route, v)
}

func (w *week) forget(v Values) {
	w.routes = slices.DeleteFunc(w.routes, func(other Values) bool {
		return other["dst"] == v["dst"] && other["metric"] == v["metric"] && other["table_id"] == v["table_id"]
	})
}

// link changes columns of a link.
func (w *week) link(at, index int64, changed Values) int64 {
	for column, value := range changed {
		w.links[index][column] = value
	}
	return w.Set(at, rtnl.Link, w.links[index])
}

// down takes a link down, and with it the routes over it, without a word from
// the kernel. It returns those.
func (w *week) down(at, index int64) (gone []Values) {
	cause := w.link(at, index, Values{"carrier": int64(0), "operstate": "DOWN", "flags": `["BROADCAST","MULTICAST"]`})
	w.From(Origin{How: store.Inferred, Cause: cause}, func() {
		for _, v := range slices.Clone(w.routes) {
			if v["oif"] == index {
				gone = append(gone, v)
				w.forget(v)
				w.Remove(at, rtnl.Route, v)
			}
		}
	})
	w.Commit()
	return gone
}

// up takes a link up, and the routes that went with it return a little later.
func (w *week) up(at, index int64, gone []Values) {
	w.link(at, index, Values{"carrier": int64(1), "operstate": "UP", "flags": `["BROADCAST","MULTICAST","UP","LOWER_UP"]`})
	for i, v := range gone {
		by := map[string]uint32{"dhcp": dhcp, "bgp": bgp}[v["protocol"].(string)]
		w.From(Origin{Portid: by}, func() { w.route(at+int64(i)*350_000, v) })
	}
	w.Commit()
}

func (w *week) monday() {
	gone := w.down(Monday+3*hour+12*minute+7*Second, wan0)
	w.up(Monday+3*hour+12*minute+48*Second, wan0, gone)
	virtual := addressOf(lan0, "192.0.2.200", 32)
	w.From(Origin{Portid: vrrp}, func() { w.Set(Monday+8*hour, rtnl.Address, virtual) })
	w.neighbour(Monday+9*hour, lan0, "192.0.2.77", "02:00:00:00:a1:01", "REACHABLE")
	w.neighbour(Monday+9*hour+10*minute, lan0, "192.0.2.78", "02:00:00:00:a1:02", "REACHABLE")
	w.neighbour(Monday+12*hour, lan0, "192.0.2.77", "02:00:00:00:a1:01", "STALE")
	w.neighbour(Monday+17*hour+45*minute, lan0, "192.0.2.77", "", "FAILED")
	w.From(Origin{Portid: vrrp}, func() { w.Remove(Monday+19*hour+30*minute, rtnl.Address, virtual) })
	w.Commit()
}

func (w *week) tuesday(at int64) {
	w.neighbour(at+8*hour+30*minute, lan0, "192.0.2.77", "02:00:00:00:b2:09", "REACHABLE")
	w.neighbour(at+8*hour+40*minute, lan0, "192.0.2.79", "02:00:00:00:a1:01", "REACHABLE")
	w.From(Origin{Portid: somebody}, func() { w.link(at+10*hour+5*minute, lan0, Values{"promiscuity": int64(1)}) })
	w.From(Origin{Portid: somebody}, func() { w.link(at+10*hour+35*minute, lan0, Values{"promiscuity": int64(0)}) })
	w.From(Origin{Portid: vrrp}, func() { w.Set(at+20*hour, rtnl.Address, addressOf(lan0, "192.0.2.200", 32)) })
	w.Commit()
}

// wednesday has a link that flaps, and a routing daemon that draws its
// conclusions.
func (w *week) wednesday(at int64) {
	at += 14 * hour
	for i, seconds := range []int64{9, 31, 4, 12 * 60} {
		begin := at + int64(i)*5*minute
		gone := w.down(begin, wan0)
		if i == 0 {
			w.neighbour(begin+120_000, wan0, "198.51.100.1", "", "FAILED")
		}
		w.up(begin+seconds*Second, wan0, gone)
	}
	w.neighbour(at+28*minute, wan0, "198.51.100.1", "02:00:5e:00:01:01", "REACHABLE")
	w.From(Origin{Portid: bgp}, func() {
		for i, dst := range []string{"10.1.0.0/16", "10.0.0.0/8"} {
			w.route(at+30*minute+int64(i)*2*Second, RouteTo(dst, Values{"gateway": "203.0.113.2", "oif": wan1, "protocol": "bgp", "metric": int64(20)}))
		}
		w.route(at+90*minute, RouteTo("10.0.0.0/8", Values{"gateway": "198.51.100.2", "oif": wan0, "protocol": "bgp", "metric": int64(20)}))
		w.route(at+91*minute, RouteTo("10.9.0.0/16", Values{"gateway": "203.0.113.2", "oif": wan1, "protocol": "bgp", "metric": int64(20)}))
	})
	w.From(Origin{Portid: somebody}, func() {
		w.Set(at+2*hour, rtnl.Nexthop, group(`[{"id":1,"weight":1},{"id":2,"weight":3}]`))
		w.Set(at+3*hour, rtnl.Nexthop, group(`[{"id":2,"weight":3}]`))
	})
	w.Commit()
}

func (w *week) thursday(at int64) {
	marked := ruleTo("inet", 1000, 100)
	marked["fwmark"], marked["fwmask"], marked["protocol"] = "0x7", "0xffffffff", "static"
	w.From(Origin{Portid: somebody}, func() {
		w.Set(at+11*hour, rtnl.Rule, marked)
		w.route(at+11*hour+Second, RouteTo("default", Values{"table_id": int64(100), "gateway": "203.0.113.1", "oif": wan1, "protocol": "static"}))
		w.link(at+11*hour+20*minute, wan1, Values{"mtu": int64(1400)})
		w.link(at+15*hour, wan1, Values{"mtu": int64(1492)})
		w.Remove(at+16*hour, rtnl.Rule, marked)
		w.links[tun0] = Values{"ifindex": tun0, "mtu": int64(1420), "operstate": "UNKNOWN", "carrier": int64(1), "promiscuity": int64(0), "link_type": "none",
			"flags": `["POINTOPOINT","NOARP","UP","LOWER_UP"]`}
		w.link(at+17*hour, tun0, Values{"ifname": "tun0"})
		w.link(at+17*hour+Second, tun0, Values{"ifname": "office"})
	})
	w.Commit()
}

// friday has a restart of nlrec, after which a dump finds what was missed, and
// a clock that was slow.
func (w *week) friday(at int64) {
	ctx := context.Background()
	ended, ready := at+2*hour, at+2*hour+4*minute
	w.must(w.Store.End(ctx, ended))
	w.Begin(ready-Second, ready)
	first := int64(0)
	w.From(Origin{How: store.Found}, func() {
		first = w.Set(ready, rtnl.Route, blackhole("10.9.0.0/16"))
		w.forwarding(ready, lan0, 0)
	})
	w.Missed(first, ended, ready, "not recording")
	w.forwarding(at+9*hour, lan0, 1)
	w.Step(at+12*hour, 3*Second)
}

// blackhole is a route of the routing daemon that drops packets.
func blackhole(dst string) Values {
	return RouteTo(dst, Values{"type": "blackhole", "protocol": "bgp", "metric": int64(20)})
}

func (w *week) saturday(at int64) {
	gone := w.down(at+4*hour, wan1)
	w.up(at+4*hour+90*Second, wan1, gone)
	w.neighbour(at+6*hour, lan0, "192.0.2.78", "", "FAILED")
	w.Commit()
}
