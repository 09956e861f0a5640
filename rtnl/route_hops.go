package rtnl

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A hop is one leg of a multipath route: its object in the JSON array of the
// column nexthops, and what tells it from its siblings.
type hop struct {
	text jsonText
	id   hopID
}

// hopID is what the kernel compares when it removes a hop of an IPv6 route.
type hopID struct {
	Oif     int64  `json:"oif"`
	Gateway string `json:"gateway"`
}

// nexthops reads an array of struct rtnexthop, each with attributes behind it.
func nexthops(m *message, b []byte) (any, error) {
	const header = unix.SizeofRtNexthop
	hops := []jsonText{}
	for len(b) > 0 {
		if len(b) < header {
			return nil, fmt.Errorf("%d bytes left for a next hop", len(b))
		}
		size := int(binary.NativeEndian.Uint16(b))
		if size < header || size > len(b) {
			return nil, fmt.Errorf("a next hop of %d bytes in %d", size, len(b))
		}
		h := &message{kind: m.kind, header: b[:header]}
		text, err := nextHop(h, b[header:size])
		if err != nil {
			return nil, err
		}
		hops = append(hops, text)
		b = b[min((size+3)&^3, len(b)):]
	}
	return array(hops), nil
}

// nextHop reads one hop, with the keys of ip(8) in its order; "oif" stands for
// its "dev".
func nextHop(h *message, attrs []byte) (jsonText, error) {
	var values [unix.RTA_ENCAP + 1]any
	var other object
	err := eachAttr(attrs, func(a attribute) error {
		if int(a.number) >= len(hopAttrs) || hopAttrs[a.number].Read == nil {
			v, _ := raw(h, a.value)
			other.add(fmt.Sprintf("attr%d", a.number), v)
			return nil
		}
		v, err := hopAttrs[a.number].Read(h, a.value)
		values[a.number] = v
		return err
	})
	if err != nil {
		return "", err
	}
	if values[unix.RTA_ENCAP_TYPE] != nil && values[unix.RTA_ENCAP] != nil {
		v, err := h.encap.json(h)
		if err != nil {
			return "", err
		}
		values[unix.RTA_ENCAP_TYPE], values[unix.RTA_ENCAP] = v, nil
	}
	o := object{}
	for number, v := range values {
		if v != nil {
			o.add(hopAttrs[number].Column, v)
		}
	}
	o.add("oif", int64(int32(binary.NativeEndian.Uint32(h.header[4:]))))
	o.add("weight", int64(h.header[3])+1)
	o.add("flags", flagNames(hopFlags(int64(h.header[2]), values[unix.RTA_VIA] != nil), nextHopFlags))
	if len(other.b) > 0 {
		o.add("extra", other.text())
	}
	return o.text(), nil
}

// hopFlags returns those of the flags of a hop that are its own. A hop is dead
// from when its link went down, or lost its last IPv4 address, until that ends;
// what else is said of the link then stays as it was. Without that, linkdown
// only repeats that the link has no carrier, unless the gateway is of another
// family: then it says that the link lost it since the route is there, see
// fib_check_nh_v6_gw() of net/ipv4/fib_semantics.c.
func hopFlags(bits int64, via bool) int64 {
	if bits&unix.RTNH_F_DEAD != 0 || via {
		return bits
	}
	return bits &^ unix.RTNH_F_LINKDOWN
}

var hopAttrs = []Attr{
	unix.RTA_GATEWAY:    {Column: "gateway", Read: ip},
	unix.RTA_FLOW:       {Column: "flow", Read: structure([]Field{{"from", 0, 4, nonzero(high16)}, {"to", 0, 4, low16}})},
	unix.RTA_VIA:        {Column: "via", Read: via},
	unix.RTA_NEWDST:     {Column: "newdst", Read: raw},
	unix.RTA_ENCAP_TYPE: {Column: "encap", Read: encapType},
	unix.RTA_ENCAP:      {Column: "encap", Read: encapData},
}

// via reads struct rtvia: a gateway of another family than the route.
func via(m *message, b []byte) (any, error) {
	if len(b) < 2 {
		return nil, fmt.Errorf("%d bytes for a family", len(b))
	}
	host, err := ip(m, b[2:])
	if err != nil {
		return nil, err
	}
	o := object{}
	o.add("family", families.of(int64(binary.NativeEndian.Uint16(b))))
	o.add("host", host)
	return o.text(), nil
}

// hopsOf returns the hops of a route's state: those of its multipath, or the
// one it has.
func (k *Kind) hopsOf(state Row) []hop {
	text, multipath := k.StateValue(state, "nexthops").(string)
	if !multipath {
		oif, _ := k.StateValue(state, "oif").(int64)
		gateway, _ := k.StateValue(state, "gateway").(string)
		return []hop{{id: hopID{oif, gateway}}}
	}
	var parts []json.RawMessage
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return nil
	}
	hops := make([]hop, len(parts))
	for i, p := range parts {
		hops[i].text = jsonText(p)
		_ = json.Unmarshal(p, &hops[i].id) // what nextHop wrote
	}
	return hops
}

// variousHops reports whether a route has hops by more than one link, or with
// gateways of another family.
func variousHops(m *message) bool {
	text, _ := m.get("nexthops").(string)
	hops := m.kind.hopsOf(m.row[len(m.kind.Key):])
	return strings.Contains(text, `"via":`) || slices.ContainsFunc(hops, func(h hop) bool { return h.id.Oif != hops[0].id.Oif })
}

// routeRefs: a route stands on its nexthop object, or on the links of its hops.
func routeRefs(k *Kind, _, state Row) []Ref {
	if id, ok := k.StateValue(state, "nhid").(int64); ok {
		return []Ref{{"nexthop", id}}
	}
	if k.StateValue(state, "nexthops") == nil { // by far the most
		if oif, ok := k.StateValue(state, "oif").(int64); ok {
			return []Ref{{"link", oif}}
		}
		return nil
	}
	var refs []Ref
	for _, h := range k.hopsOf(state) {
		if h.id.Oif != 0 {
			refs = append(refs, Ref{"link", h.id.Oif})
		}
	}
	return refs
}
