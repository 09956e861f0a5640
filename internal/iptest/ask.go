package iptest

import (
	"encoding/json"
	"os/exec"
	"os/user"
	"slices"
)

// What ip says, in the columns of the views. Only names and places are
// changed here; a key that is not spoken of keeps its own name.

// askIP returns what `ip -d -j …` prints.
func askIP(t TB, args ...string) []row {
	t.Helper()
	out, err := exec.Command("ip", append([]string{"-d", "-j"}, args...)...).Output()
	if err != nil {
		t.Fatalf("ip %v: %v", args, err)
	}
	if len(out) == 0 {
		return nil
	}
	return decodeIP(t, string(out))
}

// askFamilies asks for IPv4 and for IPv6.
func askFamilies(t TB, args ...string) []row {
	t.Helper()
	return append(askFamily(t, "inet", args...), askFamily(t, "inet6", args...)...)
}

func askFamily(t TB, family string, args ...string) []row {
	t.Helper()
	rows := askIP(t, append([]string{"-f", family}, args...)...)
	for _, r := range rows {
		r["family"] = family
	}
	return rows
}

// rename moves values to other keys: old, new, old, new, …
func (r row) rename(names ...string) {
	for i := 0; i < len(names); i += 2 {
		if v, ok := r[names[i]]; ok {
			delete(r, names[i])
			r[names[i+1]] = v
		}
	}
}

// numbers makes numbers of keys that ip prints as texts.
func (r row) numbers(keys ...string) {
	for _, key := range keys {
		if text, ok := r[key].(string); ok {
			if text == "cosmos" { // realm 0
				text = "0"
			}
			r[key] = json.Number(text)
		}
	}
}

// ones makes 1 of keys that ip prints, as true or as null, when they hold.
func (r row) ones(keys ...string) {
	for _, key := range keys {
		if _, ok := r[key]; ok {
			r[key] = json.Number("1")
		}
	}
}

// gather puts the keys that are there into an array, in the order given.
func (r row) gather(column string, keys ...string) {
	found := []any{}
	for _, key := range keys {
		if _, ok := r[key]; ok {
			found = append(found, key)
			delete(r, key)
		}
	}
	r[column] = found
}

// otherwise sets a key that ip leaves out.
func (r row) otherwise(key string, v any) {
	if r[key] == nil {
		r[key] = v
	}
}

func askLinks(t TB) []row {
	rows := askIP(t, "link", "show")
	for _, r := range rows {
		r.rename("group", "link_group")
		r.ones("proto_down")
		info, _ := r["linkinfo"].(map[string]any)
		delete(r, "linkinfo")
		for key, v := range info {
			r[key] = v
		}
		data, _ := r["info_data"].(map[string]any)
		if r["info_kind"] == "tun" {
			idOf(data, "user", func(name string) (string, error) {
				u, err := user.Lookup(name)
				if err != nil {
					return "", err
				}
				return u.Uid, nil
			})
			idOf(data, "group", func(name string) (string, error) {
				g, err := user.LookupGroup(name)
				if err != nil {
					return "", err
				}
				return g.Gid, nil
			})
		}
		if xdp, ok := r["xdp"].(map[string]any); ok {
			shapeXDP(xdp)
		}
		flags, _ := r["flags"].([]any)
		if slices.Contains(flags, any("UP")) {
			r["carrier"] = number(slices.Contains(flags, any("LOWER_UP")))
		}
	}
	return rows
}

// shapeXDP makes numbers of the programs that ip shows as objects.
func shapeXDP(xdp map[string]any) {
	attached, _ := xdp["attached"].([]any)
	for _, a := range attached {
		one := a.(map[string]any)
		kind := map[any]string{json.Number("1"): "drv", json.Number("2"): "skb", json.Number("3"): "hw"}[one["mode"]]
		xdp[kind+"_prog_id"] = one["prog"].(map[string]any)["id"]
	}
	delete(xdp, "attached")
	if prog, ok := xdp["prog"].(map[string]any); ok {
		xdp["prog_id"] = prog["id"]
		delete(prog, "id")
	}
}

// idOf replaces the name of a user or group by its number.
func idOf(data map[string]any, key string, id func(string) (string, error)) {
	if name, ok := data[key].(string); ok {
		if n, err := id(name); err == nil {
			data[key] = json.Number(n)
		} else {
			data[key] = json.Number(name)
		}
	}
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
			r["dev"] = link["ifname"]
			r.gather("flags", "secondary", "temporary", "tentative", "deprecated", "home", "nodad", "optimistic", "dadfailed",
				"mngtmpaddr", "noprefixroute", "autojoin", "stable-privacy", "dynamic")
			shapeLifetimes(r)
			rows = append(rows, r)
		}
	}
	return rows
}

func askNeighbours(t TB) []row {
	rows := askFamilies(t, "neighbour", "show")
	for _, r := range rows {
		r.gather("flags", "use", "self", "master", "router", "extern_learn", "offload", "sticky")
		r.gather("flags_ext", "managed", "locked")
		shapeNeighbour(r)
	}
	return rows
}

func askNetconf(t TB) []row {
	rows := askIP(t, "netconf")
	for _, r := range rows {
		for key, v := range r {
			if truth, ok := v.(bool); ok {
				r[key] = number(truth)
			}
		}
	}
	return rows
}

func askRules(t TB) []row {
	rows := askFamilies(t, "rule", "show")
	for _, r := range rows {
		_, inverted := r["not"]
		_, jumps := r["goto"]
		_, nop := r["nop"]
		delete(r, "not")
		delete(r, "nop")
		r["invert"] = number(inverted)
		r.ones("l3mdev", "iif_detached", "oif_detached", "unresolved")
		r.tos()
		r.table()
		r.otherwise("table_id", json.Number("0"))
		r["srclen"], r["dstlen"] = length(r, "src"), length(r, "dst")
		r.otherwise("dst", "all")
		switch {
		case jumps:
			r["action"] = "goto"
		case nop:
			r["action"] = "nop"
		default:
			r.otherwise("action", "to_tbl")
		}
		for _, port := range []string{"sport", "dport"} {
			if r[port] != nil {
				r[port+"_start"], r[port+"_end"] = r[port], r[port]
				delete(r, port)
			}
		}
		if r["fwmark"] != nil {
			r.otherwise("fwmask", "0xffffffff")
		}
		r.numbers("suppress_ifgroup", "flow_from", "flow_to", "tun_id")
	}
	return rows
}

func number(b bool) json.Number {
	if b {
		return "1"
	}
	return "0"
}

// length is the length of a rule's prefix, which ip leaves out when it is the
// whole address.
func length(r row, address string) any {
	switch {
	case r[address+"len"] != nil:
		return r[address+"len"]
	case r[address] == nil || r[address] == "all":
		return json.Number("0")
	case r["family"] == "inet":
		return json.Number("32")
	}
	return json.Number("128")
}

func askNexthops(t TB) []row {
	rows := askIP(t, "nexthop", "show")
	for _, r := range rows {
		shapeNexthop(r)
	}
	return rows
}

// shapeNexthop makes a nexthop object of ip one of the view.
func shapeNexthop(r row) {
	r.rename("group", "nh_group")
	if r["nh_group"] != nil {
		r.otherwise("type", "mpath")
	}
	r.ones("blackhole", "fdb")
}
