package main

import (
	"strings"
	"testing"

	"nlrec/rtnl"
	"nlrec/store"
)

// rowOf makes an object of a kind and its state from columns and values in turn.
func rowOf(k *rtnl.Kind, pairs ...any) (*store.Object, *store.State) {
	row := make(rtnl.Row, len(k.Columns))
	for i := 0; i < len(pairs); i += 2 {
		row[k.Index(pairs[i].(string))] = pairs[i+1]
	}
	key, values := k.Split(row)
	return &store.Object{Key: string(rtnl.AppendKey(nil, key))}, &store.State{Values: values}
}

func TestChangeLines(t *testing.T) {
	route, via2 := rowOf(rtnl.Route, "family", "inet", "table_id", int64(254), "dst", "10.0.0.0/8", "src", "", "tos", int64(0), "metric", int64(0), "gateway", "192.0.2.2", "oif", int64(2), "flags", "[]")
	_, via3 := rowOf(rtnl.Route, "gateway", "192.0.2.3", "oif", int64(3), "flags", "[]")
	link, up := rowOf(rtnl.Link, "ifindex", int64(2), "ifname", "eth0", "af_spec", `{"inet":{"forwarding":0,"tag":1}}`)
	_, forwarding := rowOf(rtnl.Link, "ifname", "eth0", "ifalias", "a\x1b[31m", "af_spec", `{"inet":{"forwarding":1,"tag":1}}`)
	tests := []struct {
		name string
		c    store.Change
		want string
	}{
		{"one comes", store.Change{Kind: rtnl.Route, Object: route, State: via2}, "+ route family inet table_id 254 dst 10.0.0.0/8 dev eth0 gateway 192.0.2.2"},
		{"one changes", store.Change{Kind: rtnl.Route, Object: route, Was: via2, State: via3},
			"~ route family inet table_id 254 dst 10.0.0.0/8 dev eth0 → 3, gateway 192.0.2.2 → 192.0.2.3"},
		{"one is found gone", store.Change{Kind: rtnl.Route, Object: route, Was: via2, How: store.Found},
			"- route family inet table_id 254 dst 10.0.0.0/8 dev eth0 gateway 192.0.2.2 (found)"},
		{"of nested data what changed in it, escapes disarmed", store.Change{Kind: rtnl.Link, Object: link, Was: up, State: forwarding},
			`~ link dev eth0 ifalias none → a\x1b[31m, af_spec.inet.forwarding 0 → 1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines := changeLines{links: map[int64]string{2: "eth0"}}
			_, got, _ := strings.Cut(strings.TrimSpace(lines.of([]store.Change{tt.c})), " ")
			if got != tt.want {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
		})
	}
}
