package main

import (
	"bufio"
	"strings"
	"testing"

	"nlrec/query"
)

func TestLines(t *testing.T) {
	pieces := []query.Piece{{Role: query.When, Text: "12:00"}, {Role: query.Came, Text: "+ link eth0"}, {Role: query.Plain, Text: "mtu 1500"}}
	tests := []struct {
		name     string
		coloured bool
		width    int
		want     string
	}{
		{"elsewhere", false, 0, "12:00 + link eth0 mtu 1500\n"},
		{"wide", false, 80, "12:00 + link eth0 mtu 1500\n"},
		{"as wide as the line", false, 26, "12:00 + link eth0 mtu 1500\n"},
		{"a column less", false, 25, "12:00 + link eth0 mtu\n    1500\n"},
		{"narrow", false, 12, "12:00 + link\n    eth0 mtu\n    1500\n"},
		{"narrower than a word", false, 3, "12:00\n    +\n    link\n    eth0\n    mtu\n    1500\n"},
		{"coloured", true, 0, "\x1b[2m12:00\x1b[0m \x1b[32m+ link eth0\x1b[0m mtu 1500\n"},
	}
	for _, tt := range tests {
		var b strings.Builder
		w := &lineWriter{Writer: bufio.NewWriter(&b), coloured: tt.coloured, width: tt.width}
		if err := w.line(pieces); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		if got := b.String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWantsColour(t *testing.T) {
	tests := []struct {
		name, flag string
		terminal   bool
		env        map[string]string
		want       bool
	}{
		{"terminal", "auto", true, nil, true},
		{"pipe", "auto", false, nil, false},
		{"no colour", "auto", true, map[string]string{"NO_COLOR": "1", "FORCE_COLOR": "1"}, false},
		{"forced", "auto", false, map[string]string{"FORCE_COLOR": "1"}, true},
		{"forced by another name", "auto", false, map[string]string{"CLICOLOR_FORCE": "1"}, true},
		{"not forced", "auto", false, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{"dumb", "auto", true, map[string]string{"TERM": "dumb"}, false},
		{"always", "always", false, map[string]string{"NO_COLOR": "1"}, true},
		{"never", "never", true, map[string]string{"FORCE_COLOR": "1"}, false},
	}
	for _, tt := range tests {
		got, err := wantsColour(tt.flag, tt.terminal, func(name string) string { return tt.env[name] })
		if err != nil || got != tt.want {
			t.Errorf("%s: %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
}
