package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Parent says what a child is handed.
type Parent struct {
	Stdout   io.Writer       // nil: the parent's own
	Terminal *os.File        // that Stdout is shown on; nil: none
	Typed    bool            // an interrupt from the keyboard is for the child alone, and does not end it
	Leave    <-chan struct{} // the child is to end when it is closed; nil: never
	CPU      time.Duration   // that the child was allowed, to tell why it was killed
}

// A Crash is the end of a child that did not choose it.
type Crash struct {
	Text  string // what is known of it
	Cause Cause
}

// A Cause is why a child was ended.
type Cause int

// The causes.
const (
	Fault  Cause = iota // it read or did what no program may
	Memory              // it had no more
	Time                // it had used all that it was allowed
	Killed              // by somebody, or for lack of memory
)

func (c *Crash) Error() string { return c.Text }

// maxSaid bounds what is kept of what a crash prints.
const maxSaid = 64 << 10

// Run runs this program again, with the same arguments, and waits for it. It
// returns the child's exit code; 128 and its number for one of the signals that
// end a process as its user wants it; or a Crash. It fails with ErrUnavailable
// when there was no child.
func Run(p Parent) (code int, err error) {
	runtime.LockOSThread() // Pdeathsig is about the thread
	defer runtime.UnlockOSThread()
	control, held, err := os.Pipe()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer held.Close()
	said := &head{}
	c := &exec.Cmd{Path: "/proc/self/exe", Args: os.Args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: said,
		ExtraFiles: []*os.File{os.Stderr, control}, SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}}
	if p.Stdout != nil {
		c.Stdout = p.Stdout
	}
	handed := ""
	if p.Terminal != nil {
		c.ExtraFiles, handed = append(c.ExtraFiles, p.Terminal), withTerm
	}
	temp, err := os.MkdirTemp("", "nlrec-")
	if err == nil {
		defer os.RemoveAll(temp)
	}
	c.Env = append(os.Environ(), mark+"="+handed, tempFolders+"="+temp)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	defer signal.Stop(signals)
	err = c.Start()
	control.Close()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	done, impatient := make(chan struct{}), make(chan syscall.Signal, 1)
	go p.pass(signals, held, c.Process, done, impatient)
	err = c.Wait()
	close(done)
	if by, ok := <-impatient; ok {
		return 128 + int(by), nil
	}
	return p.outcome(c.ProcessState, said, err)
}

// Impatience is how long after a signal another means that somebody does not want
// to wait. Those before are the same one: timeout(1) sends it to a process and to
// its group, and a terminal that is closed has it sent by the kernel and the shell.
const Impatience = 200 * time.Millisecond

// pass tells the child to end when the parent is told to, and ends it when that
// is said twice, by a signal that it hands to impatient. Then it closes that.
func (p Parent) pass(signals <-chan os.Signal, held *os.File, child *os.Process, done <-chan struct{}, impatient chan<- syscall.Signal) {
	defer close(impatient)
	told := time.Time{}
	for leave := p.Leave; ; {
		select {
		case <-done:
			return
		case <-leave:
			leave = nil
			held.Close()
		case s := <-signals:
			if p.Typed && s == unix.SIGINT {
				continue
			}
			if told.IsZero() {
				told = time.Now()
				held.Close()
			} else if time.Since(told) > Impatience && child.Kill() == nil {
				impatient <- s.(syscall.Signal) // which those are
				return
			}
		}
	}
}

// outcome tells how a child ended.
func (p Parent) outcome(s *os.ProcessState, said *head, err error) (int, error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && p.Stdout == nil {
		return 0, err
	}
	status, _ := s.Sys().(syscall.WaitStatus)
	switch {
	case status.Signaled():
		return p.killed(status.Signal(), s, said)
	case status.ExitStatus() == 2 && said.isCrash():
		if strings.Contains(said.String(), "out of memory") || strings.Contains(said.String(), "cannot allocate memory") {
			return 0, &Crash{"it takes more memory than it may have", Memory}
		}
		return 0, &Crash{said.place(), Fault}
	}
	_, _ = os.Stderr.Write(said.Bytes()) // the runtime's: of the race detector, say
	return status.ExitStatus(), nil
}

func (p Parent) killed(by syscall.Signal, s *os.ProcessState, said *head) (int, error) {
	switch by {
	case unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGPIPE:
		return 128 + int(by), nil
	case unix.SIGKILL:
		if p.CPU > 0 && s.UserTime()+s.SystemTime() >= p.CPU-time.Second {
			return 0, &Crash{fmt.Sprintf("it takes more than %s of computing", p.CPU), Time}
		}
		if line, _, _ := strings.Cut(said.String(), "\n"); line != "" { // a library of C ends the process so
			return 0, &Crash{line, Killed}
		}
		return 0, &Crash{"somebody killed it, or the system for lack of memory", Killed}
	}
	return 0, &Crash{by.String(), Fault}
}

// head keeps the beginning of what is written to it.
type head struct{ bytes.Buffer }

func (h *head) Write(b []byte) (int, error) {
	h.Buffer.Write(b[:min(len(b), max(0, maxSaid-h.Len()))])
	return len(b), nil
}

// ReadFrom hides the one of bytes.Buffer, which keeps everything.
func (h *head) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{h}, r)
}

// crashWords are what the Go runtime begins with when it ends a process.
var crashWords = regexp.MustCompile(`(?m)^(?:panic: |fatal error: |unexpected fault address |runtime: |SIG[A-Z]+: )(.*)`)

func (h *head) isCrash() bool { return crashWords.Match(h.Bytes()) }

// ours is a place in this program, as a trace names it.
var ours = regexp.MustCompile(`(?m)^\t\S*?\b((?:cmd/)?\w+/\w+\.go:\d+)`)

// place says in a line what happened, and where in the program.
func (h *head) place() string {
	text := strings.TrimSpace(string(crashWords.FindSubmatch(h.Bytes())[0]))
	if found := ours.FindSubmatch(h.Bytes()); found != nil {
		text += " at " + string(found[1])
	}
	return text
}
