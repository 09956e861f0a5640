package rtnl

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// attr builds an attribute.
func attr(number int, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = binary.NativeEndian.AppendUint16(b, uint16(number))
	b = append(b, value...)
	return append(b, make([]byte, -len(value)&3)...)
}

// nest builds an attribute that holds others.
func nest(number int, attrs ...[]byte) []byte {
	return attr(number|unix.NLA_F_NESTED, concat(attrs...))
}

func concat(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// n8, n16, n32 and n64 are numbers in the byte order of the machine.
func n8(v uint8) []byte   { return []byte{v} }
func n16(v uint16) []byte { return binary.NativeEndian.AppendUint16(nil, v) }
func n32(v uint32) []byte { return binary.NativeEndian.AppendUint32(nil, v) }
func n64(v uint64) []byte { return binary.NativeEndian.AppendUint64(nil, v) }

func cstring(s string) []byte { return append([]byte(s), 0) }

// linkBody builds a message about link 7.
func linkBody(hardware uint16, flags uint32, attrs ...[]byte) []byte {
	return concat([]byte{unix.AF_UNSPEC, 0}, n16(hardware), n32(7), n32(flags), n32(0), concat(attrs...))
}

func decode(t *testing.T, k *Kind, body []byte) Row {
	t.Helper()
	row, err := k.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	checkRow(t, k, row, 64*len(body)+4096)
	return row
}

func TestLink(t *testing.T) {
	tests := []struct {
		name  string
		body  []byte
		wants map[string]any
	}{
		{"an interface that is up without carrier",
			linkBody(unix.ARPHRD_ETHER, unix.IFF_UP|unix.IFF_BROADCAST|unix.IFF_MULTICAST),
			map[string]any{"flags": `["NO-CARRIER","BROADCAST","MULTICAST","UP"]`, "link_type": "ether"}},
		{"an interface that is up",
			linkBody(unix.ARPHRD_ETHER, unix.IFF_UP|unix.IFF_RUNNING|unix.IFF_LOWER_UP),
			map[string]any{"flags": `["UP","LOWER_UP"]`}},
		{"an interface that is down", linkBody(9999, 0), map[string]any{"flags": `[]`, "link_type": "9999"}},
		{"a tunnel, whose address is one of IP",
			linkBody(unix.ARPHRD_IPGRE, unix.IFF_POINTOPOINT, attr(unix.IFLA_ADDRESS, []byte{10, 0, 0, 1}),
				attr(unix.IFLA_BROADCAST, []byte{10, 0, 0, 2})),
			map[string]any{"link_type": "gre", "address": "10.0.0.1", "broadcast": "10.0.0.2"}},
		{"groups and references to other links",
			linkBody(1, 0, attr(unix.IFLA_GROUP, n32(0)), attr(unix.IFLA_LINK, n32(0)), attr(unix.IFLA_LINK_NETNSID, n32(0xffffffff)),
				attr(unix.IFLA_MASTER, n32(4))),
			map[string]any{"link_group": "default", "link_index": nil, "link_netnsid": int64(-1), "master_index": int64(4)}},
		{"a group without a name", linkBody(1, 0, attr(unix.IFLA_GROUP, n32(7))), map[string]any{"link_group": "7"}},
		{"other names", linkBody(1, 0, nest(unix.IFLA_PROP_LIST, attr(unix.IFLA_ALT_IFNAME, cstring("a\"b")), attr(unix.IFLA_ALT_IFNAME, cstring("c")))),
			map[string]any{"altnames": `["a\"b","c"]`}},
		{"an XDP program", linkBody(1, 0, nest(unix.IFLA_XDP, attr(unix.IFLA_XDP_ATTACHED, n8(2)),
			attr(unix.IFLA_XDP_PROG_ID, n32(5)), attr(unix.IFLA_XDP_SKB_PROG_ID, n32(5)))),
			map[string]any{"xdp": `{"mode":2,"prog_id":5,"skb_prog_id":5}`}},
		{"what the kernel sends for nothing",
			linkBody(1, 0, nest(unix.IFLA_XDP, attr(unix.IFLA_XDP_ATTACHED, n8(0))), nest(unix.IFLA_DEVLINK_PORT),
				nest(unix.IFLA_DPLL_PIN), attr(unix.IFLA_MAP, make([]byte, 32))),
			map[string]any{"xdp": nil, "devlink_port": nil, "dpll_pin": nil, "map": nil}},
		{"hardware resources", linkBody(1, 0, attr(unix.IFLA_MAP, concat(n64(1<<20), make([]byte, 16), n16(11), make([]byte, 6)))),
			map[string]any{"map": `{"mem_start":1048576,"irq":11}`}},
		{"a port of a switch", linkBody(1, 0, attr(unix.IFLA_PHYS_SWITCH_ID, []byte{0xab, 1}), attr(unix.IFLA_PHYS_PORT_NAME, cstring("p0")),
			nest(unix.IFLA_DEVLINK_PORT, attr(1, cstring("pci")), attr(2, cstring("0000:01:00.0")), attr(3, n32(1))),
			nest(unix.IFLA_DPLL_PIN, attr(1, n32(13)))),
			map[string]any{"phys_switch_id": "ab01", "phys_port_name": "p0", "dpll_pin": `{"id":13}`,
				"devlink_port": `{"bus_name":"pci","dev_name":"0000:01:00.0","port_index":1}`}},
		{"virtual functions", linkBody(1, 0, attr(unix.IFLA_NUM_VF, n32(1)), nest(unix.IFLA_VFINFO_LIST, nest(1,
			attr(unix.IFLA_VF_MAC, concat(n32(0), []byte{2, 0, 0, 0, 0, 9}, make([]byte, 26))),
			attr(unix.IFLA_VF_SPOOFCHK, concat(n32(0), n32(1))), attr(unix.IFLA_VF_TRUST, concat(n32(0), n32(0xffffffff)))))),
			map[string]any{"num_vf": int64(1), "vfinfo_list": `[{"vf":0,"mac":"02:00:00:00:00:09","spoofchk":true}]`}},
		{"reasons to hold a protocol down",
			linkBody(1, 0, attr(unix.IFLA_PROTO_DOWN, n8(1)), nest(unix.IFLA_PROTO_DOWN_REASON, attr(unix.IFLA_PROTO_DOWN_REASON_VALUE, n32(0x80000009)))),
			map[string]any{"proto_down": int64(1), "proto_down_reason": `["0","3","31"]`}},
		{"a horizon beyond four octets", linkBody(1, 0, attr(iflaMaxPacingOffloadHorizon, n64(1<<40))),
			map[string]any{"max_pacing_offload_horizon": int64(1 << 40)}},
		{"settings of the protocols, one newer than these names",
			linkBody(1, 0, nest(unix.IFLA_AF_SPEC,
				nest(unix.AF_INET, attr(unix.IFLA_INET_CONF, concat(n32(1), n32(0xffffffff)))),
				nest(unix.AF_INET6, attr(unix.IFLA_INET6_ADDR_GEN_MODE, n8(1)), attr(unix.IFLA_INET6_FLAGS, n32(0x80000010)),
					attr(unix.IFLA_INET6_CONF, make([]byte, 4*(len(inet6Conf)+1)))))),
			map[string]any{"inet6_addr_gen_mode": "none"}},
		{"an attribute newer than this table", linkBody(1, 0, attr(200, []byte{1, 2})), map[string]any{"extra": `{"200":"0102"}`}},
		{"counters and what describes the message",
			linkBody(1, 0, attr(unix.IFLA_STATS64, make([]byte, 200)), attr(unix.IFLA_CARRIER_CHANGES, n32(4)), attr(unix.IFLA_EVENT, n32(1)),
				attr(unix.IFLA_NEW_IFINDEX, n32(9)), attr(unix.IFLA_EXT_MASK, n32(8))),
			map[string]any{"extra": nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := decode(t, Link, tt.body)
			for column, want := range tt.wants {
				if got := Link.Value(row, column); got != want {
					t.Errorf("%s:\n got %v\nwant %v", column, got, want)
				}
			}
		})
	}
}

func TestLinkSettings(t *testing.T) {
	row := decode(t, Link, linkBody(1, 0, nest(unix.IFLA_AF_SPEC,
		nest(unix.AF_INET, attr(unix.IFLA_INET_CONF, make([]byte, 4*(len(inetConf)+1)))),
		nest(unix.AF_INET6, attr(unix.IFLA_INET6_CONF, make([]byte, 4*(len(inet6Conf)+1)))))))
	text := Link.Value(row, "af_spec").(string)
	for _, want := range []string{`"arp_evict_nocarrier":0,"conf34":0`, `"force_forwarding":0,"conf60":0`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if strings.Contains(text, "secret") || strings.Contains(text, `"":`) {
		t.Errorf("a secret in %s", text)
	}
}

func TestLinkRefuses(t *testing.T) {
	port := linkBody(1, 0)
	port[0] = unix.AF_BRIDGE
	router := linkBody(1, 0)
	router[0] = unix.AF_INET6
	tests := []struct {
		name    string
		body    []byte
		foreign bool
		hint    bool
	}{
		{"a bridge's view of a port", port, true, true},
		{"the IPv6 view of a link", router, true, true},
		{"a wireless event", linkBody(1, 0, attr(unix.IFLA_IFNAME, cstring("wlan0")), attr(unix.IFLA_WIRELESS, n32(0))), true, false},
		{"a header cut short", port[:15], false, false},
		{"a number of the wrong size", linkBody(1, 0, attr(unix.IFLA_MTU, n16(1500))), false, false},
		{"an attribute longer than the message", linkBody(1, 0, []byte{40, 0, 3, 0}), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row, err := Link.Decode(tt.body)
			if err == nil {
				t.Fatalf("decoded to %v", row)
			}
			if got := errors.Is(err, ErrForeign); got != tt.foreign {
				t.Errorf("foreign is %v, want %v: %v", got, tt.foreign, err)
			}
			if got := len(aspectOfLink(tt.body)) > 0; got != tt.hint {
				t.Errorf("hint is %v, want %v", got, tt.hint)
			}
		})
	}
}

func TestLinkDoubts(t *testing.T) {
	const up = unix.IFF_UP | unix.IFF_RUNNING | unix.IFF_LOWER_UP
	link := func(flags uint32, attrs ...[]byte) Row {
		_, state := Link.Split(decode(t, Link, linkBody(1, flags, attrs...)))
		return state
	}
	bridge := func(address byte) Row {
		return link(up, attr(unix.IFLA_ADDRESS, []byte{2, 0, 0, 0, 0, address}), nest(unix.IFLA_LINKINFO, attr(unix.IFLA_INFO_KIND, cstring("bridge"))))
	}
	tests := []struct {
		name     string
		was, now Row
		want     []Doubt
	}{
		{"nothing changed", link(up), link(up), nil},
		{"it appears, down", nil, link(0), []Doubt{{"link", 0}}},
		{"it appears, up", nil, link(up), []Doubt{{"link", 0}}},
		{"it vanishes", link(0), nil, []Doubt{{"link", 0}, {"nexthop", 7}, {"route", 7}}},
		{"it goes down", link(up), link(0), []Doubt{{"address", 7}, {"nexthop", 7}, {"route", 7}}},
		{"it comes up", link(0), link(up), []Doubt{{"address", 7}, {"route", 7}}},
		{"it loses its carrier", link(up), link(unix.IFF_UP), []Doubt{{"nexthop", 7}, {"route", 7}}},
		{"its carrier returns", link(unix.IFF_UP), link(up), nil},
		{"its MTU changes", link(up, attr(unix.IFLA_MTU, n32(1500))), link(up, attr(unix.IFLA_MTU, n32(1400))), []Doubt{{"link", 0}, {"route", 7}}},
		{"it joins a bridge", link(up), link(up, attr(unix.IFLA_MASTER, n32(3))), []Doubt{{"link", 0}}},
		{"its name changes", link(up), link(up, attr(unix.IFLA_IFNAME, cstring("x"))), nil},
		{"a bridge changes its address", bridge(1), bridge(2), []Doubt{{"link", 0}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Link.Doubts(Link, Row{int64(7)}, tt.was, tt.now); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAnotherLink(t *testing.T) {
	link := func(name, kind string) Row {
		_, state := Link.Split(decode(t, Link, linkBody(1, 0, attr(unix.IFLA_IFNAME, cstring(name)), nest(unix.IFLA_LINKINFO, attr(unix.IFLA_INFO_KIND, cstring(kind))))))
		return state
	}
	if Link.Another(Link, link("a", "veth"), link("b", "veth")) {
		t.Error("a link that is renamed is another")
	}
	if !Link.Another(Link, link("a", "veth"), link("a", "bridge")) {
		t.Error("a bridge is the veth it was")
	}
}
