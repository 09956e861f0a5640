package store

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// One recorder per file. The recorder holds a lock on one octet of the
// database, far behind the octets that SQLite locks, for as long as it has the
// file open. The lock is the open file description's (F_OFD_SETLK), so that
// neither SQLite nor a fork loses it, and it ends with the process however
// that dies.

// LockOffset is the octet that a recorder locks. It lies beyond the largest database SQLite can write.
const LockOffset = 1 << 62

// lock takes the recorder's lock, making the file when it is not there. The
// lock lasts until unlock is called, which must be after SQLite has
// closed its own: closing any descriptor drops the locks SQLite holds.
func lock(path string) (*os.File, error) {
	f, err := openOwn(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	how := unix.Flock_t{Type: unix.F_WRLCK, Start: LockOffset, Len: 1}
	err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &how)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return f, nil
}

// unlock gives up the recorder's lock, also where a child that was just forked, and
// has not become another program yet, has the file open as well.
func unlock(f *os.File) error {
	how := unix.Flock_t{Type: unix.F_UNLCK, Start: LockOffset, Len: int64(1 + len(outages))}
	return errors.Join(unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &how), f.Close())
}

// markOutage locks the octet behind the lock's that stands for the reason of an
// outage, or none of them.
func (s *Store) markOutage(reason string) {
	for n, r := range outages {
		how := unix.Flock_t{Type: unix.F_UNLCK, Start: LockOffset + 1 + int64(n), Len: 1}
		if r == reason {
			how.Type = unix.F_WRLCK
		}
		_ = unix.FcntlFlock(s.lock.Fd(), unix.F_OFD_SETLK, &how) // without it readers see an old last change
	}
}

// Suspended returns why the recorder that has the file open cannot write to it;
// "" when it can. Recording says when it may be called.
func Suspended(path string) (reason string, err error) {
	f, err := openPlain(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for n, r := range outages {
		who := unix.Flock_t{Type: unix.F_RDLCK, Start: LockOffset + 1 + int64(n), Len: 1}
		if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &who); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		if who.Type != unix.F_UNLCK {
			return r, nil
		}
	}
	return "", nil
}

// openOwn opens or makes a file that has no other name: in a folder that others
// can write to, a link would have the recorder write to a file of their choice.
func openOwn(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o640)
	switch {
	case errors.Is(err, unix.EISDIR):
		return nil, fmt.Errorf("%w: it is a folder", ErrNotRecording)
	case errors.Is(err, unix.ELOOP):
		return nil, fmt.Errorf("%w: it is a symbolic link", ErrLink)
	case err != nil:
		return nil, err
	}
	if err := checkOwn(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// checkOwn fails unless a file is a plain one and has one name.
func checkOwn(f *os.File) error {
	var status unix.Stat_t
	info, err := f.Stat()
	if err == nil {
		err = unix.Fstat(int(f.Fd()), &status)
	}
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is %s", ErrNotRecording, what(info.Mode()))
	case status.Nlink > 1:
		return fmt.Errorf("%w: it has %d hard links", ErrLink, status.Nlink)
	}
	return nil
}

// Recording reports whether a recorder has the file open. It must not be
// called while this process has the file open in SQLite.
func Recording(path string) (bool, error) {
	f, err := openPlain(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	who := unix.Flock_t{Type: unix.F_RDLCK, Start: LockOffset, Len: 1}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &who); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return who.Type != unix.F_UNLCK, nil
}
