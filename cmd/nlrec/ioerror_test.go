package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/netnstest"
	"nlrec/internal/torture"
	"nlrec/query"
)

// A diskError is a system call that fails, on a file of a recording.
type diskError struct {
	calls, errno string
}

var diskErrors = []diskError{
	{"pwrite64", "EIO"}, {"pwrite64", "ENOSPC"}, {"fsync,fdatasync", "EIO"}, {"fsync,fdatasync", "ENOSPC"},
}

// TestTortureIOErrors has the n-th write or sync of a recorder fail, for n from
// 1 on: it ends with a plain error before it records, or nothing is lost.
func TestTortureIOErrors(t *testing.T) {
	if !netnstest.EnterAlone(t, "failing") {
		return
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	made := filepath.Join(t.TempDir(), "made.db")
	if err := startRecording(t, made).stop(syscall.SIGTERM); err != nil { // a start anew writes much before it records
		t.Fatal(err)
	}
	for _, f := range diskErrors {
		run := torture.Start(t, "the n-th "+f.calls+" fails with "+f.errno)
		for try := range torture.Often(2, 200) {
			n := try + 1
			if torture.Often(1, 0) == 1 { // some of the 200
				n = try*20 + 1 + rand.IntN(20)
			}
			v := &victim{t: t, db: filepath.Join(t.TempDir(), "a.db")}
			v.trace = v.db + ".trace"
			copyFile(t, made, v.db, 0o640)
			v.try(run, f, n)
		}
	}
}

// victim is a recorder that something fails for.
type victim struct {
	t         *testing.T
	db, trace string
	cmd       *exec.Cmd
	said      bytes.Buffer
	ended     chan error
	routes    int // that have come and gone
}

// try records with the n-th call failing, until it has.
func (v *victim) try(run *torture.Run, f diskError, n int) {
	v.start(f, n)
	defer v.cmd.Process.Kill()
	if !v.ready() {
		run.Try()
		if said := v.said.String(); strings.HasPrefix(said, "nlrec: ") && !strings.Contains(said, "panic") {
			run.Refuse()
		} else {
			run.Lose("%s %s, n = %d: at the start it said %q", f.calls, f.errno, n, said)
		}
		return
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		v.change()
		if eventually(200*time.Millisecond, v.injected) { // idle it syncs more often
			break
		}
	}
	if !v.injected() {
		v.t.Logf("%s %s: no thread came to n = %d", f.calls, f.errno, n)
		return
	}
	run.Try()
	began := time.Now()
	v.change()
	if problem := v.problem(); problem != "" {
		run.Lose("%s %s, n = %d: %s", f.calls, f.errno, n, problem)
	}
	run.Worst(time.Since(began).Seconds(), "right again after %.1f s", time.Since(began).Seconds())
}

// start starts the recorder. strace counts the calls of each thread.
func (v *victim) start(f diskError, n int) {
	v.t.Helper()
	args := []string{"-D", "-f", "-qq", "-o", v.trace, "-e", "trace=close," + f.calls, "-e", "signal=none",
		"-e", fmt.Sprintf("inject=%s:error=%s:when=%d", f.calls, f.errno, n)}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		args = append(args, "-P", v.db+suffix)
	}
	v.cmd = exec.Command("strace", append(args, "nlrec", "record", "--db", v.db, "--poll", "20ms")...)
	v.cmd.Stderr = &v.said
	if err := v.cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	v.ended = make(chan error, 1)
	go func() { v.ended <- v.cmd.Wait() }()
}

// ready waits until the recorder is, and reports whether it did not end.
func (v *victim) ready() bool {
	for v.sessions() != "ready" {
		select {
		case err := <-v.ended:
			v.ended <- err
			return false
		default:
		}
	}
	return true
}

// sessions tells whether the last session is ready, and not that which made the
// file, if it can be read now.
func (v *victim) sessions() string {
	out, _ := exec.Command("sqlite3", "-readonly", v.db, `SELECT 'ready' FROM session WHERE id > 1 AND ready_us > 0`).Output()
	return strings.TrimSpace(string(out))
}

// writes waits until the recorder can write.
func (v *victim) writes() bool {
	return eventually(time.Minute, func() bool {
		s, err := query.ReadStatus(v.t.Context(), v.db, time.Now())
		return err == nil && s.Recorder != nil && s.Recorder.Suspended == ""
	})
}

// injected reports whether the call has failed.
func (v *victim) injected() bool {
	text, err := os.ReadFile(v.trace)
	return err == nil && bytes.Contains(text, []byte("(INJECTED)"))
}

// change has some routes come and go, each of them once.
func (v *victim) change() {
	var script strings.Builder
	for range 20 {
		v.routes++
		for _, op := range []string{"add", "del"} {
			fmt.Fprintf(&script, "route %s 10.%d.%d.1 dev lo\n", op, v.routes>>8&255, v.routes&255)
		}
	}
	c := exec.Command("ip", "-batch", "-")
	c.Stdin = strings.NewReader(script.String())
	if out, err := c.CombinedOutput(); err != nil {
		v.t.Fatalf("ip -batch: %v\n%s", err, out)
	}
}

// problem stops the recorder and tells what is not as promised.
func (v *victim) problem() string {
	if !v.writes() {
		return "it does not write again\n" + v.said.String()
	}
	(&recording{t: v.t, db: v.db}).agrees("an error")
	if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err.Error()
	}
	err := <-v.ended
	said := v.said.String()
	if err != nil && !strings.Contains(said, "nlrec: ") {
		return fmt.Sprintf("it ended with %v\n%s", err, said)
	}
	if again := v.syncedAgain(); again != "" {
		return "a descriptor whose sync failed is synced again: " + again
	}
	if failed, err := nlrecVerify(v.db); failed != "" || err != nil {
		return fmt.Sprintf("verify: %s, %v\n%s", failed, err, said)
	}
	if err != nil && strings.Contains(said, "lacks what changed since") { // it failed to the end, in several threads
		if err := startRecording(v.t, v.db).stop(syscall.SIGTERM); err != nil {
			return err.Error()
		}
		if askSQLite(v.t, v.db, `SELECT count(*) FROM gap WHERE reason = 'not recording' AND session = (SELECT max(id) FROM session)`) != "1" {
			return "the next start has no gap\n" + said
		}
		return ""
	}
	come := askSQLite(v.t, v.db, `SELECT count(DISTINCT dst) || ' ' || count(*) FROM route_history WHERE dst LIKE '10.%.1'`)
	if want := fmt.Sprintf("%d %d", v.routes, v.routes); come != want {
		return fmt.Sprintf("%s routes came, want %s\n%s", come, want, said)
	}
	return ""
}

// syncedAgain returns a sync by a descriptor that one had failed by before, and
// that was not closed since: it would say that all is well. Empty: there is none.
func (v *victim) syncedAgain() string {
	text, err := os.ReadFile(v.trace)
	if err != nil {
		v.t.Fatal(err)
	}
	call := regexp.MustCompile(`^(\d+) +(close|fsync|fdatasync)\((\d+)`)
	failed, last := map[string]bool{}, map[string]string{} // by descriptor, and by thread
	for line := range strings.Lines(string(text)) {
		thread, _, _ := strings.Cut(line, " ")
		if m := call.FindStringSubmatch(line); m != nil {
			if m[2] != "close" && failed[m[3]] {
				return line
			}
			delete(failed, m[3])
			last[thread] = m[3]
		}
		if strings.Contains(line, "(INJECTED)") && strings.Contains(line, "sync") {
			failed[last[thread]] = true
		}
	}
	return ""
}
