package main

import (
	"io"
	"strings"
	"testing"
)

// TestPrinter: a terminal that stands still holds nobody up, and is told later
// what it missed.
func TestPrinter(t *testing.T) {
	r, w := io.Pipe()
	p := newPrinter(w)
	for range printerRoom + 10 { // one more than fits is being written
		p.print("a\n", 3)
	}
	read := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		read <- string(b)
	}()
	for p.skipped > 0 { // until there is room again
		p.print("b\n", 1)
	}
	p.close()
	<-p.done
	w.Close()
	if got := <-read; !strings.Contains(got, " changes are not shown\nb\n") {
		t.Errorf("%d octets, and no word of what is missing", len(got))
	}
}
