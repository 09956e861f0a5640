// Package iptest compares what nlrec recorded with what ip(8) says of the
// kernel, in the columns of the views: an oracle that shares no code with it.
package iptest

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// row is the columns that are compared; what ip leaves out is nil.
type row map[string]any

// TB is what a test fails by, in testing or in rapid.
type TB interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Cleanup(func())
}

// A Snapshot is the rows of each kind, as text that sorts and compares.
type Snapshot map[string][]string

// oracles are the kinds and how to ask ip for them.
var oracles = []struct {
	kind    string
	columns []string
	ask     func(t TB) []row
}{
	{"link", []string{"ifindex", "ifname", "flags", "mtu", "qdisc", "operstate", "linkmode", "link_group", "txqlen", "link_type",
		"address", "broadcast", "link", "link_index", "link_netnsid", "master", "promiscuity", "allmulti", "min_mtu", "max_mtu",
		"num_tx_queues", "num_rx_queues", "gso_max_size", "gso_max_segs", "tso_max_size", "tso_max_segs", "gro_max_size",
		"inet6_addr_gen_mode", "ifalias", "altnames", "info_kind", "info_slave_kind", "info_data", "info_slave_data"}, askLinks},
	{"address", []string{"family", "ifindex", "dev", "local", "prefixlen", "address", "broadcast", "scope", "label", "flags", "metric"}, askAddresses},
	{"route", []string{"family", "table_id", "dst", "src", "tos", "metric", "type", "protocol", "scope", "prefsrc", "gateway", "via",
		"dev", "flags", "nexthops", "nhid", "metrics", "pref", "encap"}, askRoutes},
	{"neighbour", []string{"family", "dst", "dev", "lladdr", "state", "flags", "flags_ext", "protocol"}, askNeighbours},
	{"rule", []string{"family", "priority", "invert", "src", "srclen", "dst", "dstlen", "iif", "oif", "fwmark", "fwmask", "tos", "uid_start", "uid_end",
		"ipproto", "sport_start", "sport_end", "dport_start", "dport_end", "tun_id", "l3mdev", "action", "table_id", "goto", "protocol",
		"suppress_prefixlen", "suppress_ifgroup", "flow_from", "flow_to"}, askRules},
	{"nexthop", []string{"id", "gateway", "dev", "nh_group", "type", "resilient_args", "blackhole", "fdb", "scope", "protocol", "flags"}, askNexthops},
}

// askIP returns what `ip -d -j …` prints.
func askIP(t TB, args ...string) []row {
	t.Helper()
	out, err := exec.Command("ip", append([]string{"-d", "-j"}, args...)...).Output()
	if err != nil {
		t.Fatalf("ip %v: %v", args, err)
	}
	var rows []row
	if len(out) > 0 {
		decode(t, string(out), &rows)
	}
	return slices.DeleteFunc(rows, func(r row) bool { return len(r) == 0 })
}

func decode(t TB, text string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func askLinks(t TB) []row {
	rows := askIP(t, "link", "show")
	for _, r := range rows {
		r["link_group"] = r["group"]
		r["flags"] = without(r["flags"], "M-DOWN") // follows from the link below
		info, _ := r["linkinfo"].(map[string]any)
		for _, column := range []string{"info_kind", "info_slave_kind", "info_data", "info_slave_data"} {
			r[column] = info[column]
		}
	}
	return rows
}

func askAddresses(t TB) []row {
	var rows []row
	for _, link := range askIP(t, "address", "show") {
		infos, _ := link["addr_info"].([]any)
		for _, info := range infos {
			r := row(info.(map[string]any))
			if len(r) == 0 {
				continue
			}
			r["ifindex"], r["dev"] = link["ifindex"], link["ifname"]
			r["flags"] = trueKeys(r, "secondary", "temporary", "tentative", "deprecated", "home", "nodad", "optimistic", "dadfailed",
				"mngtmpaddr", "noprefixroute", "autojoin", "stable-privacy", "dynamic")
			rows = append(rows, r)
		}
	}
	return rows
}

// trueKeys returns the keys that are there, in order: ip -j has flags as keys.
func trueKeys(r row, keys ...string) []any {
	found := []any{}
	for _, k := range keys {
		if _, ok := r[k]; ok {
			found = append(found, k)
		}
	}
	return found
}

var tables = map[string]string{"main": "254", "local": "255", "default": "253"}

func tableID(v any) any {
	text, _ := v.(string)
	if id, ok := tables[text]; ok {
		text = id
	}
	return json.Number(text)
}

func askRoutes(t TB) []row {
	var rows []row
	for family, flag := range map[string]string{"inet": "-4", "inet6": "-6"} {
		for _, r := range askIP(t, flag, "route", "show", "table", "all") {
			r["family"], r["table_id"] = family, tableID(r["table"])
			r["src"] = or(r["from"], "")
			r["metric"] = or(r["metric"], json.Number("0"))
			r["tos"] = tos(r["tos"])
			r["flags"] = without(r["flags"], "dead", "linkdown")
			if hops, ok := r["nexthops"].([]any); ok {
				for _, h := range hops {
					hop := h.(map[string]any)
					hop["flags"] = without(hop["flags"], "dead", "linkdown")
				}
			}
			rows = append(rows, r)
		}
	}
	return rows
}

func or(v, otherwise any) any {
	if v == nil {
		return otherwise
	}
	return v
}

func tos(v any) any {
	text, _ := v.(string)
	n, _ := strconv.ParseInt(strings.TrimPrefix(text, "0x"), 16, 64)
	return json.Number(strconv.FormatInt(n, 10))
}

// without takes away flags that follow from another object.
func without(v any, derived ...any) any {
	flags, _ := v.([]any)
	return slices.DeleteFunc(flags, func(f any) bool { return slices.Contains(derived, f) })
}

func askNeighbours(t TB) []row {
	var rows []row
	for family, flag := range map[string]string{"inet": "-4", "inet6": "-6"} {
		for _, r := range askIP(t, flag, "neighbour", "show") {
			r["family"] = family
			r["flags"] = trueKeys(r, "router", "extern_learn", "offload", "use", "self", "master", "sticky")
			if ext := trueKeys(r, "managed", "locked"); len(ext) > 0 {
				r["flags_ext"] = ext
			}
			rows = append(rows, r)
		}
	}
	return rows
}

func askRules(t TB) []row {
	var rows []row
	for family, flag := range map[string]string{"inet": "-4", "inet6": "-6"} {
		for _, r := range askIP(t, flag, "rule", "show") {
			_, not := r["not"]
			_, l3mdev := r["l3mdev"]
			_, jumps := r["goto"]
			r["family"], r["invert"], r["l3mdev"], r["tos"] = family, number(not), nil, tos(r["tos"])
			if l3mdev {
				r["l3mdev"] = json.Number("1")
			}
			r["srclen"], r["dstlen"] = length(family, r["src"], r["srclen"]), length(family, r["dst"], r["dstlen"])
			r["dst"] = or(r["dst"], "all")
			switch {
			case jumps:
				r["action"] = "goto"
			default:
				r["action"] = or(r["action"], "to_tbl")
			}
			r["table_id"] = json.Number("0")
			if r["table"] != nil {
				r["table_id"] = tableID(r["table"])
			}
			for _, port := range []string{"sport", "dport"} {
				if r[port] != nil {
					r[port+"_start"], r[port+"_end"] = r[port], r[port]
				}
			}
			if r["fwmark"] != nil {
				r["fwmask"] = or(r["fwmask"], "0xffffffff")
			}
			for _, column := range []string{"suppress_ifgroup", "flow_from", "flow_to"} {
				if text, ok := r[column].(string); ok {
					r[column] = json.Number(text)
				}
			}
			rows = append(rows, r)
		}
	}
	return rows
}

func number(b bool) json.Number {
	if b {
		return "1"
	}
	return "0"
}

// length is the prefix length that ip leaves out for a whole address.
func length(family string, addr, bits any) any {
	switch {
	case bits != nil:
		return bits
	case addr == nil || addr == "all":
		return json.Number("0")
	case family == "inet":
		return json.Number("32")
	default:
		return json.Number("128")
	}
}

func askNexthops(t TB) []row {
	rows := askIP(t, "nexthop", "show")
	for _, r := range rows {
		r["flags"] = without(r["flags"], "dead", "linkdown")
		r["nh_group"] = r["group"]
		if r["group"] != nil {
			r["type"] = or(r["type"], "mpath")
		}
		for _, key := range []string{"blackhole", "fdb"} {
			if _, ok := r[key]; ok {
				r[key] = json.Number("1")
			}
		}
		if args, ok := r["resilient_args"].(map[string]any); ok {
			delete(args, "unbalanced_time")
		}
	}
	return rows
}

// Kernel asks ip for everything.
func Kernel(t TB) Snapshot {
	t.Helper()
	s := Snapshot{}
	for _, o := range oracles {
		s[o.kind] = texts(o.columns, o.ask(t))
	}
	return s
}

// Question is the SQL that Recording wants the rows of: of every kind, now or
// as of an instant, a row as a JSON object.
func Question() string {
	var arms []string
	for _, o := range oracles {
		var pairs []string
		for _, column := range o.columns {
			pairs = append(pairs, fmt.Sprintf("'%s', %s", column, column))
		}
		arm := fmt.Sprintf("SELECT '%s' AS kind, json_object(%s) AS columns FROM %s", o.kind, strings.Join(pairs, ", "), o.kind)
		if o.kind == "neighbour" {
			arm += ` WHERE state NOT LIKE '%NOARP%'` // ip hides them
		}
		arms = append(arms, arm)
	}
	return strings.Join(arms, " UNION ALL ")
}

// Recording reads the answer to Question, as "nlrec query -o json" prints it.
func Recording(t TB, answer string) Snapshot {
	t.Helper()
	var rows []struct{ Kind, Columns string }
	decode(t, answer, &rows)
	byKind := map[string][]row{}
	for _, object := range rows {
		var r row
		decode(t, object.Columns, &r)
		for column, v := range r {
			if text, ok := v.(string); ok && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) {
				var nested any
				decode(t, text, &nested)
				r[column] = nested
			}
		}
		byKind[object.Kind] = append(byKind[object.Kind], r)
	}
	s := Snapshot{}
	for _, o := range oracles {
		s[o.kind] = texts(o.columns, byKind[o.kind])
	}
	return s
}

// texts writes rows so that they can be compared: JSON with sorted keys, less
// what the two sides leave out by design.
func texts(columns []string, rows []row) []string {
	lines := make([]string, 0, len(rows))
	for _, r := range rows {
		var b strings.Builder
		for _, column := range columns {
			v := r[column]
			if object, ok := v.(map[string]any); ok {
				v = comparable(column, object)
			}
			if hops, ok := v.([]any); ok && column == "nexthops" {
				for _, h := range hops {
					delete(h.(map[string]any), "oif") // ip has the name only
				}
			}
			text, _ := json.Marshal(v)
			if string(text) == "null" || string(text) == "{}" || column == "link_index" && r["link"] != nil {
				continue
			}
			fmt.Fprintf(&b, " %s=%s", column, text)
		}
		lines = append(lines, b.String())
	}
	sort.Strings(lines)
	return lines
}

// comparable drops the keys of link data that ip 6.1 does not know, spells by
// name, or that count and tick.
func comparable(column string, object map[string]any) map[string]any {
	keep := map[string][]string{
		"info_data": {"id", "local", "port", "learning", "mode", "type", "persist", "vlan_filtering", "stp_state", "priority", "forward_delay", "ageing_time"},
		"info_slave_data": {"state", "priority", "cost", "hairpin", "guard", "root_block", "fastleave", "learning", "flood", "isolated", "locked",
			"mcast_flood", "bcast_flood", "bridge_id", "root_id", "id", "no"},
	}[column]
	if keep == nil {
		return object
	}
	left := map[string]any{}
	for _, key := range keep {
		if v, ok := object[key]; ok {
			left[key] = v
		}
	}
	return left
}

// Differences says where two snapshots differ; empty: nowhere.
func Differences(kernel, recording Snapshot) string {
	var b strings.Builder
	for _, o := range oracles {
		for _, line := range kernel[o.kind] {
			if !slices.Contains(recording[o.kind], line) {
				fmt.Fprintf(&b, "%s only in the kernel:   %s\n", o.kind, line)
			}
		}
		for _, line := range recording[o.kind] {
			if !slices.Contains(kernel[o.kind], line) {
				fmt.Fprintf(&b, "%s only in the recording:%s\n", o.kind, line)
			}
		}
		if len(kernel[o.kind]) != len(recording[o.kind]) {
			fmt.Fprintf(&b, "%s: %d in the kernel, %d in the recording\n", o.kind, len(kernel[o.kind]), len(recording[o.kind]))
		}
	}
	return b.String()
}
