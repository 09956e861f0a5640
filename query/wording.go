package query

// How a line speaks of an object: the words of ip(8), in its order.

import (
	"slices"
	"strings"
)

// A part is a column on a line, behind what ip(8) puts before it. "/" and "-"
// stand before it without space, ":" behind it. It is left out where the column
// has no value, or one of those that go without saying.
type part struct {
	before, column string
	silent         []any
}

// A wording is how objects of a kind are named, so that the name can be given
// to nlrec history, and what else tells about one that comes or goes.
type wording struct{ name, detail []part }

var wordings = map[string]wording{
	"link": {
		name: []part{{"", "ifname", nil}},
		detail: []part{{"type", "info_kind", nil}, {"", "flags", nil}, {"mtu", "mtu", nil}, {"master", "master", nil}, {"state", "operstate", nil},
			{"link", "link", nil}, {"address", "address", nil}, {"alias", "ifalias", nil}},
	},
	"netconf": {
		name: []part{{"", "family", nil}, {"", "interface", nil}, {"ifindex", "ifindex", []any{have("interface")}}},
		detail: []part{{"forwarding", "forwarding", nil}, {"rp_filter", "rp_filter", nil}, {"mc_forwarding", "mc_forwarding", none},
			{"proxy_neigh", "proxy_neigh", none}, {"ignore_routes_with_linkdown", "ignore_routes_with_linkdown", none}},
	},
	"address": {
		name: []part{{"", "local", nil}, {"/", "prefixlen", nil}, {"dev", "dev", nil}, {"ifindex", "ifindex", []any{have("dev")}}},
		detail: []part{{"peer", "address", nil}, {"brd", "broadcast", nil}, {"scope", "scope", nil}, {"metric", "metric", none},
			{"", "flags", nil}, {"label", "label", []any{like("dev")}}, {"proto", "protocol", nil}},
	},
	"nexthop": {
		name: []part{{"id", "id", nil}},
		detail: []part{{"group", "nh_group", nil}, {"type", "type", []any{"mpath"}}, {"blackhole", "blackhole", none}, {"via", "gateway", nil}, {"dev", "dev", nil},
			{"encap", "encap", nil}, {"scope", "scope", []any{"global", "link"}}, {"proto", "protocol", []any{"unspec"}}, {"", "flags", nil}, {"fdb", "fdb", none}},
	},
	"route": {
		name: []part{{"", "dst", nil}, {"from", "src", nil}, {"tos", "tos", none}, {"table", "table_id", []any{int64(254)}}, {"metric", "metric", none}},
		detail: []part{{"", "type", []any{"unicast"}}, {"nhid", "nhid", nil}, {"via", "gateway", nil}, {"via", "via", nil}, {"dev", "dev", nil},
			{"nexthops", "nexthops", nil}, {"proto", "protocol", []any{"boot"}}, {"scope", "scope", []any{"global"}}, {"src", "prefsrc", nil},
			{"", "flags", nil}, {"encap", "encap", nil}, {"metrics", "metrics", nil}, {"pref", "pref", []any{"medium"}}},
	},
	"neighbour": {
		name:   []part{{"", "dst", nil}, {"dev", "dev", nil}, {"ifindex", "ifindex", []any{have("dev")}}},
		detail: []part{{"lladdr", "lladdr", nil}, {"", "flags", nil}, {"", "state", nil}, {"proto", "protocol", nil}, {"master", "master", nil}},
	},
	"rule": {
		name: []part{{":", "priority", nil}, {"not", "invert", none}, {"from", "src", nil}, {"/", "srclen", none}, {"to", "dst", []any{"all"}}, {"/", "dstlen", none},
			{"tos", "tos", none}, {"dsfield", "dscp", nil}, {"fwmark", "fwmark", nil}, {"/", "fwmask", []any{"0xffffffff"}}, {"iif", "iif", nil}, {"oif", "oif", nil},
			{"l3mdev", "l3mdev", none}, {"uidrange", "uid_start", nil}, {"-", "uid_end", nil}, {"ipproto", "ipproto", nil},
			{"sport", "sport_start", nil}, {"-", "sport_end", []any{like("sport_start")}}, {"dport", "dport_start", nil}, {"-", "dport_end", []any{like("dport_start")}}, {"tun_id", "tun_id", nil},
			{"flowlabel", "flowlabel", nil}, {"/", "flowlabel_mask", nil}, {"lookup", "table_id", none}, {"", "action", []any{"to_tbl", "goto"}}, {"goto", "goto", nil},
			{"suppress_prefixlength", "suppress_prefixlen", nil}, {"suppress_ifgroup", "suppress_ifgroup", nil}, {"realms", "flow_from", nil}, {"/", "flow_to", nil}},
		detail: []part{{"proto", "protocol", []any{"boot", "unspec"}}},
	},
}

// none is what says that there is none.
var none = []any{int64(0)}

// Columns whose value goes without saying when it is that of another column,
// and when another column has any.
type (
	like string
	have string
)

// isSilent reports whether a value goes without saying.
func (p part) isSilent(v any, columns []string, row Row) bool {
	return IsNone(p.column, v) || slices.ContainsFunc(p.silent, func(silent any) bool {
		switch other := silent.(type) {
		case like:
			return v == valueOf(columns, row, string(other))
		case have:
			return valueOf(columns, row, string(other)) != nil
		}
		return v == silent
	})
}

// tables are the routing tables that have a name everywhere.
var tables = map[any]string{int64(255): "local", int64(254): "main", int64(253): "default"}

// say writes the words of a row.
func say(words []part, columns []string, row Row) string {
	var b strings.Builder
	for _, w := range words {
		v := valueOf(columns, row, w.column)
		if w.isSilent(v, columns, row) {
			continue
		}
		text := spell(w.column, v)
		switch w.before {
		case "/", "-":
			b.WriteString(w.before + text)
			continue
		case ":":
			text += ":"
		case "":
		default:
			text = w.before + " " + text
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	return b.String()
}

func valueOf(columns []string, row Row, column string) any {
	if i := slices.Index(columns, column); i >= 0 && i < len(row) {
		return row[i]
	}
	return nil
}

// spell writes a value on a line: nothing of it that a terminal would obey,
// and nested data as words.
func spell(column string, v any) string {
	if name := tables[v]; name != "" && column == "table_id" {
		return name
	}
	return words(column, v)
}

func words(column string, v any) string {
	if data := nested(column, v); data != nil {
		return Visible(flat(data))
	}
	return Visible(valueText(v))
}
