package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/peterh/liner"

	"nlrec/internal/recordingtest"
)

// A typist sits before a command on a terminal.
type typist struct {
	t        *testing.T
	cmd      *exec.Cmd
	terminal *os.File
	mu       sync.Mutex
	screen   bytes.Buffer // all that came
	seen     int          // of it, by expect
	more     chan struct{}
	ended    chan error
}

// sit starts nlrec on a terminal of 100 columns.
func sit(t *testing.T, env []string, args ...string) *typist {
	t.Helper()
	return sitBefore(t, env, "nlrec", args...)
}

// sitBefore starts a program so.
func sitBefore(t *testing.T, env []string, program string, args ...string) *typist {
	t.Helper()
	p := &typist{t: t, cmd: exec.Command(program, args...), more: make(chan struct{}, 1), ended: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), append(env, "TERM=xterm", "TZ=UTC", "NO_COLOR=1")...)
	var err error
	if p.terminal, err = pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 40, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read()
	}()
	go func() {
		err := p.cmd.Wait()
		<-read
		p.ended <- err
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // if it did not end
		p.terminal.Close()
	})
	return p
}

func (p *typist) read() {
	b := make([]byte, 4096)
	for {
		n, err := p.terminal.Read(b)
		p.mu.Lock()
		p.screen.Write(b[:n])
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
		if err != nil { // the terminal of one that ended cannot be read
			return
		}
	}
}

// expect waits for a text after the one that was expected before.
func (p *typist) expect(text string) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		rest := p.screen.Bytes()[p.seen:]
		at := bytes.Index(rest, []byte(text))
		if at >= 0 {
			p.seen += at + len(text)
		}
		tail := string(rest[max(0, len(rest)-2000):])
		p.mu.Unlock()
		if at >= 0 {
			return
		}
		select {
		case <-p.more:
		case <-deadline:
			p.t.Fatalf("%q does not come; the last is\n%q", text, tail)
		}
	}
}

func (p *typist) press(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.terminal, keys); err != nil {
		p.t.Fatal(err)
	}
}

// leaves waits for the end, and compares the exit code.
func (p *typist) leaves(code int) {
	p.t.Helper()
	select {
	case <-p.ended:
		if got := p.cmd.ProcessState.ExitCode(); got != code {
			p.t.Errorf("exit code %d, want %d; %q", got, code, p.screen.String())
		}
	case <-time.After(patience):
		p.t.Fatalf("it does not leave; %q", p.screen.String())
	}
}

const (
	ctrlC, ctrlD, tab, up = "\x03", "\x04", "\t", "\x1b[A"
)

func sample(t *testing.T) (db string, env []string, history string) {
	dir := t.TempDir()
	db = filepath.Join(dir, "x.db")
	recordingtest.Sample(t, db)
	return db, []string{"XDG_STATE_HOME=" + dir}, filepath.Join(dir, "nlrec", "history")
}

func TestShell(t *testing.T) {
	db, env, history := sample(t)
	p := sit(t, env, "shell", "--db", db)
	p.expect("nlrec> ")
	p.press("SELECT ifna" + tab)
	p.expect("ifname")
	p.press(" FROM li" + tab) // of several
	p.press(tab)
	p.expect("link_history")
	p.press("\r")
	p.expect("...> ")
	p.press("WHERE ifname = 'wa" + tab)
	p.expect("'wan0'")
	p.press(";\r")
	p.expect("│ wan0 ")
	p.expect("nlrec> ")

	p.press("SELECT * FROM links;\r") // an error does not end it
	p.expect("nlrec: no such table: links")
	p.expect("did you mean link ")
	p.expect("nlrec> ")

	p.press(".at 2026-05-01 10:00:02.5\r")
	p.expect("as of 2026-05-01T10:00:02.500000Z, change #2")
	p.expect("nlrec@2026-05-01 10:00:02.500000> ")
	p.press("SELECT gateway FROM route;\r")
	p.expect("│ 192.0.2.1 ")
	p.press(".mo" + tab)
	p.expect(".mode")
	p.press(" nd" + tab + "\r")
	p.expect(".mode ndjson")
	p.press(".at now\r")
	p.expect("nlrec> ")

	p.press(up + up + up + "\r") // over .mode and .at
	p.expect("SELECT gateway FROM route;")
	p.expect("nlrec> ")
	p.press(ctrlD)
	p.leaves(0)

	info, err := os.Stat(history)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", history, info, err)
	}
	text, _ := os.ReadFile(history)
	if want := "SELECT ifname FROM link WHERE ifname = 'wan0';\nSELECT * FROM links;\n.at 2026-05-01 10:00:02.5\n"; !strings.HasPrefix(string(text), want) {
		t.Errorf("history %q", text)
	}
	p = sit(t, env, "shell", "--db", db) // which the next session has
	p.expect("nlrec> ")
	p.press(up)
	p.expect("SELECT gateway FROM route;")
	p.press("\r" + ctrlD)
	p.leaves(0)
}

// endless is a statement that no time is enough for.
const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;"

func TestShellInterrupt(t *testing.T) {
	db, env, _ := sample(t)
	p := sit(t, env, "shell", "--db", db)
	p.expect("nlrec> ")
	p.press(".mode ndjson\r")
	for range 3 { // it is not the end
		p.press(endless + "\r")
		p.expect(`{"i":1}`)
		p.press(ctrlC)
		p.expect("nlrec: interrupted")
		p.expect("nlrec> ")
		p.press("SELECT 1 + 1 AS two;\r")
		p.expect(`{"two":2}`)
	}
	p.press("SELECT typed")
	p.expect("SELECT typed") // the editor has the line
	p.press(ctrlC)
	p.expect("once more")
	p.press("x")
	p.expect("nlrec> x")
	p.press(ctrlC)
	p.leaves(0)
}

// A session ends when it is told to, also while somebody types.
func TestShellTerminated(t *testing.T) {
	db, env, _ := sample(t)
	p := sit(t, env, "shell", "--db", db)
	p.expect("nlrec> ")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.leaves(0)
}

func TestReadHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "nlrec", "history")
	many := strings.Repeat("old\n", 2*liner.HistoryLimit) + strings.Repeat("new\n", liner.HistoryLimit)
	if lines, err := readHistory(path); err != nil || strings.Join(lines, "") != "" {
		t.Fatalf("%v, %v", lines, err)
	}
	if err := os.WriteFile(path, []byte(many), 0o644); err != nil {
		t.Fatal(err)
	}
	lines, err := readHistory(path)
	if err != nil || len(lines) != liner.HistoryLimit || lines[0] != "new" {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	info, _ := os.Stat(path)
	if text, _ := os.ReadFile(path); strings.Contains(string(text), "old") || info.Mode().Perm() != 0o600 {
		t.Errorf("%d octets, %v", len(text), info.Mode())
	}
	link := filepath.Join(t.TempDir(), "history")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := readHistory(link); err == nil {
		t.Error("a symbolic link is followed")
	}
}

func TestOnOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT  1,\n       2\n\tFROM link ;":               "SELECT 1, 2 FROM link ;",
		"SELECT 'it''s  \n two', \"a  b\"\n  , `c \" d`  x": "SELECT 'it''s    two', \"a  b\" , `c \" d` x",
		"  SELECT 1  ":              "SELECT 1",
		"SELECT 'it''s' ||\n  'x';": "SELECT 'it''s' || 'x';",
	} {
		if got := onOneLine(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestShortTime(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		at   time.Time
		want string
	}{
		{"today", now.Add(-time.Hour), "11:00:00"},
		{"today, exactly", now.Add(-time.Microsecond), "11:59:59.999999"},
		{"another day", now.AddDate(0, 0, -1), "2026-04-30 12:00:00"},
	}
	for _, tt := range tests {
		if got := shortTime(tt.at.UnixMicro(), now); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
