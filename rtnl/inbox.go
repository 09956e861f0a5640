package rtnl

import "sync"

// An Inbox holds what a listener received and nobody has taken yet. Storing a
// change costs several times what receiving it does, so bursts wait here, in
// memory bounded in bytes, and not in the socket, which would lose them. A
// burst may be millions of datagrams: they lie in chunks without pointers, so
// that none is copied again or looked at by the collector.
type Inbox struct {
	// Ready has an element when there is something to take.
	Ready chan struct{}

	mu     sync.Mutex
	room   sync.Cond
	chunks []chunk // oldest first
	size   int     // bytes held, by items that were taken but are still worked on too
	taken  int     // bytes of what was taken since the last Release
	limit  int
	closed bool
}

// chunk is a run of items. Its data never moves.
type chunk struct {
	data    []byte
	entries []entry
}

// entry is an Item whose data ends at an offset of its chunk.
type entry struct {
	at, since, lost  int64
	end              int32
	overrun, flushed bool
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
	entrySize = 32
	chunkSize = 1 << 18
	smallest  = 512 // chunk: most often one notification waits
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
	c := i.chunkFor(len(item.Data))
	c.data = append(c.data, item.Data...)
	c.entries = append(c.entries, entry{item.At, item.Since, item.Lost, int32(len(c.data)), item.Overrun, item.Flushed})
	i.size += len(item.Data) + entrySize
	open := !i.closed
	i.mu.Unlock()
	i.signal()
	return open
}

// chunkFor returns the last chunk, which has room for n bytes.
func (i *Inbox) chunkFor(n int) *chunk {
	size := smallest
	if len(i.chunks) > 0 {
		last := &i.chunks[len(i.chunks)-1]
		if cap(last.data)-len(last.data) >= n {
			return last
		}
		size = min(2*cap(last.data), chunkSize)
	}
	i.chunks = append(i.chunks, chunk{data: make([]byte, 0, max(n, size))})
	return &i.chunks[len(i.chunks)-1]
}

func (i *Inbox) signal() {
	select {
	case i.Ready <- struct{}{}:
	default:
	}
}

// Take returns the oldest items, in order, and leaves Ready if there are more.
// They count against the limit until Release.
func (i *Inbox) Take() []Item {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.chunks) == 0 {
		return nil
	}
	c := i.chunks[0]
	i.chunks[0] = chunk{}
	i.chunks = i.chunks[1:]
	if len(i.chunks) > 0 {
		i.signal()
	}
	i.taken += len(c.data) + len(c.entries)*entrySize
	return c.items()
}

func (c chunk) items() []Item {
	items := make([]Item, len(c.entries))
	begin := int32(0)
	for n, e := range c.entries {
		items[n] = Item{At: e.at, Since: e.since, Lost: e.lost, Overrun: e.overrun, Flushed: e.flushed, Data: c.data[begin:e.end:e.end]}
		begin = e.end
	}
	return items
}

// Size returns how many bytes are held.
func (i *Inbox) Size() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.size
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
