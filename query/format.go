package query

// How rows are written. What nlrec adds to SQLite's values:
//
//	                 NULL   text                      octets       numbers
//	table, box,      empty  what does not print is    hexadecimal  as they are
//	line, tsv,              escaped: \x1b, \n, \u202e
//	markdown, html
//	csv              empty  RFC 4180; empty text: ""  hexadecimal  as they are
//	json, ndjson     null   a string, in which what   hexadecimal  numbers
//	                        does not print is escaped
//	                        and no UTF-8 is \xff
//
// table, box and line are sqlite3(1)'s. In tsv a tab in a value is \t, so that
// every line has as many as there are columns. Markdown and HTML escape what
// they would take for their own as well.
//
// A Page may want another text for NULL, but in JSON. Where it is a terminal, csv
// is escaped as tsv.
//
// In JSON the second column of a name becomes name_2. Nested data is JSON text
// in every format.

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/tw"
)

// Source is what rows come from. Next returns nil after the last.
type source interface {
	Columns() []string
	Next() ([]any, error)
}

// formats are the ways to write rows, by name, beside tables.
var formats = map[string]func(*bufio.Writer, source) error{
	"line": writeRecords,
	"json": writeJSON, "ndjson": writeLines,
	"csv": writeCSV, "tsv": writeTSV, "markdown": writeMarkdown, "html": writeHTML,
}

// Formats lists what Write can write.
func Formats() []string {
	return []string{"table", "box", "line", "json", "ndjson", "csv", "tsv", "markdown", "html"}
}

// tableStyles are the lines of tables: those of sqlite3(1)'s modes box and table.
var tableStyles = map[string]tw.BorderStyle{"box": boxStyle, "table": asciiStyle}

// Write writes all rows in one of Formats; a table fits the page. What it has
// written when rows fail is whole: a JSON array is closed.
func Write(w io.Writer, p Page, format string, rows *Rows) error { return write(w, p, format, rows) }

func write(w io.Writer, p Page, format string, rows source) error {
	b, f := bufio.NewWriterSize(w, 64<<10), formats[format]
	if format == "csv" && p.Terminal {
		f = writeVisibleCSV
	}
	if format != "json" && format != "ndjson" {
		rows = wanted{rows, p}
	}
	if style, isTable := tableStyles[format]; isTable {
		return errors.Join(writeTable(b, p, style, rows), b.Flush())
	}
	if f == nil {
		return fmt.Errorf("%s: no format; there are %s", format, strings.Join(Formats(), ", "))
	}
	return errors.Join(f(b, rows), b.Flush())
}

// wanted are rows as a page wants them.
type wanted struct {
	source
	page Page
}

func (w wanted) Columns() []string {
	if w.page.Unnamed {
		return nil
	}
	return w.source.Columns()
}

func (w wanted) Next() ([]any, error) {
	row, err := w.source.Next()
	if w.page.Null == "" {
		return row, err
	}
	for i := range row {
		if row[i] == nil {
			row[i] = w.page.Null
		}
	}
	return row, err
}

func writeJSON(w *bufio.Writer, rows source) error {
	w.WriteString("[")
	separator := "\n"
	err := eachObject(rows, func(object []byte) error {
		w.WriteString(separator)
		_, err := w.Write(object)
		separator = ",\n"
		return err
	})
	if separator != "\n" {
		w.WriteString("\n")
	}
	_, end := w.WriteString("]\n")
	return errors.Join(err, end)
}

func writeLines(w *bufio.Writer, rows source) error {
	return eachObject(rows, func(object []byte) error {
		_, err := w.Write(append(object, '\n'))
		return err
	})
}

// eachObject calls f for each row as a JSON object, in a buffer that is used
// again.
func eachObject(rows source, f func(object []byte) error) error {
	var names [][]byte
	for _, name := range uniqueNames(rows.Columns()) {
		names = append(names, append(appendJSON(nil, name), ':'))
	}
	var object []byte
	for {
		row, err := rows.Next()
		if row == nil || err != nil {
			return err
		}
		object = append(object[:0], '{')
		for i, v := range row {
			if i > 0 {
				object = append(object, ',')
			}
			object = appendJSON(append(object, names[i]...), v)
		}
		if err := f(append(object, '}')); err != nil {
			return err
		}
	}
}

// uniqueNames returns the names with a number behind those that came before.
func uniqueNames(columns []string) []string {
	names := slices.Clone(columns)
	for i, name := range columns {
		for n := 2; slices.Contains(names[:i], names[i]); n++ {
			names[i] = name + "_" + strconv.Itoa(n)
		}
	}
	return names
}

func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return append(b, number(v)...)
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.Encode(unicodeText(valueText(v))) // a string cannot fail
	return appendPrintable(b, bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

// appendPrintable appends JSON with escapes for what does not print, so that no
// terminal obeys it.
func appendPrintable(b, text []byte) []byte {
	if bytes.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
		return append(b, text...)
	}
	for _, r := range string(text) {
		switch {
		case unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return b
}

// number writes a real number so that it is seen to be none of the integers,
// and infinity as a literal that JSON and SQL know.
func number(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "9e999"
	case math.IsInf(f, -1):
		return "-9e999"
	}
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return hex.EncodeToString(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return number(v)
	}
	return fmt.Sprint(v)
}

func writeCSV(w *bufio.Writer, rows source) error { return eachLine(w, rows, writeCSVLine) }

func writeVisibleCSV(w *bufio.Writer, rows source) error {
	return eachLine(w, rows, func(w *bufio.Writer, line []any) error {
		for i, v := range line {
			if v != nil {
				line[i] = Visible(valueText(v))
			}
		}
		return writeCSVLine(w, line)
	})
}

// eachLine calls f for the names of the columns, if there are any, and for each row.
func eachLine(w *bufio.Writer, rows source, f func(*bufio.Writer, []any) error) error {
	var line []any
	for _, name := range rows.Columns() {
		line = append(line, name)
	}
	for {
		if line != nil {
			if err := f(w, line); err != nil {
				return err
			}
		}
		row, err := rows.Next()
		if row == nil || err != nil {
			return err
		}
		line = row
	}
}

// writeCSVLine writes RFC 4180. Package encoding/csv would end lines so only by
// changing the line ends within values as well.
func writeCSVLine(w *bufio.Writer, line []any) error {
	for i, v := range line {
		if i > 0 {
			w.WriteByte(',')
		}
		text := valueText(v)
		if v != nil && (text == "" || strings.ContainsAny(text, ",\"\r\n")) {
			text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		w.WriteString(text)
	}
	_, err := w.WriteString("\r\n")
	return err
}
