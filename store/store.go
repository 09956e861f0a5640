// Package store keeps the timeline of a recording in one SQLite file: it
// opens the file, appends batches of changes, and knows the current state. It
// does not know where changes come from, nor what people ask.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	_ "modernc.org/sqlite" // the driver

	"nlrec/rtnl"
)

// ApplicationID marks a recording in the header of the file, at offset 68:
// "nlrc".
const ApplicationID = 0x6e6c7263

// InstantID marks a file with one instant of a recording, in plain tables:
// "nlri".
const InstantID = 0x6e6c7269

// Errors that callers tell apart.
var (
	ErrLocked       = errors.New("another recorder has the file open")
	ErrNotRecording = errors.New("the file is not a recording")
	ErrFlat         = fmt.Errorf("%w", ErrNotRecording)
	ErrLink         = errors.New("the file has another name, which may be somebody else's")
	ErrNewerSchema  = errors.New("the recording was made by a newer nlrec")
)

// A Store is a recording open for writing. It is not safe for concurrent use.
type Store struct {
	path    string
	lock    *os.File
	db      *sql.DB
	session int64
	change  int64     // id of the last change
	written int64     // id of the last change in the file
	last    int64     // at_us of the last change, or 0
	floor   int64     // at_us that the next change must not go below
	back    ClockStep // the last one back in this session
	boot    int64     // of the last reading of the clocks that was noted
	open    map[int64]*openGap
	tables  map[*rtnl.Kind]*table
	changes *inserter
	now     *inserter
	notNow  *inserter        // those that are gone
	touched []*Object        // since the table now was written
	actors  map[uint32]int64 // by port
	w       *writer
	sweep   *sweep // nil: none is under way
}

// Open opens the recording at path to append to it, making the file and its
// folder if need be. It fails with ErrLocked when another recorder has it,
// with ErrLink when the name is not the file's own; with ErrHostile,
// ErrForeignSchema or ErrBeside, and without having written to it, when it is not only a recording.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	f, err := lockRecording(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	db.SetMaxOpenConns(1) // one writer
	s := &Store{path: path, lock: f, db: db, tables: map[*rtnl.Kind]*table{}, actors: map[uint32]int64{}, open: map[int64]*openGap{}}
	err = s.prepare(ctx)
	if err == nil { // a bare copy of the file shall have the tables
		err = s.w.foldAll(ctx)
	}
	if err != nil {
		s.abandon()
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return s, nil
}

// lockRecording takes the lock of a recording, making it when it is not there.
func lockRecording(path string) (*os.File, error) {
	f, err := lock(path)
	if err != nil {
		return nil, err
	}
	if err := makeFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	err = checkHeader(path)
	if err == nil {
		err = checkBeside(path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// dsn names the file to the driver. A large cache suits indexes that grow in
// the middle. NORMAL needs no fsync for a commit, see sync.go; and the log is
// not folded within one, see fold.go. What a statement may have to undo is kept
// in memory: in a file it took a fifth of the time of writing.
func dsn(path string) string {
	return dsnWaiting(path, patience)
}

// patience is how long the recorder waits for others who write to the file, in
// milliseconds.
const patience = 10_000

func dsnWaiting(path string, patience int) string {
	q := url.Values{"_pragma": {
		"synchronous(NORMAL)", "cache_size(-32768)", "wal_autocheckpoint(0)", "journal_size_limit(67108864)",
		"trusted_schema(0)", "cell_size_check(1)", "temp_store(MEMORY)",
	}, "_txlock": {"immediate"}, "_busy_timeout": {strconv.Itoa(patience)}, "_dqs": {"0"}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// prepare brings the schema up to date and reads what a writer must know.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	log, err := openSyncer(s.path)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	s.w = newWriter(conn, log)
	s.w.limit = s.reserveSize() / pageSize
	if s.change, err = s.w.number(ctx, `SELECT coalesce(max(id), 0) FROM change`); err != nil {
		return err
	}
	s.written = s.change
	if s.last, err = s.w.number(ctx, `SELECT at_us FROM change WHERE id = ?`, s.change); err != nil {
		return err
	}
	if err := s.readClock(ctx); err != nil {
		return err
	}
	for _, k := range rtnl.Kinds() {
		if s.tables[k], err = openTable(ctx, s.w, k); err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
	}
	s.changes = newInserter("change", "id", "at_us", "object", "was", "was_since_us", "state", "how", "cause", "actor")
	s.now, s.notNow = newReplacer("now", "object", "state", "since_us"), newDeleter("now", "object")
	return nil
}

// migrate runs the migrations the file lacks, and then makes its views anew
// where they differ from this nlrec's.
func (s *Store) migrate(ctx context.Context) error {
	if err := checkSchema(ctx, s.db); err != nil {
		return err
	}
	provider, err := newMigrations(s.db)
	if err != nil {
		return err
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("%w: its schema is version %d, this nlrec knows %d", ErrNewerSchema, have, want)
	}
	// A snapshot, or a recording that early versions stopped, is in another mode.
	if _, err := s.db.ExecContext(ctx, `PRAGMA journal_mode = WAL`); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	for _, k := range rtnl.Kinds() {
		if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO kind VALUES (?, ?)`, k.Number, k.Name); err != nil {
			return err
		}
	}
	if err := makeViews(ctx, tx); err != nil {
		return err
	}
	if err := tellStatistics(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

func makeViews(ctx context.Context, tx *sql.Tx) error {
	views, err := Views()
	if err != nil {
		return err
	}
	for _, v := range views {
		var have string
		err := tx.QueryRowContext(ctx, `SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?`, v.Name).Scan(&have)
		if err == nil && have == v.SQL {
			continue
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DROP VIEW IF EXISTS `+v.Name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, v.SQL); err != nil {
			return fmt.Errorf("view %s: %w", v.Name, err)
		}
	}
	return nil
}

// Close folds the write-ahead log into the file, so that a bare copy of it is
// complete, unless the disk is full, and gives up the lock. The file stays in
// WAL mode: to leave it, and to enter it at the next start, would need the file
// alone, and whoever reads it then would keep the recorder from recording. End
// is to be called before.
func (s *Store) Close() error {
	err := s.releaseReserve()
	if s.w != nil {
		if err = errors.Join(err, s.Sync()); err == nil {
			err = s.w.foldAll(context.Background())
			if Outage(err) == DiskFull { // all is in the log, and stays there
				s.abandon()
				return unlock(s.lock)
			}
		}
	}
	if err == nil && s.w != nil {
		return errors.Join(s.w.close(), s.db.Close(), unlock(s.lock))
	}
	s.abandon()
	return errors.Join(err, unlock(s.lock))
}

// Path returns where the recording is.
func (s *Store) Path() string { return s.path }
