// Package health is how a recorder tells how it fares while it lives: over a
// socket beside the file, to whoever may read the file, and only when it is
// asked. A recorder that has nothing to do is not woken by it, and one that has
// stopped cannot seem to go on: it does not answer.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Report is how a recorder fares. Instants are microseconds since 1970.
type Report struct {
	Ready       bool             `json:"ready"`               // its first dump is complete
	Busy        string           `json:"busy,omitempty"`      // what it is doing; "": it waits, and answered by itself
	BusySince   int64            `json:"busy_since_us"`       // 0: it is not
	Suspended   string           `json:"suspended,omitempty"` // why it cannot write the file for now; "": it can
	Buffer      int              `json:"socket_buffer"`       // size of the receive buffer it got, as the kernel counts it
	Queue       int64            `json:"queue"`               // octets of notifications that wait in memory
	MostQueue   int64            `json:"most_queue"`          // at most so far
	Lag         int64            `json:"lag_us"`              // from the reading of a notification until it was written, last
	MostLag     int64            `json:"most_lag_us"`         // at most so far
	Commits     int64            `json:"commits"`             // transactions
	LastCommit  int64            `json:"last_commit_us"`      // 0: there was none
	Drops       int64            `json:"drops"`               // notifications lost, as the kernel counts them
	Resyncs     int64            `json:"resyncs"`             // how often everything was looked at again after a loss
	Corrections int64            `json:"corrections"`         // changes found by a dump, and not announced, outside of any gap
	Suspensions int64            `json:"suspensions"`         // how often it was stopped or frozen
	Steps       int64            `json:"clock_steps"`         // how often the clock was set
	Changes     map[string]int64 `json:"changes"`             // written, by kind
	File        int64            `json:"file"`                // octets of the recording
	Log         int64            `json:"log"`                 // octets of its write-ahead log
}

// longest is what the address of a socket has room for beside the folder.
const longest = 60

// stalledAfter is how long a recorder may be busy before it is not said to
// record.
const stalledAfter = 5 * time.Second

// Late reports whether the recorder has been busy for so long that it may have
// stalled.
func (r Report) Late(now time.Time) bool {
	return r.Busy == InVain || r.Busy != "" && now.Sub(time.UnixMicro(r.BusySince)) > stalledAfter
}

// Records reports whether it records.
func (r Report) Records(now time.Time) bool { return r.Ready && r.Suspended == "" && !r.Late(now) }

// Sized returns the report with the size of the recording at path.
func (r Report) Sized(path string) Report {
	for name, size := range map[string]*int64{path: &r.File, path + "-wal": &r.Log} {
		if info, err := os.Stat(name); err == nil {
			*size = info.Size()
		}
	}
	return r
}

// InVain is what a recorder is busy with that seems to wait, and does not
// answer.
const InVain = "waiting in vain"

// Path is where the recorder of a file is asked: beside it, by its name or,
// where that is very long, the beginning of it and a checksum.
func Path(db string) string {
	folder, name := filepath.Split(db)
	if len(name) > longest {
		name = fmt.Sprintf("%s-%08x", name[:longest], crc32.ChecksumIEEE([]byte(name)))
	}
	return folder + name + "-health"
}

// Patience is how long an answer may take.
const Patience = 5 * time.Second

// Serve answers whoever asks with a report, until stop is called. Who may read
// the file may ask.
func Serve(db string, report func() Report) (stop func() error, err error) {
	if real, err := filepath.EvalSymlinks(db); err == nil {
		db = real
	}
	path := Path(db)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	short, done, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.Listen("unix", short)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would look for the short name
	if err := permit(db, path); err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(path))
	}
	go ServeEach(l, func(c net.Conn) {
		_ = c.SetDeadline(time.Now().Add(Patience)) // fails for a closed connection only
		_ = json.NewEncoder(c).Encode(report())     // whoever asked may have gone
	})
	return func() error {
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) { // somebody has removed it with the recording
			err = nil
		}
		return errors.Join(l.Close(), err)
	}, nil
}

// permit lets those ask who may read the file: to connect takes the permission
// to write.
func permit(db, path string) error {
	info, err := os.Stat(db)
	if err != nil {
		return err
	}
	readers := info.Mode().Perm() & 0o444
	return os.Chmod(path, readers|readers>>1)
}

// Errors that callers tell apart.
var (
	ErrSilent = errors.New("it does not answer")  // whoever listens
	ErrNobody = errors.New("nobody can be asked") // nobody listens
)

// An Answer is what became of asking a recorder.
type Answer struct {
	Report
	Err     error  // ErrSilent when there is no answer for as long as patience lasts, ErrNobody when nobody listens, or one of the file system
	PID     int    // of whoever listens, for this process; 0: not known
	Stopped string // what keeps it from running, where there is no answer and that can be seen
}

// Ask asks the recorder of a file.
func Ask(ctx context.Context, db string) (a Answer) {
	if real, err := filepath.EvalSymlinks(db); err == nil {
		db = real
	}
	if a.Err = a.ask(ctx, db); a.Err != nil && a.PID != 0 {
		a.Stopped = stopped(a.PID)
	}
	return a
}

func (a *Answer) ask(ctx context.Context, db string) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	short, done, err := shorten(Path(db))
	if err != nil {
		return err
	}
	defer done()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", short)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
		return ErrNobody
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, unix.EAGAIN):
		return ErrSilent
	case err != nil:
		return fmt.Errorf("%s: %w", Path(db), errors.Unwrap(err))
	}
	defer c.Close()
	a.PID = peer(c.(*net.UnixConn))
	deadline, _ := ctx.Deadline()
	_ = c.SetDeadline(deadline) // fails for a closed connection only
	if err := json.NewDecoder(c).Decode(&a.Report); err != nil {
		return ErrSilent
	}
	return nil
}

// peer returns the process id of whoever listens; 0 when it cannot be told.
func peer(c *net.UnixConn) (pid int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		if who, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(who.Pid)
		}
	})
	return pid
}

// stopped says what keeps a process from running, if that can be seen.
func stopped(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may have anything in it
	switch rest[:min(1, len(rest))] {
	case "T":
		return fmt.Sprintf("it was stopped by a signal; kill -CONT %d lets it go on", pid)
	case "t":
		return "it is being debugged"
	case "D":
		return "it waits for a disk"
	}
	return ""
}

// shorten returns a name for a path that fits into the address of a socket,
// which has 108 octets, until done is called.
func shorten(path string) (short string, done func(), err error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { dir.Close() }, nil
}
