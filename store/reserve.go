package store

// The reserve: space on the disk that is the recording's before anybody needs
// it. On a full disk the log cannot be folded, since the file cannot grow, and
// as long as it is not folded it cannot be written anew. So a file beside the
// recording holds room for that, and goes when the disk is full.
//
// Folding adds at most as many pages to the file as the log has. So the reserve
// is as large as the log becomes before it is folded, on a small disk both are
// smaller, and only a batch that came on top may need more. Then the log stays as
// it is, and what the failed commit took of it has room for the note of an outage.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// reserveShare is how much of a small disk the reserve takes at most.
const reserveShare = 16

func (s *Store) reserve() string { return s.path + "-reserve" }

// reserveSize returns how many octets the reserve has.
func (s *Store) reserveSize() int64 {
	var disk unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(s.path), &disk); err != nil {
		return foldPages * pageSize
	}
	return min(foldPages, int64(disk.Blocks)*disk.Bsize/reserveShare/pageSize) * pageSize
}

// Reserve takes the reserve, if it is not there, and fails with ENOSPC or
// EDQUOT unless the disk has as much again for the recording to grow. Where the
// file system cannot set space aside, there is no reserve.
func (s *Store) Reserve() error {
	if err := s.takeReserve(); err != nil {
		return fmt.Errorf("%s: set space aside: %w", s.reserve(), err)
	}
	return nil
}

func (s *Store) takeReserve() error {
	size := s.reserveSize()
	if err := s.releaseReserve(); err != nil { // one of a recorder that was killed
		return err
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(s.path), &disk); err != nil {
		return err
	}
	if int64(disk.Bavail)*disk.Bsize < 2*size {
		return unix.ENOSPC
	}
	f, err := os.OpenFile(s.reserve(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	err = unix.Fallocate(int(f.Fd()), 0, 0, 2*size) // a quota does not show in statfs
	if err == nil {
		err = f.Truncate(size)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		err = errors.Join(err, s.releaseReserve())
	}
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}

// releaseReserve gives the reserve back to the disk.
func (s *Store) releaseReserve() error {
	err := os.Remove(s.reserve())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
