package store

// A new file.
//
// SQLite would make its first page with a journal beside it, and there would be
// moments at which a power cut leaves a database without the mark that tells a
// recording, which nlrec then refuses for good. So the first page is written
// here: an empty database in WAL mode that has the mark. All of it but zeros lies
// in the first sector, and a disk writes that as a whole. What a power cut can
// leave is a file that is empty, too short or all zeros, and the next start makes
// it again.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
)

const (
	pageSize   = 4096
	headerSize = 100
)

// makeFile makes a file that nothing was written to yet a recording without
// tables, and has the disk keep it.
func makeFile(f *os.File) error {
	have := make([]byte, pageSize+1)
	n, err := f.ReadAt(have, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	page := firstPage()
	begun := n < pageSize && bytes.HasPrefix(page, have[:n])
	zeros := n <= pageSize && len(bytes.Trim(have[:n], "\x00")) == 0
	if !begun && !zeros {
		return nil
	}
	if err := f.Truncate(pageSize); err != nil {
		return err
	}
	if _, err := f.WriteAt(page, 0); err != nil {
		return err
	}
	return errors.Join(f.Sync(), syncFolder(filepath.Dir(f.Name())))
}

// firstPage returns the page of an empty database:
// https://www.sqlite.org/fileformat2.html#the_database_header
func firstPage() []byte {
	page := make([]byte, pageSize)
	copy(page, "SQLite format 3\x00")
	put := binary.BigEndian
	put.PutUint16(page[16:], pageSize)
	copy(page[18:], []byte{2, 2})       // WAL, to write and to read
	copy(page[21:], []byte{64, 32, 32}) // payload fractions, always so
	put.PutUint32(page[24:], 1)         // changes of the file
	put.PutUint32(page[28:], 1)         // pages
	put.PutUint32(page[44:], 4)         // schema format
	put.PutUint32(page[52:], 1)         // a map of who points to a page, see space.go
	put.PutUint32(page[56:], 1)         // UTF-8
	put.PutUint32(page[64:], 1)         // by which free pages are given back when asked
	put.PutUint32(page[68:], ApplicationID)
	put.PutUint32(page[92:], 1) // changes when the page count was right
	put.PutUint32(page[96:], 3_051_003)
	page[headerSize] = 13 // a leaf of a table, with no cell
	put.PutUint16(page[headerSize+5:], pageSize)
	return page
}
