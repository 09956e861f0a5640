package query

import (
	"bufio"
	"errors"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/tw"
)

// maxDrawn is how many rows tablewriter draws. It takes 15 µs a row and wants
// each in memory many times; larger tables are drawn by padTable, which makes
// the same lines.
const maxDrawn = 2000

const (
	boxStyle   = tw.StyleLight
	asciiStyle = tw.StyleASCII
)

// maxHeld is how many octets of a table are held to find how wide the columns
// are; cellCost is what a cell takes beside its text.
const (
	maxHeld  = 48 << 20
	cellCost = 40
)

func visibleRow(row []any) []string {
	line := make([]string, len(row))
	for i, v := range row {
		line[i] = Visible(valueText(v))
	}
	return line
}

// drawLong draws a table that is too long to be held: its columns are as wide
// as the lines until then need, and what is wider later is shortened, or sticks
// out.
func drawLong(w *bufio.Writer, s tw.Symbols, fits bool, widths []int, h held, rows source) error {
	padLines(w, s, widths, h.header, h.lines)
	err := eachVisible(rows, func(line []string) error {
		if fits {
			shortenLine(line, widths)
		}
		return padLine(w, widths, s.Column(), line)
	})
	return errors.Join(err, padEnd(w, s, widths))
}

func cells(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = Visible(text)
	}
	return out
}

func drawTable(w *bufio.Writer, symbols tw.Symbols, header []string, lines [][]string) error {
	if len(lines) > maxDrawn {
		return padTable(w, symbols, header, lines)
	}
	return libraryTable(w, symbols, header, lines)
}

// libraryTable draws with tablewriter. Left to itself, it would change names
// and values: upper case, no underscores, no outer spaces, broken lines.
func libraryTable(w *bufio.Writer, symbols tw.Symbols, header []string, lines [][]string) error {
	t := tablewriter.NewTable(w,
		tablewriter.WithSymbols(symbols),
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithRowAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft), tablewriter.WithRowAlignment(tw.AlignLeft),
		tablewriter.WithTrimSpace(tw.Off), tablewriter.WithTrimTab(tw.Off), tablewriter.WithTrimLine(tw.Off),
	)
	t.Header(header)
	if err := t.Bulk(lines); err != nil {
		return err
	}
	return t.Render()
}

// padTable draws what libraryTable would, in two passes over the cells.
func padTable(w *bufio.Writer, s tw.Symbols, header []string, lines [][]string) error {
	widths := widthsOf(header, lines)
	padLines(w, s, widths, header, lines)
	return padEnd(w, s, widths)
}

func widthsOf(header []string, lines [][]string) []int {
	widths := make([]int, len(header))
	for _, line := range append(lines, header) {
		for i, cell := range line {
			widths[i] = max(widths[i], twwidth.Width(cell))
		}
	}
	return widths
}

func padLines(w *bufio.Writer, s tw.Symbols, widths []int, header []string, lines [][]string) {
	rule(w, widths, s.Row(), s.TopLeft(), s.TopMid(), s.TopRight())
	padLine(w, widths, s.Column(), header)
	rule(w, widths, s.Row(), s.MidLeft(), s.Center(), s.MidRight())
	for _, line := range lines {
		padLine(w, widths, s.Column(), line)
	}
}

func padEnd(w *bufio.Writer, s tw.Symbols, widths []int) error {
	return rule(w, widths, s.Row(), s.BottomLeft(), s.BottomMid(), s.BottomRight())
}

func rule(w *bufio.Writer, widths []int, row, left, middle, right string) error {
	for i, width := range widths {
		w.WriteString(left + strings.Repeat(row, width+2))
		if left = middle; i == len(widths)-1 {
			left = right
		}
	}
	_, err := w.WriteString(left + "\n")
	return err
}

func padLine(w *bufio.Writer, widths []int, column string, line []string) error {
	for i, cell := range line {
		w.WriteString(column + " " + cell + strings.Repeat(" ", max(0, widths[i]-twwidth.Width(cell))+1))
	}
	_, err := w.WriteString(column + "\n")
	return err
}
