package main

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"nlrec/internal/health"
	"nlrec/internal/netnstest"
	"nlrec/query"
)

// TestStalled: a recorder that is stopped, or cannot write, is never shown as one
// that records, and is again once it goes on.
func TestStalled(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	db := filepath.Join(t.TempDir(), strings.Repeat("a long name ", 10)+".db")
	r := startRecording(t, db)
	if s := statusOf(t, db); s.State != "recording" || s.Live == nil || !s.Live.Ready {
		t.Fatalf("a recorder that works: %+v", s)
	}

	pid := strconv.Itoa(r.cmd.Process.Pid)
	if err := r.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	netnstest.Run(t, "until grep -q '^State:.*stopped' /proc/"+pid+"/status; do :; done")
	if s := statusOf(t, db); s.State != "stalled" || s.From == 0 || !strings.Contains(s.Why, "kill -CONT "+pid) {
		t.Errorf("a recorder that is stopped: %+v", s)
	}
	out, err := exec.Command("nlrec", "status", "--db", db).Output()
	if err != nil || strings.Contains(string(out), "running") || !strings.Contains(string(out), "stalled since ") {
		t.Errorf("status of a recorder that is stopped: %v\n%s", err, out)
	}
	if err := r.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for s := statusOf(t, db); s.State != "recording" || s.Live.Suspensions != 1 || s.Live.Busy != ""; {
		s = statusOf(t, db)
	}

	other, err := sql.Open("sqlite", "file:"+db+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	netnstest.Run(t, "ip link add v0 type veth peer name v1")
	for s := statusOf(t, db); s.State != "stalled"; s = statusOf(t, db) {
		if s.Live != nil && s.Live.Busy == "" {
			continue // the change has not come yet
		}
	}
	if s := statusOf(t, db); s.Why != "writing" || s.From == 0 {
		t.Errorf("a recorder that cannot write: %+v", s)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	r.agrees("it can write again")
	if s := statusOf(t, db); s.State != "recording" {
		t.Errorf("a recorder that can write again: %+v", s)
	}
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(health.Path(db)); !os.IsNotExist(err) {
		t.Errorf("beside the file of a recorder that ended: %v", err)
	}
	var noted []struct{ Changes, Written, Suspensions int64 }
	asJSON(t, &noted, "query", "--db", db, "-o", "json", `SELECT changes AS "Changes", (SELECT count(*) FROM change) AS "Written", suspensions AS "Suspensions" FROM health`)
	if len(noted) != 1 || noted[0].Changes != noted[0].Written || noted[0].Suspensions != 1 {
		t.Errorf("the file says of the session %+v", noted)
	}
}

// statusOf returns what nlrec status says of the recorder of a file.
func statusOf(t *testing.T, db string) query.Runner {
	t.Helper()
	var s query.Status
	asJSON(t, &s, "status", "--db", db, "-o", "json")
	if s.Recorder == nil {
		t.Fatal("no recorder")
	}
	return *s.Recorder
}
