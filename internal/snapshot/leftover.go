package snapshot

// Files that a copy was made in when it was killed. Whoever makes a copy holds a
// lock on each (flock(2), which is not one of those that SQLite takes) until it has
// its name or is gone, and the lock ends with the process. So what can be locked is
// nobody's, and the next copy into the folder removes it. Between making a file and
// locking it another may take it for such a one: then it is made again.

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"nlrec/store"
)

// madePrefix begins the names of files that copies are made in.
const madePrefix = ".nlrec-snapshot-"

// makeHeld makes an empty file that nobody has, and locks it until it is closed.
func makeHeld(folder string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(folder, madePrefix)
		if err != nil {
			return nil, err
		}
		if hold(f) {
			return f, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}

// hold locks a file, and reports whether it still has the name that it was opened
// by. Where the file system has no locks nobody takes it away either.
func hold(f *os.File) bool {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false
	}
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(held, there)
}

// removeLeftovers removes what copies that were killed left in a folder. What this
// user did not make, or cannot lock, stays.
func removeLeftovers(folder string) {
	names, _ := filepath.Glob(filepath.Join(escaped(folder), madePrefix+"*")) // a folder that cannot be read stays as it is
	for _, name := range names {
		if !slices.ContainsFunc(store.Besides(), func(suffix string) bool { return strings.HasSuffix(name, suffix) }) {
			removeLeftover(name)
		}
	}
}

// escaped has a path stand for itself in a pattern.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

func removeLeftover(name string) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() || stat.Nlink != 1 || int(stat.Uid) != os.Geteuid() {
		return
	}
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return // somebody makes a copy in it, or nobody can tell
	}
	for _, suffix := range append([]string{""}, store.Besides()...) {
		_ = os.Remove(name + suffix) // the next copy tries again
	}
}
