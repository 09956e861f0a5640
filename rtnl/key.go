package rtnl

import (
	"encoding/binary"
	"fmt"
)

// AppendKey appends a text that is equal for equal rows only. Recordings keep
// hashes of it: it must never change.
func AppendKey(b []byte, r Row) []byte {
	for _, v := range r {
		switch v := v.(type) {
		case nil:
			b = append(b, 'n')
		case int64:
			b = binary.AppendVarint(append(b, 'i'), v)
		case string:
			b = append(binary.AppendUvarint(append(b, 's'), uint64(len(v))), v...)
		default:
			panic(fmt.Sprintf("%T is no value of a row", v))
		}
	}
	return b
}

// ParseKey returns the row of which AppendKey made a text.
func ParseKey(text string) Row {
	r := Row{}
	for b := []byte(text); len(b) > 0; {
		tag := b[0]
		b = b[1:]
		switch tag {
		case 'i':
			v, n := binary.Varint(b)
			r, b = append(r, v), b[n:]
		case 's':
			size, n := binary.Uvarint(b)
			r, b = append(r, string(b[n:n+int(size)])), b[n+int(size):]
		default:
			r = append(r, nil)
		}
	}
	return r
}
