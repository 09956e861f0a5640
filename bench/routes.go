package main

// The source of changes: one socket that asks the kernel for many routes in one
// message, and for no answers. Answers come for what was refused only.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// A source adds, replaces and deletes routes over v0.
type source struct {
	fd    int
	link  uint32
	batch []byte
	sent  int64 // requests, of which each makes one notification
}

// openSource opens a source in the namespace of the calling thread.
func openSource() (*source, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	s := &source{fd: fd}
	link, err := linkIndex(fd, "v0")
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	s.link = link
	return s, nil
}

// linkIndex asks through any socket, which tells the namespace.
func linkIndex(fd int, name string) (uint32, error) {
	r, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	inet, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(inet)
	if err := unix.IoctlIfreq(inet, unix.SIOCGIFINDEX, r); err != nil {
		return 0, fmt.Errorf("index of %s: %w", name, err)
	}
	return r.Uint32(), nil
}

func (s *source) close() error { return unix.Close(s.fd) }

// A request says what to do with a route, which goes or is to go by a gateway.
type request struct {
	message uint16
	flags   uint16
	gateway [4]byte
}

var (
	addRoute     = request{unix.RTM_NEWROUTE, unix.NLM_F_REQUEST | unix.NLM_F_CREATE | unix.NLM_F_EXCL, gateways[0]}
	replaceRoute = request{unix.RTM_NEWROUTE, unix.NLM_F_REQUEST | unix.NLM_F_REPLACE, gateways[1]}
	restoreRoute = request{unix.RTM_NEWROUTE, unix.NLM_F_REQUEST | unix.NLM_F_REPLACE, gateways[0]}
	deleteRoute  = request{unix.RTM_DELROUTE, unix.NLM_F_REQUEST, gateways[1]}
)

// Routes are numbered: the i-th goes to a /24, as most of those do that the
// routers of the internet tell each other.
const (
	firstPrefix  = 16 << 24
	prefixLength = 24
	routeMetric  = 20
	atOnce       = 128 // requests in one message to the kernel
)

func prefixOf(i int) (b [4]byte) {
	binary.BigEndian.PutUint32(b[:], firstPrefix+uint32(i)<<8)
	return b
}

// prefixText is how ip(8) and nlrec write it.
func prefixText(i int) string {
	b := prefixOf(i)
	return fmt.Sprintf("%d.%d.%d.%d/%d", b[0], b[1], b[2], b[3], prefixLength)
}

// all makes the same request for routes from one number to another.
func (s *source) all(r request, from, to int) error {
	for ; from < to; from += atOnce {
		s.batch = s.batch[:0]
		for i := from; i < min(from+atOnce, to); i++ {
			s.batch = appendRoute(s.batch, r, i, s.link)
		}
		if err := s.send(min(from+atOnce, to) - from); err != nil {
			return err
		}
	}
	return s.refused()
}

// one makes a request for one route.
func (s *source) one(r request, i int) error {
	s.batch = appendRoute(s.batch[:0], r, i, s.link)
	return s.send(1)
}

func (s *source) send(requests int) error {
	s.sent += int64(requests)
	if err := unix.Sendto(s.fd, s.batch, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("ask for %d routes: %w", requests, err)
	}
	return nil
}

// refused returns why the kernel refused a request, if it did.
func (s *source) refused() error {
	buf := make([]byte, 1<<16)
	n, _, err := unix.Recvfrom(s.fd, buf, unix.MSG_DONTWAIT)
	if errors.Is(err, unix.EAGAIN) {
		return nil
	}
	if err == nil && n >= unix.SizeofNlMsghdr+4 {
		err = unix.Errno(-int32(binary.NativeEndian.Uint32(buf[unix.SizeofNlMsghdr:])))
	}
	return fmt.Errorf("a request for a route: %w", err)
}

// appendRoute appends a message about the i-th route.
func appendRoute(b []byte, r request, i int, link uint32) []byte {
	start, prefix := len(b), prefixOf(i)
	b = binary.NativeEndian.AppendUint32(b, 0) // the length, below
	b = binary.NativeEndian.AppendUint16(b, r.message)
	b = binary.NativeEndian.AppendUint16(b, r.flags)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // sequence, port
	b = append(b, unix.AF_INET, prefixLength, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_BGP, unix.RT_SCOPE_UNIVERSE, unix.RTN_UNICAST, 0, 0, 0, 0)
	b = appendAttribute(b, unix.RTA_TABLE, [4]byte{unix.RT_TABLE_MAIN})
	b = appendAttribute(b, unix.RTA_DST, prefix)
	b = appendAttribute(b, unix.RTA_PRIORITY, native(routeMetric))
	b = appendAttribute(b, unix.RTA_GATEWAY, r.gateway)
	b = appendAttribute(b, unix.RTA_OIF, native(link))
	binary.NativeEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

func native(v uint32) (b [4]byte) {
	binary.NativeEndian.PutUint32(b[:], v)
	return b
}

func appendAttribute(b []byte, number uint16, value [4]byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, 8)
	b = binary.NativeEndian.AppendUint16(b, number)
	return append(b, value[:]...)
}

// comeAndGo adds, replaces and deletes n routes.
func (s *source) comeAndGo(n int) error {
	for _, r := range []request{addRoute, replaceRoute, deleteRoute} {
		if err := s.all(r, 0, n); err != nil {
			return err
		}
	}
	return nil
}

// flap changes the gateways of routes that exist to and fro, n times in all.
func (s *source) flap(routes, n int) error {
	for done := 0; done < n; {
		for _, r := range []request{replaceRoute, restoreRoute} {
			some := min(routes, n-done)
			if err := s.all(r, 0, some); err != nil {
				return err
			}
			done += some
		}
	}
	return nil
}

// paced flaps routes so many times a second for a while. It calls pause each
// millisecond, and returns when each request was made.
func (s *source) paced(routes, perSecond int, span time.Duration, pause func(made []time.Time)) (made []time.Time, err error) {
	began := time.Now()
	for elapsed := time.Duration(0); elapsed < span; elapsed = time.Since(began) {
		for due := int(elapsed.Seconds() * float64(perSecond)); len(made) < due; {
			r := [2]request{replaceRoute, restoreRoute}[len(made)/routes%2]
			made = append(made, time.Now())
			if err := s.one(r, (len(made)-1)%routes); err != nil {
				return made, err
			}
		}
		pause(made)
		<-time.After(time.Millisecond)
	}
	return made, s.refused()
}
