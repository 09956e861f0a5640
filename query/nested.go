package query

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// written are columns with what somebody wrote, which may look like anything; "via"
// is a name where it is no object, as names have no colons.
var written = []string{"ifname", "dev", "interface", "link", "master", "iif", "oif", "iif_dev", "ifalias", "label", "qdisc", "info_kind", "info_slave_kind",
	"phys_port_name", "parentdev", "parentbus"}

// IsNone reports whether a column has no value, or an empty list.
func IsNone(column string, v any) bool {
	return v == nil || v == "" || v == "[]" && !isWritten(column, v)
}

func isWritten(column string, v any) bool {
	text, _ := v.(string)
	return slices.Contains(written, column) || column == "via" && strings.HasPrefix(text, "[")
}

// nested reads JSON text of a column that holds an object or an array; nil: it is neither.
func nested(column string, v any) any {
	text, ok := v.(string)
	if !ok || isWritten(column, v) || !strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "{") {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(unicodeText(text)))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil || d.More() {
		return nil
	}
	return value
}

// firstWords are keys that come first where nested data is written as words,
// as ip(8) has them.
var firstWords = []string{"id", "gateway", "via", "dev", "weight"}

// flat writes nested data as few words: keys and values in turn, the members
// of a list parted by commas. What is empty, and the index beside a name, is
// left out.
func flat(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var words []string
		for _, key := range slices.SortedFunc(maps.Keys(v), byWord) {
			twin := nameBeside[key]
			if text := flat(v[key]); text != "" && (twin == "" || v[twin] == nil) {
				words = append(words, strings.Replace(key, "gateway", "via", 1)+" "+text)
			}
		}
		return "{" + strings.Join(words, " ") + "}"
	case []any:
		var words []string
		for _, member := range v {
			words = append(words, flat(member))
		}
		return strings.Join(words, ",")
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

func byWord(a, b string) int {
	place := func(key string) int {
		return (slices.Index(firstWords, key) + len(firstWords) + 1) % (len(firstWords) + 1)
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
}

// A difference is a column, or a place within its nested data, that two rows
// have different values in.
type difference struct {
	name    string
	was, is any
}

// leaves lists where two values differ; of nested objects what in them does.
func leaves(name string, was, is any) []difference {
	before, wasObject := nested(name, was).(map[string]any)
	after, isObject := nested(name, is).(map[string]any)
	if !wasObject || !isObject {
		return []difference{{name, was, is}}
	}
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	var found []difference
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if old, now := jsonText(before[key]), jsonText(after[key]); old != now {
			found = append(found, leaves(name+"."+key, old, now)...)
		}
	}
	return found
}

// jsonText returns a member of an object as a value of a column has it.
func jsonText(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return v
	case map[string]any, []any:
		text, _ := json.Marshal(v) // it came from JSON
		return string(text)
	}
	return fmt.Sprint(v)
}

// members returns the texts of a list of texts; ok is false for anything else.
func members(column string, v any) (texts []string, ok bool) {
	list, ok := nested(column, v).([]any)
	for _, member := range list {
		text, isText := member.(string)
		ok = ok && isText
		texts = append(texts, text)
	}
	return texts, ok
}

func anys(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}
