package recorder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

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
	odd := filepath.Join(t.TempDir(), "it's odd")
	if err := os.Mkdir(odd, 0o755); err != nil {
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
	link := filepath.Join(closed, "link.db")
	if err := os.Symlink("a.db", link); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		path, subject string
		lacks         bool
		mend          string
	}{
		"a folder for all":     {filepath.Join(open, "a.db"), "folder", true, "chmod 0750 " + open},
		"a name with a quote":  {filepath.Join(odd, "a.db"), "folder", true, "chmod 0750 '" + filepath.Dir(odd) + `/it'\''s odd'`},
		"a folder of others":   {filepath.Join(open, "b.db"), "folder", true, "none"},
		"the folder of all":    {"/nlrec.db", "folder", true, "none"},
		"a link":               {link, "file", true, "nlrec doctor --db $(realpath " + link + ")"},
		"a folder for a file":  {open, "file", true, "none"},
		"a file for all":       {filepath.Join(open, "a.db"), "file", true, "chmod o= " + open + "/a.db*"},
		"a folder for few":     {filepath.Join(closed, "a.db"), "folder", false, ""},
		"a file for few":       {filepath.Join(closed, "a.db"), "file", false, ""},
		"no file yet":          {filepath.Join(closed, "b.db"), "file", false, ""},
		"no folder yet":        {filepath.Join(closed, "c/b.db"), "folder", false, ""},
		"memory is no disk":    {"/dev/shm/nlrec/b.db", "disk", true, ""},
		"nobody records":       {filepath.Join(closed, "a.db"), "recorder", true, "nlrec record"},
		"the kernel tells all": {filepath.Join(closed, "a.db"), "notifications", false, ""},
		"all can be read":      {filepath.Join(closed, "a.db"), "dumps", false, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, f := range Examine(test.path, 0, 0) {
				if f.Subject != test.subject {
					continue
				}
				mends := f.Mend == "" && test.mend == "none" || strings.HasPrefix(f.Mend, test.mend) || strings.HasPrefix(f.Mend, "systemctl")
				if f.Lacks != test.lacks || !mends {
					t.Errorf("%+v", f)
				}
				return
			}
			t.Error("nothing is said of it")
		})
	}
}

// A disk that cannot be written to is no place to record to.
func TestExamineReadOnly(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	disk := t.TempDir()
	if err := unix.Mount("small", disk, "tmpfs", unix.MS_RDONLY, ""); err != nil {
		t.Skip("no file system can be mounted: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) }) // what it fails for, the machine shows
	if f := examineDisk(disk + "/a.db"); !f.Lacks || !strings.Contains(f.Says, "read-only") {
		t.Errorf("%+v", f)
	}
}

// A receive buffer is called small when it is.
func TestExamineBuffer(t *testing.T) {
	tests := map[string]struct {
		process, size int
		lacks         bool
		says          string
	}{
		"a recorder with a large one":       {4711, DefaultSocketBuffer, false, "process 4711 has 131072 KiB, room for 161319 notifications"},
		"a recorder with a small one":       {4711, 425984, true, "room for 512 notifications"},
		"a recorder that does not tell":     {4711, 0, false, "does not tell"},
		"none, and what root would be lent": {0, 0, os.Geteuid() != 0, "a recorder of this user has"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if f := examineBuffer(test.process, test.size); f.Lacks != test.lacks || !strings.Contains(f.Says, test.says) {
				t.Errorf("%+v", f)
			}
		})
	}
}
