package query

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"nlrec/query/fib"
)

// WriteRoutes writes answers as "ip route get" prints them, one after the
// other. Why there is no way is said as ip(8) says it.
func WriteRoutes(w io.Writer, answers []fib.Answer) error {
	b, s := bufio.NewWriter(w), shaper{names: readLocalNames()}
	for _, a := range answers {
		if text := a.Refusal(); text != "" {
			fmt.Fprintf(b, "RTNETLINK answers: %s\n", text)
			continue
		}
		// ip(8) ends a line with a space, but for one of IPv6.
		line := strings.ReplaceAll(s.answer(a).line(), "\n", " \n")
		if a.Family == "inet" {
			line += " "
		}
		b.WriteString(line + "\n")
	}
	return b.Flush()
}

// WriteRoutesJSON writes answers as an array of objects with the members of
// "ip -d -j route get" in its order, and beside them error and errno where
// there is no way, and with steps how each came about.
func WriteRoutesJSON(w io.Writer, answers []fib.Answer, steps bool) error {
	b, s := bufio.NewWriter(w), shaper{names: readLocalNames()}
	separator := "["
	for _, a := range answers {
		o := s.answer(a)
		if steps {
			o.quiet("steps", anyOf(a.Steps))
			o.quiet("notes", anyOf(a.Notes))
		}
		b.WriteString(separator)
		b.Write(o.appendJSON(nil))
		separator = ",\n"
	}
	b.WriteString("]\n")
	return b.Flush()
}

func anyOf(texts []string) []any {
	list := []any{}
	for _, t := range texts {
		list = append(list, t)
	}
	return list
}

// answer shapes an answer as "ip route get".
func (s *shaper) answer(a fib.Answer) object {
	var o object
	if text := a.Refusal(); text != "" {
		o.quiet("dst", a.Dst.String())
		o.quiet("error", text)
		o.quiet("errno", int64(a.Err))
		return o
	}
	o.put("type", a.Type, keep(a.Type != "unicast", Visible(a.Type)))
	o.put("dst", a.Dst.String(), a.Dst.String())
	o.wordIf("from", "from", addrText(a.From))
	if encap, ok := decodeJSON(a.Encap).(object); ok {
		o = append(o, s.encap(encap)...)
	}
	if a.TOS != 0 {
		o.word("tos", "tos", s.names.service(a.TOS))
	}
	o.putGateway(gatewayOf(a))
	o.word("dev", "dev", a.Dev)
	s.putAnswerOrigin(&o, a)
	o.wordIf("prefsrc", "src", addrText(a.Prefsrc))
	if a.Metric != nil {
		o.word("metric", "metric", *a.Metric)
	}
	o.putFlags([]any{})
	if a.Family == "inet" {
		s.putCache(&o, a)
	}
	if metrics, ok := decodeJSON(a.Metrics).([]any); ok {
		o.putMetrics(metrics)
	}
	o.wordIf("iif", "iif", nameOf(a.IIF))
	o.wordIf("pref", "pref", nameOf(a.Pref))
	return o
}

// gatewayOf returns a gateway, or one of the other family as ip(8) has it.
func gatewayOf(a fib.Answer) (gateway any, via object) {
	switch {
	case !a.Gateway.IsValid():
		return nil, nil
	case a.Gateway.Is4() == (a.Family == "inet"):
		return a.Gateway.String(), nil
	case a.Gateway.Is4():
		via.quiet("family", "inet")
	default:
		via.quiet("family", "inet6")
	}
	via.quiet("host", a.Gateway.String())
	return nil, via
}

// putAnswerOrigin adds the table, and what only IPv6 tells of the route.
func (s *shaper) putAnswerOrigin(o *object, a fib.Answer) {
	if a.Table != 0 {
		table := named(s.names.tables, a.Table)
		o.put("table", table, keep(a.Table != mainTable, "table "+Visible(table)))
	}
	if a.Family == "inet6" {
		protocol, scope := s.names.protocols.of(a.Protocol), s.names.scopes.of(a.Scope)
		o.put("protocol", protocol, keep(a.Protocol != "boot", "proto "+Visible(protocol)))
		o.put("scope", scope, keep(a.Scope != "global", "scope "+Visible(scope)))
	}
}

// putCache adds what only IPv4 tells: what the question had, and the flags of
// the entry that the kernel makes of a route for one destination.
func (s *shaper) putCache(o *object, a fib.Answer) {
	switch {
	case a.Mark >= 16:
		o.put("mark", a.Mark, fmt.Sprintf("mark %#x", a.Mark))
	case a.Mark != 0:
		o.word("mark", "mark", a.Mark)
	}
	if a.Realms != (fib.Realms{}) {
		s.putRealms(o, a.Realms.From, a.Realms.To)
	}
	if a.UID != nil {
		o.word("uid", "uid", *a.UID)
	}
	text := "\n    cache"
	if len(a.Cache) > 0 {
		text += " <" + strings.Join(a.Cache, ",") + ">"
	}
	o.put("cache", anyOf(a.Cache), text)
}

func addrText(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	return a.String()
}

func nameOf(text string) any {
	if text == "" {
		return nil
	}
	return text
}
