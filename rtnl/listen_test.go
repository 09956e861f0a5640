package rtnl

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"nlrec/internal/netnstest"
)

// TestLossIsCounted: what was received and what was counted as lost is all
// that was sent.
func TestLossIsCounted(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	netnstest.Run(t, "ip link add v0 type veth peer name v1; ip link set v0 up")
	inbox := NewInbox(1 << 30)
	l, err := Listen([]*Kind{Route}, 1<<17, inbox, func() int64 { return time.Now().UnixMicro() })
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now().UnixMicro()
	const sent = 1000 // the buffer has room for 157
	netnstest.Run(t, fmt.Sprintf("for i in $(seq %d); do echo route add 10.1.$((i / 250)).$((i %% 250)) dev v0; done | ip -batch -", sent))

	done := make(chan error, 1)
	go func() { done <- l.Run() }()
	items := flushed(t, l, inbox)
	var received, overruns int
	var lost int64
	for i, item := range items {
		switch {
		case item.Overrun:
			overruns++
			lost += item.Lost
			if item.Since > before {
				t.Errorf("the loss is said to have come after %d µs", item.Since-before)
			}
			if i != len(items)-1 {
				t.Errorf("the overrun is item %d of %d: it belongs behind what came before it", i, len(items))
			}
		default:
			received++
		}
	}
	if overruns != 1 || received == 0 || int64(received)+lost != sent {
		t.Errorf("%d overruns, %d received, %d lost, of %d sent", overruns, received, lost, sent)
	}
	inbox.Close()
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-done, l.Close()); err != nil {
		t.Fatal(err)
	}
}

// flushed returns what a listener has received up to now.
func flushed(t *testing.T, l *Listener, inbox *Inbox) (items []Item) {
	t.Helper()
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	for range inbox.Ready {
		for _, item := range inbox.Take() {
			if item.Flushed {
				return items
			}
			items = append(items, item)
		}
	}
	return nil
}
