package store

// Syncing: what a power cut may take.
//
// A commit is in the file as soon as it is written: no kill of the recorder
// loses it. The disk has it for sure only once it is synced. With
// synchronous=NORMAL SQLite does that when it folds the log into the file, on a
// quiet machine hours later; with FULL at every commit. The store syncs the log
// itself, within syncDelay of when the first commit since the last time began to
// be written: a large one, on a busy machine, takes long itself. While that
// runs others may commit, for as long again: then Append waits. So what a power
// cut takes was committed within twice syncDelay, however slow the disk is; and
// as the log is valid up to the first frame that is not, it takes the last
// commits and no other.
//
// It runs on a goroutine of its own, so that a recorder that takes a long look
// does not keep the last change before it from the disk. A store that writes
// nothing has no timer.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// syncDelay is how long a commit waits for others to be synced with. Twice that,
// and the 0.2 s that a change waits to be committed under load, are a second.
const syncDelay = 400 * time.Millisecond

// syncer has the disk keep the log.
type syncer struct {
	log     *os.File
	running sync.Mutex // held while the disk is asked
	mu      sync.Mutex // of what follows
	timer   *time.Timer
	asking  bool      // the disk is asked
	since   time.Time // when the first commit that is not synced began; zero: all are
	failed  error     // nothing can be said of what was written since
}

// openSyncer opens the log of a database, which must exist.
func openSyncer(path string) (*syncer, error) {
	log, err := os.Open(path + "-wal")
	if err != nil {
		return nil, err
	}
	s := &syncer{log: log}
	s.timer = time.AfterFunc(syncDelay, func() { _ = s.sync() }) // s.failed has it
	s.timer.Stop()
	return s, nil
}

// committed notes that a transaction was, and when that began.
func (s *syncer) committed(began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since = began
		s.timer.Reset(syncDelay - time.Since(began))
	}
}

// timerGrace is how late the timer may be. Without it whoever commits all the time
// was at times the first to see that a sync is due, and waited for the disk.
const timerGrace = 50 * time.Millisecond

// overdue reports whether commits have waited too long to be followed by
// another.
func (s *syncer) overdue() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := syncDelay
	if !s.asking { // the timer sees to it
		most += timerGrace
	}
	return s.failed != nil || !s.since.IsZero() && time.Since(s.since) > most
}

// sync returns when the disk has all that was committed before. After an error
// the kernel may have thrown away what it could not write, so the error stays.
func (s *syncer) sync() error {
	s.running.Lock()
	defer s.running.Unlock()
	s.mu.Lock()
	nothing, failed := s.since.IsZero(), s.failed
	s.since = time.Time{}
	s.timer.Stop()
	s.asking = !nothing && failed == nil
	s.mu.Unlock()
	if nothing || failed != nil {
		return failed
	}
	err := unix.Fdatasync(int(s.log.Fd()))
	for errors.Is(err, unix.EINTR) {
		err = unix.Fdatasync(int(s.log.Fd()))
	}
	if err != nil {
		err = &os.PathError{Op: "fdatasync", Path: s.log.Name(), Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking, s.failed = false, err
	return err
}

// close syncs for the last time.
func (s *syncer) close() error { return errors.Join(s.sync(), s.log.Close()) }

// abandon closes the log as it is, after an error.
func (s *syncer) abandon() {
	s.running.Lock()
	defer s.running.Unlock()
	s.mu.Lock()
	s.since, s.failed = time.Time{}, os.ErrClosed
	s.timer.Stop()
	s.mu.Unlock()
	_ = s.log.Close() // it was only synced
}

// Sync returns when the disk has everything that was written.
func (s *Store) Sync() error { return s.w.sync.sync() }

// makeFolder makes a folder and those it is in, and has the disk keep them.
func makeFolder(path string) error {
	var missing []string
	for at := path; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || !errors.Is(err, os.ErrNotExist) {
			break
		}
		missing = append(missing, at)
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return err
	}
	for _, made := range missing {
		if err := syncFolder(filepath.Dir(made)); err != nil {
			return err
		}
	}
	return nil
}

// syncFolder has the disk keep which files are in a folder. One that may not be
// read cannot be asked.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync the folder: %w", err)
	}
	return nil
}
