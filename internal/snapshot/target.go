package snapshot

// Where a copy goes. It is made under a name that nobody knows, beside the target,
// where nobody else may read it, synced, and only then gets its name: whoever
// looks under that finds the old file, none, or the whole new one. What has no
// name of its own goes when the command ends, also when that is interrupted.

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"nlrec/store"
)

// Errors about where a copy is to go.
var (
	ErrExists = errors.New("it is there already")
	ErrTarget = errors.New("nothing is written there")
	ErrFull   = errors.New("there is no space left for it")
)

// copyMode is that of recordings: they tell what others need not know.
const copyMode = 0o640

// A target is where a copy goes.
type target struct {
	path   string     // empty: it goes to a stream
	source string     // the recording
	force  bool       // another file may be replaced
	made   []*os.File // held until discard
}

// newTarget checks where a copy is to go: to path, or to a stream when that is
// empty. It fails with ErrExists or ErrTarget.
func newTarget(path, source string, force bool) (*target, error) {
	t := &target{path: path, source: source, force: force}
	if path == "" {
		return t, nil
	}
	return t, checkTarget(path, source, force)
}

// checkTarget refuses a path that something else is reached by.
func checkTarget(path, source string, force bool) error {
	info, err := os.Lstat(path)
	switch {
	case err == nil:
		if why := notReplaced(path, info, source); why != "" {
			return fmt.Errorf("%s: %w: %s", path, ErrTarget, why)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if log, err := os.Lstat(path + suffix); err == nil && log.Size() > 0 {
			return fmt.Errorf("%s: %w: %s lies beside it, which SQLite would take for a part of the copy", path, ErrTarget, filepath.Base(path)+suffix)
		}
	}
	if err == nil && !force {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	return nil
}

// notReplaced says why a file may not be replaced even by force, "" if it may.
func notReplaced(path string, info fs.FileInfo, source string) string {
	if from, err := os.Stat(source); err == nil && os.SameFile(from, info) {
		return "it is the recording itself"
	}
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return "it is a symbolic link"
	case mode.IsDir():
		return "it is a folder"
	case !mode.IsRegular():
		return "it is no file"
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink > 1 {
		return "it has other names, hard links"
	}
	if recording, err := store.Recording(path); err == nil && recording {
		return "a recorder has it open"
	}
	return ""
}

// file makes an empty file where the copy is to go, or where there is room for
// what goes to a stream. It is gone after discard.
func (t *target) file() (string, error) {
	folder := os.TempDir()
	if t.path != "" {
		folder = filepath.Dir(t.path)
	}
	removeLeftovers(folder)
	f, err := makeHeld(folder)
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("%s: %w: %w", cmp.Or(t.path, folder), ErrTarget, failed.Err)
	}
	if err != nil {
		return "", err
	}
	t.made = append(t.made, f)
	return f.Name(), nil
}

// publish gives a file that was made its name, or writes it to the stream.
func (t *target) publish(made string, stream io.Writer) error {
	f, err := os.Open(made)
	if err != nil {
		return err
	}
	defer f.Close()
	if t.path == "" {
		_, err := io.Copy(stream, f)
		return err
	}
	if err := errors.Join(f.Chmod(copyMode), f.Sync()); err != nil {
		return err
	}
	if err := t.rename(made); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(t.path)); err != nil {
		return fmt.Errorf("%s is whole, but may be gone after a power cut: %w", t.path, err)
	}
	return nil
}

// rename replaces nothing that came while the copy was made, unless by force,
// and then looks again at what is there.
func (t *target) rename(made string) error {
	if t.force {
		if err := checkTarget(t.path, t.source, true); err != nil {
			return err
		}
		if err := os.Rename(made, t.path); err != nil {
			return err
		}
		return t.dropIndex()
	}
	err := unix.Renameat2(unix.AT_FDCWD, made, unix.AT_FDCWD, t.path, unix.RENAME_NOREPLACE)
	switch {
	case errors.Is(err, unix.EEXIST):
		return fmt.Errorf("%s: %w", t.path, ErrExists)
	case errors.Is(err, unix.EINVAL): // a file system that cannot tell
		if err := os.Link(made, t.path); err != nil {
			return err
		}
		return os.Remove(made)
	case err != nil:
		return &fs.PathError{Op: "rename", Path: t.path, Err: err}
	}
	return nil
}

// dropIndex removes what readers of the file that was replaced left beside it: an
// empty log, and the index of that.
func (t *target) dropIndex() error {
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(t.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// discard removes all that was made and has no name of its own.
func (t *target) discard() (err error) {
	for _, made := range t.made {
		for _, suffix := range append([]string{""}, store.Besides()...) {
			if failed := os.Remove(made.Name() + suffix); !errors.Is(failed, fs.ErrNotExist) {
				err = errors.Join(err, failed)
			}
		}
		err = errors.Join(err, made.Close())
	}
	return err
}
