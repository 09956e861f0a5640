package main

import (
	"fmt"
	"io"
)

// A printer writes to a terminal that may stand still: somebody pressed Ctrl-S,
// or the line is slow. Recording goes on meanwhile; what does not fit is left
// out, and the next text says how much that was.
type printer struct {
	texts   chan string
	done    chan struct{} // closed when all is written, after close
	skipped int           // changes left out since the last text
}

// printerRoom is how many texts wait for the terminal.
const printerRoom = 1000

func newPrinter(w io.Writer) *printer {
	p := &printer{texts: make(chan string, printerRoom), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for text := range p.texts {
			_, _ = io.WriteString(w, text) // a terminal that is gone sends SIGHUP
		}
	}()
	return p
}

// print writes the lines of so many changes, now or later, or leaves them out.
func (p *printer) print(text string, changes int) {
	if p.skipped > 0 {
		text = fmt.Sprintf("… %d changes are not shown\n", p.skipped) + text
	}
	select {
	case p.texts <- text:
		p.skipped = 0
	default:
		p.skipped += changes
	}
}

// close lets go of the terminal, without waiting for it.
func (p *printer) close() { close(p.texts) }
