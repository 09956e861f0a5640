package query

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Objects writes values as JSON, one to a line: within an array, or, as
// ndjson, by themselves. However it ends, the array is closed.
type Objects struct {
	w     *bufio.Writer
	array bool
	some  bool // there are any
}

// NewObjects begins to write in a format: json or ndjson.
func NewObjects(w io.Writer, format string) *Objects {
	o := &Objects{w: bufio.NewWriterSize(w, 64<<10), array: format == "json"}
	if o.array {
		o.w.WriteString("[")
	}
	return o
}

// Write writes one value.
func (o *Objects) Write(value any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return err
	}
	line := appendPrintable(nil, bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	if !o.array {
		o.w.Write(line)
		return o.w.WriteByte('\n')
	}
	if o.some {
		o.w.WriteByte(',')
	}
	o.some = true
	o.w.WriteByte('\n')
	_, err := o.w.Write(line)
	return err
}

// Flush hands over what was written.
func (o *Objects) Flush() error { return o.w.Flush() }

// Close ends the writing.
func (o *Objects) Close() error {
	var err error
	if o.array && o.some {
		o.w.WriteByte('\n')
	}
	if o.array {
		_, err = o.w.WriteString("]\n")
	}
	return errors.Join(err, o.w.Flush())
}
