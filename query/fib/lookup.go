package fib

import (
	"fmt"
	"net/netip"
	"syscall"
)

// A Question is what "ip route get" takes. The zero value of what is not asked
// for means that it was not given.
type Question struct {
	To, From     netip.Addr
	In, Out      int64 // indexes of links
	Mark         int64
	UID          int64
	UIDGiven     bool
	Proto        int64
	Sport, Dport int64
	TOS          int64
}

// A lookup answers one question.
type lookup struct {
	*State
	q     Question
	steps []string
	notes []string
}

// Get answers a question: with one answer, or with all that are possible where
// the hash over a packet decides.
func (s *State) Get(q Question) []Answer {
	if q.From.Is4() && q.From.IsUnspecified() {
		q.From = netip.Addr{} // the kernel does not tell these apart
	}
	l := &lookup{State: s, q: q}
	var answers []Answer
	switch {
	case q.In != 0 && q.To.Is4():
		answers = l.input4()
	case q.To.Is4():
		answers = l.output4()
	default:
		answers = l.get6()
	}
	for i := range answers {
		answers[i].Steps, answers[i].Notes = l.steps, l.notes
	}
	return answers
}

func (l *lookup) say(format string, args ...any) {
	l.steps = append(l.steps, fmt.Sprintf(format, args...))
}

// note says what could not be known.
func (l *lookup) note(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

func (l *lookup) refuse(e syscall.Errno) []Answer {
	return []Answer{{Family: family(l.q.To), Dst: l.q.To, Err: e}}
}

func family(a netip.Addr) string {
	if a.Is4() {
		return "inet"
	}
	return "inet6"
}

// A flow is what rules and routes look at of a packet.
type flow struct {
	dst, src        netip.Addr
	in, out, l3mdev int64
	mark, uid       int64
	proto           int64
	sport, dport    int64
	tos             int64
	hasSrc          bool // IPv6: a rule may look at src
	carrierless     bool // routes over links without carrier count all the same
}

// A result is the route that a lookup found, of which a leg is chosen.
type result struct {
	route *Route
	hop   int
	table int64
	flow  Realms // of the rule
}

func (r result) nexthop() Hop {
	if r.hop < len(r.route.Hops) {
		return r.route.Hops[r.hop]
	}
	return Hop{}
}

const (
	again = syscall.EAGAIN // go on with the next rule
	found = syscall.Errno(0)
)

// refusals are the types of routes that refuse, fib_props of
// net/ipv4/fib_semantics.c.
var refusals = map[string]syscall.Errno{
	"blackhole": syscall.EINVAL, "unreachable": syscall.EHOSTUNREACH, "prohibit": syscall.EACCES, "throw": syscall.EAGAIN,
	"nat": syscall.EINVAL, "xresolve": syscall.EINVAL,
}

// errorText is what strerror(3) says.
func errorText(e syscall.Errno) string {
	text := e.Error()
	if text != "" && 'a' <= text[0] && text[0] <= 'z' {
		text = string(text[0]-'a'+'A') + text[1:]
	}
	return text
}
