package recorder

import (
	"fmt"
	"slices"
	"testing"

	"nlrec/rtnl"
)

// TestCompareKind: what counts as a difference.
func TestCompareKind(t *testing.T) {
	address := func(label string, lifetime any) rtnl.Row {
		return row(rtnl.Address, "family", "inet", "local", "192.0.2.1", "label", label, "valid_life_time", lifetime)
	}
	rule := func(action string) rtnl.Row { return row(rtnl.Rule, "family", "inet", "action", action) }
	const forever = int64(1<<32 - 1)
	tests := []struct {
		name         string
		kind         *rtnl.Kind
		file, kernel []rtnl.Row
		want         []string
	}{
		{"nothing", rtnl.Link, nil, nil, nil},
		{"the same", rtnl.Link, []rtnl.Row{link(1, "lo", up), link(2, "v0", up)}, []rtnl.Row{link(2, "v0", up), link(1, "lo", up)}, nil},
		{"one is missing in the file", rtnl.Link, []rtnl.Row{link(1, "lo", up)}, []rtnl.Row{link(1, "lo", up), link(2, "v0", up)}, []string{"[2] kernel"}},
		{"several are gone from the kernel", rtnl.Link, []rtnl.Row{link(12, "v1", up), link(2, "v0", up)}, nil, []string{"[2] file", "[12] file"}},
		{"another state", rtnl.Link, []rtnl.Row{link(1, "lo", up)}, []rtnl.Row{link(1, "lo", down)}, []string{"[1] both"}},
		{"what counts down", rtnl.Address, []rtnl.Row{address("a", int64(9))}, []rtnl.Row{address("a", int64(5))}, nil},
		{"what counts down no more", rtnl.Address, []rtnl.Row{address("a", int64(9))}, []rtnl.Row{address("a", forever)}, []string{"[inet <nil> 192.0.2.1 <nil>] both"}},
		{"routes in another order", rtnl.Route, []rtnl.Row{route("a"), route("b"), route("c")}, []rtnl.Row{route("a"), route("c"), route("b")},
			[]string{"[inet 254 10.0.0.0/8  0 0] order"}},
		{"a route between others", rtnl.Route, []rtnl.Row{route("a"), route("c")}, []rtnl.Row{route("a"), route("b"), route("c")},
			[]string{"[inet 254 10.0.0.0/8  0 0] kernel"}},
		{"rules in another order", rtnl.Rule, []rtnl.Row{rule("goto"), rule("nop")}, []rtnl.Row{rule("nop"), rule("goto")}, nil},
		{"a rule twice", rtnl.Rule, []rtnl.Row{rule("nop"), rule("nop")}, []rtnl.Row{rule("nop")}, []string{" file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, kernel := newContents(), newContents()
			for _, r := range tt.file {
				file.add(tt.kind, r)
			}
			for _, r := range tt.kernel {
				kernel.add(tt.kind, r)
			}
			var got []string
			for _, d := range compareKind(tt.kind, file[tt.kind], kernel[tt.kind]) {
				where := "both"
				switch {
				case d.Order:
					where = "order"
				case d.File == nil:
					where = "kernel"
				case d.Kernel == nil:
					where = "file"
				}
				key := fmt.Sprint(d.Key)
				if tt.kind == rtnl.Rule {
					key = "" // long
				}
				got = append(got, key+" "+where)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("differences %q, want %q", got, tt.want)
			}
		})
	}
}
