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
	conn *netlink.Conn
	raw  syscall.RawConn
	buf  []byte
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
	return &Dumper{conn, raw, make([]byte, maxMessage)}, nil
}

// Close closes the socket.
func (d *Dumper) Close() error { return d.conn.Close() }

// Dump calls f for every object of a kind. When other changes came between it
// returns ErrInterrupted, after it has called f for all that it was shown. An
// object that cannot be decoded is passed to bad.
func (d *Dumper) Dump(k *Kind, f func(Row), bad func(error)) error {
	var interrupted error
	for _, request := range k.Dumps {
		err := d.request(k.Get, netlink.Dump, request, func(h Header, body []byte) {
			if h.Type != k.New {
				return
			}
			row, err := k.Decode(body)
			switch {
			case err == nil:
				f(row)
			case !errors.Is(err, ErrForeign):
				bad(err)
			}
		})
		switch {
		case errors.Is(err, ErrInterrupted):
			interrupted = err
		case err != nil:
			return fmt.Errorf("dump every %s: %w", k.Name, err)
		}
	}
	return interrupted
}

// Barrier returns after the kernel has finished what it was doing under RTNL:
// a notification may be sent before all it entails is done. Any request that
// takes the lock will do; this one asks for one link.
func (d *Dumper) Barrier() error {
	loopback := make([]byte, unix.SizeofIfInfomsg)
	loopback[4] = 1
	err := d.request(unix.RTM_GETLINK, netlink.Acknowledge, loopback, func(Header, []byte) {})
	if errors.Is(err, unix.ENODEV) {
		return nil // it has waited all the same
	}
	return err
}

// request sends a request and calls f for each message of the reply.
func (d *Dumper) request(kind uint16, flags netlink.HeaderFlags, body []byte, f func(Header, []byte)) error {
	sent, err := d.conn.Send(netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: netlink.Request | flags},
		Data:   body,
	})
	if err != nil {
		return err
	}
	reply := reply{seq: sent.Header.Sequence, each: f}
	for !reply.done {
		size, err := d.receive()
		if err != nil {
			return err
		}
		if err := EachMessage(d.buf[:size], reply.message); err != nil {
			return err
		}
	}
	return reply.interrupted
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
		r.each(h, body)
	}
	return nil
}
