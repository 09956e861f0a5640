package main

import (
	"bufio"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/netnstest"
	"nlrec/internal/torture"
	"nlrec/query"
	"nlrec/store"
)

// TestTortureReader holds a transaction that reads while the recorder writes
// as much as it does in hours: it goes on, `nlrec status` and the recorder name
// the process, and once that has ended the log is short again.
func TestTortureReader(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("sqlite3 is not installed")
	}
	run := torture.Start(t, "a reader that never ends its transaction")
	run.Try()
	db := filepath.Join(t.TempDir(), "read.db")
	r := startRecording(t, db)
	status := func() *query.Status {
		s, err := query.ReadStatus(t.Context(), db, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	reader := hold(t, db)
	stop := newRoutes(t, 2000).churn(2000, 1<<30)
	long := int64(torture.Often(store.LongLog+4<<20, 1<<30))
	if !eventually(5*time.Minute, func() bool { return status().Log > long }) {
		run.Lose("the log has only %d octets", status().Log)
	}
	s := status()
	if len(s.Readers) != 1 || s.Readers[0].PID != reader.Process.Pid || !strings.HasPrefix(s.Readers[0].Command, "sqlite3 ") {
		run.Lose("readers %+v, want process %d", s.Readers, reader.Process.Pid)
	}
	out, err := exec.Command("nlrec", "status", "--db", db).CombinedOutput()
	if want := fmt.Sprintf("transaction: process %d sqlite3 ", reader.Process.Pid); err != nil || !strings.Contains(string(out), want) {
		t.Errorf("nlrec status says nothing of %q: %v\n%s", want, err, out)
	}
	run.Worst(float64(s.Log), "%d changes were recorded meanwhile, the log grew to %s", s.Changes, size(s.Log))
	endReader(t, reader)
	if !eventually(time.Minute, func() bool { return status().Log <= store.LongLog }) {
		run.Lose("the log keeps %s when nobody reads", size(status().Log))
	}
	if s := status(); len(s.Readers) != 0 {
		t.Errorf("readers %+v", s.Readers)
	}
	stop()
	r.agreesWithin("the load", 5*time.Minute) // what waited in memory while the log was folded
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if said := strings.Join(r.all(), "\n"); strings.Count(said, "the log grows") != 1 || !strings.Contains(said, fmt.Sprint(reader.Process.Pid)) {
		t.Errorf("the recorder is to say once who reads, process %d:\n%s", reader.Process.Pid, said)
	}
	if failed, err := nlrecVerify(db); failed != "" || err != nil {
		run.Lose("verify: %s, %v", failed, err)
	}
}

// hold has sqlite3 begin a transaction and stay in it.
func hold(t *testing.T, db string) *exec.Cmd {
	t.Helper()
	c := exec.Command("sqlite3", "-readonly", db)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	if _, err := io.WriteString(in, "BEGIN; SELECT count(*) FROM change;\n"); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("sqlite3 answers nothing")
	}
	return c
}

func endReader(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // killed
}

// TestLogStays: a recorder that ends and leaves its log beside the file says once
// what that means; what it says is so.
func TestLogStays(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	dir := t.TempDir()
	db, whole := filepath.Join(dir, "a.db"), filepath.Join(dir, "whole.db")
	r := startRecording(t, db)
	reader, err := sql.Open("sqlite", "file:"+db+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	reader.SetMaxOpenConns(1)
	for _, text := range []string{"BEGIN", "SELECT count(*) FROM change"} { // from now on it reads what was until here
		if _, err := reader.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	netnstest.Run(t, "ip link add v0 type veth peer name v1")
	r.agrees("a link was added")
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err, r.all())
	}
	if said := strings.Join(r.all(), "\n"); strings.Count(said, db+"-wal could not be folded") != 1 || !strings.Contains(said, "nlrec snapshot --db "+db) {
		t.Errorf("%s", said)
	}
	if log, err := os.Stat(db + "-wal"); err != nil || log.Size() == 0 {
		t.Fatalf("no log: %v", err)
	}
	runNlrec(t, "snapshot", "--db", db, whole)
	if n := askSQLite(t, whole, "SELECT count(*) FROM link WHERE ifname = 'v0'"); n != "1" {
		t.Errorf("the copy has %s links v0", n)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	r = startRecording(t, db)
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err, r.all())
	}
	if said := strings.Join(r.all(), "\n"); strings.Contains(said, "-wal") {
		t.Errorf("%s", said)
	}
	if _, err := os.Stat(db + "-wal"); !os.IsNotExist(err) {
		t.Errorf("the log stays: %v", err)
	}
}
