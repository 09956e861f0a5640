package iptest

import (
	"encoding/json"
	"slices"
	"strings"
)

// What the views say, less what ip never tells, so that the two can be equal.

// finite stands for any number of seconds that runs down.
const finite = "runs"

// shapeLifetimes keeps of the seconds that an address has left whether there
// is an end to them.
func shapeLifetimes(r row) {
	for _, key := range []string{"valid_life_time", "preferred_life_time"} {
		if n, ok := r[key].(json.Number); ok && n != "4294967295" {
			r[key] = finite
		}
	}
}

func shapeLinks(rows []row, _ map[string][]row) []row {
	for _, r := range rows {
		if r["link_netnsid"] == nil {
			delete(r, "link_index") // ip has the name
		}
		if r["proto_down"] == json.Number("0") {
			delete(r, "proto_down")
		}
		if flags, _ := r["flags"].([]any); !slices.Contains(flags, any("UP")) {
			delete(r, "carrier") // ip only says it of links that are up
		}
		data, _ := r["info_data"].(map[string]any)
		if strings.HasPrefix(text(r["info_kind"]), "macv") && data["mode"] != "source" {
			delete(data, "macaddr_count")
		}
		if data["ttl_inherit"] != nil {
			delete(data, "ttl_inherit") // "inherit" is only in the text
			delete(data, "ttl")
		}
		port, _ := r["info_slave_data"].(map[string]any)
		if mask, ok := port["group_fwd_mask"]; ok {
			port["group_fwd_mask_str"] = map[any]any{"0": "0x0"}[mask]
			if port["group_fwd_mask_str"] == nil {
				port["group_fwd_mask_str"] = mask
			}
		}
	}
	return rows
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func shapeAddresses(rows []row, _ map[string][]row) []row {
	for _, r := range rows {
		delete(r, "position")
		shapeLifetimes(r)
	}
	return rows
}

func shapeNexthops(rows []row, _ map[string][]row) []row {
	for i, r := range rows {
		rows[i] = shapedNexthop(r)
	}
	return rows
}

// shapedNexthop is a nexthop object without its family, which ip only shows by
// how addresses look.
func shapedNexthop(r row) row {
	shaped := row{}
	for key, v := range r {
		if key != "family" {
			shaped[key] = v
		}
	}
	return shaped
}

func shapeRoutes(rows []row, all map[string][]row) []row {
	slices.SortStableFunc(rows, func(a, b row) int { return int(integer(a["position"]) - integer(b["position"])) })
	for _, r := range rows {
		delete(r, "position")
		if r["expires"] != nil {
			r["expires"] = finite
		}
		for _, n := range all["nexthop"] {
			if r["nhid"] != nil && n["id"] == r["nhid"] {
				r["nh_info"] = map[string]any(shapedNexthop(n)) // ip shows it with the route
			}
		}
	}
	numberSlots(rows)
	return rows
}

func integer(v any) int64 {
	n, _ := v.(json.Number)
	i, _ := n.Int64()
	return i
}

func shapeNeighbours(rows []row, _ map[string][]row) []row {
	for _, r := range rows {
		shapeNeighbour(r)
	}
	return slices.DeleteFunc(rows, func(r row) bool {
		states, _ := r["state"].([]any)
		return slices.Contains(states, any("NOARP")) // ip hides them
	})
}

// shapeNeighbour takes away what the kernel never announces: that a stale
// neighbour is about to be probed, and that one is being resolved. One that is
// being resolved for the first time need not be recorded.
func shapeNeighbour(r row) {
	states, _ := r["state"].([]any)
	for i, state := range states {
		switch state {
		case "DELAY":
			states[i] = "STALE"
		case "INCOMPLETE":
			states[i], r["perhaps"] = "FAILED", true
		}
	}
}

func shapeRules(rows []row, _ map[string][]row) []row {
	for _, r := range rows {
		delete(r, "position")
		for _, key := range []string{"iif_detached", "oif_detached", "unresolved"} {
			if r[key] == json.Number("0") {
				delete(r, key)
			}
		}
	}
	return rows
}

// shapeNetconf: ip has the name only.
func shapeNetconf(rows []row, _ map[string][]row) []row {
	for _, r := range rows {
		delete(r, "ifindex")
	}
	return rows
}
