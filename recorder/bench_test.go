package recorder

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"nlrec/rtnl"
	"nlrec/store"
)

// BenchmarkRoutes works off the notifications of routes that are added,
// replaced and deleted, as they come from the inbox, and reports the bytes
// that each takes in the file.
func BenchmarkRoutes(b *testing.B) {
	for _, c := range []struct {
		name   string
		routes int
	}{{"flap", 1000}, {"many", 1_000_000}} {
		b.Run(c.name, func(b *testing.B) { benchmarkRoutes(b, c.routes) })
	}
}

func benchmarkRoutes(b *testing.B, routes int) {
	path := filepath.Join(b.TempDir(), "a.db")
	s, err := store.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := s.Begin(b.Context(), store.Clock{}, "bench"); err != nil {
		b.Fatal(err)
	}
	r := newRecorder(b.Context(), s, Config{})
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		step, i := n/routes%3, n%routes
		item := rtnl.Item{At: 1_700_000_000_000_000 + int64(n), Data: routeMessage(step, i)}
		if err := r.receiveAll([]rtnl.Item{item}, false); err != nil {
			b.Fatal(err)
		}
		n++
	}
	if err := r.commit(); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(n), "bytes/change")
}

// routeMessage is what the kernel announces when route i is added, replaced by
// one of another protocol, and deleted.
func routeMessage(step, i int) []byte {
	kind, flags := [...]uint16{unix.RTM_NEWROUTE, unix.RTM_NEWROUTE, unix.RTM_DELROUTE}[step],
		[...]uint16{unix.NLM_F_CREATE | unix.NLM_F_EXCL, unix.NLM_F_REPLACE, 0}[step]
	protocol := [...]byte{unix.RTPROT_BOOT, unix.RTPROT_STATIC, unix.RTPROT_STATIC}[step]
	body := []byte{unix.AF_INET, 32, 0, 0, unix.RT_TABLE_MAIN, protocol, unix.RT_SCOPE_LINK, unix.RTN_UNICAST, 0, 0, 0, 0}
	attr := func(number uint16, value []byte) {
		body = binary.NativeEndian.AppendUint16(body, uint16(4+len(value)))
		body = append(binary.NativeEndian.AppendUint16(body, number), value...)
	}
	attr(unix.RTA_TABLE, binary.NativeEndian.AppendUint32(nil, unix.RT_TABLE_MAIN))
	attr(unix.RTA_DST, binary.BigEndian.AppendUint32(nil, 0x0a000000+uint32(i)))
	attr(unix.RTA_OIF, binary.NativeEndian.AppendUint32(nil, 300))
	m := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	m = binary.NativeEndian.AppendUint16(m, kind)
	m = binary.NativeEndian.AppendUint16(m, flags)
	m = binary.NativeEndian.AppendUint32(m, 0)
	m = binary.NativeEndian.AppendUint32(m, 4242)
	return append(m, body...)
}
