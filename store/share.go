package store

// What SQLite keeps beside a file in WAL mode: the log, and the index of it by
// which readers and the writer tell each other what they do. Whoever may not make
// files can read what nobody writes only as it is, and is told nothing when that
// changes.

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Share makes the files by which a reader shares the recording at path with a
// recorder, as SQLite would: the index where there is a log, and with follow
// both. It does nothing where they are, or cannot be made.
func Share(path string, follow bool) {
	log, err := os.Stat(path + "-wal")
	if !follow && (err != nil || log.Size() == 0) {
		return
	}
	file, err := os.Stat(path)
	if err != nil || !file.Mode().IsRegular() {
		return
	}
	for _, name := range []string{path + "-wal", path + "-shm"} {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, file.Mode().Perm())
		if err != nil {
			continue // it is there, or reading does without
		}
		var owner unix.Stat_t
		if os.Geteuid() == 0 && unix.Stat(path, &owner) == nil {
			_ = f.Chown(int(owner.Uid), int(owner.Gid)) // what is root's, others cannot write to
		}
		_ = f.Close() // nothing is written
	}
}

// ErrWritten is a file that was read as one that nobody writes, and was written.
var ErrWritten = errors.New("a recorder began to write the file meanwhile")

// A Rest is how a file was when nobody wrote it.
type Rest struct {
	path string
	info fs.FileInfo
}

// RestOf notes how the file at path is.
func RestOf(path string) (Rest, error) {
	info, err := os.Stat(path)
	return Rest{path, info}, err
}

// Check fails with ErrWritten unless the file is as it was.
func (r Rest) Check() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	if !os.SameFile(info, r.info) || info.Size() != r.info.Size() || !info.ModTime().Equal(r.info.ModTime()) {
		return ErrWritten
	}
	return nil
}
