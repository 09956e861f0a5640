package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"
)

// progress draws a bar on a terminal, once something takes over a second. It
// draws by itself, since the work may not say a word for long.
type progress struct {
	out   io.Writer
	at    atomic.Pointer[step]
	stop  chan struct{} // closed when the bar is to go; nil: there is none
	ended chan struct{}
}

// step is what is being done, and how much of all is, from 0 to 1.
type step struct {
	what string
	done float64
}

const (
	barWidth  = 30
	barDelay  = time.Second
	barPeriod = 100 * time.Millisecond
)

// newProgress draws on a stream if that is a terminal, until end.
func newProgress(stream io.Writer) *progress {
	p := &progress{out: stream}
	if isTerminal(stream) {
		p.stop, p.ended = make(chan struct{}), make(chan struct{})
		go p.run(barDelay, barPeriod)
	}
	return p
}

// show tells what is being done, and how much of all is, from 0 to 1.
func (p *progress) show(what string, done float64) { p.at.Store(&step{what, done}) }

// end takes the bar away.
func (p *progress) end() {
	if p.stop != nil {
		close(p.stop)
		<-p.ended
	}
}

// run draws again and again until end is called.
func (p *progress) run(delay, period time.Duration) {
	defer close(p.ended)
	for wait := delay; ; wait = period {
		select {
		case <-p.stop:
			if wait == period {
				fmt.Fprint(p.out, "\r\x1b[K")
			}
			return
		case <-time.After(wait):
			if s := p.at.Load(); s != nil {
				fmt.Fprint(p.out, s.bar())
			}
		}
	}
}

// bar is what a terminal shows of a step.
func (s *step) bar() string {
	full := int(s.done * barWidth)
	return fmt.Sprintf("\r\x1b[K%s%s %3.0f%% %s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), 100*s.done, s.what)
}
