package rtnl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// A Dumper asks the kernel for what there is. It has a socket of its own: a
// reply must not mix with notifications. It is not safe for concurrent use.
type Dumper struct {
	conn    *netlink.Conn
	raw     syscall.RawConn
	buf     []byte
	decoder Decoder
}

// NewDumper opens the socket in the network namespace of the calling thread.
func NewDumper() (*Dumper, error) {
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{Strict: true})
	if err != nil {
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Dumper{conn: conn, raw: raw, buf: make([]byte, maxMessage)}, nil
}

// Close closes the socket.
func (d *Dumper) Close() error { return d.conn.Close() }

// A Dump tells how one went.
type Dump struct {
	Interrupted bool  // the kernel says that objects changed meanwhile
	Batches     int   // most datagrams that one request took: one is a single look, between two others may come
	Bad         error // why an object could not be decoded; nil: all could
}

// Dump calls f for every object of a kind, or for those that stand on a link
// if it is not 0, with its row, which it must not keep. Where other changes come between, objects may be lacking or
// come twice.
func (d *Dumper) Dump(k *Kind, link int64, f func(Row)) (done Dump, err error) {
	requests := k.Dumps
	if link != 0 {
		requests = k.Over(link)
	}
	for _, request := range requests {
		if err := d.dump(k, request, f, &done); err != nil {
			return done, fmt.Errorf("dump every %s: %w", k.Name, err)
		}
	}
	return done, nil
}

func (d *Dumper) dump(k *Kind, request []byte, f func(Row), done *Dump) error {
	batches, err := d.request(k.Get, netlink.Dump, request, func(h Header, body []byte) {
		if h.Type != k.New {
			return
		}
		row, err := d.decoder.Decode(k, body)
		switch {
		case err == nil:
			f(row)
		case !errors.Is(err, ErrForeign):
			done.Bad = err
		}
	})
	done.Batches = max(done.Batches, batches)
	switch {
	case errors.Is(err, ErrInterrupted):
		done.Interrupted = true
	case err != nil && errors.Is(err, unix.ENODEV):
		// A filter by a link that is gone: nothing stands on it.
	default:
		return err
	}
	return nil
}

// Barrier returns after the kernel has finished what it was doing under RTNL:
// a notification may be sent before all it entails is done. Any request that
// takes the lock will do; this one asks for one link.
func (d *Dumper) Barrier() error {
	loopback := make([]byte, unix.SizeofIfInfomsg)
	loopback[4] = 1
	_, err := d.request(unix.RTM_GETLINK, netlink.Acknowledge, loopback, func(Header, []byte) {})
	if errors.Is(err, unix.ENODEV) {
		return nil // it has waited all the same
	}
	return err
}

// request sends a request and calls f for each message of the reply. It
// returns how many datagrams had such messages.
func (d *Dumper) request(kind uint16, flags netlink.HeaderFlags, body []byte, f func(Header, []byte)) (batches int, err error) {
	sent, err := d.conn.Send(netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: netlink.Request | flags},
		Data:   body,
	})
	if err != nil {
		return 0, err
	}
	reply := reply{seq: sent.Header.Sequence, each: f}
	for !reply.done {
		size, err := d.receive()
		if err != nil {
			return batches, err
		}
		before := reply.messages
		if err := EachMessage(d.buf[:size], reply.message); err != nil {
			return batches, err
		}
		if reply.messages > before {
			batches++
		}
	}
	return batches, reply.interrupted
}

// receive waits for a datagram.
func (d *Dumper) receive() (size int, err error) {
	wait := d.raw.Read(func(fd uintptr) bool {
		size, err = receive(int(fd), d.buf)
		return !errors.Is(err, unix.EAGAIN)
	})
	return size, errors.Join(err, wait)
}

// reply reads the messages that answer one request.
type reply struct {
	seq         uint32
	each        func(Header, []byte)
	messages    int
	done        bool
	interrupted error
}

func (r *reply) message(h Header, body []byte) error {
	if h.Seq != r.seq {
		return nil // the rest of an answer that an error cut short
	}
	if h.Flags&unix.NLM_F_DUMP_INTR != 0 {
		r.interrupted = ErrInterrupted
	}
	switch h.Type {
	case unix.NLMSG_DONE, unix.NLMSG_ERROR: // a refused dump ends in DONE
		r.done = true
		if len(body) < 4 {
			return nil
		}
		if errno := int32(binary.NativeEndian.Uint32(body)); errno < 0 {
			return unix.Errno(-errno)
		}
	default:
		r.messages++
		r.each(h, body)
	}
	return nil
}
