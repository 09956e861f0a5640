// Package redact hides whose network a recording is of, and keeps its shape:
// equal values become equal values and different ones different ones, so every
// join finds what it found; addresses that shared a prefix share one as long; and
// what everybody has, such as loopback and multicast, stays.
package redact

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"nlrec/rtnl"
)

// A Redactor hides values. What it makes of them hangs on a key that is drawn at
// random and kept nowhere: two do not agree. It is not safe for concurrent use.
type Redactor struct {
	four, six, mac, digits *permutation
	links, texts, hosts    *numbered
}

// New returns a Redactor with a key of its own.
func New() *Redactor {
	key := func() []byte {
		b := make([]byte, 64)
		_, _ = rand.Read(b) // never fails
		return b
	}
	return &Redactor{
		four:   newPermutation(key(), keptPrefixes(4, ipPrefixes...)...),
		six:    newPermutation(key(), keptPrefixes(16, ipPrefixes...)...),
		mac:    newPermutation(key(), macPrefixes()...),
		digits: newPermutation(key()),
		links:  newNumbered("link", "", "lo", "all", "default"),
		texts:  newNumbered("text", ""),
		hosts:  newNumbered("host", ""),
	}
}

// numbered gives texts names that count up.
type numbered struct {
	prefix string
	names  map[string]string
	next   int
}

func newNumbered(prefix string, same ...string) *numbered {
	n := &numbered{prefix: prefix, names: map[string]string{}}
	for _, s := range same {
		n.names[s] = s
	}
	return n
}

func (n *numbered) of(text string) string {
	name, ok := n.names[text]
	if !ok {
		n.next++
		name = n.prefix + strconv.Itoa(n.next)
		n.names[text] = name
	}
	return name
}

// Row hides what a row of a kind tells; columns are the names of its values.
// It changes the row.
func (r *Redactor) Row(k *rtnl.Kind, columns []string, row rtnl.Row) {
	lengths := map[string]int64{}
	for column, length := range k.Lengths {
		for i, name := range columns {
			if n, ok := row[i].(int64); ok && name == length {
				lengths[column] = n
			}
		}
	}
	for i, name := range columns {
		text, ok := row[i].(string)
		if !ok {
			continue
		}
		if bits, ok := lengths[name]; ok {
			row[i] = r.prefixOf(text, int(bits))
			continue
		}
		row[i] = r.Text(k.ContentOf(name), text)
	}
}

// Text hides a text.
func (r *Redactor) Text(c rtnl.Content, text string) string {
	switch c {
	case rtnl.Plain:
		return text
	case rtnl.IPAddress:
		return r.address(text)
	case rtnl.LinkLayer:
		return r.linkLayer(text)
	case rtnl.LinkName:
		return r.links.of(text)
	case rtnl.LinkLabel:
		return r.label(text)
	case rtnl.Digits:
		return r.hexadecimal(text)
	case rtnl.BridgeID:
		return r.bridgeID(text)
	case rtnl.HostName:
		return r.hosts.of(text)
	case rtnl.MachineID:
		return r.machineID(text)
	case rtnl.LinkNames, rtnl.Structured, rtnl.Unknown:
		return r.json(c, text)
	}
	return r.texts.of(text)
}

// words stand where an address may stand.
var words = regexp.MustCompile(`^(|any|all|default)$`)

// address hides an address or a prefix.
func (r *Redactor) address(text string) string {
	if words.MatchString(text) {
		return text
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		return rtnl.AddressText(r.ip(p.Addr(), p.Bits())) + "/" + strconv.Itoa(p.Bits())
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return rtnl.AddressText(r.ip(a, a.BitLen()))
	}
	return r.texts.of(text)
}

// prefixOf hides the address of a prefix whose length stands elsewhere. A length
// of 0 goes with a word.
func (r *Redactor) prefixOf(text string, bits int) string {
	a, err := netip.ParseAddr(text)
	if err != nil || bits <= 0 || bits > a.BitLen() {
		return r.address(text)
	}
	return rtnl.AddressText(r.ip(a, bits))
}

func (r *Redactor) ip(a netip.Addr, bits int) netip.Addr {
	p := r.six
	if a.Is4() {
		p = r.four
	}
	hidden, _ := netip.AddrFromSlice(p.apply(a.AsSlice(), bits)) // as long as it was
	return hidden
}

var octets = regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2})*$`)

// linkLayer hides a link-layer address: octets with colons, or an IP address
// where the link is a tunnel. Of four or sixteen octets it is one too.
func (r *Redactor) linkLayer(text string) string {
	if !octets.MatchString(text) {
		return r.address(text)
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil {
		return r.texts.of(text)
	}
	if a, ok := netip.AddrFromSlice(b); ok {
		return joinOctets(r.ip(a, a.BitLen()).AsSlice(), "%02x")
	}
	return joinOctets(r.macOctets(b), "%02x")
}

// macOctets permutes link-layer addresses, which stay local or global and of one
// or of a group.
func (r *Redactor) macOctets(b []byte) []byte {
	hidden := r.mac.apply(b, 8*len(b))
	hidden[0] = hidden[0]&^3 | b[0]&3
	return hidden
}

func joinOctets(b []byte, format string) string {
	parts := make([]string, len(b))
	for i, octet := range b {
		parts[i] = fmt.Sprintf(format, octet)
	}
	return strings.Join(parts, ":")
}

// bridgeID hides what is behind the priority, written without leading zeros.
func (r *Redactor) bridgeID(text string) string {
	priority, rest, ok := strings.Cut(text, ".")
	var b []byte
	for _, part := range strings.Split(rest, ":") {
		octet, err := strconv.ParseUint(part, 16, 8)
		ok = ok && err == nil
		b = append(b, byte(octet))
	}
	if !ok {
		return r.texts.of(text)
	}
	return priority + "." + joinOctets(r.macOctets(b), "%x")
}

// label hides the name of a link, and what follows its colon unless that is a
// number.
func (r *Redactor) label(text string) string {
	link, rest, found := strings.Cut(text, ":")
	hidden := r.links.of(link)
	if !found {
		return hidden
	}
	if _, err := strconv.Atoi(rest); err != nil {
		rest = r.texts.of(rest)
	}
	return hidden + ":" + rest
}

// hexadecimal hides octets of which nobody knows what they are.
func (r *Redactor) hexadecimal(text string) string {
	b, err := hex.DecodeString(text)
	if err != nil {
		return r.texts.of(text)
	}
	return hex.EncodeToString(r.digits.apply(b, 8*len(b)))
}

// machineID hides a UUID, and leaves it one to look at.
func (r *Redactor) machineID(text string) string {
	hidden := r.hexadecimal(strings.ReplaceAll(text, "-", ""))
	const digits = 32
	if len(hidden) != digits {
		return hidden
	}
	return strings.Join([]string{hidden[:8], hidden[8:12], hidden[12:16], hidden[16:20], hidden[20:]}, "-")
}
