// Package iptest compares what nlrec recorded with what ip(8) says of the
// kernel, in the columns of the views: an oracle that shares no decoder with
// it. Every key that ip prints is compared with the column or JSON key of the
// same name, and every column with what ip prints; what is left out stands in
// the two tables of tables.go. A key that nothing covers is a difference.
package iptest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"nlrec/query"
)

// row is an object by the names of the view's columns; nil is as good as
// nothing. JSON is decoded, with numbers as json.Number.
type row map[string]any

// TB is what a test fails by, in testing or in rapid.
type TB interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Cleanup(func())
}

// A Snapshot is the rows of each kind, as text that sorts and compares.
type Snapshot map[string][]string

// oracles are the kinds, how to ask ip for them in the columns of the view,
// and how the view's rows become what ip can say of them.
var oracles = []struct {
	kind   string
	ask    func(t TB) []row
	shaped func(recorded []row, all map[string][]row) []row
}{
	{"link", askLinks, shapeLinks},
	{"address", askAddresses, shapeAddresses},
	{"nexthop", askNexthops, shapeNexthops},
	{"route", askRoutes, shapeRoutes},
	{"neighbour", askNeighbours, shapeNeighbours},
	{"rule", askRules, shapeRules},
	{"netconf", askNetconf, shapeNetconf},
}

// Kernel asks ip for everything.
func Kernel(t TB) Snapshot {
	t.Helper()
	s := Snapshot{}
	for _, o := range oracles {
		s[o.kind] = texts(o.kind, o.ask(t))
	}
	return s
}

// Question is the SQL that Recording wants the rows of: of every kind, now or
// as of an instant, a row with all columns of its view as a JSON object.
func Question() string {
	var arms []string
	columns := columns()
	for _, o := range oracles {
		var pairs []string
		for _, column := range columns[o.kind] {
			pairs = append(pairs, fmt.Sprintf("'%s', %[1]s", column.Name))
		}
		arms = append(arms, fmt.Sprintf("SELECT '%s' AS kind, json_object(%s) AS columns FROM %[1]s", o.kind, strings.Join(pairs, ", ")))
	}
	return strings.Join(arms, " UNION ALL ")
}

// columns are those of each view, but for those that tell of the recording and
// not of the object.
func columns() map[string][]query.Column {
	catalog, err := query.Catalog()
	if err != nil {
		panic(err) // the SQL is part of the program
	}
	of := map[string][]query.Column{}
	for _, t := range catalog {
		of[t.Name] = slices.DeleteFunc(slices.Clone(t.Columns), func(c query.Column) bool {
			return slices.Contains(ofRecording, c.Name)
		})
	}
	return of
}

// Recording reads the answer to Question, as "nlrec query -o json" prints it.
func Recording(t TB, answer string) Snapshot {
	t.Helper()
	var rows []struct{ Kind, Columns string }
	decode(t, answer, &rows)
	byKind := map[string][]row{}
	columns := columns()
	for _, object := range rows {
		var r row
		decode(t, object.Columns, &r)
		for _, column := range columns[object.Kind] {
			if text, ok := r[column.Name].(string); ok && strings.HasPrefix(column.Meaning, "JSON") {
				var nested any
				decode(t, text, &nested)
				r[column.Name] = nested
			}
		}
		byKind[object.Kind] = append(byKind[object.Kind], r)
	}
	s := Snapshot{}
	for _, o := range oracles {
		s[o.kind] = texts(o.kind, o.shaped(byKind[o.kind], byKind))
	}
	return s
}

// texts writes rows so that they can be compared: each key and its value as
// JSON, sorted, less what the tables leave out.
func texts(kind string, rows []row) []string {
	lines := make([]string, 0, len(rows))
	for _, r := range rows {
		pruned := prune(kind, map[string]any(r)).(map[string]any)
		var b strings.Builder
		if r["perhaps"] != nil {
			b.WriteString(perhaps)
			delete(pruned, "perhaps")
		}
		keys := slices.Sorted(maps.Keys(pruned))
		for _, key := range keys {
			text, _ := json.Marshal(pruned[key])
			fmt.Fprintf(&b, " %s=%s", key, text)
		}
		lines = append(lines, b.String())
	}
	sort.Strings(lines)
	return lines
}

// prune takes away what the tables leave out and what is nil or empty, at any
// depth. path is the kind and the keys down to v, with dots between them.
func prune(path string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		left := map[string]any{}
		for key, value := range v {
			below := path + "." + key
			if counters[below] || unprinted[below] {
				continue
			}
			if value = prune(below, value); value != nil {
				left[key] = value
			}
		}
		if len(left) == 0 && strings.Contains(path, ".") {
			return nil
		}
		return left
	case []any:
		left := []any{}
		for _, value := range v {
			left = append(left, prune(path, value))
		}
		if len(left) == 0 {
			return nil
		}
		return left
	}
	return v
}

// Differences says where two snapshots differ; empty: nowhere.
func Differences(kernel, recording Snapshot) string {
	var b strings.Builder
	for _, o := range oracles {
		left := slices.Clone(recording[o.kind])
		var missing []string
		for _, line := range kernel[o.kind] {
			sure, doubtful := strings.CutPrefix(line, perhaps)
			if i := slices.IndexFunc(left, func(l string) bool { return l == line || l == sure }); i >= 0 {
				left = slices.Delete(left, i, i+1)
			} else if !doubtful {
				missing = append(missing, line)
			}
		}
		left = slices.DeleteFunc(left, func(line string) bool { return strings.HasPrefix(line, perhaps) })
		for _, line := range missing {
			fmt.Fprintf(&b, "%s only in the kernel:   %s\n", o.kind, line)
		}
		for _, line := range left {
			fmt.Fprintf(&b, "%s only in the recording:%s\n", o.kind, line)
		}
	}
	return b.String()
}

// perhaps begins the line of an object of the kernel that need not be recorded.
const perhaps = " perhaps=true"
