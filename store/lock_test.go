package store

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A child that was just forked has what its parent has open.
func TestCloseUnlocksForChildren(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	child, err := unix.Dup(int(s.lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(child)
	closeStore(t, s)
	if recording, err := Recording(path); recording || err != nil {
		t.Errorf("after it was closed: recording %v, %v", recording, err)
	}
}
