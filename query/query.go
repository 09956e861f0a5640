// Package query asks a recording: it opens the file for reading and nothing
// else, makes its views mean a past instant, runs one statement, and writes
// the rows. It knows the kinds only as names of views, and never writes.
package query

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"modernc.org/sqlite"

	"nlrec/rtnl"
	"nlrec/store"
)

// Options say how a recording is to be asked. The zero value asks for what is
// now.
type Options struct {
	At       string            // as for ParseInstant; empty: the views show what is now
	Now      time.Time         // what "now" and "10m ago" refer to; zero: the present
	Location *time.Location    // of times without a zone; nil: time.Local
	Warn     func(text string) // told when an answer touches a gap; nil: nobody
	Command  string            // what asks, for hints: {db} and {at} are put in, or behind it; empty: nlrec query
	MaxRows  int64             // after which an answer is cut with ErrRows; 0: none
	MaxBytes int64             // of memory that the process may take while a statement runs, or else ErrMemory; 0: any
	Kinds    []string          // that the question is about: other gaps do not matter; empty: all
}

// A Reader asks one recording. It is not safe for concurrent use.
type Reader struct {
	path       string
	timeline   *timeline
	functions  *functions
	conn       *connection // for statements of others
	stage      *stage
	moment     *Moment // what the views mean; nil: now
	maxRows    int64   // of Options
	maxBytes   int64   // of Options
	uses       uses
	recordings []*recording // of OpenSeveral; none: there is but one recording
}

// Open opens the recording at path. It fails with store.ErrNotRecording,
// store.ErrNewerSchema, ErrInstant, ErrOutside, ErrBusy, or with an error of
// the file system.
func Open(ctx context.Context, path string, o Options) (*Reader, error) {
	line, err := openTimeline(ctx, path, o)
	if err != nil {
		return nil, err
	}
	r := &Reader{path: path, timeline: line, functions: &functions{recordings: []*recording{{path: path, timeline: line}}, uses: uses{}}, stage: &stage{}, maxRows: o.MaxRows, maxBytes: o.MaxBytes}
	r.uses = r.functions.uses
	if err := r.prepare(ctx, o.At); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Reader) prepare(ctx context.Context, at string) (err error) {
	if at != "" {
		if r.moment, err = r.timeline.resolve(ctx, at); err != nil {
			return err
		}
	}
	return r.connect(ctx, r.define)
}

// connect opens what statements run on, has defined what they find there,
// and restricts it.
func (r *Reader) connect(ctx context.Context, define func(context.Context) error) (err error) {
	d := &sqlite.Driver{}
	if err := d.RegisterModule(moduleName, r.functions); err != nil {
		return err
	}
	if err := errors.Join(r.stage.register(d), registerFunctions(d, r.timeline, r.functions.fail)); err != nil {
		return err
	}
	if r.conn, err = connect(ctx, d, r.path, r.timeline.flaw); err != nil {
		return WithPath(r.path, err)
	}
	if err := define(ctx); err != nil {
		return WithPath(r.path, err)
	}
	return r.conn.restrict(ctx, r.authorize)
}

// define makes what a statement finds beside the views in the file: for each
// kind the function <kind>_at and, for another instant than now, a view that
// stands before the one in the file.
func (r *Reader) define(ctx context.Context) error {
	if err := r.defineFunctions(ctx); err != nil || r.moment == nil {
		return err
	}
	for _, k := range rtnl.Kinds() {
		text, err := store.AsOf(k, fmt.Sprint(r.moment.Change), fmt.Sprint(r.moment.At))
		if err != nil {
			return err
		}
		if _, err := r.conn.ExecContext(ctx, `DROP VIEW IF EXISTS temp.`+k.Name+`; CREATE TEMP VIEW `+k.Name+` AS `+text); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) defineFunctions(ctx context.Context) error {
	for _, k := range rtnl.Kinds() {
		function := fmt.Sprintf(`CREATE VIRTUAL TABLE temp.%s_at USING %s(%s)`, k.Name, moduleName, k.Name)
		if _, err := r.conn.ExecContext(ctx, function); err != nil {
			return err
		}
	}
	return nil
}

// Moment returns what the views of the kinds mean; nil: now.
func (r *Reader) Moment() *Moment { return r.moment }

// Echoes say in words what the views of the kinds mean, a line for each of the
// recordings: the instant, the last change until then, and the gap it lies in.
// There are none when it is now.
func (r *Reader) Echoes() (lines []string) {
	if r.moment == nil {
		return nil
	}
	if r.recordings == nil {
		return []string{r.timeline.echo(r.moment)}
	}
	for _, m := range r.recordings {
		lines = append(lines, Visible(m.path)+": "+m.timeline.echo(m.moment))
	}
	return lines
}

// WarnOfPresent warns when the answer to what is now is older than now, or lies
// in a gap. It fails with ErrOutside when the recording has no whole dump yet.
func (r *Reader) WarnOfPresent(ctx context.Context) error { return r.timeline.warnOfPresent(ctx) }

// Stuck reports whether a statement was interrupted and did not end. The reader
// can be asked no more, and the process should end.
func (r *Reader) Stuck() bool { return r.stage.stuck }

// Close closes the file, unless the reader is stuck.
func (r *Reader) Close() error {
	if r.stage.stuck {
		return nil
	}
	var err error
	if r.conn != nil {
		err = r.conn.Close()
	}
	if r.recordings == nil && r.timeline != nil {
		return errors.Join(err, r.timeline.Close())
	}
	for _, m := range r.recordings {
		err = errors.Join(err, m.timeline.Close())
	}
	return err
}

// Query runs one statement and hands its rows to f, which may not keep them.
// It fails with ErrRefused when the text is no single question, and as f does.
func (r *Reader) Query(ctx context.Context, text string, f func(*Rows) error) error {
	return r.run(ctx, text, nil, f)
}

// QueryParams runs a statement as Query does, with values for its parameters.
// It fails with ErrParam when one lacks or is too many.
func (r *Reader) QueryParams(ctx context.Context, text string, params []Param, f func(*Rows) error) error {
	if err := checkParams(text, params); err != nil {
		return err
	}
	var values []driver.NamedValue
	for i, p := range params {
		values = append(values, driver.NamedValue{Ordinal: i + 1, Name: p.Name, Value: p.Value})
	}
	return r.run(ctx, text, values, f)
}

// QueryWith runs a statement as Query does, with values for the ? in it: nil,
// int64, float64, string or []byte.
func (r *Reader) QueryWith(ctx context.Context, text string, args []any, f func(*Rows) error) error {
	var values []driver.NamedValue
	for i, v := range args {
		values = append(values, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return r.run(ctx, text, values, f)
}

func (r *Reader) run(ctx context.Context, text string, values []driver.NamedValue, f func(*Rows) error) error {
	statement, err := oneStatement(text)
	if err != nil {
		return err
	}
	return r.perform(ctx, statement, statement, values, f)
}

// perform runs a text; statement is what errors are about.
func (r *Reader) perform(ctx context.Context, text, statement string, values []driver.NamedValue, f func(*Rows) error) error {
	ctx, cancel := watchMemory(ctx, r.maxBytes)
	defer cancel()
	r.functions.ctx, r.functions.err = ctx, nil
	clear(r.uses)
	return r.stage.perform(ctx, r.conn.Conn, func(conn driver.QueryerContext) error {
		// Not ctx: the performance watches it.
		rows, err := conn.QueryContext(context.Background(), text, values)
		if err != nil {
			return r.explain(ctx, statement, err)
		}
		explain := func(err error) error { return r.explain(ctx, statement, err) }
		err = f(&Rows{rows: rows, explain: explain, max: r.maxRows})
		if closed := rows.Close(); err == nil {
			err = closed
		}
		return err
	})
}

// explain returns what a person is told of an error of a statement.
func (r *Reader) explain(ctx context.Context, statement string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if r.functions.err != nil {
		return r.functions.err
	}
	err = sorted(err)
	if errors.Is(err, ErrBusy) || errors.Is(err, ErrDamaged) || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	if errors.Is(err, ErrLength) {
		return err
	}
	if errors.Is(err, ErrRefused) {
		return hinted{err, "a query only reads; nlrec tables shows what can be asked"}
	}
	return r.timeline.complain(ctx, statement, err)
}

// Rows are the rows of an answer.
type Rows struct {
	rows    driver.Rows
	explain func(error) error
	max     int64 // as MaxRows of Options
	count   int64
}

// Columns returns the names of the columns; two may have one name.
func (r *Rows) Columns() []string { return r.rows.Columns() }

// Next reads the next row: values of type nil, int64, float64, string or
// []byte. It returns nil after the last.
func (r *Rows) Next() ([]any, error) {
	values := make([]driver.Value, len(r.rows.Columns()))
	err := r.rows.Next(values)
	if err == io.EOF {
		return nil, nil
	}
	if err != nil {
		return nil, r.explain(err)
	}
	if r.count++; r.max > 0 && r.count > r.max {
		return nil, fmt.Errorf("%w: it has more rows than %d", ErrRows, r.max)
	}
	row, size := make([]any, len(values)), 0
	for i, v := range values {
		switch v := v.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
		row[i] = v
	}
	if size > maxRow {
		return nil, fmt.Errorf("%w: a row has %d octets, and no more than %d are shown", ErrRows, size, maxRow)
	}
	return row, nil
}
