package query

// How a statement can be interrupted at any moment. The driver stops a
// statement when its context ends only until the first row; while it looks for
// a later one nothing does. So the statement runs within another, SELECT
// nlrec_perform(), whose first row is its only one: until that is found, which
// is when all is done, the driver watches the context.
//
// Some functions of SQLite look at nothing while they work, and instr() of two
// long texts works for hours. Who waits for one is let go a little after the
// context ends; the statement goes on by itself until the process ends, and
// nothing of its connection can be closed before.

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
)

const performName = "nlrec_perform"

// A stage is where statements of one connection run.
type stage struct {
	play  func() error
	stuck bool // a statement did not end when it was interrupted
}

// interruptPatience is how long an interrupted statement may take to end.
const interruptPatience = 500 * time.Millisecond

// register makes the stage known to the connections of a driver.
func (s *stage) register(d *sqlite.Driver) error {
	return d.RegisterScalarFunction(performName, 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		play := s.play
		if play == nil {
			return nil, errors.New("it is not for you")
		}
		s.play = nil
		return nil, play()
	})
}

// perform calls f with a connection, of which every call is interrupted when
// the context ends. It fails with the context's cause when that does not help.
func (s *stage) perform(ctx context.Context, conn *sql.Conn, f func(driver.QueryerContext) error) error {
	done := make(chan error, 1)
	go func() { done <- s.performHere(ctx, conn, f) }()
	select {
	case err := <-done:
		return caused(ctx, err)
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return caused(ctx, err)
	case <-time.After(interruptPatience):
		s.stuck = true
		return context.Cause(ctx)
	}
}

// caused returns why a context ended, if all that is said is that it did.
func caused(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx)
	}
	return err
}

func (s *stage) performHere(ctx context.Context, conn *sql.Conn, f func(driver.QueryerContext) error) error {
	return conn.Raw(func(raw any) error {
		c, ok := raw.(interface {
			driver.ExecerContext
			driver.QueryerContext
		})
		if !ok {
			return fmt.Errorf("%T runs no statements", raw)
		}
		var err error
		s.play = func() error {
			err = f(c)
			return err
		}
		if _, failed := c.ExecContext(ctx, `SELECT `+performName+`()`, nil); err == nil {
			err = failed
		}
		return err
	})
}
