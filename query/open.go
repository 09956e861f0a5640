package query

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxLength bounds a single value a statement can make, in octets.
const maxLength = 256 << 20

// connector opens connections with a driver of our own, so that the functions
// registered on it reach no other connection of the process.
type connector struct {
	driver *sqlite.Driver
	dsn    string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// connection is one connection to the file.
type connection struct {
	*sql.Conn
	db *sql.DB
}

func (c *connection) Close() error { return errors.Join(c.Conn.Close(), c.db.Close()) }

// connect opens the file for reading. Before it is handed SQL of others, it is
// to be restricted.
func connect(ctx context.Context, d *sqlite.Driver, path string) (*connection, error) {
	c, err := connectMode(ctx, d, path, url.Values{"mode": {"ro"}})
	if err != nil && cannotShare(path, err) {
		return connectMode(ctx, d, path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	}
	return c, err
}

// cannotShare reports whether the file could not be read because files for
// sharing it cannot be made beside it. As there is no log either, nobody
// writes it, and it can be read as it is.
func cannotShare(path string, err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	_, missing := os.Stat(path + "-wal")
	return errors.Is(missing, os.ErrNotExist) && (e.Code() == sqlite3.SQLITE_READONLY_DIRECTORY || e.Code()&0xff == sqlite3.SQLITE_CANTOPEN)
}

func connectMode(ctx context.Context, d *sqlite.Driver, path string, q url.Values) (*connection, error) {
	dsn, err := dsn(path, q)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{d, dsn})
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err == nil {
		// Opening reads nothing yet.
		_, err = conn.ExecContext(ctx, `SELECT count(*) FROM sqlite_schema`)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &connection{conn, db}, nil
}

// dsn names the file to the driver. The file may be a stranger's: its schema
// is not trusted, and its pages are checked when they are read.
func dsn(path string, q url.Values) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	q["_pragma"] = []string{"trusted_schema(0)", "cell_size_check(1)", "mmap_size(0)"}
	q["_defensive"], q["_dqs"], q["_busy_timeout"] = []string{"1"}, []string{"0"}, []string{"3000"}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String(), nil
}

// restrict leaves a connection able to read and nothing else.
func (c *connection) restrict(ctx context.Context) error {
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
		return r.RegisterAuthorizer(authorize)
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
