package rtnl

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// ErrForeign is returned by Decode for a well-formed message that shares the
// kind's message type but is about something else.
var ErrForeign = errors.New("the message is about another kind of object")

// A Decoder reads messages, one after the other, into the same memory. Its zero
// value is ready. It is not safe for concurrent use.
type Decoder struct{ m message }

// message is one rtnetlink message while it is being decoded.
type message struct {
	kind    *Kind
	header  []byte
	row     Row
	unknown []attribute
	encap   encap // of the route or next hop being read
}

// attribute is one netlink attribute, its flag bits removed.
type attribute struct {
	number uint16
	value  []byte
}

// A reader turns the bytes of one field into a value: nil, int64, string or
// jsonText. It sees the message, because some fields only make sense beside
// others: a prefix beside its length, data beside the name of its format.
type reader func(m *message, b []byte) (any, error)

// Decode reads the body of a message of this kind, that is, what follows
// struct nlmsghdr. The row is freshly allocated and refers to nothing in body.
func (k *Kind) Decode(body []byte) (Row, error) { return new(Decoder).Decode(k, body) }

// Decode reads the body of a message, as Kind.Decode does. The row is valid
// until the next call; its values are so for ever.
func (d *Decoder) Decode(k *Kind, body []byte) (Row, error) {
	if len(body) < k.Size {
		return nil, fmt.Errorf("%s: %d bytes for a header of %d", k.Name, len(body), k.Size)
	}
	m := &d.m
	*m = message{kind: k, header: body[:k.Size], row: slices.Grow(m.row[:0], len(k.Columns))[:len(k.Columns)]}
	clear(m.row)
	if k.About != nil && !k.About(m.header) {
		return nil, fmt.Errorf("%s: %w", k.Name, ErrForeign)
	}
	if err := m.readStruct(k.header, m.header); err != nil {
		return nil, fmt.Errorf("%s: header: %w", k.Name, err)
	}
	if err := m.readAttrs(k.attrs, body[k.Size:], &m.unknown); err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	if k.Finish != nil {
		if err := k.Finish(m); err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
	}
	if len(m.unknown) > 0 {
		extra := object{}
		for _, a := range m.unknown {
			extra.add(strconv.Itoa(int(a.number)), hex.EncodeToString(a.value))
		}
		m.set("extra", string(extra.text()))
	}
	return m.row, nil
}

// get returns a column that was read before.
func (m *message) get(column string) any { return m.row[m.kind.Index(column)] }

// set overwrites a column.
func (m *message) set(column string, v any) { m.row[m.kind.Index(column)] = v }

func (m *message) readStruct(fields []placedField, b []byte) error {
	for _, f := range fields {
		if len(b) < f.Offset+f.Size {
			return fmt.Errorf("%s: %d bytes, want at least %d", f.Column, len(b), f.Offset+f.Size)
		}
		if err := m.read(f.Column, f.place, f.Read, b[f.Offset:f.Offset+f.Size]); err != nil {
			return err
		}
	}
	return nil
}

func (m *message) readAttrs(table []placedAttr, b []byte, unknown *[]attribute) error {
	return eachAttr(b, func(a attribute) error {
		if int(a.number) >= len(table) {
			*unknown = append(*unknown, a)
			return nil
		}
		switch t := &table[a.number]; {
		case t.nested != nil:
			return m.readAttrs(t.nested, a.value, unknown)
		case t.fields != nil:
			return m.readStruct(t.fields, a.value)
		case t.Read == nil:
			*unknown = append(*unknown, a)
			return nil
		default:
			return m.read(t.Column, t.place, t.Read, a.value)
		}
	})
}

func (m *message) read(column string, place int, read reader, b []byte) error {
	v, err := read(m, b)
	if err != nil {
		return fmt.Errorf("%s: %w", column, err)
	}
	if text, ok := v.(jsonText); ok {
		v = string(text)
	}
	if column != "" {
		m.row[place] = v
	}
	return nil
}

// eachAttr calls f for every attribute in b, until f fails. The layout is that
// of struct nlattr in linux/netlink.h.
func eachAttr(b []byte, f func(attribute) error) error {
	const header, flags = 4, 0xc000 // NLA_F_NESTED, NLA_F_NET_BYTEORDER
	for len(b) > 0 {
		if len(b) < header {
			return fmt.Errorf("%d bytes left for an attribute", len(b))
		}
		size := int(binary.NativeEndian.Uint16(b))
		number := binary.NativeEndian.Uint16(b[2:]) &^ flags
		if size < header || size > len(b) {
			return fmt.Errorf("attribute %d: length %d in %d bytes", number, size, len(b))
		}
		if err := f(attribute{number, b[header:size]}); err != nil {
			return err
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return nil
}
