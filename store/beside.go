package store

// What lies beside a database, and what bears the name of one. A folder may be a
// stranger's like the file: what has the name of the log may be a pipe, which
// would have whoever opens it wait for ever.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrBeside is a file beside which lies what SQLite must not open.
var ErrBeside = errors.New("what lies beside the file is none of nlrec's")

// Besides are the ends of the names that SQLite gives to what it opens beside a database.
func Besides() []string { return []string{"-wal", "-shm", "-journal"} }

// Beside returns the name of what SQLite keeps beside the database at path: where
// that is a symbolic link, beside what it leads to.
func Beside(path, suffix string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path + suffix
}

// checkBeside fails with ErrBeside when SQLite would open something else than a
// file of its own.
func checkBeside(path string) error {
	for _, suffix := range Besides() {
		name := Beside(path, suffix)
		if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%s: %w: %s is %s", path, ErrBeside, filepath.Base(name), what(info.Mode()))
		}
	}
	return nil
}

// what says what something is that is no plain file.
func what(mode fs.FileMode) string {
	switch mode.Type() {
	case fs.ModeDir:
		return "a folder"
	case fs.ModeSymlink:
		return "a symbolic link"
	case fs.ModeNamedPipe:
		return "a pipe"
	case fs.ModeSocket:
		return "a socket"
	}
	return "a device"
}

// openPlain opens a file for reading, and fails with ErrNotRecording, at once,
// when it is something else.
func openPlain(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w: it is %s", path, ErrNotRecording, what(info.Mode()))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
