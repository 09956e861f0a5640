package query

// neighbourFlags are those that ip(8) shows, in its order.
var neighbourFlags = []string{"router", "proxy", "managed", "extern_learn", "offload", "extern_valid"}

// neighbour shapes a neighbour as "ip neighbour show".
func (s *shaper) neighbour(r record) object {
	var o object
	o.put("dst", r.text("dst"), Visible(r.text("dst")))
	o.wordIf("dev", "dev", r.get("dev"))
	o.wordIf("lladdr", "lladdr", r.get("lladdr"))
	set := map[any]bool{}
	for _, flag := range append(r.list("flags"), r.list("flags_ext")...) {
		set[flag] = true
	}
	for _, flag := range neighbourFlags {
		if set[flag] {
			o.put(flag, nil, flag)
		}
	}
	states := r.list("state")
	o.put("state", states, shown(states))
	s.putNamed(&o, r, "protocol", "proto", s.names.protocols, "")
	return o
}
