package query

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestFunctions(t *testing.T) {
	r := open(t, samplePath(t), "")
	tests := []struct{ sql, want string }{
		{"covers('10.0.0.0/8', '10.1.2.3')", "1"},
		{"covers('10.0.0.0/8', '11.0.0.0/24')", "0"},
		{"covers(NULL, '10.0.0.1')", ""},
		{"family('192.0.2.0/24')", "inet"},
		{"family('2001:db8::1')", "inet6"},
		{"family('default')", ""},
		{"family('eth0')", ""},
		{"family(7)", ""},
		{"prefix_length('192.0.2.0/24')", "24"},
		{"prefix_length('192.0.2.1')", "32"},
		{"prefix_length('2001:db8::1')", "128"},
		{"prefix_length('default')", "0"},
		{"prefix_length('x')", ""},
		{"host('192.0.2.10/24')", "192.0.2.10"},
		{"host('2001:DB8::1/64')", "2001:db8::1"},
		{"host('10/8')", "10.0.0.0"},
		{"host('eth0')", ""},
		{"network('192.0.2.10/24')", "192.0.2.0/24"},
		{"network('192.0.2.10/32')", "192.0.2.10"},
		{"network('0.0.0.0/0')", "default"},
		{"network('2001:db8::1/64')", "2001:db8::/64"},
		{"local_time(1777629600000001)", "2026-05-01T10:00:00.000001Z"},
		{"local_time(1777629600e6)", "2026-05-01T10:00:00.000000Z"},
		{"local_time(9223372036854775807)", ""},
		{"local_time(NULL)", ""},
		{"duration(3900000000)", "1h5m"},
		{"duration(250000)", "250ms"},
		{"duration(7)", "7us"},
		{"duration(0)", "0s"},
		{"duration(-2000000)", "-2s"},
		{"duration(9223372036854775807 - 1777629600000000)", ""},
		{"instant('2026-05-01 10:00:00')", "1777629600000000"},
		{"instant('10s ago') = instant('now') - 10000000", "1"},
		{"instant('#2')", "1777629602000000"},
		{"instant('#2^')", "1777629601999999"},
		{"instant('first')", "1777629600000000"},
		{"instant(5)", "5"},
		{"instant(NULL)", ""},
		{"(SELECT count(*) FROM change_log WHERE at_us > instant('#2'))", "3"},
		{"local_time(instant('2026-05-01 10:00')) = '2026-05-01T10:00:00.000000Z'", "1"},
	}
	for _, tt := range tests {
		if got := answer(t, r, "SELECT "+tt.sql); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.sql, got, tt.want)
		}
	}
	for text, want := range map[string]error{"soon": ErrInstant, "#99": ErrOutside} {
		if err := eachRow(t.Context(), r, "SELECT instant('"+text+"')", func([]any) {}); !errors.Is(err, want) {
			t.Errorf("instant(%q): %v, want %v", text, err, want)
		}
	}
}

// Addresses and prefixes in random order come back in that of numbers.
func TestAddressKey(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var prefixes []netip.Prefix
	for range 300 {
		var four [4]byte
		var sixteen [16]byte
		for i := range sixteen {
			sixteen[i] = byte(random.IntN(3) * 100)
		}
		copy(four[:], sixteen[:])
		prefixes = append(prefixes,
			netip.PrefixFrom(netip.AddrFrom4(four), 1+random.IntN(32)).Masked(), netip.PrefixFrom(netip.AddrFrom16(sixteen), 1+random.IntN(128)).Masked())
	}
	var rows []string
	for _, p := range prefixes {
		rows = append(rows, fmt.Sprintf("('%s')", p))
	}
	got := answer(t, open(t, samplePath(t), ""), "WITH p(x) AS (VALUES "+strings.Join(rows, ", ")+", ('default')) SELECT x FROM p ORDER BY address_key(x)")
	slices.SortFunc(prefixes, func(a, b netip.Prefix) int { return cmp.Or(a.Addr().Compare(b.Addr()), a.Bits()-b.Bits()) })
	want := "default"
	for _, p := range prefixes {
		want += "\n" + p.String()
	}
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
