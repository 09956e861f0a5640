package query

// How a table fits a terminal. A line that is wider than the terminal goes on in
// the next, and a table of such lines cannot be read. So where a table is too
// wide, its longest values are shortened, the longest most. What people compare
// or look for is left whole: numbers, names of columns, and what is no longer
// than most addresses. Where the columns have no room even so, each value that
// there is has a line of its own.

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/tw"
)

// A Page is what answers are written on. The zero value has no end.
type Page struct {
	Width    int          // columns of the terminal; 0: lines have no end
	Terminal bool         // what is written is obeyed
	Note     func(string) // is told what had no room; nil: nobody is
	Null     string       // stands for NULL, but in JSON
	Unnamed  bool         // csv and tsv begin with the first row
}

func (p Page) note(format string, args ...any) {
	if p.Note != nil {
		p.Note(fmt.Sprintf(format, args...))
	}
}

// leastWidth is what a value is not shortened below: IPv4 prefixes, addresses of
// links and names of interfaces stay whole.
const leastWidth = 20

// cut is what stands where a value goes on.
const cut = "…"

// A held table is what is known of one before any of it is drawn.
type held struct {
	header  []string
	lines   [][]string
	numeric []bool // columns that hold nothing but numbers
}

// hold reads rows until there are no more, or so many that the widths of the
// columns are decided by them. It reports whether rows are left.
func hold(rows source) (h held, more bool, err error) {
	h.header = cells(rows.Columns())
	h.numeric = slices.Repeat([]bool{true}, len(h.header))
	for size := 0; size < maxHeld; {
		row, err := rows.Next()
		if row == nil || err != nil {
			return h, false, err
		}
		for i, v := range row {
			_, isText := v.(string)
			_, isOctets := v.([]byte)
			h.numeric[i] = h.numeric[i] && !isText && !isOctets
		}
		line := visibleRow(row)
		h.lines = append(h.lines, line)
		for _, cell := range line {
			size += len(cell) + cellCost
		}
	}
	return h, true, nil
}

// room returns how wide the columns of a table may be, nil when they do not fit.
func (p Page) room(h held) []int {
	widths := widthsOf(h.header, h.lines)
	least, free := make([]int, len(widths)), p.Width-len("|")-len("  |")*len(widths)
	for i, width := range widths {
		least[i] = min(width, max(leastWidth, twwidth.Width(h.header[i])))
		if h.numeric[i] {
			least[i] = width
		}
	}
	for most := free; most >= 0; most-- {
		sum, allowed := 0, make([]int, len(widths))
		for i, width := range widths {
			allowed[i] = min(width, max(least[i], most))
			sum += allowed[i]
		}
		for i := range allowed {
			if sum < free && allowed[i] < widths[i] {
				allowed[i]++ // what is left over of dividing
				sum++
			}
		}
		if sum <= free {
			return allowed
		}
	}
	return nil
}

// writeTable draws a table, as wide as the page has room.
func writeTable(w *bufio.Writer, p Page, style tw.BorderStyle, rows source) error {
	h, more, err := hold(rows)
	if len(h.header) == 0 {
		return err
	}
	widths := widthsOf(h.header, h.lines)
	if p.Width > 0 {
		if widths = p.room(h); widths == nil {
			p.note("%d columns have no room beside each other: each value that there is has a line, and ends in %s where it is longer; -o line shows all of it", len(h.header), cut)
			if !more {
				rows = nil
			}
			return errors.Join(p.writeRecords(w, h, rows), err)
		}
		if h.shorten(widths) {
			p.note("what ends in %s is shortened to fit the terminal; -o line shows all of it", cut)
		}
	}
	symbols := tw.NewSymbols(style)
	if more {
		return drawLong(w, symbols, p.Width > 0, widths, h, rows)
	}
	return errors.Join(drawTable(w, symbols, h.header, h.lines), err)
}

// shorten makes values as wide as their columns, and reports whether any was
// wider.
func (h held) shorten(widths []int) (any bool) {
	for _, line := range h.lines {
		any = shortenLine(line, widths) || any
	}
	return any
}

func shortenLine(line []string, widths []int) (any bool) {
	for i, cell := range line {
		if len(cell) > widths[i] { // as wide as that at most
			line[i] = shortened(cell, widths[i])
			any = any || line[i] != cell
		}
	}
	return any
}

// shortened returns a text that is no wider than a number of columns.
func shortened(text string, width int) string {
	if twwidth.Width(text) <= width {
		return text
	}
	return twwidth.Truncate(text, width, cut)
}

// writeRecords writes what has no room as a table: each value on a line. There
// may be no rest.
func (p Page) writeRecords(w *bufio.Writer, h held, rest source) error {
	record := recordWriter(w, h.header, p.Width)
	for _, line := range h.lines {
		if err := record(line); err != nil {
			return err
		}
	}
	if rest == nil {
		return nil
	}
	return eachVisible(rest, record)
}

// recordWriter returns a function that writes a row with each value on a line,
// and an empty line between rows. With a width it shortens lines, and leaves out
// values that are empty, but for the first.
func recordWriter(w *bufio.Writer, names []string, width int) func([]string) error {
	indent, first := 0, true
	for _, name := range names {
		indent = max(indent, twwidth.Width(name))
	}
	return func(row []string) (err error) {
		if !first {
			w.WriteString("\n")
		}
		first = false
		for i, text := range row {
			if width > 0 && i > 0 && text == "" {
				continue
			}
			line := strings.Repeat(" ", indent-twwidth.Width(names[i])) + names[i] + " = " + text
			if width > 0 {
				line = shortened(line, width)
			}
			_, err = w.WriteString(line + "\n")
		}
		return err
	}
}

// eachVisible calls f for each row as texts.
func eachVisible(rows source, f func([]string) error) error {
	for {
		row, err := rows.Next()
		if row == nil || err != nil {
			return err
		}
		if err := f(visibleRow(row)); err != nil {
			return err
		}
	}
}
