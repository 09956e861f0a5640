package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/rtnl"
)

// isSynced reports whether the disk has all that was committed.
func (s *syncer) isSynced() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since.IsZero()
}

// TestSyncsByItself: nobody has to ask for it, nor to commit once more.
func TestSyncsByItself(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer closeStore(t, s)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	write(t, s, rtnl.Neighbour, neighbour, nil, 1, "up")
	if s.w.sync.isSynced() {
		t.Error("a commit is synced at once")
	}
	for deadline := time.Now().Add(20 * time.Second); !s.w.sync.isSynced(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is never synced")
		}
	}
}

// TestAppendWaitsForTheDisk: where a sync is overdue, it comes before the next
// commit.
func TestAppendWaitsForTheDisk(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer closeStore(t, s)
	late := time.Now().Add(-time.Minute)
	s.w.sync.mu.Lock()
	s.w.sync.since = late
	s.w.sync.mu.Unlock()
	write(t, s, rtnl.Neighbour, neighbour, nil, 1, "up")
	s.w.sync.mu.Lock()
	defer s.w.sync.mu.Unlock()
	if s.w.sync.since.Equal(late) || s.w.sync.since.IsZero() {
		t.Errorf("unsynced since %v", s.w.sync.since)
	}
}

// TestSyncCountsFromTheBeginning: that a transaction took long is part of the time
// that its changes wait for the disk.
func TestSyncCountsFromTheBeginning(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer closeStore(t, s)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	var amid time.Time
	err := s.w.transaction(t.Context(), func() error {
		amid = time.Now()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.w.sync.mu.Lock()
	defer s.w.sync.mu.Unlock()
	if since := s.w.sync.since; since.IsZero() || !since.Before(amid) {
		t.Errorf("unsynced since %v; the transaction was under way at %v", since, amid)
	}
}

// TestFailedSync: after one that failed nothing is promised any more.
func TestFailedSync(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	write(t, s, rtnl.Neighbour, neighbour, nil, 1, "up")
	r, w, err := os.Pipe() // which cannot be synced
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	log := s.w.sync.log
	s.w.sync.log = r
	if err := s.Sync(); !errors.Is(err, unix.EINVAL) {
		t.Errorf("%v", err)
	}
	s.w.sync.log = log
	if err := s.Append(t.Context(), Batch{}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("append after that: %v", err)
	}
	if err := s.Close(); !errors.Is(err, unix.EINVAL) {
		t.Errorf("close after that: %v", err)
	}
}
