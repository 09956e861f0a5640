// Package sandbox keeps what reads a file of unknown origin from harm: the
// program runs itself again as a child, which gives up what reading does not
// need before it opens the file. The parent waits, and tells how the child
// ended. It knows nothing of recordings.
//
// The child has the parent's standard input and output. What the Go runtime
// says when it crashes goes to its descriptor 2, which the parent reads; what
// the program says goes to the parent's standard error, which the child has
// beside. A pipe that nobody writes to ends with the parent: so the child can be
// told to end, whatever signals it gets from the keyboard as well, and does not
// outlive a parent that was killed.
package sandbox

import (
	"errors"
	"os"
	"strings"
)

// ErrUnavailable is a system that does not let a program run itself again.
var ErrUnavailable = errors.New("the program cannot run itself again")

// mark is the environment variable that tells a child what it is. Its value
// lists what it was handed.
const (
	mark        = "NLREC_READER"
	withTerm    = "terminal"
	tempFolders = "SQLITE_TMPDIR" // where SQLite makes temporary files
)

// The descriptors of a child.
const (
	stderrFD = 3 + iota
	controlFD
	terminalFD
)

// A Child is what a process that was started by Run has been handed.
type Child struct {
	Stderr   *os.File
	Terminal *os.File        // that standard output is shown on by the parent; nil: none
	Temp     string          // a folder of its own for temporary files; empty: none
	Ended    <-chan struct{} // closed when the child is to end
}

// Inherited returns what this process was handed, or nil when it is no child.
// It is to be called once, before others look at the environment.
func Inherited() *Child {
	value, marked := os.LookupEnv(mark)
	if !marked {
		return nil
	}
	_ = os.Unsetenv(mark) // fails for impossible names only
	c := &Child{Stderr: os.NewFile(stderrFD, "stderr"), Temp: os.Getenv(tempFolders)}
	if strings.Contains(value, withTerm) {
		c.Terminal = os.NewFile(terminalFD, "terminal")
	}
	ended := make(chan struct{})
	control := os.NewFile(controlFD, "control")
	go func() {
		defer close(ended)
		_, _ = control.Read(make([]byte, 1)) // returns when the parent closes it, or is gone
	}()
	c.Ended = ended
	return c
}
