package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"nlrec/internal/netnstest"
)

// askSQLite asks a file with Debian's own SQLite.
func askSQLite(t *testing.T, db, sql string) string {
	t.Helper()
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("sqlite3 is not installed")
	}
	out, err := exec.Command("sqlite3", "-readonly", db, sql).CombinedOutput()
	if err != nil {
		t.Fatalf("sqlite3 %s: %v\n%s", sql, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestKillOfAnIdleRecorder: what it vouched for before stays answered.
func TestKillOfAnIdleRecorder(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	db := filepath.Join(t.TempDir(), "idle.db")
	r := startRecording(t, db)
	_ = r.stop(syscall.SIGKILL)
	ready := "@" + askSQLite(t, db, `SELECT printf('%d.%06d', ready_us / 1000000, ready_us % 1000000) FROM session`)
	for at, want := range map[string]int{ready: 0, "#1": 4} {
		out, err := exec.Command("nlrec", "query", "--db", db, "--at", at, "SELECT ifname FROM link").CombinedOutput()
		code := 0
		if exit, ok := err.(*exec.ExitError); ok {
			code = exit.ExitCode()
		}
		if code != want {
			t.Errorf("--at %s: exit code %d, want %d\n%s", at, code, want, out)
		}
	}
}

// TestNobody records without any privilege.
func TestNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become nobody")
	}
	if !netnstest.Enter(t) {
		return
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("", "nobody")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "nlrec") // where nobody can reach it
	copyFile(t, "/proc/self/exe", program, 0o755)
	r := startRecording(t, filepath.Join(dir, "a.db"), func(c *exec.Cmd) {
		c.Path = program
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	})
	netnstest.Run(t, "ip link add v0 type veth peer name v1 && ip address add 192.0.2.1/24 dev v0")
	r.agrees("a change")
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if said := strings.Join(r.all(), "\n"); strings.Count(said, "receive buffer") != 1 {
		t.Errorf("the smaller buffer is to be said once:\n%s", said)
	}
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, mode); err != nil {
		t.Fatal(err)
	}
}

// TestSecondRecorder: one recorder per file, and the other says who has it.
func TestSecondRecorder(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	db := filepath.Join(t.TempDir(), "a.db")
	r := startRecording(t, db)
	out, err := exec.Command("nlrec", "record", "--db", db).CombinedOutput()
	if err == nil || !bytes.Contains(out, fmt.Append(nil, r.cmd.Process.Pid)) || !bytes.Contains(out, []byte("hint:")) {
		t.Errorf("%v\n%s", err, out)
	}
	if err := r.stop(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	startRecording(t, db)
}

// TestREADME asks what README asks, with Debian's sqlite3, while nlrec records
// and of a copy after it has stopped; and with nlrec.
func TestREADME(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 2 {
		t.Fatalf("README has %d questions", len(blocks))
	}
	dir := t.TempDir()
	db, bare := filepath.Join(dir, "a.db"), filepath.Join(dir, "copy.db")
	r := startRecording(t, db)
	netnstest.Run(t, "ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && ip route add 10.0.0.0/8 dev v0")
	r.agrees("the changes")
	ask := func(file string) (answers []string) {
		for _, b := range blocks {
			answers = append(answers, askSQLite(t, file, b[1]))
			if out, err := exec.Command("nlrec", "query", "--db", file, b[1]).CombinedOutput(); err != nil {
				t.Errorf("nlrec query %s: %v\n%s", b[1], err, out)
			}
		}
		return answers
	}
	live := ask(db)
	if live[0] == "" {
		t.Error("the recording answers nothing")
	}
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	copyFile(t, db, bare, 0o400)
	if copied := ask(bare); copied[0] != live[0] {
		t.Errorf("the copy answers\n%s\nthe recording\n%s", copied[0], live[0])
	}
}
