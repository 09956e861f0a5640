package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

func TestWritePage(t *testing.T) {
	long := strings.Repeat("0123456789", 4)
	wide := given{columns: []string{"name", "at_us", "text"}, rows: [][]any{{"eth0", int64(1795524121169776), long}, {"lo", nil, "日本" + long}}}
	tests := []struct {
		name         string
		width        int
		format, want string
		note         string
	}{
		{"no end", 0, "table", `
+------+------------------+----------------------------------------------+
| name | at_us            | text                                         |
+------+------------------+----------------------------------------------+
| eth0 | 1795524121169776 | 0123456789012345678901234567890123456789     |
| lo   |                  | 日本0123456789012345678901234567890123456789 |
+------+------------------+----------------------------------------------+
`, ""},
		{"the longest is shortened", 56, "table", `
+------+------------------+----------------------------+
| name | at_us            | text                       |
+------+------------------+----------------------------+
| eth0 | 1795524121169776 | 0123456789012345678901234… |
| lo   |                  | 日本012345678901234567890… |
+------+------------------+----------------------------+
`, "shortened to fit"},
		{"no room", 40, "box", `
 name = eth0
at_us = 1795524121169776
 text = 0123456789012345678901234567890…

 name = lo
 text = 日本012345678901234567890123456…
`, "3 columns have no room"},
		{"a line is whole", 40, "line", `
 name = eth0
at_us = 1795524121169776
 text = ` + long + `

 name = lo
at_us = 
 text = 日本` + long + `
`, ""},
	}
	for _, tt := range tests {
		var got strings.Builder
		note, rows := "", wide
		p := Page{Width: tt.width, Note: func(text string) { note += text }}
		if err := write(&got, p, tt.format, &rows); err != nil || got.String() != tt.want[1:] {
			t.Errorf("%s: %v\n%s\nwant\n%s", tt.name, err, got.String(), tt.want[1:])
		}
		if !strings.Contains(note, tt.note) || (note == "") != (tt.note == "") {
			t.Errorf("%s: note %q, want %q", tt.name, note, tt.note)
		}
	}
}

// No line of a table is wider than the page, whatever its columns hold, and
// what is shortened is so by no more than needs be.
func TestTableFits(t *testing.T) {
	values := []any{nil, int64(7), "eth0", "2001:db8:abcd:ef01:2345:6789:abcd:ef01/128", strings.Repeat("x", 3000), "日本語日本語日本語日本語日本語", 1.5, []byte{1, 2, 3}}
	for width := 20; width < 220; width += 7 {
		for columns := 1; columns < 12; columns++ {
			g := given{}
			for i := range columns {
				g.columns = append(g.columns, fmt.Sprintf("column_%d", i))
			}
			for row := range 4 {
				var line []any
				for i := range columns {
					line = append(line, values[(row*3+i*i+columns)%len(values)])
				}
				g.rows = append(g.rows, line)
			}
			var b strings.Builder
			isTable := true
			if err := write(&b, Page{Width: width, Note: func(text string) { isTable = !strings.Contains(text, "no room") }}, "box", &g); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			widest := slices.MaxFunc(lines, func(a, b string) int { return twwidth.Width(a) - twwidth.Width(b) })
			if got := twwidth.Width(widest); got > width || isTable && strings.Contains(b.String(), cut) && got < width-columns { // half a wide character is missing in each
				t.Fatalf("%d columns on %d: %d wide\n%s", columns, width, got, b.String())
			}
		}
	}
}

// A table that is too long to be held keeps to the page, too.
func TestLongTableFits(t *testing.T) {
	g := given{columns: []string{"text"}, err: errGiven}
	for range maxHeld/1000 + 1 {
		g.rows = append(g.rows, []any{strings.Repeat("x", 1000)})
	}
	g.rows = append(g.rows, []any{strings.Repeat("y", 2000)})
	var b strings.Builder
	if err := write(&b, Page{Width: 80}, "box", &g); !errors.Is(err, errGiven) {
		t.Error(err)
	}
	for line := range strings.Lines(b.String()) {
		if twwidth.Width(strings.TrimSuffix(line, "\n")) != 80 {
			t.Fatalf("%q", line)
		}
	}
}
