package iptest

import (
	"slices"
	"strings"
	"testing"

	"nlrec/query"
)

func snapshot(rows ...row) Snapshot { return Snapshot{"link": texts("link", rows)} }

// What one side says and the other does not is a difference, at any depth,
// unless a table leaves it out.
func TestDifferences(t *testing.T) {
	link := func(more ...any) row {
		r := row{"ifname": "a"}
		for i := 0; i < len(more); i += 2 {
			r[more[i].(string)] = more[i+1]
		}
		return r
	}
	nested := func(key string) map[string]any { return map[string]any{key: 1} }
	tests := []struct {
		name              string
		kernel, recording Snapshot
		want              int // lines
	}{
		{"the same", snapshot(link("mtu", 1)), snapshot(link("mtu", 1)), 0},
		{"a key that nothing covers", snapshot(link("new", 1)), snapshot(link()), 2},
		{"one inside", snapshot(link("info_data", nested("new"))), snapshot(link("info_data", nested("id"))), 2},
		{"a column that ip does not print", snapshot(link()), snapshot(link("mtu", 1)), 2},
		{"a counter", snapshot(link("info_data", nested("gc_timer"))), snapshot(link()), 0},
		{"what ip does not know", snapshot(link()), snapshot(link("headroom", 1)), 0},
		{"empty is nothing", snapshot(link("flags", []any{})), snapshot(link("flags", nil)), 0},
		{"order in a list", snapshot(link("x", []any{1, 2})), snapshot(link("x", []any{2, 1})), 2},
		{"twice and once", snapshot(link(), link()), snapshot(link()), 1},
		{"what need not be recorded", snapshot(link("perhaps", true)), snapshot(), 0},
		{"and is", snapshot(link("perhaps", true)), snapshot(link()), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Differences(tt.kernel, tt.recording); strings.Count(got, "\n") != tt.want {
				t.Errorf("%d lines, want %d:\n%s", strings.Count(got, "\n"), tt.want, got)
			}
		})
	}
}

// The tables speak of columns that exist.
func TestTables(t *testing.T) {
	catalog, err := query.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	for path := range unprinted {
		parts := strings.Split(path, ".")
		i := slices.IndexFunc(catalog, func(table query.Table) bool { return table.Name == parts[0] })
		if i < 0 || parts[1] != "nh_info" && !slices.ContainsFunc(catalog[i].Columns, func(c query.Column) bool { return c.Name == parts[1] }) {
			t.Errorf("%s: no such column", path)
		}
	}
}
