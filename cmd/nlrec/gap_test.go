package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/netnstest"
)

// TestSuspended: what happens while the recorder is stopped is recorded with
// the interval in which it did, and a gap tells of it, also to who asks for an
// instant in it.
func TestSuspended(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	db := filepath.Join(t.TempDir(), "a.db")
	netnstest.Run(t, "ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; ip address add 192.0.2.1/24 dev v0")
	r := startRecording(t, db)
	r.agrees("the start")
	if err := r.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	netnstest.Run(t, "until grep -q '^State:.*stopped' /proc/"+strconv.Itoa(r.cmd.Process.Pid)+"/status; do :; done")
	before := time.Now()
	netnstest.Run(t, "ip route add 10.0.0.0/8 via 192.0.2.2; ip link set v0 mtu 1400")
	after := time.Now()

	if err := r.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	r.agrees("the recorder went on")
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var found []struct {
		From, To, NotBefore, NotAfter int64
		How                           string
	}
	asJSON(t, &found, "query", "--db", db, "-o", "json", `
		SELECT g.from_us AS "From", g.to_us AS "To", l.not_before_us AS NotBefore, l.not_after_us AS NotAfter, l.how AS How
		FROM gap g JOIN dating d ON d.gap = g.id JOIN change_log l ON l.id BETWEEN d.first_change AND d.last_change
		WHERE g.reason = 'recorder suspended' AND l.kind = 'route' AND l.label = '10.0.0.0/8'`)
	if len(found) != 1 {
		t.Fatalf("%d gaps with the route: %v", len(found), found)
	}
	g := found[0]
	if g.How != "announced" || g.From > before.UnixMicro() || g.To < after.UnixMicro() || g.NotBefore > before.UnixMicro() || g.NotAfter < after.UnixMicro() {
		t.Errorf("%+v; it happened between %d and %d", g, before.UnixMicro(), after.UnixMicro())
	}
	out, err := exec.Command("nlrec", "query", "--db", db, "--at", "@"+strconv.FormatFloat(float64(before.UnixMicro())/1e6, 'f', 6, 64), "SELECT gap IS NOT NULL FROM link WHERE ifname = 'v0'").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "recorder suspended") || !strings.Contains(string(out), "1") {
		t.Errorf("an instant in the gap: %v\n%s", err, out)
	}
}

// TestContinued: SIGCONT without a stop, however often, keeps nothing from being
// recorded, and with SIGTERM makes no gap.
func TestContinued(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	db := filepath.Join(t.TempDir(), "a.db")
	r := startRecording(t, db)
	for range 500 {
		if err := r.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	netnstest.Run(t, "ip link add v0 type veth peer name v1")
	r.agrees("a flood of signals")
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var gaps []struct{ N int }
	for range 3 {
		r = startRecording(t, db)
		if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := r.stop(syscall.SIGCONT); err != nil { // as systemd(1) and timeout(1) do
			t.Fatal(err)
		}
	}
	asJSON(t, &gaps, "query", "--db", db, "-o", "json", "SELECT count(*) AS N FROM gap WHERE reason = 'recorder suspended' AND session > 1")
	if gaps[0].N != 0 {
		t.Errorf("%d gaps for the end of a session", gaps[0].N)
	}
}

// asJSON runs nlrec and decodes what it prints.
func asJSON(t *testing.T, into any, args ...string) {
	t.Helper()
	out, err := exec.Command("nlrec", args...).Output()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if err != nil {
		t.Fatalf("nlrec %v: %v\n%s", args, err, out)
	}
}
