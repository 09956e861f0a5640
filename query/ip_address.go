package query

import (
	"fmt"
	"strings"
)

// addressFlags are those that ip(8) shows, in its order.
var addressFlags = []string{"secondary", "temporary", "tentative", "deprecated", "home", "nodad", "optimistic", "dadfailed",
	"mngtmpaddr", "noprefixroute", "autojoin", "stable-privacy", "dynamic"}

// address shapes an address as "ip address show" does under its link.
func (s *shaper) address(r record) object {
	var o object
	local, peer := r.text("local"), r.get("address")
	o.put("family", r.text("family"), "\n    "+Visible(r.text("family")))
	o.put("local", local, Visible(local)+keep(peer == nil, fmt.Sprintf("/%d", r.number("prefixlen"))))
	if peer != nil {
		o.put("address", peer, fmt.Sprintf("peer %s/%d", shown(peer), r.number("prefixlen")))
	}
	o.quiet("prefixlen", r.number("prefixlen"))
	o.wordIf("metric", "metric", r.get("metric"))
	o.wordIf("broadcast", "brd", r.get("broadcast"))
	o.wordIf("anycast", "any", r.get("anycast"))
	s.putNamed(&o, r, "scope", "scope", s.names.scopes, "")
	set := map[any]bool{}
	for _, flag := range r.list("flags") {
		set[flag] = true
	}
	for _, flag := range addressFlags {
		if set[flag] {
			o.put(flag, true, flag)
		}
	}
	if label := r.get("label"); label != nil {
		o.put("label", label, shown(label))
	}
	o.putLifetimes(r)
	return o
}

// putLifetimes adds how long an address still is valid.
func (o *object) putLifetimes(r record) {
	valid, preferred := r.get("valid_life_time"), r.get("preferred_life_time")
	if valid == nil {
		return
	}
	o.put("valid_life_time", valid, "\n       valid_lft "+lifetime(valid))
	o.put("preferred_life_time", preferred, "preferred_lft "+lifetime(preferred))
}

func lifetime(seconds any) string {
	if seconds == int64(4294967295) {
		return "forever"
	}
	return shown(seconds) + "sec"
}

// addressLink shapes a link with its addresses.
func (s *shaper) addressLink(r record, addresses []object) object {
	o := s.linkHead(r, false)
	s.putDetails(&o, r, false)
	o.quiet("ifalias", r.get("ifalias"))
	o.putAltNames(r)
	list, text := []any{}, strings.Builder{}
	for _, a := range addresses {
		list = append(list, a)
		text.WriteString(a.line())
	}
	o.put("addr_info", list, text.String())
	return o
}
