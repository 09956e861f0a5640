// Package powercut repeats what a program did to its files, up to an instant,
// and then forgets what a disk may forget when the power goes: whatever was not
// synced. What the program did comes from strace(1), so it is the program as it
// is, on the file system as it is.
package powercut

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Strace is the command line that traces a program for Parse; the program and
// its arguments are to follow.
func Strace(to string) []string {
	return []string{"strace", "-f", "--seccomp-bpf", "-ttt", "-y", "-xx", "-s", "1000000", "-o", to, "-e",
		"trace=openat,open,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,copy_file_range,sendfile," +
			"fsync,fdatasync,sync_file_range,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir"}
}

// An Op is one thing done to a file or folder.
type Op struct {
	At     time.Time
	Do     Do
	Thread string
	Path   string
	From   int64  // of a write
	Data   []byte // of a write
	Size   int64  // of a truncation
}

// Do says what an Op does.
type Do int

// A sync is two: what was written before it began is on the disk when it has
// ended.
const (
	Create Do = iota
	MakeFolder
	Remove
	Write
	Truncate
	BeginSync
	EndSync
)

var (
	line    = regexp.MustCompile(`^(\d+) +(\d+)\.(\d{6}) (.*)$`)
	resumed = regexp.MustCompile(`^<\.\.\. \w+ resumed>(.*)$`)
	call    = regexp.MustCompile(`^(\w+)\((.*)$`)
	outcome = regexp.MustCompile(`^(.*)\) += (-?\d+)(?:<([^>]*)>)?`)
)

// Parse reads what a trace says of the files in a folder. It fails on a call
// that it does not know how to repeat.
func Parse(trace io.Reader, folder string) ([]Op, error) {
	p := parser{folder: folder, pending: map[string]string{}}
	lines := bufio.NewReaderSize(trace, 1<<20)
	for n := 1; ; n++ {
		text, err := lines.ReadString('\n')
		if err == io.EOF && text == "" {
			return p.ops, nil
		}
		if err != nil {
			return nil, err
		}
		if err := p.line(strings.TrimSuffix(text, "\n")); err != nil {
			return nil, fmt.Errorf("line %d of the trace: %w: %.300s", n, err, text)
		}
	}
}

type parser struct {
	folder  string
	ops     []Op
	pending map[string]string // by thread: a call that has not returned
	at      time.Time
	thread  string
}

func (p *parser) line(text string) error {
	f := line.FindStringSubmatch(text)
	if f == nil {
		return fmt.Errorf("no line of strace")
	}
	seconds, _ := strconv.ParseInt(f[2], 10, 64)
	micros, _ := strconv.ParseInt(f[3], 10, 64)
	p.at = time.UnixMicro(seconds*1e6 + micros)
	thread, said := f[1], f[4]
	p.thread = thread
	if strings.HasPrefix(said, "---") || strings.HasPrefix(said, "+++") {
		return nil
	}
	if begun, ok := strings.CutSuffix(said, " <unfinished ...>"); ok {
		p.pending[thread] = begun
		return p.begin(begun)
	}
	if f := resumed.FindStringSubmatch(said); f != nil {
		begun := p.pending[thread]
		delete(p.pending, thread)
		return p.end(begun + f[1])
	}
	if err := p.begin(said); err != nil {
		return err
	}
	return p.end(said)
}

// begin notes what a call does from its beginning on. A failed write counts as
// one: what it has written nobody knows.
func (p *parser) begin(text string) error {
	name, args, ok := p.split(text)
	if !ok {
		return nil
	}
	path := descriptor(args[0])
	switch name {
	case "pwrite64":
		data, err := quoted(args[1])
		from, err2 := strconv.ParseInt(args[3], 10, 64)
		if err != nil || err2 != nil {
			return fmt.Errorf("no arguments of pwrite64")
		}
		p.add(Op{Do: Write, Path: path, Data: data, From: from})
	case "ftruncate":
		size, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		p.add(Op{Do: Truncate, Path: path, Size: size})
	case "fallocate": // of a new file: it gets longer, with zeros
		size, err := strconv.ParseInt(args[3], 10, 64)
		if err != nil {
			return err
		}
		if args[1] != "0" || args[2] != "0" {
			return fmt.Errorf("fallocate of mode %s from %s on is not repeated yet", args[1], args[2])
		}
		p.add(Op{Do: Truncate, Path: path, Size: size})
	case "fsync", "fdatasync":
		p.add(Op{Do: BeginSync, Path: path})
	}
	return nil
}

// end notes what a call has done when it returns.
func (p *parser) end(text string) error {
	name, args, ok := p.split(text)
	if !ok {
		return nil
	}
	f := outcome.FindStringSubmatch(text)
	if f == nil {
		return fmt.Errorf("no result")
	}
	if strings.HasPrefix(f[2], "-") {
		return nil
	}
	switch name {
	case "openat", "open":
		if strings.Contains(text, "O_TRUNC") {
			return fmt.Errorf("O_TRUNC is not repeated yet")
		}
		if strings.Contains(text, "O_CREAT") {
			p.add(Op{Do: Create, Path: bare(f[3])})
		}
	case "mkdirat", "unlinkat":
		path, err := quoted(args[1])
		p.add(Op{Do: map[string]Do{"mkdirat": MakeFolder, "unlinkat": Remove}[name], Path: string(path)})
		return err
	case "unlink":
		path, err := quoted(args[0])
		p.add(Op{Do: Remove, Path: string(path)})
		return err
	case "fsync", "fdatasync":
		p.add(Op{Do: EndSync, Path: descriptor(args[0])})
	case "pwrite64", "ftruncate", "fallocate", "sync_file_range":
	default:
		if !elsewhere(args[0], p.folder) {
			return fmt.Errorf("%s is not repeated yet", name)
		}
	}
	return nil
}

// elsewhere reports whether a call is given a file descriptor of another place:
// it may write about the folder.
func elsewhere(arg, folder string) bool {
	return strings.Contains(arg, "<") && !strings.HasPrefix(descriptor(arg), folder)
}

// add notes an Op, unless it is about a file that has no name any more.
func (p *parser) add(o Op) {
	if strings.HasPrefix(o.Path, p.folder) && !strings.HasSuffix(o.Path, "-shm") {
		o.At, o.Thread = p.at, p.thread
		p.ops = append(p.ops, o)
	}
}

// split returns the name of a call and its arguments, if it concerns the folder.
func (p *parser) split(text string) (name string, args []string, ok bool) {
	f := call.FindStringSubmatch(text)
	if f == nil || !strings.Contains(text, encode(p.folder)) {
		return "", nil, false
	}
	given, _, _ := strings.Cut(f[2], ")")
	return f[1], strings.Split(given, ", "), true
}

// encode writes a string as strace -xx does.
func encode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, `\x%02x`, s[i])
	}
	return b.String()
}

// bare undoes encode.
func bare(text string) string {
	b, err := decode(text)
	if err != nil {
		return ""
	}
	return string(b)
}

func decode(text string) ([]byte, error) {
	digits := bytes.ReplaceAll([]byte(text), []byte(`\x`), nil)
	b := make([]byte, hex.DecodedLen(len(digits)))
	_, err := hex.Decode(b, digits)
	return b, err
}

// descriptor returns the path of a file descriptor as strace -y shows it.
func descriptor(arg string) string {
	_, path, _ := strings.Cut(arg, "<")
	path, _, _ = strings.Cut(path, ">")
	return bare(path)
}

// quoted returns a string argument, which must be whole.
func quoted(arg string) ([]byte, error) {
	if len(arg) < 2 || arg[0] != '"' || arg[len(arg)-1] != '"' {
		return nil, fmt.Errorf("a string is cut short")
	}
	return decode(arg[1 : len(arg)-1])
}
