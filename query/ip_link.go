package query

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// link shapes a link as "ip link show".
func (s *shaper) link(r record) object {
	o := s.linkHead(r, true)
	s.putDetails(&o, r, true)
	if alias := r.get("ifalias"); alias != nil {
		o.word("ifalias", "\n    alias", alias)
	}
	o.putAltNames(r)
	return o
}

// linkHead are the two lines of a link. In "ip address show" the mode is not
// among them.
func (s *shaper) linkHead(r record, withMode bool) object {
	var o object
	o.put("ifindex", r.number("ifindex"), fmt.Sprintf("%d:", r.number("ifindex")))
	below := s.putBelow(&o, r)
	o.put("ifname", r.text("ifname"), Visible(r.text("ifname"))+below+":")
	flags := r.list("flags")
	o.put("flags", flags, "<"+shown(flags)+">")
	o.wordIf("mtu", "mtu", r.get("mtu"))
	o.putXDP(r.nested("xdp"))
	o.wordIf("qdisc", "qdisc", r.get("qdisc"))
	o.wordIf("master", "master", r.get("master"))
	o.wordIf("operstate", "state", r.get("operstate"))
	if withMode {
		o.wordIf("linkmode", "mode", r.get("linkmode"))
	}
	if r.get("link_group") != nil {
		o.word("group", "group", s.names.group(r.text("link_group")))
	}
	o.wordIf("txqlen", "qlen", r.get("txqlen"))
	if r.get("link_type") != nil {
		o.put("link_type", r.text("link_type"), "\n    link/"+Visible(r.text("link_type")))
	}
	if r.get("address") != nil {
		o.put("address", r.text("address"), Visible(r.text("address")))
	}
	if broadcast := r.get("broadcast"); broadcast != nil && strings.Contains(r.text("flags"), `"POINTOPOINT"`) {
		o.put("link_pointtopoint", true, "")
		o.word("broadcast", "peer", broadcast)
	} else {
		o.wordIf("broadcast", "brd", broadcast)
	}
	o.wordIf("permaddr", "permaddr", r.get("permaddr"))
	o.wordIf("link_netnsid", "link-netnsid", r.get("link_netnsid"))
	return o
}

// putBelow adds the link below one, or its peer, and returns how the name of
// the one shows it.
func (s *shaper) putBelow(o *object, r record) string {
	index := r.number("link_index")
	switch {
	case index == 0:
		return ""
	case r.get("link_netnsid") != nil:
		o.quiet("link_index", index)
		return fmt.Sprintf("@if%d", index)
	}
	name := r.text("link")
	if name == "" {
		name = fmt.Sprintf("if%d", index)
	}
	o.quiet("link", name)
	return "@" + Visible(name)
}

// putDetails adds what the text only has with -d.
func (s *shaper) putDetails(o *object, r record, withMode bool) {
	var d object
	if reason := r.list("proto_down_reason"); r.number("proto_down") > 0 {
		o.put("proto_down", true, "protodown on")
		if len(reason) > 0 {
			o.put("proto_down_reason", reason, "protodown_reason <"+shown(reason)+">")
		}
	}
	for _, key := range []string{"promiscuity", "allmulti", "min_mtu", "max_mtu"} {
		d.wordIf(key, strings.ReplaceAll(key, "_mtu", "mtu"), r.get(key))
	}
	s.putInfo(&d, r)
	if withMode {
		d.wordIf("inet6_addr_gen_mode", "addrgenmode", r.get("inet6_addr_gen_mode"))
	}
	for _, c := range detailColumns {
		d.wordIf(c.column, c.word, r.get(c.column))
	}
	if functions := r.list("vfinfo_list"); len(functions) > 0 {
		d.quiet("vfinfo_list", functions)
	}
	if !s.detail {
		for i := range d {
			d[i].text = ""
		}
	}
	*o = append(*o, d...)
}

// detailColumns are columns by the words that ip has for them.
var detailColumns = []struct{ column, word string }{
	{"num_tx_queues", "numtxqueues"}, {"num_rx_queues", "numrxqueues"}, {"gso_max_size", "gso_max_size"}, {"gso_max_segs", "gso_max_segs"},
	{"tso_max_size", "tso_max_size"}, {"tso_max_segs", "tso_max_segs"}, {"gro_max_size", "gro_max_size"},
	{"phys_port_name", "portname"}, {"phys_port_id", "portid"}, {"phys_switch_id", "switchid"},
	{"parentbus", "parentbus"}, {"parentdev", "parentdev"}, {"num_vf", "numvfs"},
}

// putInfo adds what a link is, and what it is for its master, each on a line.
func (s *shaper) putInfo(o *object, r record) {
	info := object{}
	for _, part := range []struct{ kind, data, as string }{{"info_kind", "info_data", ""}, {"info_slave_kind", "info_slave_data", "_slave"}} {
		kind := r.text(part.kind)
		if kind == "" {
			continue
		}
		info.put(part.kind, kind, "\n    "+Visible(kind)+part.as)
		if data := s.info(kind+part.as, r.nested(part.data)); len(data) > 0 {
			info.put(part.data, data, data.plainly())
		}
	}
	if len(info) > 0 {
		o.put("linkinfo", info, info.line())
	}
}

// unknownInfo are the members of which iproute2 6.1 says nothing, by the kind
// of the link or of its port.
var unknownInfo = map[string]map[string]bool{
	"vxlan":   setOf("localbypass", "label_policy", "reserved_bits", "mcroute", "link_index"),
	"macvlan": setOf("bclim", "link_index"),
	"macvtap": setOf("bclim", "link_index"),
	"bridge": setOf("mdb_offload_fail_notification", "fdb_local_vlan_0", "mst_enabled", "fdb_max_learned", "mcast_querier_ipv4_addr",
		"mcast_querier_ipv6_addr", "mcast_querier_ipv4_port", "mcast_querier_ipv6_port", "mcast_querier_ipv4_port_index", "mcast_querier_ipv6_port_index"),
	"bridge_slave": setOf("learning_sync", "mrp_ring_open", "mrp_in_open", "mcast_max_groups", "neigh_vlan_suppress", "backup_nhid",
		"mcast_eht_hosts_limit", "mab", "backup_port_index"),
}

// info shapes what is special to a kind of link.
func (s *shaper) info(kind string, data object) object {
	shaped := object{}
	for _, m := range data.without(unknownInfo[kind]) {
		switch {
		case strings.HasSuffix(m.key, "_index") && m.key != "erspan_index": // the views have the names beside these
		case m.key == "ttl" && data.get("ttl_inherit") != nil, m.key == "ttl_inherit": // ip has it in the text only
		case m.key == "macaddr_count" && data.get("mode") != "source":
		case kind == "tun" && m.key == "user":
			shaped.quiet(m.key, userName(shown(m.value)))
		case kind == "tun" && m.key == "group":
			shaped.quiet(m.key, groupName(shown(m.value)))
		case kind == "bridge_slave" && m.key == "group_fwd_mask":
			shaped.put(m.key, m.value, "")
			shaped.put("group_fwd_mask_str", "0x"+strings.TrimPrefix(shown(m.value), "0x"), "")
		default:
			shaped.put(m.key, m.value, "")
		}
	}
	return shaped
}

// Modes of XDP_ATTACHED_* in linux/if_link.h.
var xdpModes = []struct {
	mode, word, key string
}{{"2", "xdpgeneric", "skb_prog_id"}, {"1", "xdp", "drv_prog_id"}, {"3", "xdpoffload", "hw_prog_id"}}

// putXDP adds the XDP programs of a link. Of a program ip also asks bpf(2), for
// its name and the like; rtnetlink tells the id.
func (o *object) putXDP(xdp object) {
	if xdp == nil {
		return
	}
	program := func(id any) object { return object{{key: "id", value: id}} }
	shaped, text, attached := object{}, "", []any{}
	shaped.quiet("mode", xdp.get("mode"))
	if id := xdp.get("prog_id"); id != nil {
		shaped.quiet("prog", program(id))
	}
	for _, m := range xdpModes {
		if id := xdp.get(m.key); id != nil {
			attached = append(attached, object{{key: "mode", value: json.Number(m.mode)}, {key: "prog", value: program(id)}})
			text += " " + m.word + "/id:" + shown(id)
		}
	}
	shaped.quiet("attached", attached)
	o.put("xdp", shaped, strings.TrimPrefix(text, " "))
}

// putAltNames adds the alternative names of a link, each on a line.
func (o *object) putAltNames(r record) {
	names, text := r.list("altnames"), ""
	if len(names) == 0 {
		return
	}
	for _, name := range names {
		text += "\n    altname " + shown(name)
	}
	o.put("altnames", names, text)
}

// netconf shapes what is told about an interface as "ip netconf show".
func (s *shaper) netconf(r record) object {
	var o object
	o.put("family", r.text("family"), Visible(r.text("family")))
	name := r.text("interface")
	if name == "" {
		name = "if" + strconv.FormatInt(r.number("ifindex"), 10)
	}
	o.put("interface", name, Visible(name))
	for _, key := range []string{"forwarding", "rp_filter", "mc_forwarding", "proxy_neigh", "ignore_routes_with_linkdown", "input"} {
		switch v := r.get(key).(type) {
		case int64:
			o.word(key, key, v > 0)
		case string:
			o.word(key, key, v)
		}
	}
	return o
}
