package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/internal/netnstest"
	"nlrec/internal/torture"
	"nlrec/query"
)

// smallDisk mounts a tmpfs of some size, in a mount namespace of the test's own.
func smallDisk(t *testing.T, size int) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := unix.Mount("small", folder, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("mount a small disk: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
	return folder
}

// free returns how many octets a disk has left.
func free(t *testing.T, folder string) int64 {
	t.Helper()
	var disk unix.Statfs_t
	if err := unix.Statfs(folder, &disk); err != nil {
		t.Fatal(err)
	}
	return int64(disk.Bavail) * disk.Bsize
}

// TestTortureFullDisk fills the disk under a recorder, or has that fill it, at
// a moment of its load that differs from try to try, and makes room again.
func TestTortureFullDisk(t *testing.T) {
	if !netnstest.EnterAlone(t, "full") {
		return
	}
	run := torture.Start(t, "disk full under load, then room again")
	for try := range torture.Often(4, 60) {
		run.Try()
		size, alone := 16<<(20+rand.IntN(3)), try%2 == 0
		if alone {
			size = 4 << 20
		}
		if problem := fillAndFree(t, run, size, alone); problem != "" {
			run.Lose("a disk of %d MiB, alone %v: %s", size>>20, alone, problem)
		}
	}
}

// fillAndFree has a recorder write until its disk is full, changes the network
// meanwhile, makes room, and tells what is not as promised.
func fillAndFree(t *testing.T, run *torture.Run, size int, alone bool) (problem string) {
	folder := smallDisk(t, size)
	defer unix.Unmount(folder, unix.MNT_DETACH)
	db, ballast := filepath.Join(folder, "a.db"), filepath.Join(folder, "ballast")
	r := startRecording(t, db)
	before := time.Now()
	status := func() *query.Status {
		s, err := query.ReadStatus(t.Context(), db, time.Now())
		if err != nil || s.Recorder == nil {
			t.Fatalf("status: %v, %+v\n%s", err, s, strings.Join(r.out, "\n"))
		}
		return s
	}
	if !alone { // what makes room in the end
		fill(t, ballast, int64(size/2))
	}
	routes := newRoutes(t, 1000)
	outage := func() bool {
		stop := routes.churn(1000, 1<<30)
		defer stop()
		<-time.After(time.Duration(rand.Int64N(int64(300 * time.Millisecond)))) // the random moment
		if !alone {
			fill(t, ballast, math.MaxInt64)
		}
		return eventually(60*time.Second, func() bool { return status().Recorder.Suspended != "" })
	}
	// A recorder that folds its log may have room again at once, and is then in
	// no outage when the network changes.
	var link string
	var said *query.Status
	var from, until time.Time
	for n := 0; until.IsZero(); n++ {
		if !outage() {
			return "no outage"
		}
		link, from, said = fmt.Sprintf("full%d", n), time.Now(), status()
		netnstest.Run(t, fmt.Sprintf("ip link add %s type veth peer name peer%d && ip address add 192.0.2.7/24 dev %[1]s && ip link set %[1]s up", link, n))
		if said.Recorder.Suspended != "" && status().Recorder.Suspended != "" {
			until = time.Now()
			defer netnstest.Run(t, "ip link del "+link)
		} else {
			netnstest.Run(t, "ip link del "+link)
		}
	}
	room := time.Now()
	if alone {
		netnstest.Run(t, fmt.Sprintf("mount -o remount,size=%d %s", 8*size, folder))
	} else if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if !eventually(20*time.Second, func() bool { return status().Recorder.Suspended == "" }) {
		return fmt.Sprintf("still suspended with %d KiB free: %+v", free(t, folder)>>10, said.Recorder)
	}
	took := time.Since(room)
	run.Worst(took.Seconds(), "recorded again %.1f s after there was room", took.Seconds())
	r.agrees("room was made")
	if err := r.stop(syscall.SIGTERM); err != nil {
		return fmt.Sprintf("it ended with %v\n%s", err, strings.Join(r.all(), "\n"))
	}
	if failed, err := nlrecVerify(db); failed != "" || err != nil {
		return fmt.Sprintf("verify: %s %v", failed, err)
	}
	gaps := askSQLite(t, db, `SELECT group_concat(reason, ', ') FROM (SELECT DISTINCT reason FROM gap)`)
	if gaps != "disk full" {
		return fmt.Sprintf("gaps of %q\n%s", gaps, strings.Join(r.all(), "\n"))
	}
	// All that changed meanwhile lies in the gap, and it in the time of the outage.
	if n := askSQLite(t, db, fmt.Sprintf(`SELECT count(*) FROM gap WHERE from_us < %d OR to_us > %d OR to_us IS NULL`, before.UnixMicro(), time.Now().UnixMicro())); n != "0" {
		return n + " gaps are too long"
	}
	if n := askSQLite(t, db, fmt.Sprintf(`SELECT count(*) FROM gap WHERE to_us BETWEEN %d AND %d`, from.UnixMicro(), until.UnixMicro())); n != "0" {
		return "" // there were two outages, and the change may lie between them
	}
	if in := askSQLite(t, db, fmt.Sprintf(`SELECT gap IS NOT NULL FROM link_history WHERE ifname = '%s' ORDER BY valid_from_us LIMIT 1`, link)); in != "1" {
		return fmt.Sprintf("what changed in the outage has no gap (%q)", in)
	}
	return ""
}

// TestStartOnAFullDisk: there is nothing yet that could be lost, so it ends.
func TestStartOnAFullDisk(t *testing.T) {
	if !netnstest.EnterAlone(t, "start") {
		return
	}
	folder := smallDisk(t, 4<<20)
	fill(t, filepath.Join(folder, "ballast"), math.MaxInt64)
	db := filepath.Join(folder, "a.db")
	out, err := exec.Command("nlrec", "record", "--db", db).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.HasPrefix(string(out), "nlrec: "+db+": ") || !strings.Contains(string(out), "nlrec: hint: df -h "+db) {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// fill lets a file grow by some octets, or by all that the disk has left.
func fill(t *testing.T, ballast string, most int64) {
	t.Helper()
	f, err := os.OpenFile(ballast, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1<<16)
	for n := int64(len(block)); n > 0 && most > 0; {
		wrote, err := f.Write(block[:min(n, most)])
		if most -= int64(wrote); err != nil {
			n /= 2
		}
	}
}

// eventually waits until a condition holds.
func eventually(patience time.Duration, holds func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(2 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return false
}
