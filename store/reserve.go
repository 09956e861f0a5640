package store

// The reserve: space on the disk that is the recording's before anybody needs
// it. On a full disk the log cannot be folded, since the file cannot grow, and
// as long as it is not folded it cannot be written anew. So a file beside the
// recording holds room for that, and goes when the disk is full.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	// reserveSize is what folding a log takes at most that has foldPages and
	// the largest batch in it, see docs/reliability.md.
	reserveSize = 8 << 20
	// reserveShare is how much of a small disk the reserve takes at most.
	reserveShare = 32
)

func (s *Store) reserve() string { return s.path + "-reserve" }

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
	var disk unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(s.path), &disk); err != nil {
		return err
	}
	size := min(reserveSize, int64(disk.Blocks)*disk.Bsize/reserveShare)
	if err := s.releaseReserve(); err != nil { // one of a recorder that was killed
		return err
	}
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
