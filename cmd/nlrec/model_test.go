package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"nlrec/internal/iptest"
	"nlrec/internal/netnstest"
)

// twoLinks is where every random sequence begins.
const twoLinks = `ip link set lo up
for l in v w; do ip link add ${l}0 type veth peer name ${l}1; done
for l in v0 v1 w0 w1; do sysctl -qw net.ipv6.conf.$l.accept_dad=0 net.ipv6.conf.$l.router_solicitations=0; ip link set $l up; done
ip address add 10.0.0.1/24 dev v0; ip address add 10.1.0.1/24 dev w0
ip address add 2001:db8:1::1/64 dev v0 nodad; ip address add 2001:db8:2::1/64 dev w0 nodad`

// pick draws one of several texts.
func pick(t *rapid.T, texts ...string) string { return rapid.SampledFrom(texts).Draw(t, "choice") }

// operation draws a command of ip. Many fail, as people's do.
func operation(t *rapid.T) string {
	family, dev, net, prefix, host := "4", pick(t, "v0", "w0"), 0, "10.9.%d.0/24", "10.%d.0.%d"
	if dev == "w0" {
		net = 1
	}
	if rapid.Bool().Draw(t, "IPv6") {
		family, prefix, host = "6", "2001:db8:9%d::/64", "2001:db8:%d::%d"
		net++
	}
	other := map[int]int{0: 1, 1: 0}[net]
	if family == "6" {
		other = 3 - net
	}
	dst := fmt.Sprintf(prefix, rapid.IntRange(1, 3).Draw(t, "prefix"))
	gateway := fmt.Sprintf(host, net, rapid.IntRange(2, 5).Draw(t, "host"))
	gateway2 := fmt.Sprintf(host, other, rapid.IntRange(2, 5).Draw(t, "host"))
	slot := pick(t, "", "", " metric 7") + pick(t, "", "", " table 77")
	verb := pick(t, "add", "append", "prepend", "replace", "change", "replace")
	id := rapid.IntRange(1, 3).Draw(t, "id")
	if family == "6" {
		id += 10
	}
	group := id/10*10 + 5
	address := fmt.Sprintf(host, net, rapid.SampledFrom([]int{1, 1, 9}).Draw(t, "host")) + map[string]string{"4": "/24", "6": "/64"}[family]
	return rapid.SampledFrom([]string{
		fmt.Sprintf("-%s route %s %s via %s%s", family, verb, dst, gateway, slot),
		fmt.Sprintf("-%s route %s %s dev %s%s", family, verb, dst, dev, slot),
		fmt.Sprintf("-%s route %s %s%s nexthop via %s nexthop via %s weight 2", family, verb, dst, slot, gateway, gateway2),
		fmt.Sprintf("-%s route %s blackhole %s%s", family, verb, dst, slot),
		fmt.Sprintf("-%s route %s %s via %s%s proto static", family, verb, dst, gateway, slot),
		fmt.Sprintf("-%s route del %s%s", family, dst, slot),
		fmt.Sprintf("-%s route del %s via %s%s", family, dst, gateway, slot),
		fmt.Sprintf("-%s route %s %s nhid %s%s", family, verb, dst, pick(t, fmt.Sprint(id), fmt.Sprint(group)), slot),
		fmt.Sprintf("link set %s %s", dev, pick(t, "down", "up", "up")),
		fmt.Sprintf("link set %s1 %s", dev[:1], pick(t, "down", "up", "up")),
		fmt.Sprintf("-%s address add %s dev %s", family, address, dev),
		fmt.Sprintf("-%s address del %s dev %s", family, address, dev),
		fmt.Sprintf("nexthop %s id %d via %s dev %s", pick(t, "add", "replace"), id, gateway, dev),
		fmt.Sprintf("nexthop replace id %d group %d/%d", group, id, id/10*10+1),
		fmt.Sprintf("nexthop del id %d", id),
		fmt.Sprintf("rule add pref %d iif %s table 77", rapid.IntRange(1, 4).Draw(t, "pref"), dev),
		fmt.Sprintf("rule del pref %d", rapid.IntRange(1, 4).Draw(t, "pref")),
		fmt.Sprintf("link set %s mtu %s", dev, pick(t, "1400", "1500")),
		fmt.Sprintf("neigh %s %s lladdr 02:00:00:00:00:0%d dev %s", pick(t, "add", "replace", "del"), gateway, rapid.IntRange(1, 3).Draw(t, "host"), dev),
		fmt.Sprintf("link add x0 %s", pick(t, "type veth peer name x1", "link v0 type macvlan", "type bridge", "type ifb")),
		"link del x0",
	}).Draw(t, "operation")
}

// TestModel does random things to a namespace and compares what nlrec recorded
// with what ip says, after every few of them and, at the end, as of each of
// those moments. Now and then the recorder is killed, or stopped, and started
// again. A failure prints the shortest sequence of ip commands that shows it.
func TestModel(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	if err := flag.Set("rapid.checks", checks()); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // for each check gets a namespace of its own
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("sh", "-ec", twoLinks).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		r := startRecording(t, filepath.Join(dir, fmt.Sprintf("%d.db", n)))
		type moment struct {
			at string
			iptest.Snapshot
		}
		var moments []moment
		var done []string
		for range rapid.IntRange(1, 5).Draw(t, "rounds") {
			if rapid.IntRange(0, 4).Draw(t, "restart") == 0 {
				_ = r.stop(rapid.SampledFrom([]syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}).Draw(t, "signal"))
				done = append(done, "# recorder restarted")
				r = startRecording(t, r.db)
			}
			for range rapid.IntRange(1, 8).Draw(t, "operations") {
				op := operation(t)
				err := exec.Command("ip", strings.Fields(op)...).Run()
				done = append(done, fmt.Sprintf("ip %s # %v", op, err == nil))
			}
			s, at := r.agreesWithin("\n"+strings.Join(done, "\n"), 4*time.Second)
			moments = append(moments, moment{at, s})
		}
		if err := r.stop(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for _, m := range moments {
			if diff := iptest.Differences(m.Snapshot, asked(t, r.db, "--at", m.at)); diff != "" {
				t.Fatalf("as of %s:\n%s\n%s", m.at, diff, strings.Join(done, "\n"))
			}
		}
	})
}

// checks is how many sequences are tried; $NLREC_CHECKS says otherwise.
func checks() string {
	if n := os.Getenv("NLREC_CHECKS"); n != "" {
		return n
	}
	return "10"
}
