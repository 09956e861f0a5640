package rtnl

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// routeState is the state of a route by way of a gateway: "a" is 10.0.0.a, or
// "a b" a multipath route, "nh 7" one that uses a nexthop object, "dev 3" one
// without gateway.
func routeState(text string) Row {
	state := make(Row, len(Route.Columns)-len(Route.Key))
	set := func(column string, v any) { state[Route.Index(column)-len(Route.Key)] = v }
	set("type", "unicast")
	set("flags", "[]")
	hops := strings.Fields(text)
	switch {
	case hops[0] == "nh":
		var id int64
		fmt.Sscan(hops[1], &id)
		set("nhid", id)
	case hops[0] == "dev":
		var id int64
		fmt.Sscan(hops[1], &id)
		set("oif", id)
	case len(hops) == 1:
		set("oif", int64(2))
		set("gateway", hops[0])
	default:
		var texts []jsonText
		for _, h := range hops {
			texts = append(texts, jsonText(fmt.Sprintf(`{"gateway":%q,"oif":2,"weight":1,"flags":[]}`, h)))
		}
		set("nexthops", string(array(texts)))
	}
	return state
}

// stateText is the inverse of routeState.
func stateText(state Row) string {
	if id := Route.StateValue(state, "nhid"); id != nil {
		return fmt.Sprintf("nh %d", id)
	}
	if Route.StateValue(state, "nexthops") == nil && Route.StateValue(state, "gateway") == nil {
		return fmt.Sprintf("dev %d", Route.StateValue(state, "oif"))
	}
	var hops []string
	for _, h := range Route.hopsOf(state) {
		hops = append(hops, h.id.Gateway)
	}
	return strings.Join(hops, " ")
}

func slotText(slot []Element) string {
	var s []string
	for _, e := range slot {
		s = append(s, fmt.Sprintf("%d: %s", e.Position, stateText(e.State)))
	}
	return strings.Join(s, ", ")
}

func TestPlaceRoute(t *testing.T) {
	const create, excl, appending, replace = unix.NLM_F_CREATE, unix.NLM_F_EXCL, unix.NLM_F_APPEND, unix.NLM_F_REPLACE
	type step struct {
		flags uint16
		state string // a leading - deletes
	}
	tests := []struct {
		name, family string
		steps        []step
		want         string
	}{
		{"added to an empty slot", "inet", []step{{create | excl, "a"}}, "0: a"},
		{"append goes last", "inet", []step{{create | excl, "a"}, {create | appending, "b"}, {create | appending, "c"}}, "0: a, 1: b, 2: c"},
		{"prepend goes first", "inet", []step{{create | excl, "a"}, {create, "b"}}, "-1: b, 0: a"},
		{"replace displaces the first", "inet", []step{{create | excl, "a"}, {create | appending, "b"}, {create | replace, "c"}}, "0: c, 1: b"},
		{"change displaces the first too", "inet", []step{{create | excl, "a"}, {create, "b"}, {replace, "c"}}, "-1: c, 0: a"},
		{"deletion takes what it names", "inet", []step{{create | excl, "a"}, {create | appending, "b"}, {0, "-a"}}, "1: b"},
		{"deletion of the unknown does nothing", "inet", []step{{create | excl, "a"}, {0, "-b"}}, "0: a"},
		{"a repeated append does nothing", "inet", []step{{create | excl, "a"}, {create | appending, "b"}, {create | appending, "b"}}, "0: a, 1: b"},
		{"a replaced nexthop object updates its route in place", "inet",
			[]step{{create | excl, "a"}, {create | appending, "nh 7"}, {replace, "nh 7"}}, "0: a, 1: nh 7"},
		{"a multipath route is one element", "inet", []step{{create | excl, "a b"}, {create | appending, "c"}, {0, "-a b"}}, "1: c"},

		{"routes of two links stand side by side", "inet6", []step{{create | excl, "dev 3"}, {create, "dev 5"}}, "3: dev 3, 5: dev 5"},
		{"a link that comes back takes its place", "inet6",
			[]step{{create | excl, "dev 3"}, {create, "dev 5"}, {0, "-dev 3"}, {create, "dev 3"}}, "5: dev 5, 3: dev 3"},
		{"a hop joins, listed first", "inet6", []step{{create | excl, "a"}, {create | appending, "b a"}}, "0: a b"},
		{"another hop joins", "inet6", []step{{create | excl, "a b"}, {create | appending, "c a b"}}, "0: a b c"},
		{"a hop goes", "inet6", []step{{create | excl, "a b c"}, {0, "-b"}}, "0: a c"},
		{"the last but one hop goes", "inet6", []step{{create | excl, "a b"}, {0, "-a"}}, "0: b"},
		{"all hops go at once", "inet6", []step{{create | excl, "a b"}, {0, "-a b"}}, ""},
		{"replace displaces the entry of its class", "inet6",
			[]step{{create | excl, "dev 3"}, {create, "a b"}, {create | replace, "c"}}, "3: dev 3, 0: c"},
		{"a nexthop object does not join", "inet6", []step{{create | excl, "a"}, {create, "nh 7"}}, "0: a, 1: nh 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := Row{tt.family, int64(254), "default", "", int64(0), int64(0)}
			var slot []Element
			for _, s := range tt.steps {
				text, deleted := strings.CutPrefix(s.state, "-")
				slot = Route.Place(slot, Notification{Key: key, Flags: s.flags, Deleted: deleted, State: routeState(text)})
			}
			if got := slotText(slot); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestJoinKeepsTheFirst: a route that a hop joins is shown as before, but for
// its hops.
func TestJoinKeepsTheFirst(t *testing.T) {
	key := Row{"inet6", int64(254), "2001:db8::/32", "", int64(0), int64(1024)}
	first := Route.With(routeState("a"), "protocol", "boot")
	slot := Route.Place(nil, Notification{Key: key, Flags: unix.NLM_F_CREATE, State: first})
	slot = Route.Place(slot, Notification{Key: key, Flags: unix.NLM_F_CREATE, State: Route.With(routeState("b a"), "protocol", "static")})
	if got := slotText(slot); got != "0: a b" {
		t.Errorf("hops %s", got)
	}
	if got := Route.StateValue(slot[0].State, "protocol"); got != "boot" {
		t.Errorf("protocol %v", got)
	}
	if got := Route.StateValue(slot[0].State, "gateway"); got != nil {
		t.Errorf("a gateway of its own: %v", got)
	}
}

func TestReconcile(t *testing.T) {
	tests := []struct {
		name, family string
		held         string // at positions 0, 1, …
		dumped       string
		want         string
	}{
		{"first sight", "inet", "", "a", "0: a"},
		{"nothing changed", "inet", "a|b", "a|b", "0: a, 1: b"},
		{"one went", "inet", "a|b|c", "a|c", "0: a, 2: c"},
		{"one was replaced", "inet", "a|b", "c|b", "0: c, 1: b"},
		{"one was appended", "inet", "a", "a|b", "0: a, 1: b"},
		{"the order changed", "inet", "a|b", "b|a", "0: b, 1: a"},
		{"one was prepended", "inet", "a|b", "c|a|b", "0: c, 1: a, 2: b"},
		{"all went", "inet", "a|b", "", ""},
		{"of IPv6 the order says nothing", "inet6", "dev 0|dev 1", "dev 1|dev 0", "1: dev 1, 0: dev 0"},
		{"of IPv6 a new one has its link's place", "inet6", "dev 0", "dev 0|dev 7", "0: dev 0, 7: dev 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var held []Element
			var dumped []Row
			for i, s := range strings.Split(tt.held, "|") {
				if s != "" {
					held = append(held, Element{int64(i), routeState(s)})
				}
			}
			for _, s := range strings.Split(tt.dumped, "|") {
				if s != "" {
					dumped = append(dumped, routeState(s))
				}
			}
			got := Route.Reconcile(Row{tt.family}, held, dumped)
			if slotText(got) != tt.want {
				t.Errorf("got  %s\nwant %s", slotText(got), tt.want)
			}
		})
	}
}

func TestPlaceRule(t *testing.T) {
	state := Row{nil}
	slot := Rule.Place(nil, Notification{State: state})
	slot = Rule.Place(slot, Notification{State: state})
	if len(slot) != 2 {
		t.Errorf("the same rule added twice is there %d times", len(slot))
	}
	if slot = Rule.Place(slot, Notification{State: state, Replayed: true}); len(slot) != 2 {
		t.Errorf("a replayed addition makes it %d", len(slot))
	}
	if slot = Rule.Place(slot, Notification{State: state, Deleted: true}); len(slot) != 1 {
		t.Errorf("a deletion leaves %d", len(slot))
	}
}

func TestPlaceAddress(t *testing.T) {
	peer := func(address any) Row {
		state := make(Row, len(Address.Columns)-len(Address.Key))
		state[Address.Index("address")-len(Address.Key)] = address
		return state
	}
	v4, v6 := Row{"inet", int64(2), "10.0.0.1", int64(24)}, Row{"inet6", int64(2), "2001:db8::1", int64(64)}
	tests := []struct {
		name  string
		key   Row
		peers []any
		want  int
	}{
		{"peers of two networks are two addresses", v4, []any{"10.1.0.2", "10.2.0.2"}, 2},
		{"peers of one network are one", v4, []any{"10.1.0.2", "10.1.0.3"}, 1},
		{"no peer is the address itself", v4, []any{nil, "10.0.0.7"}, 1},
		{"the peer of an IPv6 address may change", v6, []any{nil, "2001:db8:1::1"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var slot []Element
			for _, p := range tt.peers {
				slot = Address.Place(slot, Notification{Key: tt.key, State: peer(p)})
			}
			if len(slot) != tt.want {
				t.Errorf("%d elements, want %d", len(slot), tt.want)
			}
		})
	}
}

func TestKeyText(t *testing.T) {
	rows := []Row{{}, {nil}, {int64(0)}, {""}, {nil, nil}, {int64(-1), "a", nil}, {"a\x00b", int64(1 << 62)}, {"i", "s1"}, {"is1"}}
	seen := map[string]int{}
	for i, r := range rows {
		text := string(AppendKey(nil, r))
		if j, ok := seen[text]; ok {
			t.Errorf("%v and %v have one key", rows[j], r)
		}
		seen[text] = i
		if got := ParseKey(text); fmt.Sprint(got) != fmt.Sprint(r) {
			t.Errorf("ParseKey(AppendKey(%v)) = %v", r, got)
		}
	}
}
