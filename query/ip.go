package query

// What is recorded, as ip(8) of iproute2 6.1 shows it. For each kind a shape
// makes of a row the members of an object in the order of ip: each with its key
// and value for -o ip-json, and what stands for it in the text. As in ip, the
// parts of a lightweight tunnel stand among those of the route, some by the same
// keys.
//
// What ip does not know, or says in other words elsewhere, is left out: the
// views have it.

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
)

// A member is one value of an object. Without a key it is only in the text,
// without a text only in JSON.
type member struct {
	key   string
	value any // nil, bool, int64, json.Number, string, []any or object
	text  string
}

// object has its members in order.
type object []member

// put adds a member with a text.
func (o *object) put(key string, value any, text string) {
	*o = append(*o, member{key, value, text})
}

// say adds what is only in the text.
func (o *object) say(text string) { o.put("", nil, text) }

// word adds a member that is in the text as a word before its value.
func (o *object) word(key, word string, value any) { o.put(key, value, word+" "+shown(value)) }

// wordIf adds a member unless it is missing.
func (o *object) wordIf(key, word string, value any) {
	if value != nil {
		o.word(key, word, value)
	}
}

// quiet adds a member that is only in JSON, unless it is missing.
func (o *object) quiet(key string, value any) {
	if value != nil {
		o.put(key, value, "")
	}
}

// get returns the value of a member, or nil.
func (o object) get(key string) any {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// without returns an object that lacks some members.
func (o object) without(keys map[string]bool) object {
	left := object{}
	for _, m := range o {
		if !keys[m.key] {
			left = append(left, m)
		}
	}
	return left
}

// line returns the text of an object. What begins with a new line stands on
// one, the rest is set off by a space, unless a tab does so.
func (o object) line() string {
	var b strings.Builder
	var last byte
	for _, m := range o {
		if m.text == "" {
			continue
		}
		if last != 0 && last != '\t' && m.text[0] != '\n' {
			b.WriteByte(' ')
		}
		b.WriteString(m.text)
		last = m.text[len(m.text)-1]
	}
	return b.String()
}

// appendIP writes a value as JSON.
func appendIP(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case json.Number:
		return append(b, v...)
	case []any:
		b = append(b, '[')
		for i, element := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendIP(b, element)
		}
		return append(b, ']')
	case object:
		return v.appendJSON(b)
	}
	return appendJSON(b, v)
}

func (o object) appendJSON(b []byte) []byte {
	b = append(b, '{')
	separator := ""
	for _, m := range o {
		if m.key == "" {
			continue
		}
		b = append(b, separator...)
		b = append(appendJSON(b, m.key), ':')
		b = appendIP(b, m.value)
		separator = ","
	}
	return append(b, '}')
}

// shown writes a value in the text.
func shown(v any) string {
	switch v := v.(type) {
	case bool:
		return map[bool]string{true: "on", false: "off"}[v]
	case json.Number:
		return v.String()
	case []any:
		texts := make([]string, len(v))
		for i, element := range v {
			texts[i] = shown(element)
		}
		return strings.Join(texts, ",")
	case object:
		return v.plainly()
	}
	return Visible(valueText(v))
}

// plainly writes each member as a word and its value.
func (o object) plainly() string {
	var words []string
	for _, m := range o {
		switch v := m.value.(type) {
		case nil:
			words = append(words, Visible(m.key))
		case object:
			words = append(words, v.plainly())
		default:
			words = append(words, Visible(m.key)+" "+shown(v))
		}
	}
	return strings.Join(words, " ")
}

// A record is a row of a kind's view.
type record struct {
	columns map[string]int
	values  []any
}

func (r record) get(column string) any {
	if i, ok := r.columns[column]; ok {
		return r.values[i]
	}
	return nil
}

func (r record) text(column string) string {
	text, _ := r.get(column).(string)
	return text
}

func (r record) number(column string) int64 {
	n, _ := r.get(column).(int64)
	return n
}

// nested returns the object that a column holds as JSON, or nil.
func (r record) nested(column string) object {
	o, _ := decodeJSON(r.text(column)).(object)
	return o
}

// list returns the array that a column holds as JSON, or an empty one.
func (r record) list(column string) []any {
	text := r.text(column)
	if text == "[]" { // as most are
		return []any{}
	}
	if list, ok := decodeJSON(text).([]any); ok {
		return list
	}
	return []any{}
}

// decodeJSON reads JSON text that nlrec wrote, with the members of objects in
// their order, and numbers as json.Number. What is none is nil.
func decodeJSON(text string) any {
	if text == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(unicodeText(text)))
	d.UseNumber()
	return decodeValue(d)
}

func decodeValue(d *json.Decoder) any {
	token, err := d.Token()
	if err != nil {
		return nil
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			key, err := d.Token()
			name, ok := key.(string)
			if err != nil || !ok {
				return nil
			}
			o = append(o, member{key: name, value: decodeValue(d)})
		}
		_, _ = d.Token() // the brace that More saw
		return o
	case json.Delim('['):
		list := []any{}
		for d.More() {
			list = append(list, decodeValue(d))
		}
		_, _ = d.Token() // the bracket that More saw
		return list
	}
	return token
}

// A shaper makes objects of rows.
type shaper struct {
	detail   bool             // the text is that of ip -d
	names    *localNames      // what numbers are called on this machine
	links    map[int64]string // names by index
	nexthops map[int64]object // shaped, by id
}

// keep returns a text when a condition holds.
func keep(yes bool, text string) string {
	if yes {
		return text
	}
	return ""
}

// plainMembers are the members of an object as they are, in the text as words
// before their values.
func plainMembers(o object) object {
	shaped := object{}
	for _, m := range o {
		shaped.word(m.key, Visible(m.key), m.value)
	}
	return shaped
}

// setOf returns a set of names.
func setOf(names ...string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[name] = true
	}
	return set
}

// invert returns which number each name has.
func invert(names map[int64]string) map[string]int64 {
	numbers := map[string]int64{}
	for n, name := range maps.All(names) {
		numbers[name] = n
	}
	return numbers
}
