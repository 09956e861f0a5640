package query

import (
	"slices"
	"testing"

	"nlrec/rtnl"
)

// The columns that filters know of are those of the catalog.
func TestColumnsOf(t *testing.T) {
	for _, table := range catalog(t) {
		i := slices.IndexFunc(rtnl.Kinds(), func(k *rtnl.Kind) bool { return k.Name == table.Name })
		if i < 0 {
			continue
		}
		if columns, err := columnsOf(rtnl.Kinds()[i]); err != nil || !slices.Equal(columns, table.Columns) {
			t.Errorf("%s: %v, %v; want %v", table.Name, columns, err, table.Columns)
		}
	}
}

func BenchmarkParseSelection(b *testing.B) {
	for range b.N {
		if _, err := ParseSelection([]string{"dev", "eth0"}); err != nil {
			b.Fatal(err)
		}
	}
}
