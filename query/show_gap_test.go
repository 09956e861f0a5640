package query

import (
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// A question is warned of the gaps of what it is about, then and now, and that
// what is now is old.
func TestShowWarnings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(t0-second, t0)
	r.Set(t0+1*second, rtnl.Link, link(1, "eth0"))
	r.Gap(nil, t0+2*second, t0+3*second, "overrun")
	r.Gap(rtnl.Neighbour, t0+4*second, t0+5*second, "dump not settled")
	r.Gap(rtnl.Rule, t0+8*second, 0, "group refused")
	r.Close(t0 + 10*second)
	tests := []struct{ kind, at, want string }{
		{"link", "2026-05-01 10:00:02.5", "overrun"},
		{"link", "2026-05-01 10:00:04.5", ""},
		{"neighbour", "2026-05-01 10:00:04.5", "dump not settled"},
		{"address", "2026-05-01 10:00:04.5", ""},
		{"rule", "2026-05-01 10:00:09", "group refused"},
		{"rule", "", "nothing is recorded since 2026-05-01T10:00:10.000000Z|group refused"},
		{"link", "", "nothing is recorded since 2026-05-01T10:00:10.000000Z"},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+tt.at, func(t *testing.T) {
			k, err := FindKind(tt.kind)
			if err != nil {
				t.Fatal(err)
			}
			var warnings []string
			o := options(tt.at)
			o.Kinds, o.Warn = ShownWith(k), func(text string) { warnings = append(warnings, text) }
			r, err := Open(t.Context(), path, o)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if tt.at == "" {
				if err := r.WarnOfPresent(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			want := strings.FieldsFunc(tt.want, func(r rune) bool { return r == '|' })
			if len(warnings) != len(want) {
				t.Fatalf("warned of %q, want %q", warnings, want)
			}
			for i := range want {
				if !strings.Contains(warnings[i], want[i]) {
					t.Errorf("warned of %q, want %q", warnings[i], want[i])
				}
			}
		})
	}
}
