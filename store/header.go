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
	f, err := openPlain(path)
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
// a recording, an empty file is none; and with ErrBeside when SQLite would open
// beside it what is no file.
func CheckRecording(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w: it is %s", path, ErrNotRecording, what(info.Mode()))
	case info.Size() == 0:
		return fmt.Errorf("%s: %w: it is empty", path, ErrNotRecording)
	}
	if err := checkHeader(path); err != nil {
		return err
	}
	return checkBeside(path)
}
