package rtnl

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestForeignMessages(t *testing.T) {
	header := func(k *Kind, family byte, set func([]byte)) []byte {
		b := make([]byte, k.Size)
		b[0] = family
		if set != nil {
			set(b)
		}
		return b
	}
	tests := []struct {
		name  string
		kind  *Kind
		body  []byte
		hints []Doubt
	}{
		{"a bridge port", Link, header(Link, unix.AF_BRIDGE, nil), []Doubt{{"link", 0}}},
		{"IPv6 settings of a link", Link, header(Link, unix.AF_INET6, func(b []byte) { b[4] = 7 }), []Doubt{{"link", 0}, {"route", 7}}},
		{"a cached route", Route, header(Route, unix.AF_INET6, func(b []byte) { binary.NativeEndian.PutUint32(b[8:], unix.RTM_F_CLONED) }), nil},
		{"a multicast route", Route, header(Route, 128, nil), nil},
		{"an MPLS route", Route, header(Route, unix.AF_MPLS, nil), nil},
		{"a rule for multicast routes", Rule, header(Rule, 128, nil), nil},
		{"a rule for IPv6 multicast routes", Rule, header(Rule, 129, nil), nil},
		{"a forwarding entry", Neighbour, header(Neighbour, unix.AF_BRIDGE, nil), nil},
		{"a proxy entry", Neighbour, header(Neighbour, unix.AF_INET, func(b []byte) { b[10] = unix.NTF_PROXY }), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if row, err := tt.kind.Decode(tt.body); !errors.Is(err, ErrForeign) {
				t.Errorf("Decode = %v, %v; want ErrForeign", row, err)
			}
			var hints []Doubt
			if f := tt.kind.Hints[tt.kind.New]; f != nil {
				hints = f(tt.body)
			}
			if !slices.Equal(hints, tt.hints) {
				t.Errorf("hints: %v, want %v", hints, tt.hints)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	attribute := func(size, number uint16, value ...byte) []byte {
		b := binary.NativeEndian.AppendUint16(nil, size)
		return append(binary.NativeEndian.AppendUint16(b, number), value...)
	}
	route := append([]byte{unix.AF_INET}, make([]byte, unix.SizeofRtMsg-1)...)
	tests := []struct {
		name string
		body []byte
	}{
		{"nothing", nil},
		{"half a header", route[:6]},
		{"half an attribute", append(route[:len(route):len(route)], 1, 2)},
		{"an attribute longer than the message", append(route[:len(route):len(route)], attribute(40, unix.RTA_OIF, 1, 2, 3, 4)...)},
		{"an attribute shorter than its header", append(route[:len(route):len(route)], attribute(3, unix.RTA_OIF)...)},
		{"a number of three octets", append(route[:len(route):len(route)], attribute(7, unix.RTA_OIF, 1, 2, 3)...)},
		{"an address of five octets", append(route[:len(route):len(route)], attribute(9, unix.RTA_GATEWAY, 1, 2, 3, 4, 5)...)},
		{"a next hop longer than the list", append(route[:len(route):len(route)], attribute(12, unix.RTA_MULTIPATH, 200, 0, 0, 0, 0, 0, 0, 0)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if row, err := Route.Decode(tt.body); err == nil || errors.Is(err, ErrForeign) {
				t.Errorf("Decode = %v, %v; want an error", row, err)
			}
		})
	}
}

func TestUnknownAttributesAreKept(t *testing.T) {
	body := append([]byte{unix.AF_INET}, make([]byte, unix.SizeofRtMsg-1)...)
	body = append(body, 8, 0, 200, 0, 0xde, 0xad, 0xbe, 0xef)
	row, err := Route.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	if got := Route.Value(row, "extra"); got != `{"200":"deadbeef"}` {
		t.Errorf("extra is %v", got)
	}
}

func TestSame(t *testing.T) {
	state := func(expires, oif any) Row {
		s := make(Row, len(Route.Columns)-len(Route.Key))
		s[Route.Index("expires")-len(Route.Key)] = expires
		s[Route.Index("oif")-len(Route.Key)] = oif
		return s
	}
	tests := []struct {
		name string
		a, b Row
		want bool
	}{
		{"equal", state(nil, int64(1)), state(nil, int64(1)), true},
		{"other", state(nil, int64(1)), state(nil, int64(2)), false},
		{"both count down", state(int64(9), nil), state(int64(8), nil), true},
		{"one begins to count down", state(nil, nil), state(int64(8), nil), false},
		{"one lasts for ever", state(forever, nil), state(int64(8), nil), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Route.Same(tt.a, tt.b); got != tt.want {
				t.Errorf("Same = %v, want %v", got, tt.want)
			}
		})
	}
}

// TestReply: how an answer ends, and what it says of itself on the way.
func TestReply(t *testing.T) {
	const mine, other = 7, 8
	errno := func(n int32) []byte { return binary.NativeEndian.AppendUint32(nil, uint32(-n)) }
	type msg struct {
		h    Header
		body []byte
	}
	object := msg{h: Header{Type: unix.RTM_NEWROUTE, Seq: mine}}
	done := msg{Header{Type: unix.NLMSG_DONE, Seq: mine}, errno(0)}
	tests := []struct {
		name        string
		messages    []msg
		objects     int
		interrupted bool
		want        error
	}{
		{"a dump", []msg{object, object, done}, 2, false, nil},
		{"a dump that was interrupted", []msg{object, {Header{Type: unix.RTM_NEWROUTE, Flags: unix.NLM_F_DUMP_INTR, Seq: mine}, nil}, done}, 2, true, nil},
		{"one whose end tells of it", []msg{object, {Header{Type: unix.NLMSG_DONE, Flags: unix.NLM_F_DUMP_INTR, Seq: mine}, errno(0)}}, 1, true, nil},
		{"a dump refused at its end", []msg{{Header{Type: unix.NLMSG_DONE, Seq: mine}, errno(int32(unix.EINVAL))}}, 0, false, unix.EINVAL},
		{"a request refused", []msg{{Header{Type: unix.NLMSG_ERROR, Seq: mine}, errno(int32(unix.EOPNOTSUPP))}}, 0, false, unix.EOPNOTSUPP},
		{"an acknowledgement", []msg{{Header{Type: unix.NLMSG_ERROR, Seq: mine}, errno(0)}}, 0, false, nil},
		{"what is left of another answer", []msg{{Header{Type: unix.NLMSG_DONE, Seq: other}, errno(0)}, object, done}, 1, false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects := 0
			r := reply{seq: mine, each: func(Header, []byte) { objects++ }}
			var err error
			for _, m := range tt.messages {
				if err = r.message(m.h, m.body); err != nil {
					break
				}
			}
			if !r.done || objects != tt.objects || !errors.Is(err, tt.want) || (r.interrupted != nil) != tt.interrupted {
				t.Errorf("done %v, %d objects, %v, interrupted %v", r.done, objects, err, r.interrupted)
			}
		})
	}
}
