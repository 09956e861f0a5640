package iptest

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// tables are the routing tables that ip has names for.
var tables = map[string]string{"main": "254", "local": "255", "default": "253"}

func (r row) table() {
	r.rename("table", "table_id")
	if text, ok := r["table_id"].(string); ok {
		if id, ok := tables[text]; ok {
			text = id
		}
		r["table_id"] = json.Number(text)
	}
}

// tos makes a number of a type of service, which ip prints as 0x10, or as AF11
// when the file rt_dsfield has a name for it.
func (r row) tos() {
	text, _ := r["tos"].(string)
	if named := named("rt_dsfield", text); named != "" {
		text = named
	}
	n, _ := strconv.ParseInt(strings.TrimPrefix(text, "0x"), 16, 64)
	r["tos"] = json.Number(strconv.FormatInt(n, 10))
}

// named returns the number that a file of iproute2 gives a name, or "".
func named(file, name string) string {
	text, _ := os.ReadFile("/etc/iproute2/" + file)
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[1] == name {
			return f[0]
		}
	}
	return ""
}

func askRoutes(t TB) []row {
	var rows []row
	for _, family := range []string{"inet", "inet6"} {
		found := askFamily(t, family, "route", "show", "table", "all")
		askLocks(t, family, found)
		rows = append(rows, found...)
	}
	nexthops := askNexthops(t)
	for _, r := range rows {
		r.table()
		r.tos()
		r.rename("from", "src", "iif", "iif_dev")
		r.otherwise("src", "")
		r.otherwise("metric", json.Number("0"))
		if r["expires"] != nil {
			r["expires"] = "runs"
		}
		if flow, ok := r["flow"].(map[string]any); ok {
			r["flow_from"], r["flow_to"] = flow["from"], flow["to"]
			delete(r, "flow")
			r.numbers("flow_from", "flow_to")
		}
		hops, _ := r["nexthops"].([]any)
		for _, h := range hops {
			if flow, ok := h.(map[string]any)["flow"].(map[string]any); ok {
				row(flow).numbers("from", "to")
			}
		}
		if m := r.metrics(); m != nil {
			m.gather("features", "ecn", "tcp_usec_ts")
		}
		if info, ok := r["nh_info"].(map[string]any); ok {
			shapeNexthop(info)
		}
		if r["nhid"] != nil && r["dev"] == nil && r["nexthops"] == nil {
			resolve(r, nexthops)
		}
	}
	numberSlots(rows)
	return rows
}

// metrics returns the metrics of a route, or nil.
func (r row) metrics() row {
	list, _ := r["metrics"].([]any)
	if len(list) == 0 {
		return nil
	}
	return list[0].(map[string]any)
}

// askLocks adds which metrics are locked, which ip only tells in its text.
func askLocks(t TB, family string, rows []row) {
	t.Helper()
	if !slices.ContainsFunc(rows, func(r row) bool { return r.metrics() != nil }) {
		return
	}
	out, err := exec.Command("ip", "-o", "-f", family, "route", "show", "table", "all").Output()
	if err != nil {
		t.Fatalf("ip -o route: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i, r := range rows {
		locks := []any{}
		if i < len(lines) { // the routes may have changed
			for _, m := range regexp.MustCompile(`(\w+) lock `).FindAllStringSubmatch(lines[i], -1) {
				locks = append(locks, m[1])
			}
		}
		if m := r.metrics(); m != nil && len(locks) > 0 {
			m["lock"] = locks
		}
	}
}

// resolve adds the hops of a route that uses a nexthop object. The kernel does
// so itself unless net.ipv4.nexthop_compat_mode is 0.
func resolve(r row, nexthops []row) {
	byID := map[any]row{}
	for _, n := range nexthops {
		byID[n["id"]] = n
	}
	n := byID[r["nhid"]]
	group, _ := n["nh_group"].([]any)
	if len(group) == 1 && r["family"] == "inet" {
		n, group = byID[group[0].(map[string]any)["id"]], nil
	}
	if group == nil {
		putHop(r, n)
		return
	}
	hops := []any{}
	for _, m := range group {
		member := m.(map[string]any)
		hop := row{"family": r["family"], "weight": json.Number("1")}
		if member["weight"] != nil {
			hop["weight"] = member["weight"]
		}
		putHop(hop, byID[member["id"]])
		delete(hop, "family")
		hops = append(hops, map[string]any(hop))
	}
	r["nexthops"] = hops
}

// putHop gives a route or hop what a nexthop object says.
func putHop(r, nexthop row) {
	for _, key := range []string{"dev", "flags", "encap"} {
		if r[key] == nil || key == "flags" {
			r[key] = nexthop[key]
		}
	}
	if nexthop["blackhole"] != nil {
		r["dev"] = "lo"
	}
	gateway := text(nexthop["gateway"])
	switch family := map[bool]string{true: "inet6", false: "inet"}[strings.Contains(gateway, ":")]; {
	case gateway == "":
	case family == r["family"]:
		r["gateway"] = gateway
	default:
		r["via"] = map[string]any{"family": family, "host": gateway}
	}
}

// numberSlots tells which place an IPv4 route has among those that differ in
// nothing that selects a route. The rows are in the order of the places.
func numberSlots(rows []row) {
	seen := map[string][]row{}
	for _, r := range rows {
		if r["family"] == "inet" {
			key, _ := json.Marshal([]any{r["table_id"], r["dst"], r["tos"], r["metric"]})
			seen[string(key)] = append(seen[string(key)], r)
		}
	}
	for _, slot := range seen {
		for i, r := range slot {
			if len(slot) > 1 {
				r["place"] = i
			}
		}
	}
}
