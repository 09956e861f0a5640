package store

// Copies that are not whole. People copy a database with cp while it is written,
// forget the log beside it, or run out of space. What is left is read as far as it
// goes, and what is wrong with it is said:
//
//   - the log was left behind: the file is as of the last time that the log was
//     folded into it;
//   - the log is of another moment than the file, or of another file: it is left
//     aside when the file is right without it;
//   - the end is cut off: what is missing is read as pages of zeros, which SQLite
//     finds damaged when it comes there, and not before.

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	"modernc.org/sqlite/vfs"
)

// A Flaw is what is wrong with a file as it lies there, and what to do about it.
// Text is empty when nothing is.
type Flaw struct {
	Text, Hint string
	alone      bool   // the log is left aside
	cut        header // of a file that is cut off; else zero
	bare       bool   // there is no log, which is a flaw if the last recorder left one
}

// String is the flaw in a sentence, with what to do about it.
func (f Flaw) String() string { return f.Text + "; " + f.Hint }

// advice is what to do about every flaw.
const advice = "copy it anew, with nlrec snapshot where it is recorded"

// FindFlaw looks at the file at path. It must not be called while this process
// has the file open in SQLite, and finds nothing that only reading would show:
// see Read.
func FindFlaw(ctx context.Context, path string) (Flaw, error) {
	recording, err := Recording(path)
	if err != nil || recording {
		return Flaw{}, err
	}
	h, err := readHeader(path)
	if err != nil {
		return Flaw{}, nil // it is for others to say what else it is
	}
	log, err := os.Stat(Beside(path, "-wal"))
	switch hasLog := err == nil && log.Size() > 0; {
	case !hasLog && h.size < h.whole:
		text := fmt.Sprintf("the file is cut off after %d of %d octets: an answer ends where it comes to what is missing", h.size, h.whole)
		return Flaw{Text: text, Hint: advice, cut: h}, nil
	case !hasLog:
		return Flaw{bare: h.written == writtenWithLog}, nil
	}
	return tornFlaw(ctx, path), nil
}

// Connect is as the function of that name, for a file with this flaw: what
// there is of it can be read.
func (f Flaw) Connect(ctx context.Context, d *sqlite.Driver, path string) (*sql.DB, *sql.Conn, error) {
	switch {
	case f.alone:
		return connectMode(ctx, d, path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	case f.cut.whole > 0:
		name, files, err := vfs.New(cutFile{path, f.cut})
		if err != nil {
			return nil, nil, err
		}
		db, conn, err := connectVia(ctx, via{d, files}, path, url.Values{"mode": {"ro"}, "immutable": {"1"}, "vfs": {name}})
		if err != nil {
			err = fmt.Errorf("it is cut off after %d of %d octets: %w", f.cut.size, f.cut.whole, err)
		}
		return db, conn, err
	}
	return Connect(ctx, d, path)
}

// misfit says why what can be read of the file does not hold together, "" if
// nothing is found soon.
func (f Flaw) misfit(ctx context.Context, path string) string {
	db, conn, err := f.Connect(ctx, &sqlite.Driver{}, path)
	if err != nil {
		return unreadable
	}
	defer func() { _ = errors.Join(conn.Close(), db.Close()) }() // nothing was written
	for _, question := range holdTogether {
		if found := firstText(ctx, conn, question); found != "ok" {
			return found
		}
	}
	return ""
}

// Read returns the flaw as far as a connection to the file at path tells more of
// it: that of a file whose last recorder did not end is the lack of its log.
func (f Flaw) Read(ctx context.Context, conn *sql.Conn, path string) Flaw {
	const ended = `SELECT CASE WHEN EXISTS (SELECT 1 FROM session WHERE id = (SELECT max(id) FROM session) AND ended_us IS NOT NULL) THEN 'ok' ELSE 'not yet' END`
	if f.bare && firstText(ctx, conn, ended) == "not yet" {
		f.Text, f.Hint = "the file was copied without its write-ahead log, "+filepath.Base(Beside(path, "-wal"))+": the last changes are missing", advice
	}
	return f
}

// tornFlaw looks whether the log that lies beside a file fits it.
func tornFlaw(ctx context.Context, path string) Flaw {
	why := unfitLog(path)
	if why == "" {
		why = Flaw{}.misfit(ctx, path)
	}
	if why == "" {
		return Flaw{}
	}
	text := "the write-ahead log of the file, " + filepath.Base(Beside(path, "-wal")) + ", is not of the same moment (" + why + ")"
	alone := Flaw{Text: text + " and is left aside: the last changes are missing", Hint: advice, alone: true}
	if alone.misfit(ctx, path) == "" {
		return alone
	}
	return Flaw{Text: text + ": answers may be wrong", Hint: advice}
}

// looking bounds how long a file is looked at before it is asked.
const looking = time.Second

const unreadable = "they cannot be read together"

// holdTogether are questions whose answer is ok unless the last changes, or the
// pages, are of different moments.
var holdTogether = []string{`
	WITH last AS (SELECT max(id) AS id FROM change), recent AS (SELECT change.* FROM change, last WHERE change.id > last.id - 10000)
	SELECT CASE
		WHEN (SELECT count(*) <> max(id) - min(id) + 1 FROM recent) THEN 'changes are missing before the last'
		WHEN EXISTS (SELECT 1 FROM recent c WHERE c.state IS NOT (SELECT n.state FROM now n WHERE n.object = c.object)
			AND NOT EXISTS (SELECT 1 FROM change x WHERE x.object = c.object AND x.id > c.id)) THEN 'what is now is not what the last changes left'
		ELSE 'ok' END`,
	`PRAGMA quick_check(1)`,
}

// firstText returns the answer to a question; ok where it takes too long.
func firstText(ctx context.Context, conn *sql.Conn, question string) string {
	ctx, cancel := context.WithTimeout(ctx, looking)
	defer cancel()
	var found string
	err := conn.QueryRowContext(ctx, question).Scan(&found)
	switch {
	case ctx.Err() != nil:
		return "ok"
	case err != nil:
		return unreadable
	}
	return found
}

// A header is what the first octets of a database say:
// https://www.sqlite.org/fileformat2.html#the_database_header
type header struct {
	pageSize    int64
	written     byte // how it is written: writtenWithLog
	size, whole int64
}

const writtenWithLog = 2

// readHeader reads the header of a database. What it does not say is 0.
func readHeader(path string) (h header, err error) {
	f, err := openPlain(path)
	if err != nil {
		return h, err
	}
	defer f.Close()
	b := make([]byte, 100)
	if _, err := io.ReadFull(f, b); err != nil {
		return h, err
	}
	info, err := f.Stat()
	if err != nil {
		return h, err
	}
	h.size, h.written, h.pageSize = info.Size(), b[18], int64(binary.BigEndian.Uint16(b[16:]))
	if h.pageSize == 1 {
		h.pageSize = 1 << 16
	}
	if binary.BigEndian.Uint32(b[24:]) == binary.BigEndian.Uint32(b[92:]) { // the number of pages is valid
		h.whole = h.pageSize * int64(binary.BigEndian.Uint32(b[28:]))
	}
	return h, nil
}

// unfitLog says why SQLite would pass over a log without a word, "" if it would
// not: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
func unfitLog(path string) string {
	f, err := openPlain(Beside(path, "-wal"))
	if err != nil {
		return ""
	}
	defer f.Close()
	b := make([]byte, 32)
	if _, err := io.ReadFull(f, b); err != nil {
		return "it has no header"
	}
	const magic = 0x377f0682 // plus one where the checksums are big-endian
	var order binary.ByteOrder = binary.LittleEndian
	if b[3]&1 == 1 {
		order = binary.BigEndian
	}
	var s0, s1 uint32
	for i := 0; i < 24; i += 8 {
		s0 += order.Uint32(b[i:]) + s1
		s1 += order.Uint32(b[i+4:]) + s0
	}
	if binary.BigEndian.Uint32(b)&^1 != magic || binary.BigEndian.Uint32(b[24:]) != s0 || binary.BigEndian.Uint32(b[28:]) != s1 {
		return "its header is damaged"
	}
	if h, err := readHeader(path); err == nil && h.pageSize != int64(binary.BigEndian.Uint32(b[8:])) {
		return "it has pages of another size"
	}
	return ""
}

// cutFile is a file system with one file, which has zeros where its end is cut
// off.
type cutFile struct {
	path   string
	header header
}

func (c cutFile) Open(name string) (fs.File, error) {
	if path, err := filepath.Abs(c.path); err != nil || name != path {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.Join(err, fs.ErrNotExist)}
	}
	f, err := os.Open(c.path)
	if err != nil {
		return nil, err
	}
	return &padded{f, io.NewSectionReader(paddedAt{f, c.header.size}, 0, c.header.whole), c.header.whole}, nil
}

// padded is a file that is read as longer than it is.
type padded struct {
	*os.File
	content *io.SectionReader
	whole   int64
}

func (p *padded) Read(b []byte) (int, error)                   { return p.content.Read(b) }
func (p *padded) Seek(offset int64, whence int) (int64, error) { return p.content.Seek(offset, whence) }
func (p *padded) Stat() (fs.FileInfo, error) {
	info, err := p.File.Stat()
	return longer{info, p.whole}, err
}

// longer is the description of a file as one of another size.
type longer struct {
	fs.FileInfo
	size int64
}

func (l longer) Size() int64 { return l.size }

// paddedAt reads zeros from behind the end of a file.
type paddedAt struct {
	file *os.File
	size int64
}

func (p paddedAt) ReadAt(b []byte, at int64) (int, error) {
	clear(b)
	if at < p.size {
		if n, err := p.file.ReadAt(b[:min(int64(len(b)), p.size-at)], at); err != nil && err != io.EOF {
			return n, err
		}
	}
	return len(b), nil
}
