package main

// The file of --cursor-file: one line, the cursor of the last change that was
// told. It is replaced as a whole, and only once what it names is written, so
// that a change may be told twice but none is left out.

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nlrec/query"
)

// A cursorFile is that file; "": there is none.
type cursorFile string

// read returns the cursor, "" when there is none yet.
func (f cursorFile) read() (string, error) {
	if f == "" {
		return "", nil
	}
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", f.unusable(err)
	}
	return strings.TrimSpace(string(text)), nil
}

// unusable words an error of the system, which is none of the recording's.
func (f cursorFile) unusable(err error) error {
	var link *os.LinkError
	if errors.As(err, &link) {
		err = link.Err
	}
	return usageError{"--cursor-file " + query.WithPath(string(f), err).Error(), "name a file that you may write, in a folder that you may write to"}
}

// write replaces the cursor, if there is a file and a new one.
func (f cursorFile) write(cursor string) (err error) {
	if f == "" || cursor == "" {
		return nil
	}
	defer func() {
		if err != nil {
			err = f.unusable(err)
		}
	}()
	next, err := os.CreateTemp(filepath.Dir(string(f)), ".nlrec-cursor-*")
	if err != nil {
		return err
	}
	_, err = next.WriteString(cursor + "\n")
	if err = errors.Join(err, next.Sync(), next.Close()); err == nil {
		err = os.Rename(next.Name(), string(f))
	}
	if err != nil {
		_ = os.Remove(next.Name()) // it may be gone
	}
	return err
}
