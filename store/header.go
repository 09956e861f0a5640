package store

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// checkHeader fails with ErrNotRecording unless the file is empty or has the
// header of a recording: https://www.sqlite.org/fileformat2.html#the_database_header
func checkHeader(path string) error {
	const magic, applicationID = "SQLite format 3\x00", 68
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	header := make([]byte, 100)
	switch n, err := io.ReadFull(f, header); {
	case n == 0 && err == io.EOF:
		return nil
	case err == io.ErrUnexpectedEOF || err == nil && string(header[:len(magic)]) != magic:
		return fmt.Errorf("%s: %w: it is no SQLite database", path, ErrNotRecording)
	case err != nil:
		return err
	case binary.BigEndian.Uint32(header[applicationID:]) == InstantID:
		return fmt.Errorf("%s: %w: it is one instant, in plain tables for any SQLite tool", path, ErrFlat)
	case binary.BigEndian.Uint32(header[applicationID:]) != ApplicationID:
		return fmt.Errorf("%s: %w: it is another program's SQLite database", path, ErrNotRecording)
	}
	return nil
}

// CheckRecording fails with ErrNotRecording unless the file has the header of
// a recording. An empty file is none.
func CheckRecording(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return fmt.Errorf("%s: %w: it is empty or no file", path, ErrNotRecording)
	}
	return checkHeader(path)
}
