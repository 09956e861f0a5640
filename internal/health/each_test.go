package health

import (
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// TestServeEach: however many connect and say nothing, few are answered at a time,
// and all are in the end.
func TestServeEach(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var now, most atomic.Int64
	go ServeEach(l, func(c net.Conn) {
		for n := now.Add(1); ; {
			if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		_, _ = c.Write([]byte("?"))    // the test looks whether it comes
		_, _ = c.Read(make([]byte, 1)) // until the other end is closed
		now.Add(-1)
	})
	asking := make([]net.Conn, 3*AtOnce)
	for i := range asking {
		if asking[i], err = net.Dial("unix", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range asking {
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	if most.Load() > AtOnce {
		t.Errorf("%d were answered at a time, want %d at most", most.Load(), AtOnce)
	}
}
