package rtnl

import "sync"

// An Inbox holds what a listener received and nobody has taken yet. Storing a
// change costs several times what receiving it does, so bursts wait here, in
// memory bounded in bytes, and not in the socket, which would lose them.
type Inbox struct {
	// Ready has an element when there is something to take.
	Ready chan struct{}

	mu     sync.Mutex
	room   sync.Cond
	items  []Item
	block  []byte // memory the next datagrams go to
	size   int    // bytes held, by items that were taken but are still worked on too
	taken  int    // bytes of what was taken last
	limit  int
	closed bool
}

// An Item is a datagram, or a mark between datagrams.
type Item struct {
	At      int64  // when it was read, microseconds since 1970
	Data    []byte // the datagram
	Overrun bool   // messages were lost
	Since   int64  // when the socket was seen empty before: what the item tells of came later, microseconds since 1970
	Lost    int64  // for an overrun: how many; 0: not counted
	Flushed bool   // what arrived before a call of Flush ends here
}

const (
	itemSize  = 72 // bytes an Item takes, about
	blockSize = 1 << 18
)

// NewInbox returns an inbox for at most limit bytes. When they are full the
// listener waits, and the socket fills.
func NewInbox(limit int) *Inbox {
	i := &Inbox{Ready: make(chan struct{}, 1), limit: limit}
	i.room.L = &i.mu
	return i
}

// put copies an item into the inbox. It reports whether the inbox is open.
func (i *Inbox) put(item Item) bool {
	i.mu.Lock()
	for i.size > i.limit && !i.closed {
		i.room.Wait()
	}
	if n := len(item.Data); n > 0 {
		if cap(i.block)-len(i.block) < n {
			i.block = make([]byte, 0, max(n, min(blockSize, 2*cap(i.block)+512)))
		}
		i.block = append(i.block, item.Data...)
		item.Data = i.block[len(i.block)-n : len(i.block) : len(i.block)]
	}
	i.items = append(i.items, item)
	i.size += len(item.Data) + itemSize
	open := !i.closed
	i.mu.Unlock()
	select {
	case i.Ready <- struct{}{}:
	default:
	}
	return open
}

// Take returns all there is, in order. It counts against the limit until
// Release.
func (i *Inbox) Take() []Item {
	i.mu.Lock()
	defer i.mu.Unlock()
	items := i.items
	i.items, i.block, i.taken = nil, nil, i.size
	return items
}

// Release says that what was taken needs no more room: it is worked off, or
// the listener must not wait for that.
func (i *Inbox) Release() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.size -= i.taken
	i.taken = 0
	i.room.Signal()
}

// Close makes the listener stop once it wakes; Flush wakes it.
func (i *Inbox) Close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	i.room.Signal()
}
