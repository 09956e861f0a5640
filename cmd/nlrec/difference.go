package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nlrec/recorder"
	"nlrec/rtnl"
)

// difference is a recorder.Difference for people and programs.
type difference struct {
	Kind   string         `json:"kind"`
	Key    map[string]any `json:"key"`
	In     string         `json:"in"`               // file, kernel: only there; both: it differs; order: only its place does
	State  map[string]any `json:"state,omitempty"`  // of what is on one side only
	Differ []column       `json:"differ,omitempty"` // of what is on both
	name   string
	detail string
}

// column is one whose values differ; of nested data what differs in it.
type column struct {
	Name   string `json:"column"`
	File   any    `json:"file"`
	Kernel any    `json:"kernel"`
}

// describe words what was found; lines know the names of links.
func describe(found recorder.Difference, lines *changeLines) difference {
	listed := func(columns []string, row rtnl.Row) string {
		var b strings.Builder
		for i, v := range row {
			lines.pair(&b, columns[i], v)
		}
		return b.String()
	}
	k := found.Kind
	key, values := k.Columns[:len(found.Key)], k.Columns[len(found.Key):]
	d := difference{Kind: k.Name, Key: named(key, found.Key), name: k.Name + listed(key, found.Key)}
	switch {
	case found.Kernel == nil:
		d.In, d.State, d.detail = "file", named(values, found.File), listed(values, found.File)
	case found.File == nil:
		d.In, d.State, d.detail = "kernel", named(values, found.Kernel), listed(values, found.Kernel)
	case found.Order:
		d.In, d.detail = "order", listed(values, found.Kernel)
	default:
		d.In = "both"
		for i, c := range values {
			other := slices.Clone(found.File)
			if other[i] = found.Kernel[i]; !k.Same(found.File, other) {
				d.Differ = append(d.Differ, leaves(c, found.File[i], found.Kernel[i])...)
			}
		}
	}
	return d
}

// named returns the values that are there, by column.
func named(columns []string, row rtnl.Row) map[string]any {
	values := map[string]any{}
	for i, v := range row {
		if v != nil {
			values[columns[i]] = v
		}
	}
	return values
}

// leaves tells where two values of a column differ.
func leaves(name string, file, kernel any) (differ []column) {
	if file == kernel {
		return nil
	}
	f, k := nested(file), nested(kernel)
	if f == nil || k == nil {
		return []column{{name, file, kernel}}
	}
	keys := maps.Clone(f)
	maps.Copy(keys, k)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		differ = append(differ, leaves(name+"."+key, scalar(f[key]), scalar(k[key]))...)
	}
	return differ
}

func (d difference) String() string {
	detail := d.detail
	if detail != "" {
		detail = "," + detail
	}
	switch d.In {
	case "file":
		return d.name + ": only in the recording" + detail
	case "kernel":
		return d.name + ": only in the kernel" + detail
	case "order":
		return d.name + ": in another order; the kernel has here" + d.detail
	}
	var columns []string
	for _, c := range d.Differ {
		columns = append(columns, fmt.Sprintf("%s: %s (recording) %s (kernel)", c.Name, spelled(c.File), spelled(c.Kernel)))
	}
	return d.name + ": differs in " + strings.Join(columns, ", ")
}

func spelled(v any) string {
	if v == nil {
		return "none"
	}
	return short(fmt.Sprint(v))
}

// nested returns the object that a JSON text is, or nil.
func nested(v any) (object map[string]json.RawMessage) {
	if text, ok := v.(string); ok && strings.HasPrefix(text, "{") {
		_ = json.Unmarshal([]byte(text), &object) // what is no object is text
	}
	return object
}

func scalar(v json.RawMessage) any {
	if v == nil {
		return nil
	}
	return string(v)
}

func short(text string) string {
	if len(text) <= longest {
		return text
	}
	return text[:longest] + "…"
}
