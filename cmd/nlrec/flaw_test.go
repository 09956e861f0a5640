package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/internal/torture"
)

// askNlrec runs nlrec as people do.
func askNlrec(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runCommand(t, exec.Command("nlrec", args...))
}

func runCommand(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), said.String(), cmd.ProcessState.ExitCode()
}

// A flawed is a recording in the making, of which copies are made that are not
// whole.
type flawed struct {
	t   *testing.T
	db  string
	w   *writer
	raw *sql.DB
}

func newFlawed(t *testing.T) *flawed {
	f := &flawed{t: t, db: filepath.Join(t.TempDir(), "live.db")}
	f.w = newSteadyWriter(t, f.db)
	f.w.routes = 500
	var err error
	if f.raw, err = sql.Open("sqlite", "file:"+f.db); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.w.r.Close(f.w.at); f.raw.Close() })
	f.w.write(3_000)
	f.fold()
	return f
}

// fold puts what is in the log into the file; the log begins anew with the next
// change.
func (f *flawed) fold() {
	if _, err := f.raw.Exec(`PRAGMA wal_checkpoint(RESTART)`); err != nil {
		f.t.Fatal(err)
	}
}

// copyOf copies one file as cp does, if it is there.
func copyOf(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestBareCopy: a copy without the log says so, and answers with what it has.
func TestBareCopy(t *testing.T) {
	f := newFlawed(t)
	folded := f.w.acked.Load()
	f.w.write(100)
	bare := filepath.Join(t.TempDir(), "bare.db")
	copyOf(t, f.db, bare)
	out, said, code := askNlrec(t, "status", "--db", bare)
	if code != 0 || !strings.Contains(out, "flaw ") || !strings.Contains(out, "bare.db-wal") || !strings.Contains(out, "nlrec snapshot") {
		t.Errorf("status ends with %d: %s%s", code, out, said)
	}
	out, said, code = askNlrec(t, "query", "--db", bare, "SELECT max(id) FROM change_log")
	if code != 0 || !strings.Contains(out, fmt.Sprint(folded)) || !strings.Contains(said, "copied without its write-ahead log") {
		t.Errorf("query ends with %d: %s%s", code, out, said)
	}
	out, said, code = askNlrec(t, "show", "--db", bare, "route")
	if code != 0 || !strings.Contains(out, "10.0.0.0/24") || !strings.Contains(said, "copied without its write-ahead log") {
		t.Errorf("show ends with %d: %s%s", code, out, said)
	}
	// With the log it is whole, and so is a snapshot.
	copyOf(t, f.db+"-wal", bare+"-wal")
	whole := filepath.Join(t.TempDir(), "whole.db")
	if out, said, code := askNlrec(t, "snapshot", "--db", f.db, whole); code != 0 {
		t.Fatal(out, said)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(bare, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{bare, whole, link} {
		out, said, code = askNlrec(t, "query", "--db", path, "SELECT max(id) FROM change_log")
		if code != 0 || !strings.Contains(out, fmt.Sprint(f.w.acked.Load())) || strings.Contains(said, "copied without") {
			t.Errorf("%s: query ends with %d: %s%s", path, code, out, said)
		}
	}
}

// TestTortureTorn copies the file and its log at different moments: either that
// is said, or both together are a whole recording.
func TestTortureTorn(t *testing.T) {
	run := torture.Start(t, "copies of a file and its log from different moments")
	f, said := newFlawed(t), 0
	dir := t.TempDir()
	for i := range torture.Often(12, 100) {
		run.Try()
		db := filepath.Join(dir, fmt.Sprintf("torn%d.db", i))
		steps := []func(){func() { copyOf(t, f.db, db) }, func() { copyOf(t, f.db+"-wal", db+"-wal") }}
		if i%2 == 1 {
			slices.Reverse(steps)
		}
		f.w.write(1 + rand.IntN(200))
		steps[0]()
		for range rand.IntN(4) {
			f.w.write(1 + rand.IntN(500))
			if rand.IntN(2) == 0 {
				f.fold()
			}
		}
		f.w.write(1 + rand.IntN(200))
		steps[1]()
		_, warned, code := askNlrec(t, "query", "--db", db, "SELECT count(*) FROM route")
		if strings.Contains(warned, "is not of the same moment") {
			said++
			run.Refuse()
		} else if _, found, verified := askNlrec(t, "verify", "--db", db); code != 0 || verified != 0 {
			run.Lose("copy %d: query ends with %d and says %q, verify with %d: %s", i, code, warned, verified, found)
		}
		if out, warned, code := askNlrec(t, "status", "--db", db); code != 0 && code != 3 || !strings.Contains(out, "changes") {
			run.Lose("copy %d: status ends with %d: %s%s", i, code, out, warned)
		}
	}
	if said == 0 {
		t.Error("no copy was found torn: nothing was tried")
	}
	run.Worst(float64(said), "%d were found torn", said)
}

// TestForeignLog: the log of another recording, or a damaged one, is said and
// left aside, and the file answers.
func TestForeignLog(t *testing.T) {
	f, other := newFlawed(t), newFlawed(t)
	other.w.write(2_345)
	other.fold()
	other.w.routes = 50
	other.w.write(1_500)
	f.w.write(10)
	folded := askSQLite(t, f.db, "SELECT max(id) FROM change")
	f.fold()
	dir := t.TempDir()
	for name, log := range map[string]func() []byte{
		"another": func() []byte { b, _ := os.ReadFile(other.db + "-wal"); return b },
		"header":  func() []byte { f.w.write(10); b, _ := os.ReadFile(f.db + "-wal"); b[13] ^= 0xff; return b },
	} {
		db := filepath.Join(dir, name+".db")
		copyOf(t, f.db, db)
		if err := os.WriteFile(db+"-wal", log(), 0o644); err != nil {
			t.Fatal(err)
		}
		out, said, code := askNlrec(t, "query", "--db", db, "SELECT max(id) FROM change_log")
		if code != 0 || !strings.Contains(out, folded) || !strings.Contains(said, "is left aside") {
			t.Errorf("%s: query ends with %d: %s%s", name, code, out, said)
		}
	}
}

// TestCutOff: of a file whose end is missing what there is is read.
func TestCutOff(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.db")
	w := newSteadyWriter(t, whole)
	w.write(3_000)
	w.r.Close(w.at)
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	all, _, _ := askNlrec(t, "query", "--db", whole, "-o", "tsv", "SELECT id, at_us, op FROM change_log ORDER BY id")
	sessions, _, _ := askNlrec(t, "query", "--db", whole, "-o", "tsv", "SELECT id, host, started_us FROM session")
	read := 0
	for percent := 5; percent < 100; percent += 10 {
		cut := filepath.Join(t.TempDir(), "cut.db")
		if err := os.WriteFile(cut, content[:len(content)*percent/100], 0o444); err != nil {
			t.Fatal(err)
		}
		out, said, code := askNlrec(t, "query", "--db", cut, "-o", "tsv", "SELECT id, at_us, op FROM change_log ORDER BY id")
		if !strings.Contains(said, "is cut off after") || !strings.Contains(said, "nlrec snapshot") || code != 3 && code != 0 {
			t.Errorf("%d %%: query ends with %d: %s", percent, code, said)
		}
		if !strings.HasPrefix(all, out) || code == 0 && out != all {
			t.Errorf("%d %%: query answers something else", percent)
		}
		if out, _, _ := askNlrec(t, "query", "--db", cut, "-o", "tsv", "SELECT id, host, started_us FROM session"); out == sessions {
			read++
		}
		if out, said, code := askNlrec(t, "status", "--db", cut); code == 0 && !strings.Contains(out, "flaw ") || code != 0 && code != 3 {
			t.Errorf("%d %%: status ends with %d: %s%s", percent, code, out, said)
		}
	}
	if read == 0 {
		t.Error("nothing was read of any")
	}
}

// TestTortureGarbage writes garbage over pages: no command crashes or hangs, all
// say it in plain words, and verify finds it.
func TestTortureGarbage(t *testing.T) {
	run := torture.Start(t, "garbage in one page of a recording")
	f := newFlawed(t)
	whole := filepath.Join(t.TempDir(), "whole.db")
	if _, said, code := askNlrec(t, "snapshot", "--db", f.db, whole); code != 0 {
		t.Fatal(said)
	}
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	answered := 0
	for range torture.Often(8, 1_000) {
		run.Try()
		number := 1 + rand.IntN(len(content)/page-1)
		damaged := filepath.Join(t.TempDir(), "damaged.db")
		garbage := slices.Clone(content)
		for i := range page {
			garbage[number*page+i] = byte(rand.Uint32())
		}
		if err := os.WriteFile(damaged, garbage, 0o444); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"status"}, {"show", "route"}, {"query", "SELECT * FROM link"}, {"log", "-n", "5"}, {"verify"}} {
			out, said, code := askNlrec(t, append(args, "--db", damaged)...)
			if code == 2 || code > 6 || code < 0 || strings.Contains(said, "goroutine") || code != 0 && !strings.Contains(said, "nlrec: ") {
				run.Lose("page %d: %v ends with %d: %s%s", number, args, code, out, said)
			}
			if out != "" && args[0] != "verify" { // ends with 3: the file is damaged
				answered++
			}
		}
	}
	run.Worst(float64(answered), "%d questions were answered all the same", answered)
	if answered == 0 {
		t.Error("nothing was read of any")
	}
}

// TestReadOnlyMedia: files that nobody can write, in a folder where nobody can
// make any, read by somebody else: after a clean stop, after a kill with its log,
// a snapshot, and a live recording that a group may read.
func TestReadOnlyMedia(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	const nobody, readers = 65534, 54321
	dir, err := os.MkdirTemp("", "media") // where others can reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "nlrec")
	copyFile(t, "/proc/self/exe", program, 0o755)
	media, live, home := filepath.Join(dir, "media"), filepath.Join(dir, "live"), filepath.Join(dir, "home")
	for _, folder := range []string{media, live, home} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f := newFlawed(t)
	f.w.write(10)
	copyOf(t, f.db, filepath.Join(media, "killed.db")) // its log is beside it
	copyOf(t, f.db+"-wal", filepath.Join(media, "killed.db-wal"))
	if _, said, code := askNlrec(t, "snapshot", "--db", f.db, filepath.Join(media, "snapshot.db")); code != 0 {
		t.Fatal(said)
	}
	recordingtest.Sample(t, filepath.Join(dir, "stopped.db"))
	copyOf(t, filepath.Join(dir, "stopped.db"), filepath.Join(media, "stopped.db"))
	running := recordingtest.Open(t, filepath.Join(live, "live.db"))
	defer running.Close(recordingtest.T0 + 9*recordingtest.Second)
	running.Begin(recordingtest.T0, recordingtest.T0+1)
	running.Commit()
	files, _ := filepath.Glob(media + "/*")
	for _, file := range files {
		if err := os.Chmod(file, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	group, _ := filepath.Glob(live + "/*")
	for _, err := range []error{os.Chmod(media, 0o555), os.Chmod(live, 0o750), os.Chown(live, 0, readers), os.Chmod(dir, 0o755), os.Chown(home, nobody, nobody)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range group {
		if err := os.Chown(file, 0, readers); err != nil {
			t.Fatal(err)
		}
	}
	for i, db := range []string{media + "/stopped.db", media + "/killed.db", media + "/snapshot.db", live + "/live.db"} {
		before, _ := filepath.Glob(filepath.Dir(db) + "/*")
		for _, args := range [][]string{{"status"}, {"show", "link"}, {"query", "SELECT count(*) FROM change_log"}, {"verify"}, {"log", "-n", "1"},
			{"snapshot", filepath.Join(home, fmt.Sprintf("copy%d.db", i))}} {
			cmd := exec.Command(program, append(args, "--db", db)...)
			cmd.Env = append(os.Environ(), "HOME="+home)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{readers}}}
			if out, said, code := runCommand(t, cmd); code != 0 || strings.Contains(said, "write-ahead log") {
				t.Errorf("%s: %v ends with %d: %s%s", db, args, code, out, said)
			}
		}
		if after, _ := filepath.Glob(filepath.Dir(db) + "/*"); !slices.Equal(before, after) {
			t.Errorf("%s: beside it lie %v, and lay %v", db, after, before)
		}
	}
	want := askSQLite(t, filepath.Join(home, "copy2.db"), "SELECT max(id) FROM change")
	if got := askSQLite(t, filepath.Join(home, "copy1.db"), "SELECT max(id) FROM change"); got != want {
		t.Errorf("with its log the file of a killed recorder ends with #%s, want #%s", got, want)
	}
}
