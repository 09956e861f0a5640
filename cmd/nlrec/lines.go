package main

// How lines for people are written. On a terminal they have colours, unless
// $NO_COLOR or --color says otherwise, and one that is longer than the terminal
// is wide goes on in the next, indented. Elsewhere a record is a line, whole.

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/spf13/cobra"

	"nlrec/query"
)

// colours are what pieces of a line look like on a terminal.
var colours = map[query.Role]string{
	query.When: "\x1b[2m", query.Came: "\x1b[32m", query.Went: "\x1b[31m", query.Became: "\x1b[33m", query.Blind: "\x1b[1;35m", query.Aside: "\x1b[2m",
	query.Title: "\x1b[1m",
}

const plain = "\x1b[0m"

// lineWriter writes lines made of pieces.
type lineWriter struct {
	*bufio.Writer
	coloured bool
	width    int // of the terminal; 0: lines have no end
}

func newLineWriter(cmd *cobra.Command) (*lineWriter, error) {
	out := cmd.OutOrStdout()
	w := &lineWriter{Writer: bufio.NewWriterSize(out, 64<<10)}
	var err error
	if w.coloured, err = wantsColour(cmd.Flag("color").Value.String(), isTerminal(out), os.Getenv); err != nil {
		return nil, err
	}
	w.width = widthOf(out)
	return w, nil
}

// addColourFlag adds the flag that newLineWriter looks at.
func addColourFlag(cmd *cobra.Command) {
	cmd.Flags().String("color", "auto", "`WHEN` there are colours: auto (on a terminal, unless $NO_COLOR is set), always, never")
}

// wantsColour follows no-color.org and bixense.com/clicolors.
func wantsColour(flag string, terminal bool, getenv func(string) string) (bool, error) {
	switch flag {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
	default:
		return false, usageError{text: fmt.Sprintf("--color %s: there are auto, always, never", flag)}
	}
	switch {
	case getenv("NO_COLOR") != "":
		return false, nil
	case getenv("FORCE_COLOR") != "" || getenv("CLICOLOR_FORCE") != "" && getenv("CLICOLOR_FORCE") != "0":
		return true, nil
	}
	return terminal && getenv("TERM") != "dumb", nil
}

// titled returns what makes the first line that it gets a title; nil: lines have
// no colours.
func (w *lineWriter) titled() func(string) string {
	if !w.coloured {
		return nil
	}
	first := true
	return func(line string) string {
		if first {
			line = colours[query.Title] + line + plain
		}
		first = false
		return line
	}
}

// line writes one line.
func (w *lineWriter) line(pieces []query.Piece) error {
	column := 0
	for i, p := range pieces {
		if i > 0 {
			column = w.space(column, p.Text)
		}
		column = w.piece(p, column)
	}
	_, err := w.WriteString("\n")
	return err
}

// indent is how far lines that go on are indented.
const indent = 4

// space parts two words: by a space, or by a new line when the second has no
// room in this one. It returns the column where that begins.
func (w *lineWriter) space(column int, next string) int {
	first, _, _ := strings.Cut(next, " ")
	if w.width > 0 && column+1+twwidth.Width(first) > w.width && column > indent {
		w.WriteString("\n" + strings.Repeat(" ", indent))
		return indent
	}
	w.WriteString(" ")
	return column + 1
}

// piece writes a piece that begins in a column, and returns where it ends.
func (w *lineWriter) piece(p query.Piece, column int) int {
	colour := colours[p.Role]
	if w.coloured && colour != "" {
		w.WriteString(colour)
		defer w.WriteString(plain)
	}
	for i, word := range strings.Split(p.Text, " ") {
		if i > 0 {
			column = w.space(column, word)
		}
		w.WriteString(word)
		column += twwidth.Width(word)
	}
	return column
}
