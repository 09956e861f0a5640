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
	scope := s.names.scopes.of(r.text("scope"))
	o.put("scope", scope, keep(r.text("scope") != "global" || s.detail, "scope "+Visible(scope)))
	if r.number("blackhole") > 0 {
		o.put("blackhole", nil, "blackhole")
	}
	protocol := s.names.protocols.of(r.text("protocol"))
	o.put("protocol", protocol, keep(r.text("protocol") != "unspec" || s.detail, "proto "+Visible(protocol)))
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
