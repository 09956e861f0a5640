package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nlrec/internal/netnstest"
)

// A service manager hears that the recorder is ready, that it lives although
// nothing happens, and that it stops.
func TestManager(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	dir := t.TempDir()
	address := filepath.Join(dir, "notify")
	heard, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	r := startRecording(t, filepath.Join(dir, "a.db"), func(c *exec.Cmd) {
		c.Env = append(os.Environ(), "NOTIFY_SOCKET="+address, "WATCHDOG_USEC=400000")
	})
	next := func(want string) {
		t.Helper()
		for {
			var text [4096]byte
			n, err := heard.Read(text[:])
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text[:n]), want) {
				return
			}
		}
	}
	next("READY=1\nSTATUS=recording 1 link,")
	for range 3 {
		next("WATCHDOG=1")
	}
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	next("STOPPING=1")
}

// The unit that is shipped can do little else than record, and its exposure, as
// systemd counts it, is 1.5 at most.
func TestUnit(t *testing.T) {
	const unit = "../../docs/systemd/nlrec.service"
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	out, err := exec.Command("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=15", unit).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	// What it runs is to be there for systemd to call the unit whole.
	program, err := exec.LookPath("nlrec")
	if err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "nlrec.service")
	text = []byte(strings.NewReplacer("/usr/bin/nlrec", program, "Documentation=man:nlrec-record(1)\n", "").Replace(string(text)))
	if err := os.WriteFile(whole, text, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err = exec.Command("systemd-analyze", "verify", "--man=no", whole).CombinedOutput()
	var failed *exec.ExitError
	if errors.As(err, &failed) || strings.Contains(string(out), whole) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
