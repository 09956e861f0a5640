package rtnl

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Errors that callers tell apart.
var (
	// ErrInterrupted: what was dumped changed meanwhile, and the dump may
	// lack objects or show them twice.
	ErrInterrupted = errors.New("the dump was interrupted by a change")
	// ErrTruncated: a message did not fit into the buffer and is lost.
	ErrTruncated = errors.New("a message was longer than the buffer")
)

// Header is struct nlmsghdr of linux/netlink.h, less the length.
type Header struct {
	Type, Flags uint16
	Seq, Portid uint32
}

// EachMessage calls f for every netlink message in a datagram, until f fails.
// The body refers to the datagram.
func EachMessage(datagram []byte, f func(h Header, body []byte) error) error {
	const header = unix.SizeofNlMsghdr
	for b := datagram; len(b) > 0; {
		if len(b) < header {
			return fmt.Errorf("%d bytes left for a netlink header", len(b))
		}
		size := int(binary.NativeEndian.Uint32(b))
		if size < header || size > len(b) {
			return fmt.Errorf("a netlink message of %d bytes in %d", size, len(b))
		}
		h := Header{
			Type: binary.NativeEndian.Uint16(b[4:]), Flags: binary.NativeEndian.Uint16(b[6:]),
			Seq: binary.NativeEndian.Uint32(b[8:]), Portid: binary.NativeEndian.Uint32(b[12:]),
		}
		if err := f(h, b[header:size]); err != nil {
			return err
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return nil
}

// maxMessage is room enough for any message: the kernel fills dumps by
// batches of at most 32 KiB, and a notification is one object.
const maxMessage = 1 << 16

// receive reads one datagram from a non-blocking netlink socket, without
// allocating. It skips, with size 0 and no error, what the kernel did not
// send: any process that may can send to a multicast group.
func receive(fd int, buf []byte) (size int, err error) {
	var from unix.RawSockaddrNetlink
	n, err := recvfrom(fd, buf, unix.MSG_DONTWAIT|unix.MSG_TRUNC, &from)
	switch {
	case err != nil:
		return 0, err
	case from.Pid != 0:
		return 0, nil
	case n > len(buf):
		return 0, ErrTruncated
	default:
		return n, nil
	}
}
