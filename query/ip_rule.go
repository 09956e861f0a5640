package query

import "fmt"

// rule shapes a rule as "ip rule show".
func (s *shaper) rule(r record) object {
	var o object
	o.put("priority", r.number("priority"), fmt.Sprintf("%d:\t", r.number("priority")))
	if r.number("invert") > 0 {
		o.put("not", nil, "not")
	}
	o.putSelector("src", "from", r)
	if r.text("dst") != "all" {
		o.putSelector("dst", "to", r)
	}
	if tos := r.number("tos"); tos != 0 {
		o.word("tos", "tos", s.names.service(tos))
	}
	o.putMark(r)
	for _, link := range []string{"iif", "oif"} {
		o.wordIf(link, link, r.get(link))
		if r.number(link+"_detached") > 0 {
			o.put(link+"_detached", nil, "[detached]")
		}
	}
	if r.number("l3mdev") > 0 {
		o.put("l3mdev", nil, "lookup [l3mdev-table]")
	}
	if r.get("uid_start") != nil {
		o.put("uid_start", r.number("uid_start"), fmt.Sprintf("uidrange %d-%d", r.number("uid_start"), r.number("uid_end")))
		o.quiet("uid_end", r.number("uid_end"))
	}
	if r.get("ipproto") != nil {
		o.word("ipproto", "ipproto", s.names.ipProtocols.of(r.text("ipproto")))
	}
	o.putPorts("sport", r)
	o.putPorts("dport", r)
	o.wordIf("tun_id", "tun_id", r.get("tun_id"))
	s.putAction(&o, r)
	usual := r.text("protocol")
	if usual != "kernel" {
		usual = "unspec"
	}
	s.putNamed(&o, r, "protocol", "proto", s.names.protocols, usual)
	return o
}

// putSelector adds a prefix of the addresses that a rule is for.
func (o *object) putSelector(column, word string, r record) {
	address, length := r.text(column), r.number(column+"len")
	whole := map[string]int64{"inet": 32, "inet6": 128}[r.text("family")]
	if address == "all" || length == whole {
		o.word(column, word, address)
		return
	}
	o.put(column, address, fmt.Sprintf("%s %s/%d", word, Visible(address), length))
	o.quiet(column+"len", length)
}

func (o *object) putMark(r record) {
	mark, mask := r.text("fwmark"), r.text("fwmask")
	switch {
	case mark == "":
	case mask == "" || mask == "0xffffffff":
		o.word("fwmark", "fwmark", mark)
	default:
		o.put("fwmark", mark, "fwmark "+Visible(mark)+"/"+Visible(mask))
		o.quiet("fwmask", mask)
	}
}

// putPorts adds a port or a range of ports.
func (o *object) putPorts(name string, r record) {
	first, last := r.get(name+"_start"), r.get(name+"_end")
	switch {
	case first == nil:
	case first == last:
		o.word(name, name, first)
	default:
		o.put(name+"_start", first, fmt.Sprintf("%s %d-%d", name, first, last))
		o.quiet(name+"_end", last)
	}
}

// putAction adds what becomes of packets that a rule is for.
func (s *shaper) putAction(o *object, r record) {
	if table := r.number("table_id"); table != 0 {
		o.word("table", "lookup", named(s.names.tables, table))
		o.wordIf("suppress_prefixlen", "suppress_prefixlength", r.get("suppress_prefixlen"))
		if group := r.get("suppress_ifgroup"); group != nil {
			o.word("suppress_ifgroup", "suppress_ifgroup", s.names.group(shown(group)))
		}
	}
	from, to := r.number("flow_from"), r.number("flow_to")
	switch {
	case from != 0:
		o.put("flow_from", named(s.names.realms, from), "realms "+Visible(named(s.names.realms, from)+"/"+named(s.names.realms, to)))
		o.quiet("flow_to", named(s.names.realms, to))
	case r.get("flow_to") != nil:
		o.word("flow_to", "realms", named(s.names.realms, to))
	}
	switch action := r.text("action"); action {
	case "to_tbl", "":
	case "goto":
		o.word("goto", "goto", r.number("goto"))
		if r.number("unresolved") > 0 {
			o.put("unresolved", nil, "[unresolved]")
		}
	case "nop":
		o.put("nop", nil, "nop")
	default:
		o.put("action", action, Visible(action))
	}
}
