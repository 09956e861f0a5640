package query

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Prefixes are texts as the views and ip(8) have them: an address, a prefix, and
// for all addresses of a family "default", "all" or nothing.

// covers reports whether the prefix inner lies within outer. All addresses lie
// within those of either family. What is no prefix covers nothing.
func covers(outer, inner string) bool {
	if isAll(outer) {
		return true
	}
	o, err := parsePrefix(outer)
	if err != nil {
		return false
	}
	if isAll(inner) {
		return o.Bits() == 0
	}
	i, err := parsePrefix(inner)
	return err == nil && o.Bits() <= i.Bits() && o.Contains(i.Addr())
}

// isAll reports whether a text means every address.
func isAll(text string) bool {
	address, _, _ := strings.Cut(text, "/")
	return address == "" || address == "default" || address == "all" || address == "any"
}

// parsePrefix reads an address or a prefix as ip(8) does: 10/8 is 10.0.0.0/8.
// Bits behind the prefix do not matter.
func parsePrefix(text string) (netip.Prefix, error) {
	address, length, hasLength := strings.Cut(text, "/")
	if dots := strings.Count(address, "."); hasLength && dots < 3 && !strings.Contains(address, ":") {
		address += strings.Repeat(".0", 3-dots)
	}
	addr, err := netip.ParseAddr(address)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("no address or prefix")
	}
	bits := addr.BitLen()
	if hasLength {
		if bits, err = strconv.Atoi(length); err != nil || bits < 0 || bits > addr.BitLen() {
			return netip.Prefix{}, fmt.Errorf("no length of a prefix behind /")
		}
	}
	return netip.PrefixFrom(addr, bits).Masked(), nil
}
