package query

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"nlrec/query/fib"
)

// WriteRoutes writes answers as "ip route get" prints them, one after the
// other. Why there is no way is said as ip(8) says it.
func WriteRoutes(w io.Writer, answers []fib.Answer) error {
	b := bufio.NewWriter(w)
	for i := range answers {
		a := &answers[i]
		if text := a.Refusal(); text != "" {
			fmt.Fprintf(b, "RTNETLINK answers: %s\n", text)
			continue
		}
		b.WriteString(Visible(routeLine(a)) + "\n")
		if a.Family == "inet" {
			b.WriteString(Visible(cacheLine(a)) + "\n")
		}
	}
	return b.Flush()
}

// words joins words and their values as ip(8) does, a space behind each.
type words struct{ strings.Builder }

func (w *words) add(there bool, format string, args ...any) {
	if there {
		fmt.Fprintf(w, format+" ", args...)
	}
}

func routeLine(a *fib.Answer) string {
	var w words
	inet6 := a.Family == "inet6"
	w.add(a.Type != "unicast", "%s", a.Type)
	w.add(true, "%s", a.Dst)
	w.add(a.From.IsValid(), "from %s", a.From)
	if a.Encap != "" {
		w.add(true, " encap %s", encapText(a.Encap))
	}
	w.add(a.TOS != 0, "tos 0x%02x", a.TOS)
	switch {
	case !a.Gateway.IsValid():
	case a.Gateway.Is4() && inet6:
		w.add(true, "via inet %s", a.Gateway)
	case a.Gateway.Is6() && !inet6:
		w.add(true, "via inet6 %s", a.Gateway)
	default:
		w.add(true, "via %s", a.Gateway)
	}
	w.add(a.Dev != "", "dev %s", a.Dev)
	w.add(a.Table != 0 && a.TableName() != "main", "table %s", a.TableName())
	w.add(a.Protocol != "" && a.Protocol != "boot", "proto %s", a.Protocol)
	w.add(a.Scope != "" && a.Scope != "global", "scope %s", a.Scope)
	w.add(a.Prefsrc.IsValid(), "src %s", a.Prefsrc)
	if a.Metric != nil {
		w.add(true, "metric %d", *a.Metric)
	}
	if !inet6 {
		w.add(a.Mark >= 16, "mark %#x", a.Mark)
		w.add(a.Mark > 0 && a.Mark < 16, "mark %d", a.Mark)
		w.add(a.Realms.From != 0, "realms %d/%d", a.Realms.From, a.Realms.To)
		w.add(a.Realms.From == 0 && a.Realms.To != 0, "realm %d", a.Realms.To)
		if a.UID != nil {
			w.add(true, "uid %d", *a.UID)
		}
		return w.String()
	}
	w.WriteString(metricsText(a.Metrics))
	w.add(a.IIF != "", "iif %s", a.IIF)
	if a.Pref != "" {
		fmt.Fprintf(&w, "pref %s", a.Pref)
	}
	return w.String()
}

// cacheLine is the second line of an IPv4 answer.
func cacheLine(a *fib.Answer) string {
	var w words
	w.add(true, "    cache")
	w.add(len(a.Cache) > 0, "<%s>", strings.Join(a.Cache, ","))
	w.WriteString(metricsText(a.Metrics))
	w.add(a.IIF != "", "iif %s", a.IIF)
	return w.String()
}

// members reads a JSON object's keys and values in their order.
func members(text string) (keys []string, values []json.RawMessage) {
	d := json.NewDecoder(strings.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, nil
	}
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			break
		}
		name, _ := key.(string)
		keys, values = append(keys, name), append(values, value)
	}
	return keys, values
}

// plainJSON is a JSON value without quotes and commas.
func plainJSON(v json.RawMessage) string {
	return strings.NewReplacer(`"`, "", "[", "[ ", "]", " ]", ",", " ").Replace(string(v))
}

// metricsObject is the object in the array that the column metrics holds.
func metricsObject(text string) string {
	return strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
}

func metricsText(text string) string {
	var w words
	keys, values := members(metricsObject(text))
	locked := map[string]bool{}
	for i, key := range keys {
		if key == "lock" {
			for _, name := range listOf(string(values[i])) {
				locked[name] = true
			}
		}
	}
	for i, key := range keys {
		switch {
		case key == "lock":
		case key == "features":
			w.add(true, "features %s", strings.Join(listOf(string(values[i])), " "))
		case key == "rtt" || key == "rttvar" || key == "rto_min":
			w.add(true, "%s %s%sms", key, lockWord(locked[key]), plainJSON(values[i]))
		default:
			w.add(true, "%s %s%s", key, lockWord(locked[key]), plainJSON(values[i]))
		}
	}
	return w.String()
}

func lockWord(locked bool) string {
	if locked {
		return "lock "
	}
	return ""
}

// encapText writes a lightweight tunnel as words and values.
func encapText(text string) string {
	var parts []string
	keys, values := members(text)
	for i, key := range keys {
		value := plainJSON(values[i])
		if i == 0 {
			parts = append(parts, value)
			continue
		}
		parts = append(parts, key, value)
	}
	return strings.Join(parts, " ")
}

// WriteRoutesJSON writes answers as an array of objects with the keys of
// "ip -d -j route get" in its order, and beside them error and errno where
// there is no way, and with steps how each came about.
func WriteRoutesJSON(w io.Writer, answers []fib.Answer, steps bool) error {
	b := bufio.NewWriter(w)
	b.WriteString("[")
	separator := ""
	for i := range answers {
		o := routeObject(&answers[i])
		if steps {
			o.add("steps", answers[i].Steps)
		}
		if steps && len(answers[i].Notes) > 0 {
			o.add("notes", answers[i].Notes)
		}
		text, err := o.text()
		if err != nil {
			return errors.Join(err, b.Flush())
		}
		b.WriteString(separator + text)
		separator = ",\n "
	}
	b.WriteString("]\n")
	return b.Flush()
}

// jsonObject is one whose keys have an order.
type jsonObject struct {
	parts []string
	err   error
}

func (o *jsonObject) add(key string, value any) {
	text, err := json.Marshal(value)
	o.err = errors.Join(o.err, err)
	o.parts = append(o.parts, strconv.Quote(key)+":"+string(text))
}

func (o *jsonObject) text() (string, error) { return "{" + strings.Join(o.parts, ",") + "}", o.err }

func routeObject(a *fib.Answer) *jsonObject {
	o := &jsonObject{}
	given := func(there bool, key string, value any) {
		if there {
			o.add(key, value)
		}
	}
	if text := a.Refusal(); text != "" {
		o.add("dst", a.Dst.String())
		o.add("error", text)
		o.add("errno", int(a.Err))
		return o
	}
	inet6 := a.Family == "inet6"
	o.add("type", a.Type)
	o.add("dst", a.Dst.String())
	given(a.From.IsValid(), "from", a.From.String())
	given(a.Encap != "", "encap", json.RawMessage(a.Encap))
	given(a.TOS != 0, "tos", fmt.Sprintf("0x%02x", a.TOS))
	switch {
	case !a.Gateway.IsValid():
	case a.Gateway.Is6() == inet6:
		o.add("gateway", a.Gateway.String())
	default:
		o.add("via", map[string]string{"family": map[bool]string{true: "inet", false: "inet6"}[inet6], "host": a.Gateway.String()})
	}
	given(a.Dev != "", "dev", a.Dev)
	given(a.Table != 0, "table", a.TableName())
	given(a.Protocol != "", "protocol", a.Protocol)
	given(a.Scope != "", "scope", a.Scope)
	given(a.Prefsrc.IsValid(), "prefsrc", a.Prefsrc.String())
	given(a.Metric != nil, "metric", a.Metric)
	o.add("flags", []string{})
	if !inet6 {
		given(a.Mark != 0, "mark", a.Mark)
		given(a.Realms != fib.Realms{}, "flow", realmsObject(a.Realms))
		given(a.UID != nil, "uid", a.UID)
		o.add("cache", append([]string{}, a.Cache...))
	}
	given(a.Metrics != "", "metrics", []any{metricsJSON(a.Metrics)})
	given(a.IIF != "", "iif", a.IIF)
	given(a.Pref != "", "pref", a.Pref)
	return o
}

// realmsObject has the realms as texts, as ip(8) prints them.
func realmsObject(r fib.Realms) map[string]string {
	o := map[string]string{"to": strconv.FormatInt(r.To, 10)}
	if r.From != 0 {
		o["from"] = strconv.FormatInt(r.From, 10)
	}
	return o
}

// metricsJSON is the object of the metrics; a list of features becomes a key
// for each, as ip(8) has them.
func metricsJSON(text string) json.RawMessage {
	keys, values := members(metricsObject(text))
	o := &jsonObject{}
	for i, key := range keys {
		if key == "features" {
			for _, name := range listOf(string(values[i])) {
				o.add(name, nil)
			}
			continue
		}
		o.add(key, values[i])
	}
	whole, _ := o.text() // of values that were read as JSON
	return json.RawMessage(whole)
}
