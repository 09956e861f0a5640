package rtnl

// Listening: one socket joins the groups of every kind, so that order holds as
// far as the kernel keeps it. A thread of its own drains the socket into the
// inbox and stamps what it reads; it does nothing else, because what waits in
// the socket is lost when that is full, and because the time of reading is the
// only time there is: netlink carries no timestamps.
//
// When the socket overruns, the next read fails once with ENOBUFS; what is in
// the socket came before the loss, and until it has all been read the kernel
// drops everything else. So the thread drains to the end and only then says
// that there was an overrun, with the count of messages lost from SO_MEMINFO.
//
// Where notifications come as fast as they are read the socket is never seen
// empty. A flush does not wait for that: it has everything that was there before
// once as much has been read as the receive buffer can hold.

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// RouteCharge is what the kernel charges a receive buffer for the notification
// of an IPv4 route, in bytes: the memory of a packet, not the message's length.
const RouteCharge = 832

// leastCharge is less than what any message is charged: the kernel's struct
// sk_buff with an empty message takes more.
const leastCharge = 512

// urgent is added to the nice value of the thread that drains the socket, if
// the user may lower it. slice is what it asks to run at a time, in nanoseconds: who
// asks for less is let run sooner (Linux 6.12, EEVDF), which needs no privilege.
const (
	urgent = -10
	slice  = 100_000
)

// A Listener receives the notifications of all kinds.
type Listener struct {
	// Buffer is the size of the socket's receive buffer as the kernel counts
	// it: RouteCharge for the notification of an IPv4 route.
	Buffer int
	// Refused are the names of kinds of which the kernel refuses to tell, and why.
	Refused map[string]error

	conn  *netlink.Conn
	event int // eventfd(2) that wakes the thread
	inbox *Inbox
	now   func() int64 // microseconds since 1970
	lost  uint32       // drops of the socket, as last read
	full  bool         // it has overrun, and not been seen empty since
	empty int64        // when the socket was last seen empty, microseconds since 1970

	interrupts atomic.Int64
}

// Listen subscribes in the network namespace of the calling thread, with a
// receive buffer of about the size given, or as large as the system allows
// this user. The inbox gets everything from then on, with the time that now
// tells, in microseconds since 1970. It fails when the kernel
// tells of no kind at all; what it refuses of some is in Refused.
func Listen(kinds []*Kind, buffer int, inbox *Inbox, now func() int64) (*Listener, error) {
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	l := &Listener{conn: conn, inbox: inbox, now: now, Refused: map[string]error{}}
	if err := l.subscribe(kinds, buffer); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return l, nil
}

func (l *Listener) subscribe(kinds []*Kind, buffer int) error {
	if err := l.conn.SetReadBuffer(buffer / 2); err != nil { // the kernel doubles it
		return fmt.Errorf("set the receive buffer: %w", err)
	}
	for _, k := range kinds {
		for _, g := range k.Groups {
			if err := l.conn.JoinGroup(g); err != nil {
				l.Refused[k.Name] = fmt.Errorf("subscribe to every %s: %w", k.Name, err)
			}
		}
	}
	if len(l.Refused) == len(kinds) {
		return l.Refused[kinds[0].Name]
	}
	err := l.control(func(fd int) (err error) {
		l.Buffer, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
		return err
	})
	if err != nil {
		return err
	}
	l.empty = l.now()
	l.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	return err
}

func (l *Listener) control(f func(fd int) error) error {
	raw, err := l.conn.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	return errors.Join(raw.Control(func(fd uintptr) { inner = f(int(fd)) }), inner)
}

// Run drains the socket until the inbox is closed, or reading fails for good.
func (l *Listener) Run() error {
	runtime.LockOSThread() // and never unlocked: the thread ends with its priority
	hurry()
	return l.control(l.drainForever)
}

// hurry makes the calling thread run soon once there is something to read, as
// far as the user and the kernel allow: there is room for few messages.
func hurry() {
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return
	}
	sooner := *attr
	sooner.Runtime = slice
	first := sooner
	first.Nice = max(attr.Nice+urgent, -20)
	if unix.SchedSetAttr(0, &first, 0) != nil {
		_ = unix.SchedSetAttr(0, &sooner, 0)
	}
}

// Close closes the socket, once Run has returned.
func (l *Listener) Close() error {
	return errors.Join(l.conn.Close(), unix.Close(l.event))
}

// Interrupts returns how often waiting has ended with nothing to read. After
// the process was stopped it has.
func (l *Listener) Interrupts() int64 { return l.interrupts.Load() }

// Flush makes the listener put a mark into the inbox, behind everything that
// arrived before the call.
func (l *Listener) Flush() error {
	_, err := unix.Write(l.event, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	return err
}

func (l *Listener) drainForever(fd int) (err error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("wait for notifications: %w", err)
	}
	defer func() { err = errors.Join(err, unix.Close(epoll)) }()
	for _, fd := range []int{fd, l.event} {
		if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
			return fmt.Errorf("wait for notifications: %w", err)
		}
	}
	events, buf := make([]unix.EpollEvent, 2), make([]byte, 16*maxMessage)
	for {
		switch _, err := unix.EpollWait(epoll, events, -1); {
		case err == unix.EINTR:
			l.interrupts.Add(1)
			continue
		case err != nil:
			return fmt.Errorf("wait for notifications: %w", err)
		}
		var count [8]byte
		_, err := unix.Read(l.event, count[:])
		flush := err == nil
		if err := l.drain(fd, buf); err != nil {
			return err
		}
		if flush && !l.inbox.put(Item{At: l.now(), Flushed: true}) {
			return nil
		}
	}
}

// drain reads until nothing is left, or as much as there can have been.
func (l *Listener) drain(fd int, buf []byte) error {
	for range l.Buffer/leastCharge + 1 {
		size, err := receive(fd, buf)
		switch {
		case errors.Is(err, unix.EAGAIN) && l.full:
			return l.overrun(fd)
		case errors.Is(err, unix.EAGAIN):
			l.empty = l.now()
			return nil
		case errors.Is(err, unix.ENOBUFS), errors.Is(err, ErrTruncated):
			l.full = true
		case err != nil:
			return fmt.Errorf("receive notifications: %w", err)
		case size > 0:
			if !l.inbox.put(Item{At: l.now(), Since: l.empty, Data: buf[:size]}) {
				return nil
			}
		}
	}
	return nil
}

// overrun puts what is known of a loss into the inbox. It may have happened at
// any time since the socket was last seen empty: what waited in it then bears
// the time of reading. ENOBUFS with no drop counted is possible: the kernel was
// short of memory for the message.
func (l *Listener) overrun(fd int) error {
	lost, err := drops(fd)
	if err != nil {
		return fmt.Errorf("count lost notifications: %w", err)
	}
	now := l.now()
	l.inbox.put(Item{At: now, Overrun: true, Since: l.empty, Lost: int64(lost - l.lost)})
	l.lost, l.empty, l.full = lost, now, false
	return nil
}
