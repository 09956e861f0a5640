package store

import (
	"context"
	"database/sql"
	"errors"
)

// writer is the one connection that writes, with every statement it has used
// prepared: preparing costs more than executing.
type writer struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
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
	st, err := w.prepare(ctx, query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx, args...)
	return err
}

// number runs a query for one integer; 0 when it has no row.
func (w *writer) number(ctx context.Context, query string, args ...any) (n int64, err error) {
	st, err := w.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	err = st.QueryRowContext(ctx, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return n, err
}

// transaction runs f between BEGIN and COMMIT, or undoes what it did.
func (w *writer) transaction(ctx context.Context, f func() error) error {
	if err := w.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	err := f()
	if err == nil {
		err = w.exec(ctx, `COMMIT`)
	}
	if err != nil {
		return errors.Join(err, w.exec(context.WithoutCancel(ctx), `ROLLBACK`))
	}
	return nil
}
