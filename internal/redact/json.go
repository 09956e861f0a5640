package redact

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"

	"nlrec/rtnl"
)

// json hides what a text of JSON tells, and leaves its members in their order.
func (r *Redactor) json(c rtnl.Content, text string) string {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var out bytes.Buffer
	if err := r.value(d, &out, c, "", nil); err != nil {
		return r.texts.of(text) // nlrec writes none such
	}
	return out.String()
}

// value copies one value: the member of an object, or of an array of such.
// beside are the names of the members of the object.
func (r *Redactor) value(d *json.Decoder, out *bytes.Buffer, c rtnl.Content, name string, beside map[string]bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return r.array(d, out, c, name, beside)
		}
		return r.object(d, out, c)
	case string:
		return encode(out, r.member(c, name, beside, t))
	default:
		return encode(out, t)
	}
}

func (r *Redactor) array(d *json.Decoder, out *bytes.Buffer, c rtnl.Content, name string, beside map[string]bool) error {
	out.WriteByte('[')
	for i := 0; d.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := r.value(d, out, c, name, beside); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	_, err := d.Token()
	return err
}

// object reads the members before it writes them: what one is may be told by
// another.
func (r *Redactor) object(d *json.Decoder, out *bytes.Buffer, c rtnl.Content) error {
	var names []string
	var values []json.RawMessage
	beside := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		name, _ := token.(string)
		names, values, beside[name] = append(names, name), append(values, raw), true
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encode(out, name); err != nil {
			return err
		}
		out.WriteByte(':')
		inner := json.NewDecoder(bytes.NewReader(values[i]))
		inner.UseNumber()
		if err := r.value(inner, out, c, name, beside); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

// unknownMember is the name of an attribute that has no other; the others look
// like octets.
var (
	unknownMember = regexp.MustCompile(`^(attr)?[0-9]+$`)
	longDigits    = regexp.MustCompile(`^([0-9a-f]{2}){4,}$`)
	manyOctets    = regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2}){3,}$`)
)

// member hides a text in JSON.
func (r *Redactor) member(c rtnl.Content, name string, beside map[string]bool, text string) string {
	known := rtnl.MemberContent(name)
	switch {
	case c == rtnl.LinkNames || beside[name+"_index"]:
		return r.links.of(text)
	case c == rtnl.Unknown || unknownMember.MatchString(name):
		return r.hexadecimal(text)
	case known != rtnl.Structured:
		return r.Text(known, text)
	case manyOctets.MatchString(text):
		return r.linkLayer(text)
	case isAddress(text):
		return r.address(text)
	case longDigits.MatchString(text):
		return r.hexadecimal(text)
	}
	return text
}

func isAddress(text string) bool {
	_, notOne := netip.ParseAddr(text)
	_, notMany := netip.ParsePrefix(text)
	return notOne == nil || notMany == nil
}

// encode writes a value as the kinds' readers do.
func encode(out *bytes.Buffer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1) // the end of a line
	return nil
}
