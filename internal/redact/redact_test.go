package redact_test

import (
	"encoding/json"
	"math/bits"
	"net"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nlrec/internal/redact"
	"nlrec/rtnl"
)

// anAddress draws an address, most often one near another or near what is kept.
func anAddress(t *rapid.T, size int) netip.Addr {
	b := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "octets")
	special := [][]byte{{10}, {127}, {169, 254}, {224}, {192, 168}, {172, 16}, {255, 255, 255, 255}, {0}}
	if size == 16 {
		special = [][]byte{{0xfe, 0x80}, {0xff, 0x02}, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}, {0x20, 0x01}, {0xfd}, make([]byte, 15)}
	}
	if i := rapid.IntRange(-2, len(special)-1).Draw(t, "special"); i >= 0 {
		copy(b, special[i])
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// neighbourOf draws an address that shares some bits with another.
func neighbourOf(t *rapid.T, a netip.Addr) netip.Addr {
	b, other := a.AsSlice(), anAddress(t, a.BitLen()/8).AsSlice()
	for i := range rapid.IntRange(0, a.BitLen()).Draw(t, "shared") {
		mask := byte(0x80) >> (i % 8)
		other[i/8] = other[i/8]&^mask | b[i/8]&mask
	}
	n, _ := netip.AddrFromSlice(other)
	return n
}

func shared(a, b []byte) (n int) {
	for i := range a {
		if d := a[i] ^ b[i]; d != 0 {
			return n + bits.LeadingZeros8(d)
		}
		n += 8
	}
	return n
}

func hidden(r *redact.Redactor, text string) string {
	return r.Text(rtnl.IPAddress, text)
}

// TestPrefixes: any two addresses have as many bits in common after as before,
// and a prefix holds what it held.
func TestPrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := redact.New()
		a := anAddress(t, rapid.SampledFrom([]int{4, 16}).Draw(t, "size"))
		b := neighbourOf(t, a)
		p := netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()-1).Draw(t, "length")).Masked()
		a2, b2 := netip.MustParseAddr(hidden(r, rtnl.AddressText(a))), netip.MustParseAddr(hidden(r, rtnl.AddressText(b)))
		if before, after := shared(a.AsSlice(), b.AsSlice()), shared(a2.AsSlice(), b2.AsSlice()); before != after {
			t.Errorf("%s and %s share %d bits, and as %s and %s %d", a, b, before, a2, b2, after)
		}
		p2 := netip.MustParsePrefix(hidden(r, rtnl.AddressText(p.Addr())+"/"+p.String()[strings.Index(p.String(), "/")+1:]))
		if p2 != p2.Masked() || p2.Bits() != p.Bits() {
			t.Errorf("%s became %s", p, p2)
		}
		for before, after := range map[netip.Addr]netip.Addr{a: a2, b: b2} {
			if p.Contains(before) != p2.Contains(after) {
				t.Errorf("%s has %s: %t, %s has %s: %t", p, before, p.Contains(before), p2, after, p2.Contains(after))
			}
		}
		for _, is := range []func(netip.Addr) bool{netip.Addr.IsLoopback, netip.Addr.IsMulticast, netip.Addr.IsLinkLocalUnicast,
			netip.Addr.IsLinkLocalMulticast, netip.Addr.IsInterfaceLocalMulticast, netip.Addr.IsPrivate, netip.Addr.IsUnspecified} {
			if is(a) != is(a2) {
				t.Errorf("%s became %s, which is of another kind", a, a2)
			}
		}
	})
}

// TestLinkLayer: vendors keep together, and what is local or a group stays so.
func TestLinkLayer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := redact.New()
		size := rapid.SampledFrom([]int{4, 6, 6, 6, 8, 16, 20}).Draw(t, "size")
		draw := func(name string) net.HardwareAddr {
			return rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, name)
		}
		a, b := draw("a"), draw("b")
		copy(b, a[:rapid.IntRange(0, size).Draw(t, "shared")])
		parse := func(text string) net.HardwareAddr {
			octets := net.HardwareAddr{}
			for _, o := range strings.Split(text, ":") {
				n := 0
				for _, c := range o {
					n = n*16 + strings.IndexRune("0123456789abcdef", c)
				}
				octets = append(octets, byte(n))
			}
			return octets
		}
		a2, b2 := parse(r.Text(rtnl.LinkLayer, a.String())), parse(r.Text(rtnl.LinkLayer, b.String()))
		if len(a2) != size || len(b2) != size || shared(a, b) != shared(a2, b2) {
			t.Errorf("%s and %s became %s and %s", a, b, a2, b2)
		}
		if size != 4 && size != 16 && a[0]&3 != a2[0]&3 {
			t.Errorf("%s became %s", a, a2)
		}
	})
}

func TestKept(t *testing.T) {
	r := redact.New()
	for c, texts := range map[rtnl.Content][]string{
		rtnl.IPAddress: {"", "default", "all", "any", "0.0.0.0", "0.0.0.0/0", "127.0.0.1", "127.0.0.0/8", "255.255.255.255", "10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "100.64.0.0/10",
			"169.254.0.0/16", "224.0.0.0/4", "224.0.0.1", "::", "::1", "::/0", "fe80::/10", "fe80::/64", "ff00::/8", "ff02::1", "ff02::2", "fc00::/7", "2000::/3", "64:ff9b::/96"},
		rtnl.LinkLayer: {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:00", "127.0.0.1", "0.0.0.0", "::"},
		rtnl.LinkName:  {"lo", "all", "default"},
		rtnl.Plain:     {"192.0.2.1"},
	} {
		for _, text := range texts {
			if got := r.Text(c, text); got != text {
				t.Errorf("%s became %s", text, got)
			}
		}
	}
	for text, prefix := range map[string]string{"33:33:ff:12:34:56": "33:33:", "01:00:5e:7f:00:09": "01:00:5e:"} {
		if got := r.Text(rtnl.LinkLayer, text); !strings.HasPrefix(got, prefix) {
			t.Errorf("%s became %s", text, got)
		}
	}
	if got := r.Text(rtnl.IPAddress, "ff02::1:ff12:3456"); !strings.HasPrefix(got, "ff02::1:ff") {
		t.Errorf("a solicited-node group became %s", got)
	}
}

// TestHidden: what tells who it is is another text, the same one each time.
func TestHidden(t *testing.T) {
	r, other := redact.New(), redact.New()
	for c, texts := range map[rtnl.Content][]string{
		rtnl.IPAddress: {"192.0.2.1", "198.51.100.0/24", "2001:db8::1", "2001:db8:1::/48", "nonsense"},
		rtnl.LinkLayer: {"52:54:00:12:34:56", "52:54:00:12", "192.0.2.1"},
		rtnl.LinkName:  {"eth0", "link1"},
		rtnl.FreeText:  {"to the bank", "text1"},
		rtnl.Digits:    {"0102030405060708", "0a"},
		rtnl.HostName:  {"vault"}, rtnl.MachineID: {"7c2d9e7e-2a0b-4a0c-9c86-3b8d6e1a4f55"},
		rtnl.LinkLabel: {"eth0:1", "eth0:bank"}, rtnl.BridgeID: {"8000.52:54:0:12:34:56"},
		rtnl.LinkNames: {`["uplink","enp1s0"]`}, rtnl.Unknown: {`{"77":"0102030405"}`},
		rtnl.Structured: {`{"local":"192.0.2.1"}`, `[{"gateway":"192.0.2.1"}]`, `{"via":{"family":"inet6","host":"2001:db8::1"}}`, `{"link":"eth0","link_index":3}`,
			`{"bridge_id":"8000.52:54:0:12:34:56"}`, `{"perm_hwaddr":"52:54:00:12:34:56"}`, `{"segs":["2001:db8::1"]}`, `{"attr9":"00"}`, `{"bus_name":"pci","dev_name":"0000:01:00.0"}`},
	} {
		for _, text := range texts {
			got := r.Text(c, text)
			if got != r.Text(c, text) {
				t.Errorf("%s became two things", text)
			}
			if got == text && text != "link1" && text != "text1" && !(text == `{"attr9":"00"}` || text == "0a") && other.Text(c, text) == text {
				t.Errorf("%s is still what it was", text)
			}
		}
	}
	if got := r.Text(rtnl.LinkLabel, "eth0:1"); got != r.Text(rtnl.LinkName, "eth0")+":1" {
		t.Errorf("a label became %s", got)
	}
	if got := r.Text(rtnl.LinkNames, `["eth0"]`); got != `["`+r.Text(rtnl.LinkName, "eth0")+`"]` {
		t.Errorf("an alternative name became %s", got)
	}
	// What has the same address in JSON and elsewhere still has.
	if got := r.Text(rtnl.Structured, `{"id":7,"learning":true,"local":"192.0.2.1"}`); got != `{"id":7,"learning":true,"local":"`+r.Text(rtnl.IPAddress, "192.0.2.1")+`"}` {
		t.Errorf("%s", got)
	}
}

// TestLengths: a prefix whose length stands in another column is one afterwards.
func TestLengths(t *testing.T) {
	r := redact.New()
	row := make(rtnl.Row, len(rtnl.Rule.Columns))
	row[rtnl.Rule.Index("src")], row[rtnl.Rule.Index("srclen")] = "198.51.100.0", int64(24)
	r.Row(rtnl.Rule, rtnl.Rule.Columns, row)
	want, _, _ := strings.Cut(r.Text(rtnl.IPAddress, "198.51.100.0/24"), "/")
	if got := row[rtnl.Rule.Index("src")]; got != want {
		t.Errorf("from %v/24, want %s", got, want)
	}
}

// TestJSONStays: what tells nothing is the same text afterwards.
func TestJSONStays(t *testing.T) {
	r := redact.New()
	for _, text := range []string{`["UP","LOWER_UP"]`, `{"a":[1,2,{"b":null,"c":1.50}],"mode":"802.3ad","x":"<>&"}`, `{}`, `[]`, `{"weight":18446744073709551615}`} {
		if got := r.Text(rtnl.Structured, text); got != text || !json.Valid([]byte(got)) {
			t.Errorf("%s became %s", text, got)
		}
	}
}
