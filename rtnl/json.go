package rtnl

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonText is a value that already is JSON, to be embedded as it is.
type jsonText string

// object builds a JSON object whose keys stand in the order they were added.
type object struct{ b []byte }

func (o *object) add(key string, v any) {
	if len(o.b) > 0 {
		o.b = append(o.b, ',')
	}
	o.b = appendJSON(o.b, key)
	o.b = append(o.b, ':')
	o.b = appendJSON(o.b, v)
}

func (o *object) text() jsonText { return jsonText("{" + string(o.b) + "}") }

// array returns the JSON array of the values.
func array[T any](values []T) jsonText {
	var b []byte
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, v)
	}
	return jsonText("[" + string(b) + "]")
}

func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case jsonText:
		return append(b, v...)
	case string:
		if isPlain(v) {
			return append(append(append(b, '"'), v...), '"')
		}
		var text strings.Builder
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(unicodeText(v)); err != nil {
			panic(err) // a string always encodes
		}
		return append(b, strings.TrimSuffix(text.String(), "\n")...)
	default:
		panic(fmt.Sprintf("%T is no value of a row", v))
	}
}

// isPlain reports whether a string is JSON between quotes as it is.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
}

// unicodeText writes octets that are not UTF-8, for which JSON has no signs, as
// \xff, so that names stay as different as they are.
func unicodeText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// nested reads attributes into a JSON object with the table's columns as keys,
// in order of attribute number whatever the order on the wire, so that equal
// contents are equal text. Unknown attributes follow as "attr<number>": "<hex>".
func nested(table []Attr) reader {
	return func(m *message, b []byte) (any, error) {
		values := make([]any, len(table))
		var unknown []attribute
		err := eachAttr(b, func(a attribute) error {
			if int(a.number) >= len(table) || table[a.number].Read == nil {
				unknown = append(unknown, a)
				return nil
			}
			v, err := table[a.number].Read(m, a.value)
			if err != nil {
				return fmt.Errorf("%s: %w", table[a.number].Column, err)
			}
			values[a.number] = v
			return nil
		})
		if err != nil {
			return nil, err
		}
		o := object{}
		for i, v := range values {
			if v != nil && table[i].Column != "" {
				o.add(table[i].Column, v)
			}
		}
		for _, a := range unknown {
			o.add("attr"+strconv.Itoa(int(a.number)), hex.EncodeToString(a.value))
		}
		return o.text(), nil
	}
}

// structure reads a struct into a JSON object. A field of no size reaches to
// the end.
func structure(fields []Field) reader {
	return func(m *message, b []byte) (any, error) {
		o := object{}
		for _, f := range fields {
			if len(b) < f.Offset+f.Size {
				return nil, fmt.Errorf("%s: %d bytes, want at least %d", f.Column, len(b), f.Offset+f.Size)
			}
			end := f.Offset + f.Size
			if f.Size == 0 {
				end = len(b)
			}
			v, err := f.Read(m, b[f.Offset:end])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Column, err)
			}
			if v != nil {
				o.add(f.Column, v)
			}
		}
		return o.text(), nil
	}
}

// list reads every attribute with the same reader into a JSON array; it is for
// nests that hold a list, where the numbers say nothing.
func list(read reader) reader {
	return func(m *message, b []byte) (any, error) {
		values := []any{}
		err := eachAttr(b, func(a attribute) error {
			v, err := read(m, a.value)
			values = append(values, v)
			return err
		})
		return array(values), err
	}
}
