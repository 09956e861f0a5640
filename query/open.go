package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nlrec/store"
)

// Limits of what a statement can make, in octets: a value, and a row as it is
// handed on.
const (
	maxLength = 8 << 20
	maxRow    = 16 << 20
)

// connection is one connection to the file.
type connection struct {
	*sql.Conn
	db   *sql.DB
	rest *store.Rest // of a file that it takes for one that nobody writes; nil: it would notice
}

// Close closes the file. It fails with store.ErrWritten when what was read may be
// wrong.
func (c *connection) Close() error {
	err := errors.Join(c.Conn.Close(), c.db.Close())
	if c.rest != nil {
		err = errors.Join(err, c.rest.Check())
	}
	return err
}

// connect opens the file for reading. Before it is handed SQL of others, it is
// to be restricted.
func connect(ctx context.Context, d *sqlite.Driver, path string, flaw store.Flaw) (*connection, error) {
	rest, err := store.RestOf(path)
	if err != nil {
		return nil, err
	}
	db, conn, err := flaw.Connect(ctx, d, path)
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, db: db}
	mode := ""
	if err := c.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if mode != "wal" {
		c.rest = &rest
	}
	return c, nil
}

// restrict leaves a connection able to read, as far as an authorizer lets it,
// and nothing else.
func (c *connection) restrict(ctx context.Context, authorizer sqlite.AuthorizerFn) error {
	if _, err := c.ExecContext(ctx, `PRAGMA query_only = 1`); err != nil {
		return err
	}
	for limit, value := range map[int]int{sqlite3.SQLITE_LIMIT_ATTACHED: 0, sqlite3.SQLITE_LIMIT_LENGTH: maxLength} {
		if _, err := sqlite.Limit(c.Conn, limit, value); err != nil {
			return err
		}
	}
	return c.Raw(func(conn any) error {
		r, ok := conn.(sqlite.AuthorizerRegisterer)
		if !ok {
			return fmt.Errorf("%T has no authorizer", conn)
		}
		return r.RegisterAuthorizer(authorizer)
	})
}

// number runs a query for one integer; 0 when it has no row or NULL.
func (c *connection) number(ctx context.Context, query string, args ...any) (int64, error) {
	var n sql.NullInt64
	err := c.QueryRowContext(ctx, query, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return n.Int64, err
}

// scanColumn reads the only column of all rows, and closes them.
func scanColumn[T any](rows *sql.Rows) (values []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var value T
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}
