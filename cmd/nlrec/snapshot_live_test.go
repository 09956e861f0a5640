package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/recordingtest"
	"nlrec/internal/torture"
	"nlrec/rtnl"
	"nlrec/store"
)

// A writer appends changes to a recording as a busy recorder does, so many a
// second, and notes which are in the file.
type writer struct {
	r       *recordingtest.Recording
	routes  int
	at      int64
	version int64
	writes  sync.Mutex
	acked   atomic.Int64 // id of the last change that is
	longest atomic.Int64 // nanoseconds that one transaction took, since it was last set to 0
}

func newSteadyWriter(t *testing.T, db string) *writer {
	w := &writer{r: recordingtest.Open(t, db), routes: 5_000, at: recordingtest.T0}
	w.r.Begin(w.at-recordingtest.Second, w.at)
	w.r.Set(w.at, rtnl.Link, recordingtest.Values{"ifindex": int64(1), "ifname": "eth0"})
	return w
}

// write appends n changes in one transaction.
func (w *writer) write(n int) {
	var last int64
	for range n {
		i := w.version % int64(w.routes)
		w.at += 100
		last = w.r.Set(w.at, rtnl.Route, recordingtest.Values{"family": "inet", "table_id": int64(254), "dst": fmt.Sprintf("10.%d.%d.0/24", i/250, i%250), "tos": int64(0), "metric": int64(1),
			"gateway": fmt.Sprintf("192.0.2.%d", 1+w.version/int64(w.routes)%250), "oif": int64(1), "flags": "[]"})
		w.version++
	}
	began := time.Now()
	w.r.Commit()
	w.longest.Store(max(w.longest.Load(), int64(time.Since(began))))
	w.acked.Store(last)
}

// steadily appends 10,000 changes a second, in transactions of 10 ms, until ctx
// is over.
func (w *writer) steadily(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.writes.Lock()
			w.write(100)
			w.writes.Unlock()
		}
	}
}

// TestTortureSnapshot copies a recording that takes 10,000 changes a second:
// each copy has all that was acknowledged when it began, is a whole recording,
// and says of what it has what the recording says.
func TestTortureSnapshot(t *testing.T) {
	run := torture.Start(t, "snapshot of a recording that takes 10,000 changes a second")
	dir := t.TempDir()
	db := filepath.Join(dir, "live.db")
	w := newSteadyWriter(t, db)
	for range torture.Often(5, 50) {
		w.write(10_000)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.steadily(ctx) }()
	defer func() { stop(); <-done; w.r.Close(w.at) }()
	for i := range torture.Often(3, 100) {
		run.Try()
		copyOnce(t, run, w, db, filepath.Join(dir, fmt.Sprintf("copy%d.db", i)), i%20 == 0)
	}
}

func copyOnce(t *testing.T, run *torture.Run, w *writer, db, out string, verify bool) {
	w.longest.Store(0)
	acked := w.acked.Load()
	if text, err := exec.Command("nlrec", "snapshot", "--db", db, out).CombinedOutput(); err != nil {
		run.Lose("snapshot: %v\n%s", err, text)
		return
	}
	stall := time.Duration(w.longest.Load())
	run.Worst(stall.Seconds(), "a transaction took %s", stall.Round(time.Millisecond))
	w.writes.Lock() // or the recording would grow as long as it is looked at
	defer w.writes.Unlock()
	defer os.Remove(out)
	last := askSQLite(t, out, `SELECT max(id) FROM change`)
	var id int64
	if _, err := fmt.Sscan(last, &id); err != nil || id < acked {
		run.Lose("the copy ends with change #%s, and #%d was acknowledged before it began", last, acked)
		return
	}
	sums := `SELECT count(*), sum(id), sum(at_us & 65535), sum(object), sum(state), sum(was), sum(how) FROM change WHERE id <= ` + last
	if got, want := askSQLite(t, out, sums), askSQLite(t, db, sums); got != want {
		run.Lose("the changes up to #%s sum up to %s, and in the recording to %s", last, got, want)
		return
	}
	if !verify {
		return
	}
	r, err := store.OpenReadOnly(context.Background(), out)
	if err != nil {
		run.Lose("%v", err)
		return
	}
	defer r.Close()
	findings, err := r.Verify(context.Background(), func(string, float64) {})
	for _, f := range findings {
		if !f.OK {
			run.Lose("%s: %q", f.Check, f.Found)
			return
		}
	}
	if err != nil {
		run.Lose("%v", err)
	}
}

// TestSnapshotStopped: a copy that is interrupted, by whatever signal asks for an
// end, leaves nothing, and one that was there as it was.
func TestSnapshotStopped(t *testing.T) {
	dir := t.TempDir()
	db, out := filepath.Join(dir, "live.db"), filepath.Join(dir, "out", "copy.db")
	w := newSteadyWriter(t, db)
	w.write(200_000)
	w.r.Close(w.at)
	if err := os.Mkdir(filepath.Dir(out), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		cmd := exec.Command("nlrec", "snapshot", "--redact", "--force", "--db", db, out)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for { // until it has begun
			if left, _ := os.ReadDir(filepath.Dir(out)); len(left) > 1 {
				break
			}
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(said.String(), "interrupted") {
			t.Errorf("%s: exit code %d: %s", sig, code, said.String())
		}
		if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 1 {
			t.Errorf("%s: left over: %v", sig, left)
		}
		if old, _ := os.ReadFile(out); string(old) != "old" {
			t.Errorf("%s: what was there is %d octets now", sig, len(old))
		}
	}
}

// TestSnapshotKilled: what a copy that was killed leaves, the next into the folder
// removes; not what another makes meanwhile, nor what others have named so.
func TestSnapshotKilled(t *testing.T) {
	dir := t.TempDir()
	db, folder := filepath.Join(dir, "live.db"), filepath.Join(dir, "out [x]")
	w := newSteadyWriter(t, db)
	w.write(200_000)
	w.r.Close(w.at)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	begin := func(out string) (c *exec.Cmd, made string) {
		before, _ := filepath.Glob(filepath.Join(dir, "out*", ".nlrec-snapshot-*"))
		c = exec.Command("nlrec", "snapshot", "--redact", "--db", db, filepath.Join(folder, out))
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for { // until it writes
			now, _ := filepath.Glob(filepath.Join(dir, "out*", ".nlrec-snapshot-*"))
			for _, name := range now {
				if info, err := os.Stat(name); err == nil && info.Size() > 0 && !slices.Contains(before, name) && !strings.HasSuffix(name, "-journal") {
					return c, name
				}
			}
		}
	}
	killed, left := begin("killed.db")
	if err := syscall.Kill(childOf(t, killed.Process.Pid), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // it says that it was killed
	if _, err := os.Stat(left); err != nil {
		t.Fatal("a kill leaves nothing: ", err)
	}
	foreign := filepath.Join(folder, ".nlrec-snapshot-link")
	if err := os.Symlink(db, foreign); err != nil {
		t.Fatal(err)
	}
	other, held := begin("other.db")
	if err := syscall.Kill(childOf(t, other.Process.Pid), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("nlrec", "snapshot", "--db", db, filepath.Join(folder, "next.db")).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("what was left is still there: %v", err)
	}
	if _, err := os.Stat(held); err != nil {
		t.Errorf("what another makes is gone: %v", err)
	}
	if err := syscall.Kill(childOf(t, other.Process.Pid), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := other.Wait(); err != nil {
		t.Error(err)
	}
	entries, _ := os.ReadDir(folder)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{filepath.Base(foreign), "next.db", "other.db"}; !slices.Equal(names, want) {
		t.Errorf("there are %q, want %q", names, want)
	}
}
