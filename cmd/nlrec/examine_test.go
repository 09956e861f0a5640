package main

import (
	"bytes"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nlrec/internal/recordingtest"
)

// damagedSample makes a recording in which a page is garbage that few answers need.
func damagedSample(t *testing.T) (db string) {
	db = filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, db)
	raw, err := sql.Open("sqlite", "file:"+db+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	var page int64
	err = raw.QueryRow(`SELECT rootpage FROM sqlite_schema WHERE name = 'sleep'`).Scan(&page)
	raw.Close()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(db, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xaa}, 100), (page-1)*pageSize); err != nil {
		t.Fatal(err)
	}
	return db
}

// TestCheck: damage is looked for as --check says, with the child and without.
func TestCheck(t *testing.T) {
	cache := t.TempDir()
	examined := filepath.Join(cache, "nlrec", "examined")
	whole := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, whole)
	damaged := damagedSample(t)
	known := damagedSample(t)
	for _, alone := range []string{"", "--no-sandbox"} {
		seen := fingerprint(known) + "\n" // as if it had been looked at
		for _, tt := range []struct {
			db, check, notes string
			code             int
		}{
			{whole, "never", "", 0}, {whole, "auto", fingerprint(whole), 0}, {whole, "auto", "", 0}, {whole, "always", fingerprint(whole), 0},
			{damaged, "auto", "", 3}, {damaged, "auto", "", 3}, {damaged, "always", "", 3}, {damaged, "never", "", 0},
			{known, "auto", "", 0}, {known, "always", "", 3},
			{whole, "sometimes", "", 2},
		} {
			args := strings.Fields("show link --db " + tt.db + " --check " + tt.check + " " + alone)
			if err := os.MkdirAll(filepath.Dir(examined), 0o700); err != nil {
				t.Fatal(err)
			}
			if tt.check != "auto" || tt.notes != "" || tt.db != whole { // else it is known from the time before
				if err := os.WriteFile(examined, []byte(seen), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before, _ := os.ReadFile(examined)
			c := exec.Command("nlrec", args...)
			c.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache)
			var said bytes.Buffer
			c.Stderr = &said
			out, _ := c.Output() // the exit code says it
			if code := c.ProcessState.ExitCode(); code != tt.code || strings.Contains(string(out), "wan0") != (code != 2) || strings.Contains(said.String(), "the answer may be wrong") != (code == 3) {
				t.Errorf("nlrec %s: exit code %d, want %d: %s%s", args, code, tt.code, out, &said)
			}
			after, err := os.ReadFile(examined)
			if added := strings.TrimSuffix(strings.TrimPrefix(string(after), string(before)), "\n"); err != nil || added != tt.notes {
				t.Errorf("nlrec %s: remembers %q, want %q (%v)", args, added, tt.notes, err)
			}
		}
	}
}

// TestNoSandbox: with --no-sandbox the process that was started reads itself,
// and refuses and answers as ever.
func TestNoSandbox(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, db)
	for _, tt := range []struct {
		args  []string
		alone bool
	}{{nil, false}, {[]string{"--no-sandbox"}, true}} {
		c := exec.Command("nlrec", append([]string{"log", "-f", "--db", db}, tt.args...)...)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		held, err := holds(c.Process.Pid, db)
		if err != nil || held != tt.alone {
			t.Errorf("nlrec log -f %v: the process that was started has the file open: %v (%v)", tt.args, held, err)
		}
		if err := c.Process.Signal(unix.SIGINT); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait() // it was interrupted
	}
	for _, args := range [][]string{{"show", "link"}, {"log", "-o", "json"}, {"query", "SELECT * FROM route_history"}, {"status"}, {"show", "link", "dev", "none"}, {"query", "DELETE FROM change"}} {
		with, _ := exec.Command("nlrec", append(args, "--db", db)...).CombinedOutput()
		without, _ := exec.Command("nlrec", append(args, "--db", db, "--no-sandbox")...).CombinedOutput()
		if len(with) == 0 || args[0] != "status" && string(with) != string(without) || args[0] == "status" && bytes.Count(with, []byte("\n")) != bytes.Count(without, []byte("\n")) {
			t.Errorf("nlrec %s: %s, without the sandbox: %s", args, with, without)
		}
	}
	if out, err := exec.Command("sqlite3", db, "CREATE TRIGGER x AFTER INSERT ON change BEGIN DELETE FROM change; END").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	if out, err := exec.Command("nlrec", "show", "link", "--db", db, "--no-sandbox").CombinedOutput(); err == nil || !strings.Contains(string(out), "it has trigger x") {
		t.Errorf("a hostile file is read: %v\n%s", err, out)
	}
}

// holds reports whether a process has a file open.
func holds(process int, path string) (bool, error) {
	dir := filepath.Join("/proc", strconv.Itoa(process), "fd")
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if target, _ := os.Readlink(filepath.Join(dir, e.Name())); target == path {
			return true, nil
		}
	}
	return false, err
}
