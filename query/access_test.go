package query

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/store"
)

const nobody = 65534

// asNobody runs this test again as the user nobody, with a folder to look at,
// and reports whether it is that run.
func asNobody(t *testing.T, dir string) (here bool) {
	if os.Getenv("NLREC_TEST_DIR") != "" {
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	bin := t.TempDir() // nobody cannot look into the folder that go test builds in
	for d := bin; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	test := filepath.Join(bin, "test")
	if err := copyFile(os.Args[0], test, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(test, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "NLREC_TEST_DIR="+dir, "TMPDIR=/tmp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	return false
}

func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// Somebody who may read a recording but write nothing beside it can ask it:
// at rest, and while it is made.
func TestOtherUser(t *testing.T) {
	dir := os.Getenv("NLREC_TEST_DIR")
	if dir == "" {
		dir = t.TempDir()
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"rest.db", "live.db", "secret.db"} {
			recordingtest.Sample(t, filepath.Join(dir, name))
		}
		mode := map[string]fs.FileMode{"rest.db": 0o444, "live.db": 0o644, "secret.db": 0o600}
		for name, mode := range mode {
			if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
				t.Fatal(err)
			}
		}
		if s, err := store.Open(t.Context(), filepath.Join(dir, "live.db")); err == nil {
			defer s.Close()
		}
	}
	if !asNobody(t, dir) {
		return
	}
	for _, name := range []string{"rest.db", "live.db"} {
		if got := answer(t, open(t, filepath.Join(dir, name), "#1"), "SELECT ifname FROM link"); got != "eth0" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "secret.db"), Options{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("secret.db: %v", err)
	}
}

// A file that somebody has for himself is named as such, with his process id.
func TestBusy(t *testing.T) {
	path := samplePath(t)
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3 is not installed")
	}
	holder := exec.Command(program, path)
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { stdin.Close(); holder.Wait() }()
	fmt.Fprintln(stdin, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT 'held';")
	for said := ""; !strings.Contains(said, "held"); {
		b := make([]byte, 100)
		n, err := stdout.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		said += string(b[:n])
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrBusy) {
		t.Errorf("error %v, want %v", err, ErrBusy)
	}
	if pid, err := store.Holder(path); err != nil || pid != holder.Process.Pid {
		t.Errorf("held by %d, %v; want %d", pid, err, holder.Process.Pid)
	}
}
