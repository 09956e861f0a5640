package store

// Space: how much the recording takes, how much it may, and giving back what is
// free.
//
// A page that is free is used again before the file grows. To give it back,
// SQLite moves one from the end of the file into its place and cuts the end
// off; it knows how because the file has a map of who points to a page
// (auto_vacuum), which newfile.go asks for. A file that was made without it only
// gets it by VACUUM, which writes all of it anew.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A Space is what a recording takes of its file system, in octets.
type Space struct {
	File  int64 // the file
	Pages int64 // the same, as it will be when its log is folded into it
	Free  int64 // of that, in pages that hold nothing
	Log   int64 // the write-ahead log
	Disk  int64 // the size of the file system
	Avail int64 // of that, what is free for others
	page  int64
}

// Total is all that the recording takes.
func (s Space) Total() int64 { return max(s.File, s.Pages) + s.Log }

// Used is what cannot be given back but by removing something.
func (s Space) Used() int64 { return s.Pages + s.Log - s.Free }

// numbers asks for one integer: a Store or a ReadOnly.
type numbers interface {
	number(ctx context.Context, query string, args ...any) (int64, error)
}

func readSpace(ctx context.Context, from numbers, path string) (s Space, err error) {
	for _, q := range []struct {
		into *int64
		sql  string
	}{{&s.page, `PRAGMA page_size`}, {&s.Pages, `PRAGMA page_count`}, {&s.Free, `PRAGMA freelist_count`}} {
		if *q.into, err = from.number(ctx, q.sql); err != nil {
			return s, fmt.Errorf("%s: %w", q.sql, err)
		}
	}
	s.Pages, s.Free = s.Pages*s.page, s.Free*s.page
	for name, into := range map[string]*int64{path: &s.File, path + "-wal": &s.Log} {
		if info, err := os.Stat(name); err == nil {
			*into = info.Size()
		}
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &fs); err != nil {
		return s, fmt.Errorf("%s: how much is free: %w", filepath.Dir(path), err)
	}
	s.Disk, s.Avail = int64(fs.Blocks)*fs.Bsize, int64(fs.Bavail)*fs.Bsize
	return s, nil
}

// shortenLog keeps the log about as short as some octets, where that is less
// than usual.
func (s *Store) shortenLog(ctx context.Context, octets int64) error {
	s.w.limit = min(s.w.limit, max(100, octets/pageSize))
	_, err := s.w.conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA journal_size_limit = %d`, min(64<<20, max(1<<20, octets))))
	return err
}

// shrink gives back up to so many free pages.
func (s *Store) shrink(ctx context.Context, pages int64) error {
	rows, err := s.w.conn.QueryContext(ctx, fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, pages))
	if err != nil {
		return err
	}
	for rows.Next() { // each row is a page
	}
	err = rows.Err()
	if closed := rows.Close(); err == nil {
		err = closed
	}
	return err
}
