package main

// Damage is looked for before the first answer: SQLite believes what it reads,
// and a page that points to itself has no end. It takes a second for 100 MB. So
// a file is looked at once, until it is another; what a recorder writes at the
// moment, its SQLite vouches for.

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"nlrec/internal/sandbox"
	"nlrec/query"
	"nlrec/store"
)

const (
	examinePatience = 2 * time.Second
	// damagedComputing bounds what a command takes that reads a damaged file.
	damagedComputing = time.Minute
)

// checks are the values of the flag --check.
var checks = []string{"auto", "always", "never"}

func addCheckFlag(root *cobra.Command) {
	root.PersistentFlags().String("check", "auto", "`WHEN` to look for damage before reading: auto (once for each copy, for 2s), always (all of it), never")
	_ = root.RegisterFlagCompletionFunc("check", fixed(checks...)) // it was just made
}

// checkOf reads the flag --check.
func checkOf(cmd *cobra.Command) (string, error) {
	value := cmd.Flag("check").Value.String()
	if !slices.Contains(checks, value) {
		return "", usageError{text: fmt.Sprintf("--check %s: there are %s", value, strings.Join(checks, ", "))}
	}
	return value, nil
}

// examine looks for damage in the recordings that a command reads, and says what
// it finds. It reports whether there is any.
func examine(cmd *cobra.Command, check string, seen *seenFile) (damaged bool) {
	if check == "never" || cmd.Name() == "verify" { // which looks at more
		return false
	}
	for _, path := range dbPaths(cmd) {
		mark, patience := fingerprint(path), examinePatience
		if check == "always" {
			patience = 0
		} else if recording, err := store.Recording(path); err != nil || recording || seen.has(mark) {
			continue
		}
		found, whole, err := query.Examine(cmd.Context(), path, patience)
		switch {
		case err != nil: // the command will say it
		case found != "":
			damaged = true
			warnOn(cmd)(fmt.Sprintf("%s: %v: %s; the answer may be wrong, or lack something", path, query.ErrDamaged, found))
		case !whole:
			warnOn(cmd)(fmt.Sprintf("%s: looked for damage for %s, not in all of the file; nlrec verify does", path, examinePatience))
			fallthrough
		default:
			seen.add(mark)
		}
	}
	if damaged {
		_ = sandbox.LimitComputing(damagedComputing) // what follows has the limit that there was
	}
	return damaged
}

// fingerprint names a file as it is now, with its write-ahead log; "" when it
// cannot be told.
func fingerprint(path string) (mark string) {
	for _, name := range []string{path, store.Beside(path, "-wal")} {
		var s unix.Stat_t
		if err := unix.Stat(name, &s); err == nil && (name == path || s.Size > 0) {
			mark += fmt.Sprintf("%d:%d:%d:%d:%d ", s.Dev, s.Ino, s.Size, s.Mtim.Nano(), s.Ctim.Nano())
		} else if err != nil && name == path {
			return ""
		}
	}
	return mark
}

// A seenFile remembers which files have been looked at. nil remembers nothing.
type seenFile struct {
	file  *os.File
	marks []string
}

// mostSeen is how many octets are remembered.
const mostSeen = 64 << 10

// openSeen opens the file that lies in a folder for caches.
func openSeen(getenv func(string) string) *seenFile {
	dir := getenv("XDG_CACHE_HOME")
	if dir == "" {
		dir = filepath.Join(getenv("HOME"), ".cache")
	}
	dir = filepath.Join(dir, "nlrec")
	if !filepath.IsAbs(dir) || os.MkdirAll(dir, 0o700) != nil {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, "examined"), os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil
	}
	b := make([]byte, mostSeen)
	n, _ := f.ReadAt(b, 0) // what cannot be read has not been seen
	if n == mostSeen {
		n = 0
		_ = f.Truncate(0) // begin anew
	}
	return &seenFile{f, strings.Split(string(b[:n]), "\n")}
}

func (s *seenFile) has(mark string) bool {
	return s != nil && mark != "" && slices.Contains(s.marks, mark)
}

func (s *seenFile) add(mark string) {
	if s != nil && mark != "" {
		_, _ = s.file.WriteString(mark + "\n") // it will be looked at again
	}
}

// endOnLimit ends the process when it has computed as much as it may.
func endOnLimit(cmd *cobra.Command) {
	over := make(chan os.Signal, 1)
	signal.Notify(over, unix.SIGXCPU)
	go func() {
		<-over
		os.Exit(report(cmd.ErrOrStderr(), cmd, fmt.Errorf("%s: %w", dbPath(cmd), errCrashTime)))
	}()
}
