package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/health"
	"nlrec/internal/netnstest"
)

// TestTimeNamespace has the kernel's own clocks disagree with what an earlier
// session saw. A time namespace offsets the time since boot by a day, and not
// the wall clock, which no namespace has for itself: so between two sessions the
// wall clock was set back a day, as far as the second can tell. What a step does
// while a session runs, TestClocks shows with a faked clock.
func TestTimeNamespace(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	if out, err := exec.Command("unshare", "--time", "--boottime", "86400", "true").CombinedOutput(); err != nil {
		t.Skipf("no time namespaces: %v: %s", err, out)
	}
	db := filepath.Join(t.TempDir(), "a.db")
	if err := startRecording(t, db).stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "--time", "--boottime", "86400", "--fork", "nlrec", "record", "--quiet", "--db", db)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := health.Ask(t.Context(), db)
	for ; !r.Records(time.Now()); r = health.Ask(t.Context(), db) {
		if r.Err != nil && !errors.Is(r.Err, health.ErrNobody) {
			t.Fatal(r.Err)
		}
	}
	netnstest.Run(t, "ip link add v0 type veth peer name v1")
	if err := syscall.Kill(r.PID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	var steps []struct{ Seconds int64 }
	asJSON(t, &steps, "query", "--db", db, "-o", "json", `SELECT CAST(round(step_us / 1e6) AS INTEGER) AS "Seconds" FROM clock WHERE step_us <> 0`)
	if len(steps) != 1 || steps[0].Seconds != -86400 {
		t.Errorf("steps %v, want one of a day back", steps)
	}
	for at, want := range map[string]string{"first": "", "last": "v0"} {
		out, err := exec.Command("nlrec", "query", "--db", db, "--at", at, "-o", "tsv", `SELECT ifname FROM link WHERE ifname = 'v0'`).Output()
		if got := strings.TrimSpace(strings.TrimPrefix(string(out), "ifname")); err != nil || got != want {
			t.Errorf("%s: %v, %q, want %q", at, err, got, want)
		}
	}
	if out, err := exec.Command("nlrec", "verify", "--db", db).CombinedOutput(); err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
}
