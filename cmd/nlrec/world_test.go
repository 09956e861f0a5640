package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/internal/iptest"
)

// A world is a network namespace called home, where a recorder runs, and
// another called away. It belongs to the calling thread.
type world struct {
	failing
	db      string
	buffer  string // the recorder's receive buffer, in octets
	r       *recording
	stopped bool // the recorder, by SIGSTOP
	moments []kept
	held    []string // commands to be given at once, and together
	hold    bool
	given   []string // so far

	patience time.Duration // how long a recording may differ from ip
}

// A kept moment is an instant and what ip said of it.
type kept struct {
	at    string
	after int // how many steps
	iptest.Snapshot
}

// peacefully makes a world begin with two pairs of veths, a bridge and a few
// nexthops. Duplicate addresses are looked for so shortly that this ends in the
// middle of what is done.
const peacefully = `
ip link set lo up
for l in v w; do ip link add ${l}0 type veth peer name ${l}1; done
for l in v0 v1 w0 w1; do
	sysctl -qw net.ipv6.conf.$l.router_solicitations=0 net.ipv6.neigh.$l.retrans_time_ms=20 net.ipv4.neigh.$l.retrans_time_ms=50
	ip link set $l up
done
ip -force -batch - <<.
address add 10.0.0.1/24 dev v0
address add 10.1.0.1/24 dev w0
address add 2001:db8:1::1/64 dev v0 nodad
address add 2001:db8:2::1/64 dev w0
link add br0 type bridge
link set br0 up
nexthop add id 1 via 10.0.0.2 dev v0
nexthop add id 2 via 10.1.0.2 dev w0
nexthop add id 11 via 2001:db8:1::2 dev v0
nexthop add id 12 via 2001:db8:2::2 dev w0
.`

// ownNames gives the calling thread a place for names of namespaces.
func ownNames(t testing.TB) {
	t.Helper()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		t.Fatalf("a mount namespace: %v", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatalf("keep mounts to oneself: %v", err)
	}
	if err := unix.Mount("names", "/run", "tmpfs", 0, ""); err != nil {
		t.Fatalf("mount a tmpfs: %v", err)
	}
}

// newWorld makes a world that records into a file. The thread must have called
// ownNames.
func newWorld(db string, patience time.Duration) *world {
	w := &world{db: db, patience: patience}
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		w.Fatalf("a network namespace: %v", err)
	}
	w.must(fmt.Sprintf("ip netns add away; ip netns attach home %d", unix.Gettid()))
	w.Cleanup(func() { w.must("ip netns del home; ip netns del away") })
	w.must(peacefully)
	return w
}

// end ends whatever is left of a world.
func (w *world) end() {
	for _, f := range slices.Backward(w.cleanups) {
		f()
	}
}

func (w *world) must(script string) {
	if out, err := exec.Command("sh", "-ec", script).CombinedOutput(); err != nil {
		w.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// What is done to the recorder among the commands; as comments, so that the
// steps are a script.
const (
	doStart    = "# start nlrec record"
	doRestart  = "# restart nlrec record"
	doKill     = "# kill -KILL nlrec record, and start it again"
	doSuspend  = "# kill -STOP nlrec record"
	doCompare  = "# compare; that goes on with nlrec record"
	doTogether = "# in one go:"

	smallBuffer = " --socket-buffer 20000" // of doStart
)

// do does one step: what one of the constants says, or a command.
func (w *world) do(step string) {
	w.given = append(w.given, step)
	what, buffer, _ := strings.Cut(step, " --socket-buffer ")
	switch what {
	case doStart:
		w.buffer = buffer
		w.startRecorder()
	case doRestart:
		w.goOn()
		if err := w.r.stop(syscall.SIGTERM); err != nil {
			w.Fatalf("nlrec record: %v", err)
		}
		w.startRecorder()
	case doKill:
		_ = w.r.stop(syscall.SIGKILL)
		w.stopped = false
		w.startRecorder()
	case doSuspend:
		w.stopped = true
		w.signal(syscall.SIGSTOP)
	case doCompare:
		w.compare()
	case doTogether:
		w.hold = true
	default:
		w.command(step)
	}
}

func (w *world) startRecorder() {
	w.r = startRecording(w, w.db, polling, func(c *exec.Cmd) {
		if w.buffer != "" {
			c.Args = append(c.Args, "--socket-buffer", w.buffer)
		}
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	})
}

func (w *world) signal(s syscall.Signal) {
	if err := w.r.cmd.Process.Signal(s); err != nil {
		w.Fatalf("%v: %v", s, err)
	}
}

// goOn gives the commands that are held, and lets the recorder go on.
func (w *world) goOn() {
	for _, script := range batches(w.held) {
		_ = exec.Command("sh", "-c", script).Run() // some fail
	}
	w.held, w.hold = nil, false
	if w.stopped {
		w.signal(syscall.SIGCONT)
	}
	w.stopped = false
}

func (w *world) command(line string) {
	if w.hold {
		w.held = append(w.held, line)
		return
	}
	_ = exec.Command("sh", "-c", line).Run() // many fail
}

// batches joins the commands of ip that follow on one another and are for one
// family, so that little time passes between them.
func batches(lines []string) (scripts []string) {
	var family string
	var batch []string
	end := func() {
		if len(batch) > 0 {
			scripts = append(scripts, fmt.Sprintf("ip %s -force -batch - <<.\n%s\n.", family, strings.Join(batch, "\n")))
		}
		batch = nil
	}
	for _, line := range lines {
		f := strings.Fields(line)
		is := ""
		if len(f) > 2 && (f[1] == "-4" || f[1] == "-6") {
			is, f = f[1], slices.Delete(f, 1, 2)
		}
		if f[0] != "ip" || f[1] == "-n" {
			end()
			scripts = append(scripts, line)
			continue
		}
		if is != family {
			end()
		}
		family, batch = is, append(batch, strings.Join(f[1:], " "))
	}
	end()
	return scripts
}

// compare waits until the recording agrees with ip, and keeps what ip said.
func (w *world) compare() {
	w.goOn()
	s, at := w.r.agreesWithin("the last step", w.patience)
	w.moments = append(w.moments, kept{at, len(w.given), s})
}

// finish compares for the last time, stops the recorder, and compares what the
// file says of every moment with what ip said then.
func (w *world) finish() {
	w.compare()
	w.verifyLive()
	if err := w.r.stop(syscall.SIGTERM); err != nil {
		w.Fatalf("nlrec record: %v", err)
	}
	w.verify()
	for _, m := range w.moments {
		if diff := iptest.Differences(m.Snapshot, asked(w, w.db, "--at", m.at)); diff != "" {
			w.Fatalf("as of %s, after step %d:\n%s", m.at, m.after, diff)
		}
	}
}

// verifyLive waits until nlrec finds nothing that differs, also where ip says
// nothing.
func (w *world) verifyLive() {
	for deadline := time.Now().Add(w.patience); ; {
		out, err := nlrecVerify(w.db, "--live")
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("nlrec verify --live: %v\n%s", err, out)
		}
	}
}

// verify checks the file.
func (w *world) verify() {
	if out, err := nlrecVerify(w.db); err != nil {
		w.Fatalf("nlrec verify: %v\n%s", err, out)
	}
}

// nlrecVerify returns what it found wrong.
func nlrecVerify(db string, flags ...string) (failed string, err error) {
	out, err := exec.Command("nlrec", append([]string{"verify", "--db", db}, flags...)...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "ok ") {
			failed += line
		}
	}
	return failed, err
}

// failing fails by a panic with a failure, which can be tried again.
type failing struct{ cleanups []func() }

type failure string

func (f *failing) Helper()                         {}
func (f *failing) Cleanup(do func())               { f.cleanups = append(f.cleanups, do) }
func (f *failing) Fatal(args ...any)               { panic(failure(fmt.Sprint(args...))) }
func (f *failing) Fatalf(form string, args ...any) { panic(failure(fmt.Sprintf(form, args...))) }

// failWith fails a test when the world has failed, and tells what was done
// since the last comparison that succeeded.
func (w *world) failWith(t *testing.T) {
	switch f := recover().(type) {
	case nil:
	case failure:
		since := 0
		if n := len(w.moments); n > 0 {
			since = w.moments[n-1].after
		}
		t.Fatalf("%s\nwhich the comparison before did not show. Since:\n%s", f, strings.Join(w.given[since:], "\n"))
	default:
		panic(f)
	}
}
