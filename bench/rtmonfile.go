package main

// The file that rtmon writes: messages of rtnetlink one after another as they
// came, each but those of the dump at the beginning behind a stamp, which is a
// message too, with the seconds and microseconds of the wall clock.

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

const (
	stampType   = 15 // NLMSG_TSTAMP of iproute2
	stampLength = unix.SizeofNlMsghdr + 8
)

// appendStamp appends the stamp of an instant, microseconds since 1970.
func appendStamp(b []byte, at int64) []byte {
	b = binary.NativeEndian.AppendUint32(b, stampLength)
	b = binary.NativeEndian.AppendUint16(b, stampType)
	b = append(b, make([]byte, 10)...)
	b = binary.NativeEndian.AppendUint32(b, uint32(at/1e6))
	return binary.NativeEndian.AppendUint32(b, uint32(at%1e6))
}

// eachOf calls f for the messages of a file, with their type and what follows
// the header.
func eachOf(path string, f func(message uint16, body []byte)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in, header, body := bufio.NewReaderSize(file, 1<<20), make([]byte, unix.SizeofNlMsghdr), make([]byte, 0, 1<<16)
	for {
		_, err := io.ReadFull(in, header)
		if errors.Is(err, io.EOF) {
			return nil
		}
		length := int(binary.NativeEndian.Uint32(header))
		if err == nil && length < len(header) {
			err = errors.New("a message that is shorter than its header")
		}
		if err == nil {
			body = append(body[:0], make([]byte, (length+3)&^3-len(header))...)
			_, err = io.ReadFull(in, body)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		f(binary.NativeEndian.Uint16(header[4:]), body[:length-len(header)])
	}
}

// routesIn returns how many of the routes of a source there are at the end of a
// file, to whoever believes it.
func routesIn(path string) (int, error) {
	left := map[[4]byte]bool{}
	err := eachOf(path, func(message uint16, body []byte) {
		if message != unix.RTM_NEWROUTE && message != unix.RTM_DELROUTE {
			return
		}
		dst, ok := destination(body)
		switch {
		case !ok:
		case message == unix.RTM_NEWROUTE:
			left[dst] = true
		default:
			delete(left, dst)
		}
	})
	return len(left), err
}

// destination returns that of a message about a route of a source.
func destination(body []byte) (dst [4]byte, ok bool) {
	if len(body) < unix.SizeofRtMsg || body[1] != prefixLength || body[5] != unix.RTPROT_BGP {
		return dst, false
	}
	for rest := body[unix.SizeofRtMsg:]; len(rest) >= 8; {
		length := int(binary.NativeEndian.Uint16(rest))
		if binary.NativeEndian.Uint16(rest[2:]) == unix.RTA_DST {
			return [4]byte(rest[4:8]), true
		}
		if length < 4 || (length+3)&^3 > len(rest) {
			break
		}
		rest = rest[(length+3)&^3:]
	}
	return dst, false
}
