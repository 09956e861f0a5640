package query

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that callers tell apart.
var (
	ErrInstant = errors.New("no instant")
	ErrOutside = errors.New("the recording does not cover it")
	ErrRefused = errors.New("refused")
	ErrBusy    = errors.New("the file is locked")
	ErrDamaged = errors.New("the file is damaged")
	ErrNoSQL   = errors.New("no SQL")
	ErrFilter  = errors.New("no filter")
	ErrCursor  = errors.New("no cursor")
	ErrRows    = errors.New("the answer is cut")
	ErrLength  = errors.New("a value is too long")
	ErrMemory  = errors.New("the answer takes too much memory")
)

// A filterError is an ErrFilter that says itself what is wrong.
type filterError string

func (e filterError) Error() string        { return string(e) }
func (e filterError) Is(target error) bool { return target == ErrFilter }

// hinted is an error that comes with what to do next.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// Hint returns what an error says should be done next, or "".
func Hint(err error) string {
	var h hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

// placed is an error about a place in a statement.
type placed struct {
	error
	excerpt string
}

func (s placed) Unwrap() error { return s.error }

// Excerpt returns the line of the statement that an error is about and one with
// carets under the place, safe for a terminal, or "".
func Excerpt(err error) string {
	var s placed
	if errors.As(err, &s) {
		return s.excerpt
	}
	return ""
}

// WithPath puts the name of the file before an error about it, and sorts
// SQLite's errors. The errors of package os name the file already, behind the
// name of a system call that does not matter to anybody.
func WithPath(path string, err error) error {
	var file *fs.PathError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &file):
		return fmt.Errorf("%s: %w", path, file.Err)
	case !errors.As(err, &lite) && strings.HasPrefix(err.Error(), path+": "):
		return err
	default:
		return fmt.Errorf("%s: %w", path, sorted(err))
	}
}

// sorted returns an error of SQLite as one that callers can tell apart, with
// its text freed from what surrounds it.
func sorted(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	if strings.HasPrefix(plain(e), "not authorized") { // functions, with a code that says nothing
		return fmt.Errorf("%w: %s", ErrRefused, plain(e))
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY:
		if e.Code() == sqlite3.SQLITE_READONLY_DIRECTORY { // a recorder has it, and not yet what it shares
			return ErrBusy
		}
		return fmt.Errorf("%w: %s", ErrRefused, plain(e))
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrBusy
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %s", ErrDamaged, plain(e))
	case sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("%w: there can be %d octets", ErrLength, maxLength)
	case sqlite3.SQLITE_NOMEM:
		return ErrMemory
	case sqlite3.SQLITE_FULL:
		return unix.ENOSPC
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: %s", unix.EIO, plain(e))
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w: %s", fs.ErrPermission, plain(e))
	}
	return errors.New(plain(e))
}

// plain returns SQLite's message without the driver's wrapping:
// "SQL logic error: no such table: x (1)".
func plain(e *sqlite.Error) string {
	text := strings.TrimSuffix(e.Error(), " ("+strconv.Itoa(e.Code())+")")
	for _, general := range []string{"SQL logic error: ", "authorization denied: ", "attempt to write a readonly database: "} {
		text = strings.TrimPrefix(text, general)
	}
	return text
}
