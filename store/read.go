package store

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"nlrec/migrations"
)

// SchemaVersion returns the version of the schema that this nlrec knows.
func SchemaVersion() (version int64, err error) {
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil || len(files) == 0 {
		return 0, errors.Join(err, errors.New("no migrations"))
	}
	_, err = fmt.Sscanf(files[len(files)-1], "%05d_", &version) // Glob sorts
	return version, err
}

// The octets that SQLite locks in a database file:
// https://www.sqlite.org/src/file/src/os.h, PENDING_BYTE.
const (
	pendingByte = 0x40000000
	lockedBytes = 512
)

// Holder returns the process id of whoever keeps others from reading the file,
// 0 when there is none or it cannot be told. It must not be called while this
// process has the file open in SQLite.
func Holder(path string) (int, error) {
	f, err := openPlain(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	who := unix.Flock_t{Type: unix.F_RDLCK, Start: pendingByte, Len: lockedBytes}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &who); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	if who.Type == unix.F_UNLCK {
		return 0, nil
	}
	return max(int(who.Pid), 0), nil // -1: the lock belongs to an open file description
}
