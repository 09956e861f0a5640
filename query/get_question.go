package query

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nlrec/query/fib"
	"nlrec/rtnl"
)

// A RouteQuestion is what "ip route get" takes, with links by their names.
type RouteQuestion struct {
	fib.Question
	InName, OutName string
}

// routeWords are the words that a question has before its values.
var routeWords = []string{"to", "from", "iif", "oif", "mark", "uid", "ipproto", "sport", "dport", "tos", "dsfield"}

// ParseRouteQuestion reads the arguments of "ip route get": an address, and
// words that are each followed by a value.
func ParseRouteQuestion(args []string, uid int64) (q RouteQuestion, err error) {
	q.UID = uid
	for i := 0; i < len(args); i++ {
		word := args[i]
		if word == "dev" {
			word = "oif"
		}
		if !slices.Contains(routeWords, word) {
			if q.To.IsValid() {
				return q, hinted{fmt.Errorf("%s: no word of a question", Visible(word)), DidYouMean(word, routeWords, "nlrec get --help")}
			}
			word, i = "to", i-1
		}
		if i++; i == len(args) {
			return q, fmt.Errorf("%s: its value is missing", word)
		}
		if err := q.set(word, args[i]); err != nil {
			return q, fmt.Errorf("%s %s: %w", word, Visible(args[i]), err)
		}
	}
	switch {
	case !q.To.IsValid():
		return q, fmt.Errorf("an address is missing")
	case q.From.IsValid() && q.From.Is4() != q.To.Is4():
		return q, fmt.Errorf("%s and %s are of two families", q.To, q.From)
	case q.Proto != 0 && !slices.Contains([]int64{unix.IPPROTO_TCP, unix.IPPROTO_UDP, icmpOf(q.To)}, q.Proto):
		return q, fmt.Errorf("ipproto: the kernel takes tcp, udp and icmp here")
	}
	return q, nil
}

func icmpOf(a netip.Addr) int64 {
	if a.Is4() {
		return unix.IPPROTO_ICMP
	}
	return unix.IPPROTO_ICMPV6
}

func (q *RouteQuestion) set(word, value string) (err error) {
	switch word {
	case "to":
		q.To, err = parseHost(value)
	case "from":
		q.From, err = parseHost(value)
	case "iif":
		q.InName = value
	case "oif":
		q.OutName = value
	case "mark":
		q.Mark, err = parseNumber(value, 0, 32)
	case "uid":
		q.UIDGiven = true
		q.UID, err = parseNumber(value, 0, 32)
	case "sport":
		q.Sport, err = parseNumber(value, 0, 16)
	case "dport":
		q.Dport, err = parseNumber(value, 0, 16)
	case "tos", "dsfield":
		q.TOS, err = parseNumber(strings.TrimPrefix(value, "0x"), 16, 8)
	case "ipproto":
		q.Proto, err = numberOf(value, rtnl.IPProtocolNames(), fileIPProtocols())
	}
	return err
}

// parseHost reads an address; a full prefix length behind it is no harm.
func parseHost(text string) (netip.Addr, error) {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		if err == nil && p.IsSingleIP() {
			return p.Addr(), nil
		}
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return a, fmt.Errorf("an IPv4 or IPv6 address is expected")
	}
	return a, nil
}

func parseNumber(text string, base, bits int) (int64, error) {
	n, err := strconv.ParseUint(text, base, bits)
	if err != nil {
		return 0, fmt.Errorf("a number of %d bits is expected", bits)
	}
	return int64(n), nil
}
