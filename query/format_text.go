package query

// Formats for people, and for what people paste into.

import (
	"bufio"
	"errors"
	"html"
	"strings"
)

// writeRecords writes each value on a line of its own, and an empty line
// between rows.
func writeRecords(w *bufio.Writer, rows source) error {
	return eachVisible(rows, recordWriter(w, cells(rows.Columns()), 0))
}

func writeTSV(w *bufio.Writer, rows source) error {
	return eachLine(w, rows, func(w *bufio.Writer, line []any) error {
		return writeCells(w, line, Visible, "", "\t", "\n")
	})
}

// writeMarkdown writes a table of GitHub Flavored Markdown.
func writeMarkdown(w *bufio.Writer, rows source) error {
	escape := strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "`", "\\`", "<", "&lt;", "&", "&amp;")
	isHeader := true
	return eachLine(w, rows, func(w *bufio.Writer, line []any) error {
		err := writeCells(w, line, func(text string) string { return escape.Replace(Visible(text)) }, "| ", " | ", " |\n")
		if isHeader {
			_, err = w.WriteString("|" + strings.Repeat("---|", len(line)) + "\n")
		}
		isHeader = false
		return err
	})
}

// writeHTML writes a table element, which is closed when rows fail, too.
func writeHTML(w *bufio.Writer, rows source) error {
	w.WriteString("<table>\n")
	cell := "th"
	err := eachLine(w, rows, func(w *bufio.Writer, line []any) error {
		open, end := "<"+cell+">", "</"+cell+">"
		cell = "td"
		return writeCells(w, line, func(text string) string { return html.EscapeString(Visible(text)) }, "<tr>"+open, end+open, end+"</tr>\n")
	})
	_, end := w.WriteString("</table>\n")
	return errors.Join(err, end)
}

func writeCells(w *bufio.Writer, line []any, escape func(string) string, left, middle, right string) error {
	for _, v := range line {
		w.WriteString(left + escape(valueText(v)))
		left = middle
	}
	_, err := w.WriteString(right)
	return err
}
