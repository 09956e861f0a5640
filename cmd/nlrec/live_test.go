package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/iptest"
	"nlrec/internal/netnstest"
)

// recording is a running `nlrec record`.
type recording struct {
	t   iptest.TB
	db  string
	cmd *exec.Cmd
	out []string      // what it said until it was ready
	end chan []string // what it said afterwards, once it has ended
}

// record starts nlrec and waits until its first dump is committed. prepare may
// change the command first.
func startRecording(t iptest.TB, db string, prepare ...func(*exec.Cmd)) *recording {
	t.Helper()
	r := &recording{t: t, db: db, cmd: exec.Command("nlrec", "record", "--db", db)}
	for _, f := range prepare {
		f(r.cmd)
	}
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		r.out = append(r.out, lines.Text())
		if strings.HasPrefix(lines.Text(), "nlrec: recording ") {
			r.end = make(chan []string, 1)
			go func() {
				var rest []string
				for lines.Scan() {
					rest = append(rest, lines.Text())
				}
				r.end <- rest
			}()
			return r
		}
	}
	t.Fatalf("nlrec record ended: %v\n%s", r.cmd.Wait(), strings.Join(r.out, "\n"))
	return nil
}

// polling makes a recorder look often for what is never announced.
func polling(c *exec.Cmd) { c.Args = append(c.Args, "--poll", "300ms") }

// stop ends the recorder with a signal and returns how it ended.
func (r *recording) stop(signal syscall.Signal) error {
	r.t.Helper()
	if err := r.cmd.Process.Signal(signal); err != nil {
		r.t.Fatal(err)
	}
	rest := <-r.end // before Wait closes the pipe
	r.end <- rest
	return r.cmd.Wait()
}

// all returns all that a recorder has said that has ended.
func (r *recording) all() []string { return append(r.out, <-r.end...) }

// agrees waits until the recording shows what ip shows, and returns that and
// an instant at which it held.
func (r *recording) agrees(step string) (iptest.Snapshot, string) {
	r.t.Helper()
	return r.agreesWithin(step, 20*time.Second)
}

func (r *recording) agreesWithin(step string, patience time.Duration) (iptest.Snapshot, string) {
	r.t.Helper()
	var diff string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		before := iptest.Kernel(r.t)
		recorded := asked(r.t, r.db)
		at := fmt.Sprintf("@%.6f", float64(time.Now().UnixMicro())/1e6)
		if diff = iptest.Differences(before, recorded); diff == "" && iptest.Differences(before, iptest.Kernel(r.t)) == "" {
			return before, at
		}
	}
	r.t.Fatalf("after %s:\n%s", step, diff)
	return nil, ""
}

// asked returns what nlrec says of everything, now or at an instant.
func asked(t iptest.TB, db string, at ...string) iptest.Snapshot {
	t.Helper()
	args := append([]string{"query", "--db", db, "-o", "json"}, at...)
	out, err := exec.Command("nlrec", append(args, iptest.Question())...).Output()
	if err != nil {
		t.Fatalf("nlrec %v: %v\n%s", args, err, err.(*exec.ExitError).Stderr)
	}
	return iptest.Recording(t, string(out))
}

// liveSteps change a network in every way the kinds know of.
var liveSteps = []string{
	"ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up",
	"ip address add 192.0.2.1/24 dev v0 && ip address add 10.5.0.1 peer 10.6.0.1/24 dev v0 && ip address add 2001:db8::1/64 dev v0 nodad",
	"ip link add br0 type bridge && ip link set v1 master br0 && ip link set br0 up",
	"ip link add vx0 type vxlan id 42 dstport 4789 local 10.9.9.1 dev v0 && ip link add mv0 link v0 type macvlan mode bridge && { ip tuntap add tap0 mode tap || ip link add tap0 type ifb; }", // a tap needs /dev/net/tun
	"ip link set v0 alias 'hi there' && ip link property add dev v0 altname averylongname",
	"ip route add 10.0.0.0/8 via 192.0.2.2 metric 5 mtu 1400 advmss 1300 && ip route add 10.0.0.0/8 via 192.0.2.3 metric 6",
	"ip route add 10.1.0.0/16 nexthop via 192.0.2.3 weight 2 nexthop via 192.0.2.4",
	"ip route add default via inet6 fe80::1 dev v0 && ip route add unreachable 10.66.0.0/16 && ip -6 route add blackhole 2001:db8:bad::/48",
	"ip -6 route add 2001:db8:1::/48 via 2001:db8::2 table 100 pref high && ip -6 route add 2001:db8:6::/48 from 2001:db8::/32 dev v0",
	"ip -6 route add 2001:db8:2::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3",
	"ip -6 route append 2001:db8:2::/48 via 2001:db8::4 && ip -6 route del 2001:db8:2::/48 via 2001:db8::3",
	"ip nexthop add id 1 via 192.0.2.9 dev v0 && ip nexthop add id 2 via 192.0.2.10 dev v0 && ip nexthop add id 3 group 1,3/2 && ip nexthop add id 5 blackhole && ip nexthop add id 4 group 1/2 type resilient buckets 8 idle_timer 60",
	"ip route add 10.77.0.0/16 nhid 1 && ip route add 10.78.0.0/16 nhid 3",
	"ip nexthop replace id 1 via 192.0.2.19 dev v0 && ip nexthop replace id 3 group 1/2,7",
	"ip rule add from 10.0.0.0/8 to 1.2.3.4 iif v0 fwmark 0x10/0xff table 100 pref 100 ipproto tcp sport 10-20 dport 80 uidrange 0-0",
	"ip rule add not to 10.3.0.0/16 suppress_prefixlength 0 table main pref 101 && ip rule add pref 103 goto 32766 && ip rule add pref 104 unreachable && ip -6 rule add from 2001:db8::/32 table 100 pref 105",
	"ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:01 dev v0 && ip neigh add 192.0.2.51 lladdr 02:00:00:00:00:02 dev v0 nud permanent router && ip neigh change 192.0.2.50 lladdr 02:00:00:00:00:09 dev v0",
	"ip route replace 10.0.0.0/8 via 192.0.2.7 metric 5 && ip route append 10.0.0.0/8 via 192.0.2.8 metric 5 && ip route prepend 10.0.0.0/8 via 192.0.2.9 metric 5",
	"ip route del 10.0.0.0/8 via 192.0.2.7 metric 5 && ip route change 10.0.0.0/8 via 192.0.2.6 metric 6",
	"ip link set v0 mtu 1400 && ip link set mv0 up && ip link set br0 address 02:00:00:00:00:77",
	"ip link set vx0 name vx9 && ip neigh del 192.0.2.51 dev v0 && ip rule del pref 104",
	"ip nexthop del id 2",
	"ip address del 10.5.0.1 peer 10.6.0.1/24 dev v0",
	"ip link set v0 down",
	"ip link set v0 up && ip route add 10.2.0.0/16 via 192.0.2.2",
	"ip address flush dev v0",
	"ip link set v1 nomaster && ip link del br0",
	"ip link del v0",
}

func TestLive(t *testing.T) { compareSteps(t, liveSteps) }

// compareSteps compares what nlrec recorded with what ip says after each step,
// and at the end with what ip said then.
func compareSteps(t *testing.T, steps []string) {
	if !netnstest.Enter(t) {
		return
	}
	db := filepath.Join(t.TempDir(), "live.db")
	r := startRecording(t, db, polling)
	type moment struct {
		step, at string
		iptest.Snapshot
	}
	var moments []moment
	for _, step := range append([]string{"true"}, steps...) {
		netnstest.Run(t, step)
		s, at := r.agrees(step)
		moments = append(moments, moment{step, at, s})
	}
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Errorf("nlrec record: %v", err)
	}
	for _, m := range moments {
		if diff := iptest.Differences(m.Snapshot, asked(t, db, "--at", m.at)); diff != "" {
			t.Errorf("as of %s, after %s:\n%s", m.at, m.step, diff)
		}
	}
}
