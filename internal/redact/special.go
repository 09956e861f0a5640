package redact

import "net/netip"

// The addresses that say nothing of whose network it is, or whose range says
// what they are good for.

// keptPrefixes stay what they are. Those that end in "!" stay with all that is
// in them; in the others the rest is permuted.
func keptPrefixes(size int, texts ...string) (keeps []kept) {
	for _, text := range texts {
		whole := text[len(text)-1] == '!'
		if whole {
			text = text[:len(text)-1]
		}
		p := netip.MustParsePrefix(text)
		if octets := p.Addr().AsSlice(); len(octets) == size {
			keeps = append(keeps, kept{octets, p.Bits(), whole})
		}
	}
	return keeps
}

// ipPrefixes are those of IPv4 and IPv6.
var ipPrefixes = []string{
	"0.0.0.0/32!", "127.0.0.0/8!", "255.255.255.255/32!",
	"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4", "224.0.0.0/24!",
	"::/127!", "::ffff:0:0/96", "64:ff9b::/96", "2000::/3", "2002::/16", "fc00::/8", "fd00::/8", "fe80::/64",
	"ff01::/16", "ff01::/112!", "ff02::/16", "ff02::/112!", "ff02::1:ff00:0/104", "ff04::/16", "ff05::/16", "ff05::/112!", "ff08::/16", "ff0e::/16",
}

// macPrefixes are those of link-layer addresses of six octets: nobody's, all,
// the groups of IPv4, IPv6 and bridges.
func macPrefixes() []kept {
	return []kept{
		{[]byte{0, 0, 0, 0, 0, 0}, 48, true},
		{[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 48, true},
		{[]byte{0x01, 0x00, 0x5e, 0, 0, 0}, 25, false},
		{[]byte{0x33, 0x33, 0, 0, 0, 0}, 16, false},
		{[]byte{0x01, 0x80, 0xc2, 0, 0, 0}, 40, true},
	}
}
