package rtnl

import (
	"encoding/json"
	"testing"
)

// FuzzDecode feeds arbitrary bodies to every kind: the first octet says which.
func FuzzDecode(f *testing.F) {
	kinds := Kinds()
	for i, k := range kinds {
		for _, path := range golden(f, k, "*.hex") {
			f.Add(append([]byte{byte(i)}, readHex(f, path)...))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) == 0 {
			return
		}
		k := kinds[int(input[0])%len(kinds)]
		if k.Name == "" {
			return
		}
		row, err := k.Decode(input[1:])
		if err != nil {
			return
		}
		checkRow(t, k, row, 64*len(input)+4096)
	})
}

// checkRow reports what a row must not be, whatever it was decoded from.
func checkRow(t *testing.T, k *Kind, row Row, limit int) {
	t.Helper()
	if len(row) != len(k.Columns) {
		t.Fatalf("%s: %d values for %d columns", k.Name, len(row), len(k.Columns))
	}
	size := 0
	for i, v := range row {
		switch v := v.(type) {
		case nil, int64:
		case string:
			size += len(v)
		default:
			t.Errorf("%s.%s is a %T", k.Name, k.Columns[i], v)
		}
		if plain := plainText(k.Columns[i]); !plain && isJSON(v) && !json.Valid([]byte(v.(string))) {
			t.Errorf("%s.%s is no JSON: %s", k.Name, k.Columns[i], v)
		}
	}
	if size > limit {
		t.Errorf("%s: %d octets of text, want at most %d", k.Name, size, limit)
	}
}

// plainText reports whether a column holds what somebody wrote, and may begin
// with any character.
func plainText(column string) bool {
	switch column {
	case "ifname", "ifalias", "qdisc", "info_kind", "info_slave_kind", "phys_port_name", "parentdev", "parentbus",
		"label", "iif", "oif":
		return true
	}
	return false
}
