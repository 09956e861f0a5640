package rtnl

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Element readers: the bytes of one field in, one value out. They check every
// length, so that no message can make them read past its end.

// skip is the reader of what is known but is not state: counters, ages,
// statistics, and what only describes the message itself.
func skip(*message, []byte) (any, error) { return nil, nil }

// always is the reader of a column that begins with a value whatever the bytes.
func always(v any) reader {
	return func(*message, []byte) (any, error) { return v, nil }
}

// number reads size bytes as an unsigned integer of the byte order given.
func number(size int, order binary.ByteOrder) reader {
	return func(_ *message, b []byte) (any, error) {
		if len(b) != size {
			return nil, fmt.Errorf("%d bytes for a number of %d", len(b), size)
		}
		switch size {
		case 1:
			return int64(b[0]), nil
		case 2:
			return int64(order.Uint16(b)), nil
		case 4:
			return int64(order.Uint32(b)), nil
		default:
			return int64(order.Uint64(b)), nil
		}
	}
}

var (
	u8   = number(1, native)
	u16  = number(2, native)
	u32  = number(4, native)
	u64  = number(8, native)
	be16 = number(2, binary.BigEndian)
	be32 = number(4, binary.BigEndian)
	be64 = number(8, binary.BigEndian)
)

// native is the byte order of the kernel's integers.
var native binary.ByteOrder = binary.NativeEndian

// s32 reads a signed integer.
func s32(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if err != nil {
		return nil, err
	}
	return int64(int32(v.(int64))), nil
}

// high16 and low16 read the two halves of a number of 32 bits.
func high16(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if err != nil {
		return nil, err
	}
	return v.(int64) >> 16, nil
}

func low16(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if err != nil {
		return nil, err
	}
	return v.(int64) & 0xffff, nil
}

// boolean reads a byte as true or false inside JSON.
func boolean(m *message, b []byte) (any, error) {
	v, err := u8(m, b)
	if err != nil {
		return nil, err
	}
	return jsonText(strconv.FormatBool(v != int64(0))), nil
}

// present is the reader of a flag attribute: that it is there says it all.
func present(*message, []byte) (any, error) { return int64(1), nil }

// text reads a string that ends with its first NUL.
func text(_ *message, b []byte) (any, error) {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s, nil
}

// raw reads anything as hexadecimal digits.
func raw(_ *message, b []byte) (any, error) { return hex.EncodeToString(b), nil }

// lladdr reads a link-layer address, written as ip(8) writes it: an IP address
// where the link is a tunnel, octets with colons elsewhere.
func lladdr(m *message, b []byte) (any, error) {
	if m.kind.Size == unix.SizeofIfInfomsg {
		switch binary.NativeEndian.Uint16(m.header[2:]) {
		case unix.ARPHRD_TUNNEL, unix.ARPHRD_SIT, unix.ARPHRD_IPGRE,
			unix.ARPHRD_TUNNEL6, unix.ARPHRD_IP6GRE:
			return ip(m, b)
		}
	}
	return mac(m, b)
}

// mac reads octets, written with colons between them.
func mac(_ *message, b []byte) (any, error) {
	if len(b) == 0 {
		return nil, nil
	}
	digits := hex.EncodeToString(b)
	var s strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			s.WriteByte(':')
		}
		s.WriteString(digits[i : i+2])
	}
	return s.String(), nil
}

// ip reads an IPv4 or IPv6 address, written as inet_ntop(3) writes it.
func ip(_ *message, b []byte) (any, error) {
	addr, ok := netip.AddrFromSlice(b)
	if !ok {
		return nil, fmt.Errorf("%d bytes for an address", len(b))
	}
	return addressText(addr), nil
}

// addressText writes an address as glibc does, which writes the IPv4 address
// inside an IPv4-compatible one (RFC 4291, 2.5.5.1) in dots.
func addressText(addr netip.Addr) string {
	if b := addr.As16(); addr.Is6() && [12]byte(b[:12]) == [12]byte{} && (b[12] != 0 || b[13] != 0) {
		return "::" + netip.AddrFrom4([4]byte(b[12:])).String()
	}
	return addr.String()
}

// prefix reads an address whose length in bits stands in the header at offset,
// written as ip(8) does: without the length where it is the whole address.
func prefix(offset int) reader {
	return func(m *message, b []byte) (any, error) {
		addr, ok := netip.AddrFromSlice(b)
		bits := int(m.header[offset])
		if !ok || bits > addr.BitLen() {
			return nil, fmt.Errorf("%d bytes and /%d for a prefix", len(b), bits)
		}
		text := addressText(addr)
		if bits < addr.BitLen() {
			text += "/" + strconv.Itoa(bits)
		}
		return text, nil
	}
}

// names gives numbers their names; one without a name is written in digits.
type names map[int64]string

// enum reads a number through a reader and returns its name.
func enum(read reader, n names) reader {
	values := map[int64]any{} // a name in an interface takes memory: once is enough
	for v, name := range n {
		values[v] = name
	}
	return func(m *message, b []byte) (any, error) {
		v, err := read(m, b)
		if err != nil {
			return nil, err
		}
		if name := values[v.(int64)]; name != nil {
			return name, nil
		}
		return n.of(v.(int64)), nil
	}
}

func (n names) of(v int64) string {
	if name, ok := n[v]; ok {
		return name
	}
	return strconv.FormatInt(v, 10)
}

// flag is one bit, or several, of a set of flags.
type flag struct {
	bits int64
	name string
}

// flags reads a number through a reader and returns the JSON array of the
// names of its bits; those without a name are written as one number in
// hexadecimal. Bits in without are taken away first.
func flags(read reader, without int64, set []flag) reader {
	return func(m *message, b []byte) (any, error) {
		v, err := read(m, b)
		if err != nil {
			return nil, err
		}
		return flagNames(v.(int64)&^without, set), nil
	}
}

func flagNames(v int64, set []flag) jsonText {
	found := []string{}
	for _, f := range set {
		if v&f.bits == f.bits {
			found = append(found, f.name)
			v &^= f.bits
		}
	}
	if v != 0 {
		found = append(found, "0x"+strconv.FormatInt(v, 16))
	}
	return array(found)
}

// hexadecimal reads a number of 32 bits as ip(8) writes marks: "0x10".
func hexadecimal(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if err != nil {
		return nil, err
	}
	return "0x" + strconv.FormatInt(v.(int64), 16), nil
}
