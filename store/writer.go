package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"
)

// writer is the one connection that writes, with every statement it has used
// prepared: preparing costs more than executing.
type writer struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	inserts    map[string]driver.StmtExecContext
	sync       *syncer
	amid       bool      // a transaction
	began      time.Time // it, or the last one
	limit      int64     // pages in the log at which it is folded
	unfolded   int64     // pages written to the log since it was folded last
	kept       int64     // octets of the log that could not be folded then
}

func newWriter(conn *sql.Conn, sync *syncer) *writer {
	return &writer{conn: conn, statements: map[string]*sql.Stmt{}, inserts: map[string]driver.StmtExecContext{}, sync: sync}
}

// close finalizes the statements and gives the connection back.
func (w *writer) close() (err error) {
	for _, st := range w.statements {
		err = errors.Join(err, st.Close())
	}
	err = errors.Join(err, w.conn.Raw(func(any) (err error) {
		for _, st := range w.inserts {
			err = errors.Join(err, st.(driver.Stmt).Close())
		}
		return err
	}))
	return errors.Join(err, w.sync.close(), w.conn.Close())
}

// insert is exec for values that are bound as they are. It spares what
// database/sql does to arguments, a fifth of the memory that a change takes.
func (w *writer) insert(ctx context.Context, query string, args []driver.NamedValue) error {
	return w.conn.Raw(func(c any) error {
		st := w.inserts[query]
		if st == nil {
			prepared, err := c.(driver.ConnPrepareContext).PrepareContext(ctx, query)
			if err != nil {
				return err
			}
			st = prepared.(driver.StmtExecContext)
			w.inserts[query] = st
		}
		_, err := st.ExecContext(ctx, args)
		return err
	})
}

func (w *writer) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := w.statements[query]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(ctx, query)
	if err == nil {
		w.statements[query] = st
	}
	return st, err
}

func (w *writer) exec(ctx context.Context, query string, args ...any) error {
	w.begin()
	st, err := w.prepare(ctx, query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx, args...)
	w.wrote()
	return err
}

// begin notes that a statement may be a transaction of its own from now on.
func (w *writer) begin() {
	if !w.amid {
		w.began = time.Now()
	}
}

// wrote notes that a statement may have been a transaction of its own.
func (w *writer) wrote() {
	if !w.amid {
		w.sync.committed(w.began)
	}
}

// number runs a query for one integer; 0 when it has no row.
func (w *writer) number(ctx context.Context, query string, args ...any) (n int64, err error) {
	w.begin()
	st, err := w.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	err = st.QueryRowContext(ctx, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	w.wrote()
	return n, err
}

// numbers runs a query for one row of integers. It reports whether there is one.
func (w *writer) numbers(ctx context.Context, query string, args []any, into ...any) (bool, error) {
	st, err := w.prepare(ctx, query)
	if err != nil {
		return false, err
	}
	err = st.QueryRowContext(ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// transaction runs f between BEGIN and COMMIT, or undoes what it did.
func (w *writer) transaction(ctx context.Context, f func() error) error {
	w.begin()
	w.amid = true
	if err := w.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		w.amid = false
		return err
	}
	err := f()
	if err == nil {
		err = w.exec(ctx, `COMMIT`)
	}
	w.amid = false
	if err != nil {
		_ = w.exec(context.WithoutCancel(ctx), `ROLLBACK`) // fails where SQLite has undone it already
		return err
	}
	w.wrote()
	return w.fold(ctx)
}
