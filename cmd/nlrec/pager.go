package main

// How long answers are shown on a terminal: by a pager, $NLREC_PAGER, else
// $PAGER, else less. Whoever reads in a pager may take all night. So that no read
// transaction lasts as long, what a command writes goes into a temporary file
// without a name, as fast as it comes, and from there to the pager, as fast as
// that takes it. When the pager is left, the command is, too.

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
)

// pagedCommands are those whose answers may be long.
var pagedCommands = []string{"show", "log", "diff", "history", "top", "query", "tables"}

// wantsPager reports whether the answer of a command is to be paged.
func wantsPager(cmd *cobra.Command) bool {
	off, _ := cmd.Flags().GetBool("no-pager") // the root has it
	follow, _ := cmd.Flags().GetBool("follow")
	return slices.Contains(pagedCommands, cmd.Name()) && !off && !follow
}

// pagerCommand is what shows long answers; empty: nothing does.
func pagerCommand(getenv func(string) (string, bool), exists func(string) bool) string {
	for _, name := range []string{"NLREC_PAGER", "PAGER"} {
		if command, set := getenv(name); set {
			if command = strings.TrimSpace(command); command == "cat" {
				command = ""
			}
			return command
		}
	}
	if exists("less") {
		return "less -FRX"
	}
	return ""
}

// A pager is standard output for a command. It begins with the first octet.
type pager struct {
	terminal *os.File
	command  string
	leave    func() // ends the command

	mu       sync.Mutex
	more     *sync.Cond
	spool    *os.File // nil: it has not begun
	size     int64    // octets in spool
	complete bool     // no more will be written
	left     bool     // nobody reads any more
	err      error    // why the pager could not be run, or how it ended
	ended    chan struct{}
}

// newPager returns a pager on a terminal, or nil when there is to be none.
func newPager(stdout io.Writer, leave func()) *pager {
	if os.Getenv("TERM") == "dumb" { // it shows no pages
		return nil
	}
	command := pagerCommand(os.LookupEnv, func(name string) bool {
		_, err := exec.LookPath(name)
		return err == nil
	})
	if command == "" || !isTerminal(stdout) {
		return nil
	}
	p := &pager{terminal: stdout.(*os.File), command: command, leave: leave, ended: make(chan struct{})}
	p.more = sync.NewCond(&p.mu)
	return p
}

// Fd is the terminal's, which says how wide it is.
func (p *pager) Fd() uintptr { return p.terminal.Fd() }

// Write never waits for a reader.
func (p *pager) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spool == nil {
		if err := p.begin(); err != nil {
			return 0, err
		}
	}
	if p.left && !notFound(p.err) {
		return 0, syscall.EPIPE
	}
	n, err := p.spool.WriteAt(b, p.size)
	p.size += int64(n)
	p.more.Broadcast()
	return n, err
}

func (p *pager) begin() (err error) {
	if p.spool, err = os.CreateTemp("", "nlrec"); err != nil {
		return err
	}
	if err := os.Remove(p.spool.Name()); err != nil {
		return err
	}
	// An interrupt is for the command; the pager has its own ways with it.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	c := exec.Command("sh", "-c", p.command)
	c.Env = append([]string{"LESSCHARSET=utf-8"}, os.Environ()...) // the environment may say otherwise
	c.Stdout, c.Stderr = p.terminal, os.Stderr
	in, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return err
	}
	go p.feed(in)
	go func() {
		err := c.Wait()
		p.mu.Lock()
		p.left, p.err = true, err
		p.mu.Unlock()
		p.more.Broadcast()
		if !notFound(err) {
			p.leave()
		}
		close(p.ended)
	}()
	return nil
}

// feed hands what is in the spool to the pager.
func (p *pager) feed(in io.WriteCloser) {
	defer in.Close()
	for sent := int64(0); ; {
		p.mu.Lock()
		for sent == p.size && !p.complete && !p.left {
			p.more.Wait()
		}
		size, left := p.size, p.left
		p.mu.Unlock()
		if left || sent == size {
			return
		}
		n, err := io.Copy(in, io.NewSectionReader(p.spool, sent, size-sent))
		if sent += n; err != nil {
			return // the pager is gone
		}
	}
}

// finish waits until somebody has read enough. It reports whether that was
// before all was written.
func (p *pager) finish() (left bool, err error) {
	p.mu.Lock()
	if p.spool == nil {
		p.mu.Unlock()
		return false, nil
	}
	p.complete, left = true, p.left
	p.mu.Unlock()
	p.more.Broadcast()
	<-p.ended
	defer p.spool.Close()
	if notFound(p.err) { // the shell has said why
		_, err = io.Copy(p.terminal, io.NewSectionReader(p.spool, 0, p.size))
		return false, err
	}
	return left, nil
}

// notFound reports whether the shell could not run the pager.
func notFound(err error) bool {
	e, ok := err.(*exec.ExitError)
	return ok && (e.ExitCode() == 126 || e.ExitCode() == 127)
}
