package rtnl

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// What a link is beyond a link: IFLA_LINKINFO names its kind and the kind of
// its master, and carries the data of each. Every kind numbers its attributes
// anew, so the data is read by the table of the kind read before it, as
// rtnl_link_fill() of net/core/rtnetlink.c sends them.
//
// Keys and values are those of "ip -d -j link" where it has any. Counters and
// running timers are left out, and so is what ip(8) repeats in other words.

// linkInfo is IFLA_INFO_*.
var linkInfo = []Attr{
	unix.IFLA_INFO_KIND:       {Column: "info_kind", Read: text},
	unix.IFLA_INFO_DATA:       {Column: "info_data", Read: infoData("info_kind", linkKinds)},
	unix.IFLA_INFO_XSTATS:     {Read: skip},
	unix.IFLA_INFO_SLAVE_KIND: {Column: "info_slave_kind", Read: text},
	unix.IFLA_INFO_SLAVE_DATA: {Column: "info_slave_data", Read: infoData("info_slave_kind", portKinds)},
}

// linkKinds are the attributes of each kind of link.
var linkKinds = map[string][]Attr{
	"amt":       amtInfo,
	"bareudp":   bareudpInfo,
	"bond":      bondInfo,
	"bridge":    bridgeInfo,
	"can":       canInfo,
	"dsa":       {unix.IFLA_DSA_CONDUIT: {Column: "conduit_index", Read: u32}},
	"erspan":    greInfo,
	"geneve":    geneveInfo,
	"gre":       greInfo,
	"gretap":    greInfo,
	"gtp":       gtpInfo,
	"hsr":       hsrInfo,
	"ip6erspan": gre6Info,
	"ip6gre":    gre6Info,
	"ip6gretap": gre6Info,
	"ip6tnl":    ip6tnlInfo,
	"ipip":      iptunInfo,
	"ipoib":     ipoibInfo,
	"ipvlan":    ipvlanInfo,
	"ipvtap":    ipvlanInfo,
	"macsec":    macsecInfo,
	"macvlan":   macvlanInfo,
	"macvtap":   macvlanInfo,
	"netkit":    netkitInfo,
	"ovpn":      {1: {Column: "mode", Read: enum(u8, names{0: "p2p", 1: "multipeer"})}}, // IFLA_OVPN_MODE
	"rmnet":     rmnetInfo,
	"sit":       iptunInfo,
	"tun":       tunInfo,
	"vlan":      vlanInfo,
	"vrf":       {unix.IFLA_VRF_TABLE: {Column: "table", Read: u32}},
	"vti":       vtiInfo,
	"vti6":      vtiInfo,
	"vxlan":     vxlanInfo,
	"wwan":      {1: {Column: "link_id", Read: u32}}, // IFLA_WWAN_LINK_ID of linux/wwan.h
	"xfrm":      xfrmInfo,
}

// portKinds are the attributes that a link has for the sake of its master.
var portKinds = map[string][]Attr{
	"bond":   bondPort,
	"bridge": bridgePort,
	"vrf":    {unix.IFLA_VRF_PORT_TABLE: {Column: "table", Read: u32}},
}

// infoData reads attributes by the table of the kind that stands in a column.
// What does not fit its table is kept in hexadecimal: a driver from elsewhere
// may bear the name of one that is known, and its links are links still.
//
// The link of a WireGuard device has no data, and if it ever does, may have
// keys; nothing of it is kept.
func infoData(kindColumn string, tables map[string][]Attr) reader {
	return func(m *message, b []byte) (any, error) {
		kind, _ := m.get(kindColumn).(string)
		if kind == "wireguard" {
			return nil, nil
		}
		v, err := flat(tables[kind])(m, b)
		if err != nil {
			v, err = nested(nil)(m, b)
		}
		return emptyToNil(v), err
	}
}

// fields is an attribute whose parts stand in the object beside the others.
func fields(f ...Field) Attr { return Attr{Read: skip, Struct: f} }

// flat reads attributes as nested does, and puts the contents of those that
// are structs or nests themselves into the same object, after all others.
func flat(table []Attr) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := nested(table)(m, b)
		if err != nil {
			return nil, err
		}
		parts := make([]jsonText, len(table))
		err = eachAttr(b, func(a attribute) error {
			if int(a.number) >= len(table) {
				return nil
			}
			part, err := inner(table[a.number], m, a.value)
			if err != nil {
				return fmt.Errorf("attribute %d: %w", a.number, err)
			}
			parts[a.number] = part
			return nil
		})
		return join(v.(jsonText), parts), err
	}
}

// inner reads an attribute that is a struct or a nest, and no other.
func inner(a Attr, m *message, b []byte) (jsonText, error) {
	var v any
	var err error
	switch {
	case a.Struct != nil:
		v, err = structure(a.Struct)(m, b)
	case a.Nested != nil:
		v, err = nested(a.Nested)(m, b)
	}
	part, _ := v.(jsonText)
	return part, err
}

// join puts the members of several JSON objects into one.
func join(first jsonText, others []jsonText) jsonText {
	members := first[1 : len(first)-1]
	for _, o := range others {
		if o == "" || o == "{}" {
			continue
		}
		if members != "" {
			members += ","
		}
		members += o[1 : len(o)-1]
	}
	return "{" + members + "}"
}

// unlessEmpty reads an object, and nothing where it has no members.
func unlessEmpty(read reader) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := read(m, b)
		return emptyToNil(v), err
	}
}

func emptyToNil(v any) any {
	if v == jsonText("{}") {
		return nil
	}
	return v
}

// nonzero reads a number of which zero means that there is none.
func nonzero(read reader) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := read(m, b)
		if v == int64(0) {
			return nil, err
		}
		return v, err
	}
}

// u32OrU64 reads a number that the kernel sends as short as it can, see
// nla_put_uint() in include/net/netlink.h.
func u32OrU64(m *message, b []byte) (any, error) {
	if len(b) == 4 {
		return u32(m, b)
	}
	return u64(m, b)
}

// truth is a boolean inside JSON.
func truth(v bool) jsonText { return jsonText(strconv.FormatBool(v)) }

// bit reads the bits of a mask in a number as true, or as nothing.
func bit(read reader, mask int64) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := read(m, b)
		if err != nil || v.(int64)&mask == 0 {
			return nil, err
		}
		return truth(true), nil
	}
}

// ifTrue reads a byte that is only worth a word when it is not zero.
func ifTrue(m *message, b []byte) (any, error) { return bit(u8, 0xff)(m, b) }

// isSet is the reader of a flag attribute inside JSON.
func isSet(*message, []byte) (any, error) { return truth(true), nil }

// formatted reads a number and writes it in the manner of fmt.
func formatted(read reader, format string) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := read(m, b)
		if err != nil || v == nil {
			return nil, err
		}
		return fmt.Sprintf(format, v), nil
	}
}

// cHex reads a number and writes it as C's %#x does: "0x10", but "0".
func cHex(read reader) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := formatted(read, "%#x")(m, b)
		if v == "0x0" {
			return "0", nil
		}
		return v, err
	}
}

// masked reads some bits of a number.
func masked(read reader, mask int64, shift int) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := read(m, b)
		if err != nil {
			return nil, err
		}
		return v.(int64) & mask >> shift, nil
	}
}

// part reads a field of a struct of which the rest says nothing.
func part(offset, size int, read reader) reader {
	return func(m *message, b []byte) (any, error) {
		if len(b) < offset+size {
			return nil, fmt.Errorf("%d bytes, want at least %d", len(b), offset+size)
		}
		return read(m, b[offset:offset+size])
	}
}

// bitNumbers reads the numbers of the bits that are set, written as ip(8) does.
func bitNumbers(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if err != nil {
		return nil, err
	}
	set := []string{}
	for i := range 32 {
		if v.(int64)>>i&1 != 0 {
			set = append(set, strconv.Itoa(i))
		}
	}
	return array(set), nil
}
