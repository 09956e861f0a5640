package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nlrec/internal/netnstest"
)

// TestOverruns stops the recorder again and again until its socket overruns.
// Each time that is one gap, which tells how many notifications the kernel
// says it dropped, and afterwards the recording is right again.
func TestOverruns(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	runtime.LockOSThread()
	ownNames(t)
	g, seed := parseGrammar(administration), firstSeed(t)
	some := rapid.Custom(func(t *rapid.T) []string {
		_, commands := round(t, g, 9)
		return commands
	})
	w := newWorld(filepath.Join(t.TempDir(), "overruns.db"), 30*time.Second)
	defer w.end()
	defer w.failWith(t)
	w.do(doStart + smallBuffer)
	w.compare()
	var dropped []int64
	var took []time.Duration
	for i := range often(5, 50) {
		before := w.drops()
		w.do(doSuspend)
		for _, command := range append(some.Example(seed+i), burst...) {
			w.do(command)
		}
		dropped = append(dropped, w.drops()-before)
		if dropped[i] == 0 {
			t.Fatal("nothing was dropped")
		}
		began := time.Now()
		w.compare()
		took = append(took, time.Since(began))
		w.waitFor(t, fmt.Sprintf("gaps after %d overruns", len(dropped)), w.losses, dropped)
	}
	slices.Sort(took)
	slowest := took[len(took)-1]
	t.Logf("agreed again after %v; half of the times after %v, the comparison included", slowest, took[len(took)/2])
	// The short form runs beside other tests on machines that others use too.
	if limit := often(30, 2); slowest > time.Duration(limit)*time.Second {
		t.Errorf("agreed only after %v, not within %d s", slowest, limit)
	}
	w.finish()
}

// burst overruns a small buffer.
var burst = []string{`for i in $(seq 100); do for op in add del; do echo "route $op 10.99.0.$i dev lo"; done; done | ip -force -batch -`}

// drops returns how many notifications the kernel has dropped at the socket
// that the recorder listens on.
func (w *world) drops() (n int64) {
	pid := w.r.cmd.Process.Pid
	own := map[string]bool{}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		if name, err := os.Readlink(fd); err == nil { // it may be closed by now
			own[strings.Trim(name, "socket:[]")] = true
		}
	}
	table, err2 := os.ReadFile(fmt.Sprintf("/proc/%d/net/netlink", pid))
	if err != nil || err2 != nil {
		w.Fatalf("sockets of nlrec record: %v, %v", err, err2)
	}
	const groups, drops, inode = 3, 8, 9
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if own[f[inode]] && strings.Trim(f[groups], "0") != "" {
			lost, err := strconv.ParseInt(f[drops], 10, 64)
			if err != nil {
				w.Fatalf("/proc/net/netlink: %v", err)
			}
			n += lost
		}
	}
	return n
}

// losses returns what the gaps of overruns say was lost in each.
func (w *world) losses() (lost []int64) {
	for text := range strings.FieldsSeq(w.ask(`SELECT lost FROM gap WHERE reason = 'overrun' AND to_us IS NOT NULL ORDER BY from_us`)) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			w.Fatalf("lost: %v", err)
		}
		lost = append(lost, n)
	}
	return lost
}

// ask asks the recording and returns the first column, a value on a line.
func (w *world) ask(sql string) string {
	out, err := exec.Command("nlrec", "query", "--db", w.db, "-o", "csv", sql).CombinedOutput()
	if err != nil {
		w.Fatalf("nlrec query: %v\n%s", err, out)
	}
	_, rows, _ := strings.Cut(string(out), "\n")
	return rows
}

// waitFor waits until there is what there must be.
func (w *world) waitFor(t *testing.T, what string, is func() []int64, want []int64) {
	t.Helper()
	var got []int64
	for deadline := time.Now().Add(w.patience); time.Now().Before(deadline); {
		if got = is(); slices.Equal(got, want) {
			return
		}
	}
	t.Fatalf("%s: %d, want %d", what, got, want)
}

// TestOverrunsUnderLoad: routes come and go faster than a tiny buffer takes.
// Overruns may come while one is recovered from, and their gaps merge, but
// together they tell what the kernel dropped.
func TestOverrunsUnderLoad(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	runtime.LockOSThread()
	ownNames(t)
	w := newWorld(filepath.Join(t.TempDir(), "load.db"), 30*time.Second)
	defer w.end()
	defer w.failWith(t)
	w.do(doStart + " --socket-buffer 5000")
	r := newRoutes(t, 1000)
	stop := r.churn(1000, math.MaxInt)
	for deadline := time.Now().Add(w.patience); w.drops() < 10_000 && time.Now().Before(deadline); {
	}
	stop()
	w.compare()
	var sum int64
	for _, lost := range w.losses() {
		sum += lost
	}
	if want := w.drops(); sum != want || want == 0 {
		t.Errorf("%d gaps tell of %d notifications lost, the kernel of %d", len(w.losses()), sum, want)
	}
	t.Logf("%d gaps tell of %d notifications lost", len(w.losses()), sum)
	w.finish()
}

// TestStartAmidOverruns: a recorder becomes ready where it always loses
// something, and is right once it is calm.
func TestStartAmidOverruns(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	runtime.LockOSThread()
	ownNames(t)
	w := newWorld(filepath.Join(t.TempDir(), "start.db"), 30*time.Second)
	defer w.end()
	defer w.failWith(t)
	stop := newRoutes(t, 20_000).churn(5000, math.MaxInt)
	for _, step := range []string{doStart + " --socket-buffer 5000", doRestart} {
		w.do(step)
	}
	stop()
	w.compare()
	w.finish()
}
