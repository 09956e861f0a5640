package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/escapetest"
	"nlrec/internal/recordingtest"
)

// Bounds of the corpus.
const (
	fewestEscapes = 60
	mostMemory    = 512 << 10 // KiB, as getrusage(2) has it
)

// TestEscapes: whatever is asked, nothing comes to be beside the recording,
// little memory is taken, and the answer is refused or cut by a limit.
func TestEscapes(t *testing.T) {
	dir := t.TempDir()
	db, here := filepath.Join(dir, "x.db"), filepath.Join(dir, "here")
	recordingtest.Sample(t, db)
	if err := os.Mkdir(here, 0o755); err != nil {
		t.Fatal(err)
	}
	var tried []string
	outcomes, most := map[escapetest.Outcome]int{}, int64(0)
	for i, c := range escapetest.Corpus() {
		if slices.Contains(tried, c.SQL) {
			t.Errorf("%s is there twice", brief(c.SQL))
		}
		tried = append(tried, c.SQL)
		most = max(most, escape(t, db, here, []string{"json", "box", "tsv"}[i%3], c))
		outcomes[c.Want]++
	}
	if len(tried) < fewestEscapes {
		t.Errorf("%d cases, and there should be %d", len(tried), fewestEscapes)
	}
	if left, err := os.ReadDir(here); err != nil || len(left) > 0 {
		t.Errorf("files came to be: %v, %v", left, err)
	}
	t.Logf("%d cases: %d refused, %d cut, %d failed; at most %d MiB", len(tried),
		outcomes[escapetest.Refused], outcomes[escapetest.Cut], outcomes[escapetest.Failed], most>>10)
}

// escape tries one case, and returns how much memory it took, in KiB.
func escape(t *testing.T, db, here, format string, c escapetest.Case) int64 {
	cmd := exec.Command("nlrec", "query", "--db", db, "-o", format, "--timeout", "1s", "-")
	cmd.Stdin, cmd.Dir, cmd.Env = strings.NewReader(strings.ReplaceAll(c.SQL, "OUT", filepath.Join(here, "out"))), here, append(os.Environ(), "TMPDIR="+here)
	said := &strings.Builder{}
	cmd.Stderr = said
	err := cmd.Run()
	codes := map[escapetest.Outcome][]int{escapetest.Refused: {5}, escapetest.Cut: {6}, escapetest.Failed: {1, 2}}[c.Want]
	var failed *exec.ExitError
	if !errors.As(err, &failed) || !slices.Contains(codes, failed.ExitCode()) || !strings.HasPrefix(said.String(), "nlrec: ") {
		t.Errorf("%s: %s: %v, want one of the exit codes %v\n%s", c.Class, brief(c.SQL), err, codes, said)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok || usage.Maxrss > mostMemory {
		t.Errorf("%s: %d KiB of memory", brief(c.SQL), usage.Maxrss)
	}
	return usage.Maxrss
}

func brief(text string) string { return text[:min(len(text), 100)] }

// A statement that SQLite cannot be interrupted in ends the shell, rather than
// keeping whoever asked it for hours.
func TestShellStuck(t *testing.T) {
	db, env, _ := sample(t)
	p := sit(t, env, "shell", "--db", db)
	p.expect("nlrec> ")
	idle := cpuTime(t, p.cmd.Process.Pid)
	p.press("SELECT instr(hex(zeroblob(4000000)), hex(zeroblob(2000000)) || '1');\r")
	for tick := time.Tick(10 * time.Millisecond); cpuTime(t, p.cmd.Process.Pid) < idle+30; { // until it is at work
		<-tick
	}
	p.press(ctrlC)
	p.expect("SQLite cannot be interrupted")
	p.leaves(130)
}

// cpuTime is how many ticks of CPU time a process has taken, by
// proc_pid_stat(5).
func cpuTime(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	ticks, err := strconv.Atoi(strings.Fields(rest)[11])
	if err != nil {
		t.Fatal(err)
	}
	return ticks
}
