package recorder

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nlrec/rtnl"
	"nlrec/store"
)

// memory interns without a file.
type memory struct{ changes int64 }

func (m *memory) NextChange() int64 {
	m.changes++
	return m.changes
}

func (m *memory) Intern(_ *rtnl.Kind, values rtnl.Row) *store.State {
	return &store.State{Values: slices.Clone(values)}
}

// row makes a row of a kind from columns and values in turn.
func row(k *rtnl.Kind, pairs ...any) rtnl.Row {
	r := make(rtnl.Row, len(k.Columns))
	for i := 0; i < len(pairs); i += 2 {
		r[k.Index(pairs[i].(string))] = pairs[i+1]
	}
	return r
}

func link(index int64, name, flags string) rtnl.Row {
	return row(rtnl.Link, "ifindex", index, "ifname", name, "flags", flags, "info_kind", "veth")
}

func route(gateway string) rtnl.Row {
	return row(rtnl.Route, "family", "inet", "table_id", int64(254), "dst", "10.0.0.0/8", "src", "", "tos", int64(0), "metric", int64(0),
		"type", "unicast", "gateway", gateway, "flags", "[]")
}

const up, down = `["UP","LOWER_UP"]`, `[]`

// TestObserve: what notifications make of the state.
func TestObserve(t *testing.T) {
	type event struct {
		row     rtnl.Row
		flags   uint16
		deleted bool
	}
	tests := []struct {
		name   string
		kind   *rtnl.Kind
		events []event
		want   string // the last change of each event, by its sign; "." none
		doubt  string
	}{
		{"comes, changes, goes", rtnl.Link, []event{{row: link(2, "a", up)}, {row: link(2, "a", down)}, {row: link(2, "a", down), deleted: true}},
			"+ ~ -", "address link nexthop route"},
		{"the kernel repeats itself", rtnl.Link, []event{{row: link(2, "a", up)}, {row: link(2, "a", up)}}, "+ .", "link"},
		{"deletion of the unknown", rtnl.Link, []event{{row: link(2, "a", up), deleted: true}}, ".", ""},
		{"a rename is a change", rtnl.Link, []event{{row: link(2, "a", up)}, {row: link(2, "b", up)}}, "+ ~", "link"},
		{"a route is replaced in place", rtnl.Route, []event{{row: route("a"), flags: unix.NLM_F_CREATE | unix.NLM_F_EXCL}, {row: route("b"), flags: unix.NLM_F_REPLACE}}, "+ ~", ""},
		{"another joins the first", rtnl.Route, []event{{row: route("a"), flags: unix.NLM_F_CREATE | unix.NLM_F_EXCL}, {row: route("b"), flags: unix.NLM_F_CREATE | unix.NLM_F_APPEND}}, "+ +", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newState(&memory{})
			var got []string
			for _, e := range tt.events {
				before := len(st.batch)
				st.observe(tt.kind, e.row, rtnl.Notification{Flags: e.flags, Deleted: e.deleted}, origin{how: store.Announced})
				got = append(got, signs(st.batch[before:]))
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("changes %q, want %q", s, tt.want)
			}
			if s := doubts(st); s != tt.doubt {
				t.Errorf("doubts %q, want %q", s, tt.doubt)
			}
		})
	}
}

// TestReconcileState: what a dump makes of a slot that is held.
func TestReconcileState(t *testing.T) {
	other := link(2, "eth9", up)
	other[rtnl.Link.Index("info_kind")] = "bridge"
	tests := []struct {
		name         string
		kind         *rtnl.Kind
		held, dumped []rtnl.Row
		want         string
	}{
		{"first sight", rtnl.Link, nil, []rtnl.Row{link(2, "a", up)}, "+"},
		{"nothing changed", rtnl.Link, []rtnl.Row{link(2, "a", up)}, []rtnl.Row{link(2, "a", up)}, "."},
		{"missed a change", rtnl.Link, []rtnl.Row{link(2, "a", up)}, []rtnl.Row{link(2, "a", down)}, "~"},
		{"missed a deletion", rtnl.Link, []rtnl.Row{link(2, "a", up)}, nil, "-"},
		{"the index is another link's", rtnl.Link, []rtnl.Row{link(2, "a", up)}, []rtnl.Row{other}, "-+"},
		{"of two routes one went", rtnl.Route, []rtnl.Row{route("a"), route("b")}, []rtnl.Row{route("b")}, "-"},
		{"of two routes one was replaced", rtnl.Route, []rtnl.Row{route("a"), route("b")}, []rtnl.Row{route("c"), route("b")}, "~"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newState(&memory{})
			key, _ := tt.kind.Split(append(tt.held, tt.dumped...)[0])
			text := string(rtnl.AppendKey(nil, key))
			st.reconcile(subject{tt.kind, 0}, key, text, states(tt.kind, tt.held), origin{how: store.Dumped})
			before := len(st.batch)
			st.reconcile(subject{tt.kind, 0}, key, text, states(tt.kind, tt.dumped), origin{how: store.Found})
			if got := signs(st.batch[before:]); got != tt.want {
				t.Errorf("changes %q, want %q", got, tt.want)
			}
			if n := st.count(tt.kind); n != len(tt.dumped) {
				t.Errorf("%d objects, want %d", n, len(tt.dumped))
			}
		})
	}
}

func states(k *rtnl.Kind, rows []rtnl.Row) (s []rtnl.Row) {
	for _, r := range rows {
		_, state := k.Split(r)
		s = append(s, state)
	}
	return s
}

// signs writes changes as + - ~, or "." for none.
func signs(changes []store.Change) string {
	s := ""
	for _, c := range changes {
		switch {
		case c.Was == nil:
			s += "+"
		case c.State == nil:
			s += "-"
		default:
			s += "~"
		}
	}
	if s == "" {
		return "."
	}
	return s
}

func doubts(st *state) string {
	var names []string
	for s := range st.doubts {
		names = append(names, s.kind.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return strings.Trim(fmt.Sprint(names), "[]")
}
