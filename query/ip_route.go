package query

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// route shapes a route as "ip route show table all".
func (s *shaper) route(r record) object {
	var o object
	kind := r.text("type")
	if kind != "" {
		o.put("type", kind, keep(kind != "unicast" || s.detail, Visible(kind)))
	}
	o.put("dst", r.text("dst"), Visible(r.text("dst")))
	if from := r.text("src"); from != "" {
		o.word("from", "from", from)
	}
	o = append(o, s.encap(r.nested("encap"))...)
	o.wordIf("nhid", "nhid", r.get("nhid"))
	if tos := r.number("tos"); tos != 0 {
		o.word("tos", "tos", s.names.service(tos))
	}
	o.putGateway(r.get("gateway"), r.nested("via"))
	o.wordIf("dev", "dev", r.get("dev"))
	s.putOrigin(&o, r)
	o.wordIf("prefsrc", "src", r.get("prefsrc"))
	if r.text("family") == "inet6" || r.number("metric") != 0 {
		o.word("metric", "metric", r.number("metric"))
	}
	o.putFlags(r.list("flags"))
	if mark := r.number("mark"); mark != 0 {
		o.word("mark", "mark", fmt.Sprintf("0x%x", mark))
	}
	s.putRealms(&o, r.get("flow_from"), r.get("flow_to"))
	if seconds := r.get("expires"); seconds != nil {
		o.put("expires", seconds, fmt.Sprintf("expires %dsec", seconds))
	}
	o.putMetrics(r.list("metrics"))
	o.wordIf("iif", "iif", r.get("iif_dev"))
	o.wordIf("pref", "pref", r.get("pref"))
	if propagate := r.get("ttl_propagate"); propagate != nil {
		o.word("ttl-propogate", "ttl-propogate", map[bool]string{true: "enabled", false: "disabled"}[propagate != int64(0)])
	}
	if object := s.nexthops[r.number("nhid")]; r.get("nhid") != nil && object != nil {
		o.quiet("nh_info", object)
	}
	s.putHops(&o, r.list("nexthops"))
	return o
}

// putOrigin adds the table a route is in, who installed it, and its scope.
func (s *shaper) putOrigin(o *object, r record) {
	table := named(s.names.tables, r.number("table_id"))
	o.put("table", table, keep(r.number("table_id") != mainTable || s.detail, "table "+Visible(table)))
	s.putNamed(o, r, "protocol", "proto", s.names.protocols, "boot")
	s.putNamed(o, r, "scope", "scope", s.names.scopes, "global")
}

// putNamed adds a column by its name here. The usual value is in the text only
// with -d.
func (s *shaper) putNamed(o *object, r record, column, word string, names spelling, usual string) {
	if r.get(column) == nil {
		return
	}
	name := names.of(r.text(column))
	o.put(column, name, keep(r.text(column) != usual || s.detail, word+" "+Visible(name)))
}

// Numbers of routing tables.
const (
	defaultTable = 253
	mainTable    = 254
	localTable   = 255
)

// putGateway adds a gateway, or one of the other family.
func (o *object) putGateway(gateway any, via object) {
	o.wordIf("gateway", "via", gateway)
	if via != nil {
		o.put("via", via, "via "+shown(via.get("family"))+" "+shown(via.get("host")))
	}
}

func (o *object) putFlags(flags []any) {
	text := ""
	for _, flag := range flags {
		text += " " + shown(flag)
	}
	o.put("flags", flags, keep(text != "", text[min(1, len(text)):]))
}

// putRealms adds realms, by their names.
func (s *shaper) putRealms(o *object, from, to any) {
	flow, text := object{}, "realm "
	if n, ok := integer(from); ok && n != 0 {
		name := named(s.names.realms, n)
		flow.quiet("from", name)
		text = "realms " + Visible(name) + "/"
	}
	if n, ok := integer(to); ok {
		name := named(s.names.realms, n)
		flow.quiet("to", name)
		text += Visible(name)
	}
	if len(flow) > 0 {
		o.put("flow", flow, text)
	}
}

// integer reads a number of a row or of JSON.
func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	}
	return 0, false
}

// putMetrics adds the metrics of a route. In JSON, ip does not say which are
// locked, and has the features among them.
func (o *object) putMetrics(list []any) {
	if len(list) == 0 {
		return
	}
	metrics, _ := list[0].(object)
	locked, _ := metrics.get("lock").([]any)
	shaped := object{}
	for _, m := range metrics {
		switch {
		case m.key == "lock":
		case m.key == "features":
			features, _ := m.value.([]any)
			shaped.say("features")
			for _, feature := range features {
				shaped.put(shown(feature), nil, shown(feature))
			}
		default:
			lock := keep(slices.Contains(locked, any(m.key)), "lock ")
			unit := keep(slices.Contains([]string{"rtt", "rttvar", "rto_min"}, m.key), "ms")
			shaped.put(m.key, m.value, Visible(m.key)+" "+lock+shown(m.value)+unit)
		}
	}
	o.put("metrics", []any{shaped}, shaped.line())
}

// putHops adds the hops of a multipath route, each on a line of its own.
func (s *shaper) putHops(o *object, hops []any) {
	if len(hops) == 0 {
		return
	}
	list, text := []any{}, ""
	for _, h := range hops {
		hop, _ := h.(object)
		encap, _ := hop.get("encap").(object)
		via, _ := hop.get("via").(object)
		flow, _ := hop.get("flow").(object)
		flags, _ := hop.get("flags").([]any)
		shaped := s.encap(encap)
		shaped.putGateway(hop.get("gateway"), via)
		s.putRealms(&shaped, flow.get("from"), flow.get("to"))
		shaped.wordIf("dev", "dev", hop.get("dev"))
		shaped.wordIf("weight", "weight", hop.get("weight"))
		shaped.putFlags(flags)
		list = append(list, shaped)
		text += "\n\tnexthop " + shaped.line()
	}
	o.put("nexthops", list, text)
}

// encap returns the members of a lightweight tunnel.
func (s *shaper) encap(encap object) object {
	shaped := object{}
	for _, m := range encap {
		if key, isIndex := strings.CutSuffix(m.key, "_index"); isIndex {
			if index, ok := integer(m.value); ok && encap.get(key) == nil { // the views give the name beside it, except in hops
				shaped.word(key, Visible(key), cmp.Or(s.links[index], fmt.Sprintf("if%d", index)))
			}
			continue
		}
		switch v := m.value.(type) {
		case bool:
			shaped.put(m.key, v, Visible(m.key))
		case []any:
			shaped.put(m.key, v, segmentText(m.key, v))
		case object:
			shaped.put(m.key, v, s.encap(v).line())
		default:
			shaped.putEncapValue(s, m)
		}
	}
	return shaped
}

// putEncapValue adds a plain value, a table by its name here.
func (o *object) putEncapValue(s *shaper, m member) {
	switch m.key {
	case "table", "vrftable":
		if n, err := strconv.ParseInt(shown(m.value), 10, 64); err == nil {
			m.value = named(s.names.tables, n)
		}
	}
	o.word(m.key, Visible(m.key), m.value)
}

// segmentText writes the segments of a header, and how many there are.
func segmentText(key string, segments []any) string {
	text := fmt.Sprintf("%s %d [", Visible(key), len(segments))
	for _, segment := range segments {
		text += " " + shown(segment)
	}
	return text + " ]"
}
