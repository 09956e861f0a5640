package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"nlrec/internal/netnstest"
)

// TestStartInChurn starts recorders while a tenth of many IPv6 routes comes and
// goes as fast as the kernel can. A dump misses many that never changed. Once
// it is calm the recorder works off what has come.
func TestStartInChurn(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	runtime.LockOSThread()
	ownNames(t)
	w := newWorld(filepath.Join(t.TempDir(), "churn.db"), 5*time.Minute)
	defer w.end()
	defer w.failWith(t)
	all := often(10_000, 50_000)
	some := all / 10
	routes := newRoutes(t, all)
	for i := range often(1, 20) {
		stop := routes.churn(some, often(50, math.MaxInt))
		w.do(doStart)
		times := stop()
		if w.sameRoutes(t, i) != all-some || times < 2 {
			t.Fatalf("some routes were deleted %d times, but not last", times)
		}
		w.verifyLive()
		if err := w.r.stop(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 { // each second start goes on with a recording
			w.db = filepath.Join(t.TempDir(), "churn.db")
		}
	}
}

// sameRoutes compares the destinations of the routes of bulkTable, and returns
// how many there are.
func (w *world) sameRoutes(t *testing.T, start int) int {
	t.Helper()
	list := func(text string) []string {
		lines := strings.Fields(text)
		slices.Sort(lines)
		return lines
	}
	out, err := exec.Command("sh", "-c", fmt.Sprintf("ip -6 route show table %d | cut -d ' ' -f 1", bulkTable)).Output()
	if err != nil {
		t.Fatal(err)
	}
	kernel := list(string(out))
	var recorded []string
	for deadline := time.Now().Add(w.patience); time.Now().Before(deadline); {
		recorded = list(w.ask(fmt.Sprintf("SELECT dst FROM route WHERE table_id = %d", bulkTable)))
		if slices.Equal(kernel, recorded) {
			return len(kernel)
		}
	}
	t.Fatalf("start %d: %d routes in the kernel, %d in the recording", start, len(kernel), len(recorded))
	return 0
}

// bulkTable is the routing table that a routes fills.
const bulkTable = 88

// routes are many IPv6 routes over lo, added and deleted by one socket.
type routes struct {
	t    testing.TB
	conn *netlink.Conn
}

// newRoutes adds n routes.
func newRoutes(t testing.TB, n int) *routes {
	t.Helper()
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	r := &routes{t, conn}
	r.send(unix.RTM_NEWROUTE, 0, n)
	return r
}

// churn deletes the first n routes and adds them again, over and over, until
// what it returns is called, or so many times. It deletes them last, and tells
// how often it has.
func (r *routes) churn(n, most int) (stop func() (times int)) {
	done, ended := make(chan struct{}), make(chan int, 1)
	go func() {
		for times := 1; ; times++ {
			r.send(unix.RTM_DELROUTE, 0, n)
			select {
			case <-done:
				most = times
			default:
			}
			if times == most {
				ended <- times
				return
			}
			r.send(unix.RTM_NEWROUTE, 0, n)
		}
	}()
	return func() int { close(done); return <-ended }
}

// send adds or deletes the routes from one number to another, 200 at a time.
func (r *routes) send(op netlink.HeaderType, from, to int) {
	const atOnce = 200
	flags := netlink.Request
	if op == unix.RTM_NEWROUTE {
		flags |= netlink.Create | netlink.Excl
	}
	for ; from < to; from += atOnce {
		var batch []netlink.Message
		for i := from; i < min(from+atOnce, to); i++ {
			batch = append(batch, netlink.Message{Data: routeRequest(i),
				Header: netlink.Header{Type: op, Flags: flags}})
		}
		if _, err := r.conn.SendMessages(batch); err != nil {
			r.t.Errorf("send %d requests: %v", len(batch), err)
			return
		}
	}
}

// routeRequest is the body of a request for a route to a /64 over lo.
func routeRequest(i int) []byte {
	const lo = 1
	b := []byte{unix.AF_INET6, 64, 0, 0, bulkTable, unix.RTPROT_BOOT, unix.RT_SCOPE_UNIVERSE, unix.RTN_UNICAST, 0, 0, 0, 0}
	dst := net.ParseIP("2001:db8::")
	binary.BigEndian.PutUint32(dst[4:], uint32(i))
	e := netlink.NewAttributeEncoder()
	e.Bytes(unix.RTA_DST, dst)
	e.Uint32(unix.RTA_OIF, lo)
	attributes, _ := e.Encode() // fails for too long values only
	return append(b, attributes...)
}
