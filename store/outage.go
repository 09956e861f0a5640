package store

// Outages: the file cannot be written, because its disk is full or fails.
//
// What a connection believes after a failed write need not be what is in the
// file: pages in its cache, ids it has handed out; and what a failed sync should
// have brought to the disk the kernel may have thrown away, though it says of
// the next sync that all is well. So the connection is closed without another
// sync, and everything that is known is read from the file again. Meanwhile the
// store only interns states and hands out ids.
//
// Readers learn of an outage from a lock, which takes no space on the disk.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nlrec/rtnl"
)

// Why a file cannot be written: reasons of gaps.
const (
	DiskFull = "disk full"
	IOError  = "I/O error"
	Locked   = "file locked" // by another program, for longer than one waits
)

// outages are the reasons, in the order of the octets that are locked for them.
var outages = [...]string{DiskFull, IOError, Locked}

// ErrDamaged says that what is in the file is not what was written to it.
var ErrDamaged = errors.New("the file is damaged")

// Outage returns why an error of a Store means that the file cannot be written
// for now; "" if it means something else.
func Outage(err error) string {
	var lite *sqlite.Error
	var errno unix.Errno
	switch {
	case errors.As(err, &lite):
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return DiskFull
		case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return IOError
		case sqlite3.SQLITE_BUSY:
			return Locked
		}
	case errors.As(err, &errno):
		switch errno {
		case unix.ENOSPC, unix.EDQUOT:
			return DiskFull
		case unix.EIO, unix.EROFS, unix.ENXIO, unix.ESTALE:
			return IOError
		}
	case errors.Is(err, ErrLocked):
		return Locked
	}
	return ""
}

// Suspend gives up the connection after an error that is an Outage, and returns
// the reason, which may be another than the error's. Until Reopen succeeds
// nothing may be called but Intern, NextChange, Note, Reserve and Close.
func (s *Store) Suspend(reason string) string {
	if reason == IOError && s.isFull() { // SQLite says so of a quota too
		reason = DiskFull
	}
	s.abandon()
	s.markOutage(reason)
	if reason == DiskFull {
		_ = s.releaseReserve() // without it the log is folded later
	}
	return reason
}

// isFull reports whether the disk or a quota has no room left.
func (s *Store) isFull() bool {
	const some = 64 << 10
	f, err := os.OpenFile(s.reserve(), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o640)
	if err != nil {
		return Outage(err) == DiskFull
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	err = unix.Fallocate(int(f.Fd()), 0, info.Size(), some)
	_ = f.Truncate(info.Size())
	return Outage(err) == DiskFull
}

// abandon closes the connection as it is. Closing the last one would fold the
// log, with the syncs that must not be repeated; so another is open meanwhile,
// which can only read.
func (s *Store) abandon() {
	if s.db == nil {
		return
	}
	db, conn, err := connectMode(context.Background(), &sqlite.Driver{}, s.path, url.Values{"mode": {"ro"}})
	if s.w != nil {
		s.w.sync.abandon()
		_ = s.w.close() // what fails has failed before
	}
	_ = s.db.Close()
	s.w, s.db = nil, nil
	if err == nil {
		_, _ = conn.Close(), db.Close()
	}
}

// Note writes that there is an outage, if the file can take that: that the
// session has watched until the gap began, and the gap, whose number it returns.
// The log is folded, so that it can be written anew. Where the recording was removed
// there is nothing yet that a gap could be in.
func (s *Store) Note(ctx context.Context, g Gap) (id int64, err error) {
	n, err := s.again(ctx, g.Reason)
	if err != nil {
		return 0, err
	}
	defer n.abandon()
	if !n.HasSession() {
		return 0, nil
	}
	err = n.w.transaction(ctx, func() error {
		if err := n.w.exec(ctx, `UPDATE session SET watched_us = max(ifnull(watched_us, 0), ?) WHERE id = ?`, g.From, n.session); err != nil {
			return err
		}
		id, err = n.OpenGap(ctx, g)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.path, err)
	}
	_ = n.w.foldAll(ctx) // the note is in the file, if need be in its log
	return id, nil
}

// Reopen opens the file again after Suspend, for the same session. Objects and
// States of before are void. Where the recording was removed it makes a new one,
// without a session. It fails with ErrDamaged if the file is, or with an error
// that is an Outage; then Reopen may be tried again later.
func (s *Store) Reopen(ctx context.Context, reason string) error {
	n, err := s.again(ctx, reason)
	if err != nil {
		return err
	}
	if err := n.w.exec(ctx, `PRAGMA busy_timeout = `+strconv.Itoa(patience)); err != nil {
		return err
	}
	*s = *n
	return nil
}

// Reconciled closes the gap of an outage, and lets readers know that it is over.
// The gap may have begun before what was known when it was noted.
func (s *Store) Reconciled(ctx context.Context, g Gap, id, at, lost int64) error {
	low, high := s.span(g.From, g.From, at)
	err := s.w.exec(ctx, `UPDATE gap SET from_us = min(from_us, ?), to_us = ?, lost = nullif(?, 0) WHERE id = ?`, low, high, lost, id)
	if err == nil {
		s.Resumed()
	}
	return err
}

// Resumed lets readers know that an outage is over.
func (s *Store) Resumed() { s.markOutage("") }

// LastChange returns the id of the last change, and when it was; 0 when there
// is none.
func (s *Store) LastChange() (id, at int64) { return s.change, s.last }

// HasSession reports whether Begin was called, for this file.
func (s *Store) HasSession() bool { return s.session != 0 }

// impatience is how long one that wants its file again waits for others, in
// milliseconds.
const impatience = 1000

// again opens the file once more.
func (s *Store) again(ctx context.Context, reason string) (*Store, error) {
	if err := s.relock(reason); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsnWaiting(s.path, impatience))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	n := &Store{path: s.path, lock: s.lock, db: db, session: s.session, tables: map[*rtnl.Kind]*table{}, actors: map[uint32]int64{}, open: map[int64]*openGap{}}
	if reason == IOError {
		err = n.check(ctx)
	}
	if err == nil {
		err = n.prepare(ctx)
	}
	if err == nil {
		if err = n.w.foldAll(ctx); Outage(err) == DiskFull {
			err = nil // the log may have room
		}
	}
	if err != nil {
		n.abandon()
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	return n, nil
}

// hasFile reports whether the file at the path is the one that is open.
func (s *Store) hasFile() (bool, error) {
	held, err := s.lock.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Stat(s.path)
	return err == nil && os.SameFile(held, there), nil
}

// relock takes the lock of the file that is now at the path: the recording may
// have been removed, to gain space, or moved away.
func (s *Store) relock(reason string) error {
	if has, err := s.hasFile(); err != nil || has {
		return err
	}
	f, err := lockRecording(s.path)
	if err != nil {
		return err
	}
	_ = s.lock.Close() // nobody has that file any more
	s.lock, s.session = f, 0
	s.markOutage(reason)
	return nil
}

// check reads the file, from the disk rather than from memory, and fails with
// ErrDamaged unless it holds what SQLite wrote.
func (s *Store) check(ctx context.Context) error {
	for _, name := range []string{s.path + "-wal", ""} {
		f := s.lock
		if name != "" {
			var err error
			if f, err = os.Open(name); err != nil {
				continue
			}
			defer f.Close()
		}
		_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // advice
	}
	var found string
	if err := s.db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, found)
	}
	return nil
}
