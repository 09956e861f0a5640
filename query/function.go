package query

// route_at('10m ago') and its like. To SQLite each is a virtual table whose
// last, hidden column takes the argument. Rows come from the same SELECT that
// --at uses, run on the timeline's connection, and only the columns that the
// statement looks at are asked for. Of several recordings each finds the instant
// by itself, and its rows follow those of the one before, behind its host.
//
// A join of two instants asks the inner function again for every row of the
// outer. The second time, its rows are kept in memory, found by the columns
// that the join compares (kept.go).

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"modernc.org/sqlite/vtab"

	"nlrec/rtnl"
	"nlrec/store"
)

const moduleName = "nlrec_as_of"

// functions is the module behind all the functions of one Reader.
type functions struct {
	recordings []*recording    // that rows come from
	ctx        context.Context // of the statement that runs
	err        error           // why it failed, which SQLite would pass on as text, or not at all
	uses       uses
}

// fail notes why a statement fails.
func (f *functions) fail(err error) error {
	if err != nil && f.err == nil {
		f.err = err
	}
	return err
}

func (f *functions) Connect(c vtab.Context, args []string) (vtab.Table, error) {
	return f.Create(c, args)
}

// Create makes the function of the kind that the module's argument names.
func (f *functions) Create(c vtab.Context, args []string) (vtab.Table, error) {
	i := slices.IndexFunc(rtnl.Kinds(), func(k *rtnl.Kind) bool { return k.Name == args[3] })
	body, err := store.AsOf(rtnl.Kinds()[i], "?1", "?2")
	if err != nil {
		return nil, err
	}
	t := &function{functions: f, name: args[2], kind: args[3], body: body}
	if err := t.describe(); err != nil {
		return nil, err
	}
	return t, c.Declare("CREATE TABLE x (" + strings.Join(t.columns, ", ") + ", at HIDDEN)")
}

// A function is one of them, as a table.
type function struct {
	*functions
	name    string   // route_at
	kind    string   // route
	body    string   // SELECT as of change ?1, the last until instant ?2
	columns []string // name and declared type
}

func (t *function) describe() error {
	rows, err := t.recordings[0].timeline.QueryContext(context.Background(), t.body+` LIMIT 0`, 0, 0)
	if err != nil {
		return err
	}
	defer rows.Close()
	if t.several() {
		t.columns = []string{"host TEXT"}
	}
	types, err := rows.ColumnTypes()
	for _, c := range types {
		t.columns = append(t.columns, strings.TrimSpace(c.Name()+" "+c.DatabaseTypeName()))
	}
	return err
}

// several reports whether rows come from more than one recording.
func (f *functions) several() bool { return len(f.recordings) > 1 }

func (t *function) Disconnect() error { return nil }
func (t *function) Destroy() error    { return nil }

func (t *function) Open() (vtab.Cursor, error) { return &cursor{t: t}, nil }

// Costs that BestIndex reports: those of a whole answer, of finding a few rows
// in one that is kept, and of what cannot be done.
const (
	wholeCost, wholeRows = 1e6, 100_000
	findCost, findRows   = 1e4, 10
	neverCost            = 1e99
)

// BestIndex asks for the argument first and then for the columns that are
// compared for equality. Without an argument it makes the plan too dear to be
// taken if there is another; an error here would end those too.
func (t *function) BestIndex(info *vtab.IndexInfo) error {
	argument := slices.IndexFunc(info.Constraints, func(c vtab.Constraint) bool {
		return c.Column == len(t.columns) && c.Op == vtab.OpEQ && c.Usable
	})
	info.EstimatedCost = neverCost
	if argument < 0 {
		return nil
	}
	info.Constraints[argument].ArgIndex, info.Constraints[argument].Omit = 0, true
	p := plan{}
	for i, c := range info.Constraints {
		if c.Op == vtab.OpEQ && c.Usable && c.Column >= 0 && c.Column < len(t.columns) && !slices.Contains(p.equal, c.Column) {
			p.equal = append(p.equal, c.Column)
			info.Constraints[i].ArgIndex = len(p.equal)
		}
	}
	for i := range t.columns {
		if info.ColUsed&(1<<min(i, 63)) != 0 || slices.Contains(p.equal, i) {
			p.used = append(p.used, i)
		}
	}
	info.IdxStr = p.String()
	info.EstimatedCost, info.EstimatedRows = wholeCost, wholeRows
	if len(p.equal) > 0 {
		info.EstimatedCost, info.EstimatedRows = findCost, findRows
	}
	return nil
}

// A plan says what a cursor is asked: which columns are looked at, and which
// of them are compared for equality with the arguments that follow the first.
type plan struct {
	used, equal []int
}

func (p plan) String() string { return join(p.used) + ";" + join(p.equal) }

func join[T int | int64](numbers []T) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.FormatInt(int64(n), 10)
	}
	return strings.Join(texts, ",")
}

func parsePlan(text string) plan {
	used, equal, _ := strings.Cut(text, ";")
	return plan{split(used), split(equal)}
}

func split(text string) (numbers []int) {
	for part := range strings.SplitSeq(text, ",") {
		if n, err := strconv.Atoi(part); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// query returns the rows of one recording at a moment of it, of the columns that
// a plan uses.
func (t *function) query(p plan, of *recording, m *Moment) (*sql.Rows, error) {
	names := []string{"1"} // so that the list is never empty
	for _, i := range p.used {
		name, _, _ := strings.Cut(t.columns[i], " ")
		if name == "host" && t.several() {
			name = literal(of.host)
		}
		names = append(names, name)
	}
	return of.timeline.QueryContext(t.ctx, "SELECT "+strings.Join(names, ", ")+" FROM ("+t.body+")", m.Change, m.At)
}

// A cursor is one use of a function in a statement.
type cursor struct {
	t        *function
	plan     string
	place    []int // of each column in row; 0: it is not used
	argument vtab.Value
	moments  []*Moment // that it means in each recording
	asked    int       // how many recordings were
	rows     *sql.Rows // of the last of them; not kept
	kept     *kept
	matches  [][]any // of kept
	row      []any   // nil: at the end
	count    int64
}

// Filter begins an answer.
func (c *cursor) Filter(_ int, text string, args []vtab.Value) error {
	return c.t.fail(c.filter(text, args))
}

func (c *cursor) filter(text string, args []vtab.Value) error {
	if err := c.Close(); err != nil {
		return err
	}
	if len(args) == 0 {
		return hinted{fmt.Errorf("%s: %w: it takes an instant, known before it is asked", c.t.name, ErrInstant), c.t.name + "('10m ago')"}
	}
	if args[0] == nil {
		return nil
	}
	argument := args[0]
	if octets, ok := argument.([]byte); ok {
		argument = string(octets)
	}
	p, again := parsePlan(text), c.plan == text && c.argument == argument
	if !again {
		if err := c.turn(p, argument); err != nil {
			return err
		}
	}
	c.plan = text
	return c.begin(p, again, args[1:])
}

// turn makes ready for another instant.
func (c *cursor) turn(p plan, argument vtab.Value) (err error) {
	c.moments = nil
	for _, of := range c.t.recordings {
		m, err := of.timeline.resolveValue(c.t.ctx, argument)
		if err != nil && c.t.several() {
			return WithPath(of.path, err)
		}
		if err != nil {
			return err
		}
		c.t.uses.addMoment(c.t.kind, of.timeline, m)
		c.moments = append(c.moments, m)
	}
	c.argument, c.kept, c.place = argument, nil, make([]int, len(c.t.columns))
	for i, column := range p.used {
		c.place[column] = i + 1
	}
	return nil
}

func (c *cursor) begin(p plan, again bool, values []vtab.Value) (err error) {
	c.asked = len(c.t.recordings)
	if again && c.kept == nil {
		c.kept, err = c.t.keep(p, c.moments)
	} else if !again {
		c.asked = 0
	}
	if err != nil {
		return err
	}
	if c.kept != nil {
		c.matches = c.kept.find(values)
	}
	return c.next()
}

// Next goes on to the next row.
func (c *cursor) Next() error { return c.t.fail(c.next()) }

func (c *cursor) next() (err error) {
	c.count++
	if c.row = nil; len(c.matches) > 0 {
		c.row, c.matches = c.matches[0], c.matches[1:]
		return nil
	}
	for c.row == nil && err == nil && (c.rows != nil || c.asked < len(c.t.recordings)) {
		if c.rows == nil {
			c.rows, err = c.t.query(parsePlan(c.plan), c.t.recordings[c.asked], c.moments[c.asked])
			c.asked++
			continue
		}
		if c.row, err = scanRow(c.rows); c.row == nil {
			err = errors.Join(err, c.rows.Close())
			c.rows = nil
		}
	}
	return err
}

// Eof reports whether there are no more rows.
func (c *cursor) Eof() bool { return c.row == nil }

// Column returns a value of the row; the hidden column is the argument.
func (c *cursor) Column(i int) (vtab.Value, error) {
	if i >= len(c.place) {
		return c.argument, nil
	}
	if c.place[i] == 0 {
		return nil, nil
	}
	return c.row[c.place[i]], nil
}

// Rowid numbers the rows.
func (c *cursor) Rowid() (int64, error) { return c.count, nil }

// Close ends an answer.
func (c *cursor) Close() (err error) {
	if c.rows != nil {
		err = c.rows.Close()
	}
	c.rows, c.matches, c.row = nil, nil, nil
	return err
}

// scanRow reads the next row, or nil after the last.
func scanRow(rows *sql.Rows) ([]any, error) {
	if !rows.Next() {
		return nil, rows.Err()
	}
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	return row, rows.Scan(into...)
}

// resolveValue finds the instant that an argument of a function means: a text
// as for --at, or microseconds since 1970.
func (l *timeline) resolveValue(ctx context.Context, argument any) (*Moment, error) {
	switch v := argument.(type) {
	case string:
		if l.shared && isChange(v) {
			return nil, noSharedChange(v)
		}
		return l.resolve(ctx, v)
	case int64:
		return l.resolveInstant(ctx, strconv.FormatInt(v, 10), Instant{At: v})
	case float64:
		return l.resolveInstant(ctx, fmt.Sprint(v), Instant{At: int64(v)})
	}
	return nil, noInstant(fmt.Sprintf("%x", argument), "an octet string")
}
