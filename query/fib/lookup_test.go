package fib

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var (
	addr   = netip.MustParseAddr
	prefix = netip.MustParsePrefix
)

// network is what a lookup of a family reads of a machine with two links of 192.0.2.0/24 and 198.51.100.0/24, and
// a VRF with a third, which has 203.0.113.0/24. It forwards nothing.
func network(inet6 bool) *State {
	up := func(index int64, name string, master int64) Link {
		return Link{Index: index, Name: name, Up: true, Loopback: index == loopback, Enabled: true, Master: master, Settings: map[string]int64{}}
	}
	own := func(link int64, network string, flags ...string) Address {
		p := prefix(network)
		return Address{Link: link, Local: p.Addr(), Net: p.Masked(), Bits: p.Bits(), Flags: flags}
	}
	red := up(5, "red", 0)
	red.VRF = 10
	s := &State{
		Links: []Link{up(1, "lo", 0), up(2, "eth0", 0), up(3, "eth1", 0), up(4, "eth2", 5), red},
		Addresses: []Address{own(2, "192.0.2.10/24"), own(3, "198.51.100.10/24"), own(4, "203.0.113.10/24"),
			own(2, "2001:db8:1::10/64"), own(2, "2001:db8:1::9/64", "deprecated"), own(2, "2001:db8:1::8/64", "tentative"), own(2, "fe80::10/64"),
			own(3, "fd00::10/64"), own(3, "2001:db8:1::7/64", "temporary")},
		Rules:      []Rule{lookIn(0, 255), lookIn(32766, 254), lookIn(32767, 253)},
		Neighbours: map[Neighbour]string{},
	}
	s.Addresses = slices.DeleteFunc(s.Addresses, func(a Address) bool { return a.Local.Is6() != inet6 })
	return s
}

func lookIn(priority, table int64) Rule {
	return Rule{Priority: priority, Action: "to_tbl", Table: table, SuppressPrefixlen: -1, SuppressGroup: -1}
}

// by is a route with one leg, by a gateway or, where that is empty, to a link.
func by(dst, gateway string, link int64, table int64) Route {
	r := Route{Dst: prefix(dst), Type: "unicast", Table: table, Scope: "global", Hops: []Hop{{Link: link}}}
	if gateway != "" {
		r.Hops[0].Gateway = addr(gateway)
	}
	return r
}

// brief writes answers shortly.
func brief(answers []Answer) string {
	var texts []string
	for _, a := range answers {
		text := a.Refusal()
		if text == "" {
			text = a.Dev
			if a.Gateway.IsValid() {
				text += " via " + a.Gateway.String()
			}
			if a.Prefsrc.IsValid() {
				text += " src " + a.Prefsrc.String()
			}
			if a.Table != 0 {
				text += " table " + a.TableName()
			}
			if a.Realms != (Realms{}) {
				text += fmt.Sprintf(" realms %d/%d", a.Realms.From, a.Realms.To)
			}
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

// What the random comparison with the kernel cannot make here, for want of
// VRFs, of neighbours that answer, or of selectors that ip(8) does not know.
func TestGet(t *testing.T) {
	connected := by("192.0.2.0/24", "", 2, 254)
	connected.Scope = "link"
	inVRF := by("203.0.113.0/24", "", 4, 10)
	inVRF.Scope = "link"
	to, via := Question{To: addr("8.8.8.8")}, by("0.0.0.0/0", "192.0.2.1", 2, 254)
	other := by("0.0.0.0/0", "192.0.2.2", 2, 254)
	other.Order = 1
	group := by("0.0.0.0/0", "192.0.2.1", 2, 254)
	group.Nexthop, group.Hops = 7, append(group.Hops, Hop{Link: 3, Gateway: addr("198.51.100.1")})
	fromNet := by("2001:db8:9::/48", "2001:db8:1::1", 2, 254)
	fromNet.Src = prefix("2001:db8:1::/64")
	plain6, wide6 := by("2001:db8:9::/48", "2001:db8:1::2", 2, 254), by("2001:db8::/32", "2001:db8:1::3", 2, 254)
	vrfRule := lookIn(1000, 0)
	vrfRule.L3mdev = true
	dscp := lookIn(10, 77)
	dscp.DSCP, dscp.DSCPMask = 0x2e, 0x3f
	masked := lookIn(10, 77)
	masked.Dport, masked.DportMask = &Range{0x50, 0x50}, 0xfff0
	elsewhere := by("0.0.0.0/0", "198.51.100.1", 3, 77)

	tests := []struct {
		name   string
		change func(*State)
		routes []Route
		q      Question
		want   string
	}{
		{"a default route", nil, []Route{connected, via}, to, "eth0 via 192.0.2.1 src 192.0.2.10 table main"},
		{"none", nil, []Route{connected}, to, "Network is unreachable"},
		{"a link of a VRF", func(s *State) { s.Rules = slices.Insert(s.Rules, 1, vrfRule) }, []Route{via, inVRF},
			Question{To: addr("203.0.113.7"), Out: 4}, "eth2 src 203.0.113.10 table 10"},
		{"the VRF itself", func(s *State) { s.Rules = slices.Insert(s.Rules, 1, vrfRule) }, []Route{via, inVRF},
			Question{To: addr("203.0.113.7"), Out: 5}, "eth2 src 203.0.113.10 table 10"},
		{"another VRF's network", func(s *State) { s.Rules = slices.Insert(s.Rules, 1, vrfRule) }, []Route{via, inVRF},
			Question{To: addr("203.0.113.7")}, "eth0 via 192.0.2.1 src 192.0.2.10 table main"},
		{"into a VRF", func(s *State) { s.Rules = slices.Insert(s.Rules, 1, vrfRule); s.Links[3].Settings["forwarding"] = 1 }, []Route{via, inVRF},
			Question{To: addr("203.0.113.7"), From: addr("203.0.113.8"), In: 4}, "eth2 table 10"},
		{"a DSCP", func(s *State) { s.Rules = slices.Insert(s.Rules, 1, dscp) }, []Route{via, elsewhere},
			Question{To: to.To, TOS: 0xb8}, "eth1 via 198.51.100.1 src 198.51.100.10 table 77"},
		{"another DSCP", func(s *State) { s.Rules = slices.Insert(s.Rules, 1, dscp) }, []Route{via, elsewhere},
			Question{To: to.To, TOS: 0xb0}, "eth0 via 192.0.2.1 src 192.0.2.10 table main"},
		{"a masked port", func(s *State) { s.Rules = slices.Insert(s.Rules, 1, masked) }, []Route{via, elsewhere},
			Question{To: to.To, Dport: 0x5b}, "eth1 via 198.51.100.1 src 198.51.100.10 table 77"},
		{"to all hosts, with the realms of the way back", func(s *State) {
			s.Realms, s.Rules[1].Flow = true, Realms{2, 3}
		}, []Route{via}, Question{To: addr("224.0.0.1"), From: to.To, In: 2}, "lo realms 3/2"},
		{"to all hosts, from nobody", func(s *State) { s.Realms, s.Rules[1].Flow = true, Realms{2, 3} }, []Route{via},
			Question{To: addr("224.0.0.1"), From: addr("0.0.0.0"), In: 2}, "lo"},
		{"a leg that leads back to where the source cannot be", func(s *State) {
			s.Merged, s.Links[1].Settings["forwarding"] = true, 1
		}, []Route{{Dst: prefix("0.0.0.0/0"), Type: "unicast", Table: 254, Scope: "global", Hops: []Hop{{Link: 2, Gateway: addr("192.0.2.1")}, {Link: 3, Gateway: addr("198.51.100.1")}}},
			{Dst: prefix("192.0.2.255/32"), Type: "broadcast", Table: 255, Scope: "link", Hops: []Hop{{Link: 2}}}},
			Question{To: to.To, From: addr("192.0.2.255"), In: 2}, "eth1 via 198.51.100.1 table main; Invalid argument"},
		{"a leg whose source is of another link", func(s *State) {
			s.Links[1].Readdressed, s.Addresses = 5, s.Addresses[:1]
		}, []Route{{Dst: prefix("0.0.0.0/0"), Type: "unicast", Table: 254, Scope: "global", Since: 7, Hops: []Hop{{Link: 2, Gateway: addr("192.0.2.1")}, {Link: 3}}}},
			Question{To: to.To, From: addr("192.0.2.10")}, "eth0 via 192.0.2.1 table main; eth1 table main"},
		{"only one leg has the source", func(s *State) { s.Links[1].Readdressed = 5 },
			[]Route{{Dst: prefix("0.0.0.0/0"), Type: "unicast", Table: 254, Scope: "global", Since: 7, Hops: []Hop{{Link: 2, Gateway: addr("192.0.2.1")}, {Link: 3}}}},
			Question{To: to.To, From: addr("192.0.2.10")}, "eth0 via 192.0.2.1 table main"},
		{"a leg whose source may have been another", func(s *State) {
			s.Links[1].Readdressed, s.Links[0].Readdressed = 5, 9
			s.Addresses = []Address{{Link: loopback, Local: addr("192.0.2.99"), Net: prefix("192.0.2.99/32"), Bits: 32}, s.Addresses[0]}
		}, []Route{{Dst: prefix("0.0.0.0/0"), Type: "unicast", Table: 254, Scope: "global", Since: 7, Hops: []Hop{{Link: 2, Gateway: addr("192.0.2.1")}, {Link: 3}}}},
			Question{To: to.To, From: addr("192.0.2.10")}, "eth0 via 192.0.2.1 table main; eth1 table main"},
		{"a goto to nowhere", func(s *State) {
			s.Rules = slices.Insert(s.Rules, 0, Rule{Priority: 1, Action: "goto", Goto: 99})
		}, []Route{via}, to, "eth0 via 192.0.2.1 src 192.0.2.10 table main"},
		{"two default routes, the first answers", func(s *State) { s.Neighbours[Neighbour{2, addr("192.0.2.1")}] = "REACHABLE" }, []Route{via, other}, to,
			"eth0 via 192.0.2.1 src 192.0.2.10 table main"},
		{"two default routes, the first may not answer", func(s *State) { s.Neighbours[Neighbour{2, addr("192.0.2.1")}] = "FAILED" }, []Route{via, other}, to,
			"eth0 via 192.0.2.1 src 192.0.2.10 table main; eth0 via 192.0.2.2 src 192.0.2.10 table main"},
		{"a group of which one leg does not answer", func(s *State) { s.Neighbours[Neighbour{2, addr("192.0.2.1")}] = "FAILED" }, []Route{group}, to,
			"eth1 via 198.51.100.1 src 198.51.100.10 table main"},
		{"local and main as one", func(s *State) { s.Merged = true }, []Route{{Dst: prefix("192.0.2.10/32"), Type: "local", Table: 255, Hops: []Hop{{Link: 2}}},
			by("192.0.2.10/32", "", 3, 254)}, Question{To: addr("192.0.2.10")}, "lo src 192.0.2.10 table main"},
		{"IPv6, a source's own route", nil, []Route{plain6, fromNet, wide6}, Question{To: addr("2001:db8:9::1"), From: addr("2001:db8:1::10")},
			"eth0 via 2001:db8:1::1 src 2001:db8:1::10 table main"},
		{"IPv6, a route of other sources hides the one for all", nil, []Route{plain6, fromNet, wide6}, Question{To: addr("2001:db8:9::1")},
			"eth0 via 2001:db8:1::3 src 2001:db8:1::10 table main"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := network(tt.q.To.Is6())
			if tt.change != nil {
				tt.change(s)
			}
			s.Index(tt.routes)
			answers := s.Get(tt.q)
			if got := brief(answers); got != tt.want {
				t.Errorf("\ngot  %s\nwant %s\n%s", got, tt.want, strings.Join(answers[0].Steps, "\n"))
			}
		})
	}
}

// RFC 6724, section 10.1, and what the kernel adds.
func TestSource6(t *testing.T) {
	tests := []struct {
		name, dst string
		link      int64
		change    func(*State)
		want      string
	}{
		{"the longest common prefix, not deprecated, not temporary", "2001:db8:1::1", 2, nil, "2001:db8:1::10"},
		{"the destination's own scope", "fe80::1", 2, nil, "fe80::10"},
		{"the same label", "fd00::1", 3, nil, "fd00::10"},
		{"a label goes before a longer prefix", "2001:db8:2::1", 3, nil, "2001:db8:1::7"},
		{"a temporary one where that is preferred", "2001:db8:1::1", 3, func(s *State) { s.Links[2].Settings["use_tempaddr"] = 2 }, "2001:db8:1::7"},
		{"the outgoing link goes before the prefix", "2001:db8:1::1", 3, nil, "2001:db8:1::7"},
		{"only the outgoing link's", "2001:db8:1::1", 2, func(s *State) {
			s.Links[1].Settings["use_oif_addrs_only"] = 1
			s.Addresses = s.Addresses[4:]
		}, "invalid IP"},
		{"a deprecated one for want of others", "2001:db8:1::1", 2, func(s *State) { s.Addresses = s.Addresses[1:3] }, "2001:db8:1::9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := network(true)
			if tt.change != nil {
				tt.change(s)
			}
			s.Index(nil)
			l := &lookup{State: s, q: Question{To: addr(tt.dst)}}
			if got := fmt.Sprint(l.source6(tt.link)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	for e, want := range map[syscall.Errno]string{syscall.EHOSTUNREACH: "No route to host", syscall.EACCES: "Permission denied"} {
		if got := errorText(e); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
