package main

import (
	"io"
	"strings"
	"testing"
)

func TestFitted(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"it fits", "0123456789 0123456789 0123456789 0123456", "0123456789 0123456789 0123456789 0123456"},
		{"words", "0123456789 0123456789 0123456789 012345678", "0123456789 0123456789 0123456789\n    012345678"},
		{"its own indent", "    0123456789 0123456789 0123456789 0123456789", "    0123456789 0123456789 0123456789\n        0123456789"},
		{"a tab", "\tnexthop via 2001:db8:1::1 dev eth0 weight 1", "\tnexthop via 2001:db8:1::1 dev\n            eth0 weight 1"},
		{"columns", "ok      pages     SQLite finds the file whole", "ok      pages     SQLite finds the file\n                  whole"},
		{"narrow columns", "changes  outages  longest  route 10.0.0.0/8 metric 20", "changes  outages  longest  route\n    10.0.0.0/8 metric 20"},
		{"a long word", "file  /0123456789/0123456789/0123456789/0123456789 x", "file  /0123456789/0123456789/0123456789/0123456789\n      x"},
		{"colours", "\x1b[36mlink\x1b[0m \x1b[33m0123456789\x1b[0m 0123456789 0123456789", "\x1b[36mlink\x1b[0m \x1b[33m0123456789\x1b[0m 0123456789 0123456789"},
		{"wide letters", "日本語日本語日本語 日本語日本語 日本語日", "日本語日本語日本語 日本語日本語 日本語日"}, {"wide letters that do not fit", "日本語日本語日本語 日本語日本語 日本語日本", "日本語日本語日本語 日本語日本語\n    日本語日本"},
	}
	for _, tt := range tests {
		if got := fitted(tt.line, 40); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestFlowing(t *testing.T) {
	text := "0123456789 0123456789\n0123 45\n\n  a list that may be wider\nshort\n"
	for width, want := range map[int]string{
		0: text, 21: "0123456789 0123456789\n0123 45\n\n  a list that may be wider\nshort\n", 20: "0123456789\n0123456789 0123 45\n\n  a list that may be wider\nshort\n",
	} {
		if got := flowing(text, width); got != want {
			t.Errorf("%d:\n%s\nwant\n%s", width, got, want)
		}
	}
}

// Lines may come in pieces.
func TestWrapper(t *testing.T) {
	var b strings.Builder
	w := &wrapper{w: &b, width: 10}
	for _, piece := range []string{"one tw", "o three\nfour", "", "\n", "five six seven"} {
		if _, err := io.WriteString(w, piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.end(); err != nil || b.String() != "one two\n    three\nfour\nfive six\n    seven" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
