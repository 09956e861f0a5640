package main

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// TestScripts runs the commands as people do. Beside those of testscript the
// scripts know
//
//	sample FILE     make the recording of recordingtest.Sample
//	forwarding FILE make that of recordingtest.Forwarding
//	empty FILE      make one whose first dump is not complete
//	running FILE    record into FILE until the script ends
//	seize FILE      have FILE for oneself until the script ends
//	change FILE SQL run SQL on FILE
//	exits N CMD     run a command that ends with exit code N
//
// and the condition root.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "Europe/Berlin")
			e.Setenv("NLREC_DB", "")
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "root" {
				return false, errors.New("no such condition")
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sample": func(ts *testscript.TestScript, _ bool, args []string) { recordingtest.Sample(ts, ts.MkAbs(args[0])) },
			"forwarding": func(ts *testscript.TestScript, _ bool, args []string) {
				recordingtest.Forwarding(ts, ts.MkAbs(args[0]))
			},
			"empty": func(ts *testscript.TestScript, _ bool, args []string) {
				recordingtest.Open(ts, ts.MkAbs(args[0])).Close(0)
			},
			"running": running, "seize": seize, "change": change, "exits": exits,
		},
	})
}

func running(ts *testscript.TestScript, _ bool, args []string) {
	r := recordingtest.Open(ts, ts.MkAbs(args[0]))
	now := time.Now().UnixMicro()
	r.Begin(now-2*recordingtest.Second, now-recordingtest.Second)
	r.Set(now, rtnl.Link, recordingtest.Values{"ifindex": int64(1), "ifname": "lo"})
	r.Commit()
	ts.Defer(func() { r.Close(now + recordingtest.Second) })
}

func seize(ts *testscript.TestScript, _ bool, args []string) {
	db := openRaw(ts, args[0])
	for _, text := range []string{"PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"} {
		_, err := db.Exec(text)
		ts.Check(err)
	}
}

func change(ts *testscript.TestScript, _ bool, args []string) {
	db := openRaw(ts, args[0])
	_, err := db.Exec(args[1])
	ts.Check(errors.Join(err, db.Close()))
}

func openRaw(ts *testscript.TestScript, file string) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(file))
	ts.Check(err)
	db.SetMaxOpenConns(1)
	ts.Defer(func() { db.Close() })
	return db
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("%s: exit code %d, want %d", strings.Join(args[1:], " "), code, want)
	}
}
