package store

// Readers: who keeps the log from being folded.
//
// A transaction that reads needs the file as it was when it began. What was
// written since stays in the log until it ends, and the log grows. SQLite's
// readers hold a lock on an octet of the file beside the log, and the kernel
// lists who holds it.

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// LongLog is the size of a log, in octets, that it does not reach unless
// somebody keeps it from being folded.
const LongLog = 64 << 20

// A Reader is a process that reads a recording in a transaction.
type Reader struct {
	PID     int    `json:"pid"`
	Command string `json:"command"` // with its arguments; empty: it may not be seen
}

// The octets that readers lock in the file beside the log:
// https://www.sqlite.org/walformat.html#wal_locks
const firstReader, lastReader = 123, 127

// Readers lists the processes that read the recording at path right now, but
// for those left out. Of other pid namespaces the kernel does not tell.
func Readers(path string, others ...int) (readers []Reader, err error) {
	var shm unix.Stat_t
	if err := unix.Stat(Beside(path, "-shm"), &shm); err != nil {
		return nil, nil // nobody
	}
	locks, err := os.Open("/proc/locks")
	if err != nil {
		return nil, err
	}
	defer locks.Close()
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(shm.Dev), unix.Minor(shm.Dev), shm.Ino)
	lines := bufio.NewScanner(locks)
	for lines.Scan() {
		pid := readerOf(strings.Fields(lines.Text()), file)
		known := func(r Reader) bool { return r.PID == pid }
		if pid > 0 && !slices.Contains(others, pid) && !slices.ContainsFunc(readers, known) {
			readers = append(readers, Reader{pid, command(pid)})
		}
	}
	return readers, lines.Err()
}

// readerOf returns the process that a line of /proc/locks is about, if that
// reads a file: "1: POSIX ADVISORY READ 4711 fd:01:1234 124 124".
func readerOf(line []string, file string) (pid int) {
	const process, inode, from, words = 4, 5, 6, 8
	if len(line) != words || line[inode] != file {
		return 0
	}
	octet, err := strconv.Atoi(line[from])
	if err != nil || octet < firstReader || octet > lastReader {
		return 0
	}
	pid, _ = strconv.Atoi(line[process]) // 0 is nobody
	return pid
}

func command(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // it may be gone
	return string(bytes.TrimSpace(bytes.ReplaceAll(text, []byte{0}, []byte{' '})))
}
