package main

// How text for people goes on in the next line of a terminal: after a word, and
// indented, as far as its last column, or else somewhat further than its line.

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/spf13/cobra"
)

// A wrapper writes lines so that they fit a width.
type wrapper struct {
	w     io.Writer
	width int                 // 0: any
	paint func(string) string // gives a line colours; nil: it has none
	line  []byte              // what has come of the one that is not complete
}

// wrapped returns a writer that fits lines to a width, 0: any, and a function
// that writes the rest.
func wrapped(out io.Writer, width int) (w io.Writer, end func() error) {
	f := &wrapper{w: out, width: width}
	return f, f.end
}

// ipText returns a writer of the text of ip(8), and a function that writes the
// rest.
func ipText(cmd *cobra.Command) (w io.Writer, end func() error, err error) {
	out := cmd.OutOrStdout()
	f := &wrapper{w: out, width: widthOf(out)}
	coloured, err := wantsColour(cmd.Flag("color").Value.String(), isTerminal(out), os.Getenv)
	if coloured {
		f.paint = painted
	}
	return f, f.end, err
}

// Write writes the lines that are complete.
func (w *wrapper) Write(b []byte) (int, error) {
	for rest := b; ; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		w.line = append(w.line, line...)
		if !whole {
			return len(b), nil
		}
		if _, err := io.WriteString(w.w, w.look(string(w.line))+"\n"); err != nil {
			return 0, err
		}
		w.line, rest = w.line[:0], after
	}
}

// look is how a line looks.
func (w *wrapper) look(line string) string {
	if w.paint != nil {
		line = w.paint(line)
	}
	if w.width > 0 {
		line = fitted(line, w.width)
	}
	return line
}

func (w *wrapper) end() error {
	_, err := io.WriteString(w.w, w.look(string(w.line)))
	w.line = nil
	return err
}

// talker is standard error on a terminal. Its lines fit, but for hints, which are
// there to be copied.
type talker struct{ *os.File }

// talkTo returns what all talk is written to.
func talkTo(stderr io.Writer) io.Writer {
	if f, ok := stderr.(*os.File); ok && isTerminal(f) {
		return talker{f}
	}
	return stderr
}

// Write takes whole lines. What else comes is drawn, and none of its business.
func (t talker) Write(b []byte) (int, error) {
	width := widthOf(t.File)
	if width == 0 || !bytes.HasSuffix(b, []byte("\n")) {
		return t.File.Write(b)
	}
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, hintMark) {
			line = fitted(strings.TrimSuffix(line, "\n"), width) + "\n"
		}
		if _, err := t.File.WriteString(line); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// fitted breaks a line that is too wide between words.
func fitted(line string, width int) string {
	if len(line) <= width || lineWidth(line) <= width {
		return line
	}
	return broken(line, width, hang(line, width))
}

// broken breaks a line between words. What goes on is indented by a margin.
func broken(line string, width, margin int) string {
	var b strings.Builder
	column, blank := 0, true // no word yet in this line
	for i, word := range strings.Split(line, " ") {
		next := lineWidth(word)
		switch {
		case i == 0:
		case !blank && next > 0 && column+1+next > width && column+1 > margin:
			b.WriteString("\n" + strings.Repeat(" ", margin))
			column, blank = margin, true
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += next
		blank = blank && next == 0
	}
	return b.String()
}

// hang is how far what goes on is indented: to the last column of a line of
// columns, which spaces part, unless little room is left there.
func hang(line string, width int) int {
	begin := len(line) - len(strings.TrimLeft(line, " \t"))
	if parted := regexp.MustCompile(`\S(  +)\S`).FindAllStringSubmatchIndex(line, -1); parted != nil {
		last := lineWidth(line[:parted[len(parted)-1][3]])
		if last <= width/2 {
			return last
		}
	}
	return lineWidth(line[:begin]) + indent
}

// tabStop is how far apart a terminal sets what a tab leads to.
const tabStop = 8

// lineWidth is how many columns a text takes that begins a line.
func lineWidth(text string) int {
	width := 0
	for i, part := range strings.Split(text, "\t") {
		if i > 0 {
			width += tabStop - width%tabStop
		}
		width += twwidth.Width(part)
	}
	return width
}
