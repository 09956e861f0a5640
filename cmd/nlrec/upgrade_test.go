package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pressly/goose/v3"

	"nlrec/internal/netnstest"
	"nlrec/internal/torture"
	"nlrec/migrations"
	"nlrec/rtnl"
	"nlrec/store"
)

// olderRecordings returns recordings of every schema there was, in a folder: those
// that nlrec made, and those that it makes on the way to its first one.
func olderRecordings(t *testing.T) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob("testdata/older/*.db.gz")
	if err != nil || len(files) < 3 {
		t.Fatal("no recordings: ", files, err)
	}
	for _, file := range files {
		path := filepath.Join(dir, strings.TrimSuffix(filepath.Base(file), ".gz"))
		unpack(t, file, path)
		paths = append(paths, path)
	}
	for version := range int64(6) {
		path := filepath.Join(dir, fmt.Sprintf("begun%d.db", version+1))
		begun(t, path, version+1)
		paths = append(paths, path)
	}
	return paths
}

// begun makes a recording whose maker was stopped after some migrations.
func begun(t *testing.T, path string, version int64) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA journal_mode = WAL`, store.ApplicationID)); err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(context.Background(), version); err != nil {
		t.Fatal(err)
	}
}

// answers asks a recording everything about its changes up to one.
func answers(t *testing.T, path string, last, at int64) string {
	t.Helper()
	r := readRecording(t, path)
	defer r.Close()
	var b strings.Builder
	r.write(&b, `SELECT * FROM change_log WHERE id <= ? ORDER BY id`, last)
	for _, k := range rtnl.Kinds() {
		columns := strings.Join(k.Columns, ", ")
		r.write(&b, `SELECT `+columns+`, object, valid_from_us, min(valid_to_us, ?1 + 1) AS to_us FROM `+k.Name+`_history
			WHERE valid_from_us <= ?1 ORDER BY object, valid_from_us, to_us`, at)
	}
	return b.String()
}

// write writes all that a query answers.
func (r *reading) write(b *strings.Builder, query string, args ...any) {
	r.t.Helper()
	rows, err := r.conn.QueryContext(r.t.Context(), query, args...)
	if err != nil {
		r.t.Fatalf("%s: %s: %v", r.path, query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		r.t.Fatal(err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			r.t.Fatal(err)
		}
		fmt.Fprintln(b, values...)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
}

// TestTortureUpgrade opens a recording of every earlier schema without changing
// it, has a recorder killed at one of the writes with which it brings it up to
// date, and then has one go on with it. It answers the same at each step.
func TestTortureUpgrade(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	if !netnstest.EnterAlone(t, "upgrade") {
		return
	}
	run := torture.Start(t, "kill in an upgrade")
	chance := rand.New(rand.NewPCG(uint64(firstSeed(t)), 0))
	files := olderRecordings(t)
	killed := 0
	for n := range torture.Often(len(files), 100) {
		run.Try()
		file := files[n%len(files)]
		at := 1 + chance.IntN(150)
		done, err := upgrade(t, file, at)
		if err != nil {
			run.Lose("%s, killed at write %d: %v", filepath.Base(file), at, err)
		}
		if !done {
			killed++
		}
	}
	if killed == 0 {
		t.Error("no recorder was killed")
	}
	run.Worst(0, "%d were killed before they were ready", killed)
}

// upgrade brings a copy of a recording up to date, with a recorder that is
// killed when it begins its n-th write, if it comes to that, and another.
func upgrade(t *testing.T, file string, n int) (done bool, err error) {
	db := filepath.Join(t.TempDir(), "a.db")
	copyFile(t, file, db, 0o600)
	before := readFile(t, db)
	r := readRecording(t, db)
	last := r.number(`SELECT max(id) FROM change`)
	at := r.number(`SELECT max(at_us) FROM change WHERE id = ?`, last)
	r.Close()
	want := answers(t, db, last, at)
	if last > 0 && len(want) < 1000 {
		return false, fmt.Errorf("it answers %q", want)
	}
	if !bytes.Equal(before, readFile(t, db)) {
		return false, fmt.Errorf("who only read it has changed it")
	}
	done = recordUntilWrite(t, db, n)
	if got := answers(t, db, last, at); got != want {
		return done, fmt.Errorf("after the kill it answers\n%s\nnot\n%s", got, want)
	}
	if _, err := lastOfRight(t, db); err != nil {
		return done, fmt.Errorf("after the kill: %w", err)
	}
	next := startRecording(t, db)
	failed, err := nlrecVerify(db, "--live")
	_ = next.stop(syscall.SIGKILL)
	if err != nil {
		return done, fmt.Errorf("the next recorder's file: %w\n%s", err, failed)
	}
	if got := answers(t, db, last, at); got != want {
		return done, fmt.Errorf("afterwards it answers\n%s\nnot\n%s", got, want)
	}
	return done, nil
}

// recordUntilWrite runs a recorder that is killed when a thread of it begins its
// n-th write, or when it is ready. It tells whether it was.
func recordUntilWrite(t *testing.T, db string, n int) (ready bool) {
	t.Helper()
	c := exec.Command("strace", "-f", "-o", os.DevNull, "-e", "trace=pwrite64", "-e", fmt.Sprintf("inject=pwrite64:signal=KILL:when=%d", n),
		"nlrec", "record", "--db", db)
	stderr, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "nlrec: recording") {
			ready = true
			signalRecorder(t, db, syscall.SIGKILL)
		}
	}
	_ = c.Wait()
	return ready
}

// signalRecorder signals the recorder of a file, which strace started.
func signalRecorder(t *testing.T, db string, s syscall.Signal) {
	t.Helper()
	r := readRecording(t, db)
	defer r.Close()
	if err := syscall.Kill(int(r.number(`SELECT pid FROM session ORDER BY id DESC LIMIT 1`)), s); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDowngrade: a recording of a newer nlrec is refused by all that would open
// it, and stays as it is.
func TestDowngrade(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a.db")
	unpack(t, "testdata/older/schema9.db.gz", db)
	askAndWrite(t, db, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
	before := sha256.Sum256(readFile(t, db))
	for _, args := range [][]string{{"record"}, {"query", "SELECT 1"}, {"log"}, {"show", "route"}, {"verify"}, {"status"}} {
		out, err := exec.Command("nlrec", append(args, "--db", db)...).CombinedOutput()
		if c, ok := err.(*exec.ExitError); !ok || c.ExitCode() != 3 || !bytes.Contains(out, []byte("made by a newer nlrec")) || !bytes.Contains(out, []byte("hint:")) {
			t.Errorf("nlrec %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if sha256.Sum256(readFile(t, db)) != before {
		t.Error("the file has changed")
	}
}

func askAndWrite(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement + `; PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Fatal(err)
	}
}
