package query

import (
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	tests := []struct{ name, sql, want string }{
		{"words and signs", "SELECT a.b,\n\tc FROM  d", "SELECT a . b , c FROM d"},
		{"quotes", `"a b" [c d] ` + "`e f`" + ` 'g '' h' x'00ff' "i""j"`, `"a b"|[c d]|` + "`e f`" + `|'g '' h'|x'00ff'|"i""j"`},
		{"comments", "a -- b\n/* c ' */ d", "a d"},
		{"numbers", "1 1.5e-3 0x1f 2+3", "1 1.5e-3 0x1f 2 + 3"},
		{"parameters", ":a @b $c ? ?12 a:b", ":a @b $c ? ?12 a :b"},
		{"a colon alone", "a : b", "a : b"},
		{"a quote that is not closed", "a 'b c", "a|'b c"},
		{"not ASCII", "sélect 'é'", "sélect 'é'"},
		{"nothing", " ", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var texts []string
			for _, k := range tokens(tt.sql) {
				if got := tt.sql[k.at:k.end()]; got != k.text {
					t.Errorf("%q is at %d, where %q stands", k.text, k.at, got)
				}
				texts = append(texts, k.text)
			}
			separator := " "
			if strings.Contains(tt.want, "|") {
				separator = "|"
			}
			if got := strings.Join(texts, separator); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
