package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/internal/netnstest"
	"nlrec/internal/torture"
)

// TestTorturePrune kills recorders that prune while routes come and go. After
// each kill the file must be right, may have lost nothing at its end, and takes
// no more than its limit and 5 %, in the short form 25 %; in the end it shows what
// the kernel has.
func TestTorturePrune(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	run := torture.Start(t, "kill -9 while pruning")
	db, limit := filepath.Join(t.TempDir(), "a.db"), int64(10<<20)
	limited := func(c *exec.Cmd) { c.Args = append(c.Args, "--max-size", fmt.Sprint(limit)) }
	load := startLoad(t)
	chance := rand.New(rand.NewPCG(uint64(firstSeed(t)), 1))
	removed := int64(0)
	for i := range torture.Often(5, 300) {
		run.Try()
		r := startRecording(t, db, limited)
		load.signal(syscall.SIGCONT)
		w := watch(db)
		now := waitForRemoval(t, db, removed+chance.Int64N(2000))
		_ = r.stop(syscall.SIGKILL)
		load.signal(syscall.SIGSTOP)
		took := octetsOf(db)
		run.Worst(float64(took), "%.1f %% of the limit taken", 100*float64(took)/float64(limit))
		seen := w.saw()
		last, err := lastOfRight(t, db)
		switch {
		case err != nil:
			run.Lose("kill %d: %v", i, err)
		case last < seen[len(seen)-1].id:
			run.Lose("kill %d: the last change is #%d, but #%d was seen", i, last, seen[len(seen)-1].id)
		case took > limit/100*int64(torture.Often(125, 105)): // a machine that others share stops recorders at any point
			run.Lose("kill %d: %d octets of %d are taken", i, took, limit)
		}
		removed = now
	}
	r := startRecording(t, db, limited)
	r.agrees("the last kill")
	if out, err := nlrecVerify(db, "--live"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	_ = r.stop(syscall.SIGTERM)
}

// waitForRemoval waits until more changes than so many were removed, and returns
// how many were.
func waitForRemoval(t *testing.T, db string, more int64) int64 {
	t.Helper()
	r := readRecording(t, db)
	defer r.Close()
	for deadline := time.Now().Add(2 * time.Minute); ; <-time.After(2 * time.Millisecond) {
		n := r.number(`SELECT ifnull((SELECT change FROM pruned), 0)`)
		if n > more {
			return n
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d changes were removed, not %d", n, more)
		}
	}
}

// octetsOf returns what a recording and its log take.
func octetsOf(db string) (octets int64) {
	for _, name := range []string{db, db + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			octets += info.Size()
		}
	}
	return octets
}

// TestKeepFree: a recorder leaves to others what it is told to of a small file
// system, takes nothing away because others fill it, and nlrec prune does.
func TestKeepFree(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	if !netnstest.Enter(t) {
		return
	}
	runtime.LockOSThread()
	ownNames(t)
	dir := t.TempDir()
	if err := unix.Mount("small", dir, "tmpfs", 0, "size=40m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	db, left := filepath.Join(dir, "a.db"), int64(20<<20)
	load := startLoad(t)
	r := startRecording(t, db, func(c *exec.Cmd) { c.Args = append(c.Args, "--keep-free", "20MiB") })
	waitForRemoval(t, db, 2000)
	if free := freeOf(t, dir); free < left-left/20 {
		t.Errorf("%d octets are free, want %d", free, left)
	}
	load.signal(syscall.SIGSTOP)
	before := octetsOf(db)
	if err := os.WriteFile(filepath.Join(dir, "other"), make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	removed := waitForRemoval(t, db, 0)
	load.signal(syscall.SIGCONT)
	waitForRemoval(t, db, removed+2000)
	if now := octetsOf(db); now < before*3/4 {
		t.Errorf("it takes %d octets, and took %d before others filled the file system", now, before)
	}
	load.signal(syscall.SIGSTOP)
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if out, err := exec.Command("nlrec", "prune", "--db", db, "--keep-free", "20MiB").CombinedOutput(); err != nil || !bytes.Contains(out, []byte("removed ")) {
		t.Errorf("%v\n%s", err, out)
	}
	if now := octetsOf(db); now > 17<<20 || freeOf(t, dir) < 12<<20 {
		t.Errorf("after nlrec prune it takes %d octets", now)
	}
	if _, err := lastOfRight(t, db); err != nil {
		t.Error(err)
	}
}

func freeOf(t *testing.T, dir string) int64 {
	t.Helper()
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	return int64(fs.Bavail) * fs.Bsize
}
