package fib

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// walkRules tries the rules in their order until one decides;
// fib_rules_lookup() of net/core/fib_rules.c. look searches the table of a
// rule, and says again when the next rule is to be tried.
func (l *lookup) walkRules(f *flow, look func(table int64) (result, syscall.Errno)) (result, syscall.Errno) {
	l.enterVRF(f)
	for i := 0; i < len(l.Rules); i++ {
		r := &l.Rules[i]
		if why := l.mismatch(r, f); (why == "") == r.Invert {
			l.say("rule %s: does not match%s", l.describe(r), because(why))
			continue
		}
		if r.Action == "goto" {
			target := slices.IndexFunc(l.Rules, func(t Rule) bool { return t.Priority == r.Goto })
			l.say("rule %s", l.describe(r))
			if target > i {
				i = target - 1
			}
			continue
		}
		res, err := l.act(r, f, look)
		if err == again {
			continue
		}
		if err == found && l.suppressed(r, res) {
			continue
		}
		res.flow = r.Flow
		return res, err
	}
	l.say("no rule decides")
	return result{}, syscall.ENETUNREACH
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// act does what a rule that matches says; fib4_rule_action() and
// __fib6_rule_action().
func (l *lookup) act(r *Rule, f *flow, look func(table int64) (result, syscall.Errno)) (result, syscall.Errno) {
	l.say("rule %s", l.describe(r))
	table := r.Table
	switch r.Action {
	case "to_tbl":
		if r.L3mdev {
			table = l.link(f.l3mdev).VRF
		}
	case "nop":
		return result{}, again
	case "unreachable":
		return result{}, syscall.ENETUNREACH
	case "prohibit":
		return result{}, syscall.EACCES
	default:
		return result{}, syscall.EINVAL
	}
	return look(table)
}

// suppressed reports whether a rule does not let a route count;
// fib4_rule_suppress() and fib6_rule_suppress().
func (l *lookup) suppressed(r *Rule, res result) bool {
	if int64(res.route.Dst.Bits()) <= r.SuppressPrefixlen {
		l.say("  not counted: the prefix is not longer than /%d", r.SuppressPrefixlen)
		return true
	}
	if hop := res.nexthop(); r.SuppressGroup >= 0 && hop.Link != 0 && l.link(hop.Link).Group == r.SuppressGroup {
		l.say("  not counted: %s is in link group %d", l.link(hop.Link).Name, r.SuppressGroup)
		return true
	}
	return false
}

// enterVRF notes which VRF a flow comes from or goes to; l3mdev_update_flow().
func (l *lookup) enterVRF(f *flow) {
	switch {
	case f.out != 0:
		if f.l3mdev == 0 {
			f.l3mdev = l.master(f.out)
		}
		if l.link(f.out).VRF != 0 {
			f.out = 0
		}
	case f.in > loopback && f.l3mdev == 0:
		f.l3mdev = l.master(f.in)
	}
}

// mismatch says which selector of a rule a flow does not meet, the inversion
// aside; empty: it meets all. fib_rule_match(), fib4_rule_match() and
// fib6_rule_match().
func (l *lookup) mismatch(r *Rule, f *flow) string {
	for _, s := range []struct {
		meets bool
		name  string
	}{
		{r.IIF == "" || l.isNamed(r.IIF, f.in, f), "iif"},
		{r.OIF == "" || l.isNamed(r.OIF, f.out, f), "oif"},
		{(r.Mark^f.mark)&r.Mask == 0, "fwmark"},
		{r.TunID == 0, "tun_id"},
		{!r.L3mdev || l.link(f.l3mdev).VRF != 0, "l3mdev"},
		{r.UID.has(f.uid), "uidrange"},
		{r.Src.Bits() <= 0 || l.hasSource(f) && r.Src.Contains(f.src), "from"},
		{r.Dst.Bits() <= 0 || r.Dst.Contains(f.dst), "to"},
		{(r.DSCP^f.tos>>2)&r.DSCPMask == 0, "dscp"},
		{r.TOS == 0 || r.TOS == maskedTOS(f), "tos"},
		{f.dst.Is4() || r.FlowlabelMask == 0 || r.Flowlabel&r.FlowlabelMask == 0, "flowlabel"},
		{r.Proto == 0 || r.Proto == f.proto, "ipproto"},
		{portMatches(r.Sport, r.SportMask, f.sport), "sport"},
		{portMatches(r.Dport, r.DportMask, f.dport), "dport"},
	} {
		if !s.meets {
			return s.name
		}
	}
	return ""
}

// isNamed reports whether the link that a packet passes is the one that a rule
// names. A VRF stands for all that belong to it.
func (l *lookup) isNamed(name string, index int64, f *flow) bool {
	named := l.LinkNamed(name)
	if named == nil {
		return false
	}
	if named.VRF != 0 {
		return f.l3mdev == named.Index
	}
	return index == named.Index
}

// hasSource reports whether rules may look at the source: IPv4 always looks,
// IPv6 at one that is given.
func (l *lookup) hasSource(f *flow) bool { return f.dst.Is4() || f.hasSrc }

// maskedTOS is what of the type of service old selectors see: IPv4 hides its
// upper three bits from them.
func maskedTOS(f *flow) int64 {
	if f.dst.Is4() {
		return f.tos & 0x1c
	}
	return f.tos & 0xfc
}

func portMatches(r *Range, mask, port int64) bool {
	if r == nil {
		return true
	}
	if mask != 0 {
		return (r.First^port)&mask == 0
	}
	return r.has(port)
}

// describe writes a rule as ip-rule(8) does.
func (l *lookup) describe(r *Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d:", r.Priority)
	if r.Invert {
		b.WriteString(" not")
	}
	fmt.Fprintf(&b, " from %s", prefixText(r.Src))
	if r.Dst.Bits() > 0 {
		fmt.Fprintf(&b, " to %s", prefixText(r.Dst))
	}
	for _, part := range []struct {
		there bool
		text  string
	}{
		{r.TOS != 0, fmt.Sprintf("tos %#x", r.TOS)},
		{r.DSCPMask != 0, fmt.Sprintf("dscp %d", r.DSCP)},
		{r.Mask == 1<<32-1, fmt.Sprintf("fwmark %#x", r.Mark)},
		{r.Mask != 0 && r.Mask != 1<<32-1, fmt.Sprintf("fwmark %#x/%#x", r.Mark, r.Mask)},
		{r.IIF != "", "iif " + r.IIF}, {r.OIF != "", "oif " + r.OIF},
		{r.L3mdev, "l3mdev"},
		{r.UID != nil, "uidrange " + r.UID.String()},
		{r.Proto != 0, fmt.Sprintf("ipproto %d", r.Proto)},
		{r.Sport != nil, "sport " + r.Sport.String()}, {r.Dport != nil, "dport " + r.Dport.String()},
	} {
		if part.there {
			b.WriteString(" " + part.text)
		}
	}
	b.WriteString(" " + l.action(r))
	return b.String()
}

func (l *lookup) action(r *Rule) string {
	text := r.Action
	switch {
	case r.Action == "goto":
		text = fmt.Sprintf("goto %d", r.Goto)
	case r.Action == "to_tbl" && r.L3mdev:
		text = "lookup [l3mdev-table]"
	case r.Action == "to_tbl":
		text = "lookup " + tableName(r.Table)
	}
	if r.SuppressPrefixlen >= 0 {
		text += fmt.Sprintf(" suppress_prefixlength %d", r.SuppressPrefixlen)
	}
	if r.SuppressGroup >= 0 {
		text += fmt.Sprintf(" suppress_ifgroup %d", r.SuppressGroup)
	}
	return text
}

func (r *Range) String() string {
	switch {
	case r == nil:
		return ""
	case r.First == r.Last:
		return fmt.Sprint(r.First)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

func prefixText(p netip.Prefix) string {
	switch {
	case p.Bits() <= 0:
		return "all"
	case p.IsSingleIP():
		return p.Addr().String()
	}
	return p.String()
}

// tableName is the name of a table, or its number.
func tableName(id int64) string {
	switch id {
	case tableDefault:
		return "default"
	case tableMain:
		return "main"
	case tableLocal:
		return "local"
	}
	return fmt.Sprint(id)
}
