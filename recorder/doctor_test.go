package recorder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/netnstest"
)

// TestExamine: what is made to lack is found, with the command that mends it.
func TestExamine(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o750); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o750); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{filepath.Join(open, "a.db"): 0o644, filepath.Join(closed, "a.db"): 0o640} {
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		path, subject string
		lacks         bool
		mend          string
	}{
		"a folder for all":     {filepath.Join(open, "a.db"), "folder", true, "chmod 0750 " + open},
		"a file for all":       {filepath.Join(open, "a.db"), "file", true, "chmod o= " + open + "/a.db*"},
		"a folder for few":     {filepath.Join(closed, "a.db"), "folder", false, ""},
		"a file for few":       {filepath.Join(closed, "a.db"), "file", false, ""},
		"no file yet":          {filepath.Join(closed, "b.db"), "file", false, ""},
		"no folder yet":        {filepath.Join(closed, "c/b.db"), "folder", false, ""},
		"memory is no disk":    {"/dev/shm/nlrec/b.db", "disk", true, "nlrec record --db FILE, on a disk"},
		"nobody records":       {filepath.Join(closed, "a.db"), "recorder", true, "nlrec record"},
		"the kernel tells all": {filepath.Join(closed, "a.db"), "notifications", false, ""},
		"all can be read":      {filepath.Join(closed, "a.db"), "dumps", false, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, f := range Examine(test.path, 0) {
				if f.Subject != test.subject {
					continue
				}
				if f.Lacks != test.lacks || !strings.HasPrefix(f.Mend, test.mend) && !strings.HasPrefix(f.Mend, "systemctl") {
					t.Errorf("%+v", f)
				}
				return
			}
			t.Error("nothing is said of it")
		})
	}
}

// The receive buffer of another process is what its capabilities and the system
// allow.
func TestExamineBuffer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root has the capability")
	}
	if f := examineBuffer(os.Getpid()); f.Lacks || !strings.Contains(f.Says, "161319 notifications") {
		t.Errorf("with CAP_NET_ADMIN: %+v", f)
	}
	const none = 1 << 30 // no process has this id
	largest, err := readNumber("/proc/sys/net/core/rmem_max")
	if err != nil {
		t.Fatal(err)
	}
	if f := examineBuffer(none); f.Lacks != (2*largest < DefaultSocketBuffer) {
		t.Errorf("without: %+v, and rmem_max is %d", f, largest)
	}
}
