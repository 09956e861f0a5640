package query

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nlrec/rtnl"
)

// A reader makes the arguments of a condition of the value of a word. It fails
// with a badValue.
type reader func(value string) ([]any, error)

func asText(value string) ([]any, error) { return []any{value}, nil }

func asLower(value string) ([]any, error) { return []any{strings.ToLower(value)}, nil }

func asNumber(value string) ([]any, error) {
	n, err := strconv.ParseInt(value, 0, 64)
	if err != nil {
		return nil, badValue{"a number is expected", ""}
	}
	return []any{n}, nil
}

// asPrefix makes the prefix and its family, which is a pattern for all when
// the prefix is "default".
func asPrefix(value string) ([]any, error) {
	if isAll(value) {
		return []any{"default", "%"}, nil
	}
	p, err := parsePrefix(value)
	if err != nil {
		return nil, badValue{err.Error(), "write 10.0.0.0/8, 192.0.2.1, 2001:db8::/32 or default"}
	}
	if p.Addr().Is4() {
		return []any{p.String(), "inet"}, nil
	}
	return []any{p.String(), "inet6"}, nil
}

func asAddress(value string) ([]any, error) {
	addr, err := netip.ParseAddr(value)
	if err != nil {
		return nil, badValue{"an address is expected", "write 192.0.2.1 or fe80::1"}
	}
	return []any{addr.String()}, nil
}

// asOneOf reads one of several values.
func asOneOf(spell func(string) string, values ...string) reader {
	return func(value string) ([]any, error) {
		if !slices.Contains(values, spell(value)) {
			return nil, badValue{"no such value", nearOf(spell(value), values)}
		}
		return []any{spell(value)}, nil
	}
}

func nearOf(slip string, values []string) string {
	best, least := "", 3
	for _, v := range values {
		if d := distance(strings.ToLower(slip), strings.ToLower(v)); d < least {
			best, least = v, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "there are " + strings.Join(values, ", ")
}

// asNamed reads a name or a number, which rows have by its name.
func asNamed(names map[int64]string, file string) reader {
	return asNamedBy(names, fileNames(file))
}

func asNamedBy(names, local map[int64]string) reader {
	return func(value string) ([]any, error) {
		n, err := numberOf(value, names, local)
		if err != nil {
			return nil, err
		}
		if name, ok := names[n]; ok {
			return []any{name}, nil
		}
		return []any{strconv.FormatInt(n, 10)}, nil
	}
}

// numberOf finds the number of a name: one that nlrec knows, or that this
// machine gives it.
func numberOf(value string, names, local map[int64]string) (int64, error) {
	if n, err := strconv.ParseUint(value, 0, 32); err == nil {
		return int64(n), nil
	}
	for n, name := range names {
		if name == value {
			return n, nil
		}
	}
	for n, name := range local {
		if name == value {
			return n, nil
		}
	}
	all := append(slices.Collect(maps.Values(names)), slices.Collect(maps.Values(local))...)
	slices.Sort(all)
	return 0, badValue{"no such name", nearOf(value, slices.Compact(all))}
}

func asProtocol(value string) ([]any, error) {
	return asNamed(rtnl.ProtocolNames(), "rt_protos")(value)
}

func asAddressProtocol(value string) ([]any, error) {
	return asNamed(rtnl.AddressProtocolNames(), "rt_addrprotos")(value)
}

func asScope(value string) ([]any, error) { return asNamed(rtnl.ScopeNames(), "rt_scopes")(value) }

func asIPProtocol(value string) ([]any, error) {
	return asNamedBy(rtnl.IPProtocolNames(), fileIPProtocols())(value)
}

func asGroup(value string) ([]any, error) {
	return asNamed(map[int64]string{0: "default"}, "group")(value)
}

func asTable(value string) ([]any, error) {
	if value == "all" {
		return nil, nil
	}
	n, err := numberOf(value, rtnl.TableNames(), fileNames("rt_tables"))
	return []any{n}, err
}

// asTOS reads a type of service, which ip(8) writes in hexadecimal.
func asTOS(value string) ([]any, error) {
	for n, name := range fileNames("rt_dsfield") {
		if name == value {
			return []any{n}, nil
		}
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(value, "0x"), 16, 8)
	if err != nil {
		return nil, badValue{"a type of service is expected", "write 0x10"}
	}
	return []any{int64(n)}, nil
}

// asRealms reads "5" or "3/5", of the source before that of the destination.
func asRealms(value string) ([]any, error) {
	from, to, both := strings.Cut(value, "/")
	if !both {
		from, to = "0", from
	}
	names, local := map[int64]string{0: "cosmos"}, fileNames("rt_realms")
	f, err := numberOf(from, names, local)
	if err != nil {
		return nil, err
	}
	t, err := numberOf(to, names, local)
	return []any{t, f}, err
}

// asMark reads "16", "0x10" or "0x10/0xff". Without a mask any will do.
func asMark(value string) ([]any, error) {
	mark, mask, masked := strings.Cut(value, "/")
	m, err := strconv.ParseUint(mark, 0, 32)
	pattern := "%"
	if masked && err == nil {
		var n uint64
		n, err = strconv.ParseUint(mask, 0, 32)
		pattern = fmt.Sprintf("0x%x", n)
	}
	if err != nil {
		return nil, badValue{"a mark is expected", "write 0x10 or 0x10/0xff"}
	}
	return []any{fmt.Sprintf("0x%x", m), pattern}, nil
}

// asRange reads "80" or "80-90".
func asRange(value string) ([]any, error) {
	low, high, two := strings.Cut(value, "-")
	if !two {
		high = low
	}
	l, err := strconv.ParseUint(low, 10, 32)
	h, errHigh := strconv.ParseUint(high, 10, 32)
	if err != nil || errHigh != nil || h < l {
		return nil, badValue{"a number or a range is expected", "write 80 or 80-90"}
	}
	return []any{int64(l), int64(h)}, nil
}

func asRouteType(value string) ([]any, error) {
	return asOneOf(strings.ToLower, "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw")(value)
}

func asOperState(value string) ([]any, error) {
	return asOneOf(strings.ToUpper, "UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP")(value)
}

func asNUD(value string) ([]any, error) {
	if value == "all" {
		return nil, nil
	}
	if instead, ok := unrecordedNUD[strings.ToUpper(value)]; ok {
		return nil, badValue{"nlrec records none in that state", instead}
	}
	return asOneOf(strings.ToUpper, "REACHABLE", "STALE", "PROBE", "FAILED", "PERMANENT")(value)
}

// unrecordedNUD are states that ip shows and the kernel does not announce.
var unrecordedNUD = map[string]string{
	"DELAY":      "it stays stale until it answers or does not: nud stale",
	"INCOMPLETE": "one that was known is failed until it answers: nud failed",
	"NOARP":      "nlrec does not record what needs no asking: multicast, loopback",
	"NONE":       "nlrec does not record neighbours without a state",
}

// isNumber reports whether a text is a number without a sign.
func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 32)
	return err == nil
}
