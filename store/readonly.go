package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nlrec/rtnl"
)

// A ReadOnly is a recording open for reading; a recorder may have it open at
// the same time. It is not safe for concurrent use.
type ReadOnly struct {
	path string
	conn *sql.Conn
	db   *sql.DB
	flaw Flaw
}

// Flaw returns what is wrong with the file as it lies there.
func (r *ReadOnly) Flaw() Flaw { return r.flaw }

// OpenReadOnly opens the recording at path. It fails with ErrNotRecording or
// ErrNewerSchema, or with an error of SQLite or the file system.
func OpenReadOnly(ctx context.Context, path string) (*ReadOnly, error) {
	if err := CheckRecording(path); err != nil {
		return nil, err
	}
	flaw, err := FindFlaw(ctx, path)
	if err != nil {
		return nil, err
	}
	db, conn, err := flaw.Connect(ctx, &sqlite.Driver{}, path)
	if err != nil {
		return nil, err
	}
	r := &ReadOnly{path, conn, db, flaw.Read(ctx, conn, path)}
	if err := r.prepare(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *ReadOnly) prepare(ctx context.Context) error {
	if _, err := r.conn.ExecContext(ctx, `PRAGMA cache_size = -65536`); err != nil {
		return err
	}
	tables, err := r.number(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'`)
	if err != nil {
		return err
	}
	if tables == 0 {
		return fmt.Errorf("%w: it has no tables yet", ErrNotRecording)
	}
	return nil
}

// Close closes the file.
func (r *ReadOnly) Close() error { return errors.Join(r.conn.Close(), r.db.Close()) }

// number runs a query for one integer; 0 when it is NULL.
func (r *ReadOnly) number(ctx context.Context, query string, args ...any) (int64, error) {
	var n sql.NullInt64
	err := r.conn.QueryRowContext(ctx, query, args...).Scan(&n)
	return n.Int64, err
}

// LastChange returns the id of the last change, 0 when there is none.
func (r *ReadOnly) LastChange(ctx context.Context) (int64, error) {
	return r.number(ctx, `SELECT max(id) FROM change`)
}

// Snapshot calls f, during which the file does not change for r.
func (r *ReadOnly) Snapshot(ctx context.Context, f func() error) error {
	if _, err := r.conn.ExecContext(ctx, `BEGIN`); err != nil {
		return err
	}
	err := f()
	_, ended := r.conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	if err == nil {
		err = ended
	}
	return err
}

// Current calls f for every object of a kind that exists, in the order of
// their positions. f may keep the row.
func (r *ReadOnly) Current(ctx context.Context, k *rtnl.Kind, f func(rtnl.Row)) error {
	return eachRow(ctx, r.conn, currentRows(k), len(k.Columns), func(row rtnl.Row) { f(slices.Clone(row)) })
}

// connector opens connections with a driver of the caller's, so that functions
// registered on it reach no other connection of the process.
type connector struct {
	via
	dsn string
}

// via is what files are opened by: a driver, and files that SQLite finds nowhere
// else, or nil.
type via struct {
	driver *sqlite.Driver
	files  io.Closer
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// Close is called with the last connection closed.
func (c connector) Close() error {
	if c.files == nil {
		return nil
	}
	return c.files.Close()
}

// begins is how long a recorder may take to open the file, or to close it. The
// files by which it is shared are not there meanwhile.
const begins = 2 * time.Second

// Connect opens one connection to the file that can only read. Before it is
// handed SQL of others, it is to be restricted further.
func Connect(ctx context.Context, d *sqlite.Driver, path string) (*sql.DB, *sql.Conn, error) {
	for until := time.Now().Add(begins); ; {
		db, conn, err := connectMode(ctx, d, path, url.Values{"mode": {"ro"}})
		if err == nil || !cannotShare(err) {
			return db, conn, err
		}
		if recording, failed := Recording(path); failed != nil || time.Now().After(until) {
			return nil, nil, err
		} else if !recording {
			return connectUnshared(ctx, d, path)
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(begins / 100):
		}
	}
}

// cannotShare reports whether the file could not be read because files for
// sharing it cannot be made beside it.
func cannotShare(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_READONLY_DIRECTORY || e.Code() == sqlite3.SQLITE_READONLY_CANTINIT || e.Code()&0xff == sqlite3.SQLITE_CANTOPEN)
}

// connectUnshared opens a file that cannot be shared and that nobody records: as
// it is where there is no log; and else so that SQLite keeps to itself what it
// would share.
func connectUnshared(ctx context.Context, d *sqlite.Driver, path string) (*sql.DB, *sql.Conn, error) {
	if !hasLog(path) {
		return connectMode(ctx, d, path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	}
	return connectMode(ctx, d, path, url.Values{"mode": {"ro"}, "vfs": {"unix-none"}, "_pragma": {"locking_mode(EXCLUSIVE)"}})
}

// hasLog reports whether there is something in the file's log.
func hasLog(path string) bool {
	log, err := os.Stat(Beside(path, "-wal"))
	return err != nil && !errors.Is(err, os.ErrNotExist) || err == nil && log.Size() > 0
}

func connectMode(ctx context.Context, d *sqlite.Driver, path string, q url.Values) (*sql.DB, *sql.Conn, error) {
	return connectVia(ctx, via{driver: d}, path, q)
}

func connectVia(ctx context.Context, by via, path string, q url.Values) (*sql.DB, *sql.Conn, error) {
	dsn, err := readingDSN(path, q)
	if err != nil {
		return nil, nil, err
	}
	db := sql.OpenDB(connector{by, dsn})
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err == nil {
		err = limit(conn)
	}
	if err == nil {
		err = complete(ctx, conn)
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, conn, nil
}

// ErrAlone is a recording that cannot be asked together with others.
var ErrAlone = errors.New("it cannot be asked with others")

// Attach adds the file at path to a connection, under a name and for reading.
func Attach(ctx context.Context, conn *sql.Conn, path, schema string) error {
	err := attachMode(ctx, conn, path, schema, url.Values{"mode": {"ro"}})
	if err != nil && cannotShare(err) && !hasLog(path) {
		_, _ = conn.ExecContext(ctx, `DETACH `+schema) // attaching may be what failed
		return attachMode(ctx, conn, path, schema, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	}
	return err
}

func attachMode(ctx context.Context, conn *sql.Conn, path, schema string, q url.Values) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	uri := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}
	if _, err := conn.ExecContext(ctx, `ATTACH ? AS `+schema, uri.String()); err != nil {
		return err
	}
	if err := checkObjects(ctx, conn, schema); err != nil {
		return err
	}
	views, err := Views()
	if err != nil {
		return err
	}
	ours, err := hasViews(ctx, conn, schema, views)
	if err == nil && !ours {
		err = fmt.Errorf("%w: its views are not those of this nlrec", ErrAlone)
	}
	return err
}

// readingDSN names the file to the driver. The file may be a stranger's: its
// schema is not trusted, and its pages are checked when they are read.
func readingDSN(path string, q url.Values) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	q["_pragma"] = append(q["_pragma"], "trusted_schema(0)", "cell_size_check(1)", "mmap_size(0)")
	q["_defensive"], q["_dqs"], q["_busy_timeout"] = []string{"1"}, []string{"0"}, []string{"3000"}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String(), nil
}
