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
	const columns = 6 // most keys have no more
	return AppendParsed(make(Row, 0, columns), text)
}

// AppendParsed appends the values of which AppendKey made a text.
func AppendParsed(r Row, text string) Row {
	for text != "" {
		tag := text[0]
		text = text[1:]
		head := []byte(text[:min(len(text), binary.MaxVarintLen64)])
		switch tag {
		case 'i':
			v, n := binary.Varint(head)
			r, text = append(r, v), text[n:]
		case 's':
			size, n := binary.Uvarint(head)
			end := n + int(size)
			r, text = append(r, text[n:end]), text[end:]
		default:
			r = append(r, nil)
		}
	}
	return r
}
