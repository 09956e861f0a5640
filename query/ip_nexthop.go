package query

import "strings"

// nexthop shapes a nexthop object as "ip nexthop show".
func (s *shaper) nexthop(r record) object {
	var o object
	o.word("id", "id", r.number("id"))
	if group := r.list("nh_group"); len(group) > 0 {
		o.putGroup(group)
	}
	if r.text("type") == "resilient" {
		o.word("type", "type", "resilient")
		args := plainMembers(r.nested("resilient_args"))
		o.put("resilient_args", args, args.line())
	}
	o = append(o, s.encap(r.nested("encap"))...)
	o.wordIf("gateway", "via", r.get("gateway"))
	o.wordIf("dev", "dev", r.get("dev"))
	s.putNamed(&o, r, "scope", "scope", s.names.scopes, "global")
	if r.number("blackhole") > 0 {
		o.put("blackhole", nil, "blackhole")
	}
	s.putNamed(&o, r, "protocol", "proto", s.names.protocols, "unspec")
	o.putFlags(r.list("flags"))
	if r.number("fdb") > 0 {
		o.put("fdb", nil, "fdb")
	}
	return o
}

// putGroup adds the members of a group: ids, and weights but for 1.
func (o *object) putGroup(group []any) {
	var texts []string
	for _, g := range group {
		member, _ := g.(object)
		text := shown(member.get("id"))
		if weight := member.get("weight"); weight != nil {
			text += "," + shown(weight)
		}
		texts = append(texts, text)
	}
	o.put("group", group, "group "+strings.Join(texts, "/"))
}
