package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/netnstest"
)

// TestVerifyLive: what a recorder wrote is what the kernel has, and when none
// runs any more each change is a difference.
func TestVerifyLive(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	db := filepath.Join(t.TempDir(), "live.db")
	netnstest.Run(t, "sysctl -qw net.ipv6.conf.default.disable_ipv6=1")
	r := startRecording(t, db)
	netnstest.Run(t, `
		ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
		ip address add 192.0.2.1/24 dev v0; ip address add 192.0.2.7/24 dev v0 valid_lft 1000 preferred_lft 500
		ip route add 10.0.0.0/8 via 192.0.2.2; ip route append 10.0.0.0/8 via 192.0.2.3
		ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:01 dev v0; ip rule add pref 100 table 100`)
	if out, code := verifyLive(t, db); code != 0 || strings.Contains(out, "failed") || !strings.Contains(out, "\nok      live ") {
		t.Errorf("while it records, exit code %d:\n%s", code, out)
	}
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		change, undo string
		want         string
	}{
		{"true", "true", ""},
		{"ip link set v0 txqueuelen 77", "ip link set v0 txqueuelen 1000", "link dev v0: differs in txqlen: 1000 (recording) 77 (kernel)"},
		{"ip route add 10.9.0.0/16 dev v0", "ip route del 10.9.0.0/16 dev v0",
			"route family inet table_id 254 dst 10.9.0.0/16: only in the kernel, protocol boot scope link type unicast dev v0"},
		{"ip neighbour del 192.0.2.2 dev v0; ip neighbour replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0",
			"ip neighbour replace 192.0.2.2 lladdr 02:00:00:00:00:01 dev v0",
			`neighbour family inet dev v0 dst 192.0.2.2: differs in lladdr: 02:00:00:00:00:01 (recording) 02:00:00:00:00:02 (kernel)`},
		{"ip route del 10.0.0.0/8 via 192.0.2.2; ip route append 10.0.0.0/8 via 192.0.2.2", "ip route del 10.0.0.0/8 via 192.0.2.2; ip route prepend 10.0.0.0/8 via 192.0.2.2",
			"route family inet table_id 254 dst 10.0.0.0/8: in another order; the kernel has here protocol boot scope global type unicast dev v0 gateway 192.0.2.3"},
		{"ip rule del pref 100", "ip rule add pref 100 table 100", "rule family inet priority 100 src all dst all action to_tbl table_id 100 protocol unspec: only in the recording"},
	}
	for _, tt := range tests {
		netnstest.Run(t, tt.change)
		out, code := verifyLive(t, db)
		_, got, _ := strings.Cut(out, "what is now is what the kernel has\n")
		if strings.TrimSpace(got) != tt.want || code == 0 != (tt.want == "") {
			t.Errorf("after %s, exit code %d:\n%swant %s", tt.change, code, got, tt.want)
		}
		netnstest.Run(t, tt.undo)
	}
}

// verifyLive returns what nlrec verify --live prints, and its exit code.
func verifyLive(t *testing.T, db string) (string, int) {
	t.Helper()
	out, err := exec.Command("nlrec", "verify", "--live", "--db", db).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// drawn passes on what is written to it.
type drawn chan string

func (d drawn) Write(b []byte) (int, error) {
	d <- string(b)
	return len(b), nil
}

// TestProgress: a bar is drawn when something takes long, taken away at the
// end, and not drawn at all on what is no terminal.
func TestProgress(t *testing.T) {
	out := make(drawn)
	p := &progress{out: out, stop: make(chan struct{}), ended: make(chan struct{})}
	p.show("chain", 0.5)
	go p.run(time.Millisecond, time.Millisecond)
	if got, want := <-out, "\r\x1b[K"+strings.Repeat("█", 15)+strings.Repeat("░", 15)+"  50% chain"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	go p.end()
	last := ""
	for open := true; open; {
		select {
		case last = <-out:
		case <-p.ended:
			open = false
		}
	}
	if last != "\r\x1b[K" {
		t.Errorf("at the end %q", last)
	}
	early := &progress{out: out, stop: make(chan struct{}), ended: make(chan struct{})}
	go early.run(time.Hour, time.Millisecond)
	early.end()
	quiet := newProgress(out)
	quiet.show("chain", 0.5)
	quiet.end()
}
