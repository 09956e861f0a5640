package powercut

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const page = 4096

// TestTraced traces this test itself while it writes.
func TestTraced(t *testing.T) {
	if folder := os.Getenv("NLREC_TEST_TRACED"); folder != "" {
		write(t, folder)
		return
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	folder := t.TempDir()
	trace := filepath.Join(t.TempDir(), "trace")
	c := exec.Command("strace", append(Strace(trace)[1:], "/proc/self/exe", "-test.run=^TestTraced$")...)
	c.Args[slices.Index(c.Args, "/proc/self/exe")] = must(os.Executable())(t)
	c.Env = append(os.Environ(), "NLREC_TEST_TRACED="+folder)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f := must(os.Open(trace))(t)
	defer f.Close()
	ops := must(Parse(f, folder))(t)
	d := NewDisk(folder)
	for _, o := range ops {
		d.Do(o)
	}
	chance := rand.New(rand.NewPCG(1, 1))
	for path, content := range d.Cut(Nothing, chance) {
		if have := must(os.ReadFile(path))(t); string(have) != string(content) {
			t.Errorf("%s has %d octets, the trace tells %d", path, len(have), len(content))
		}
	}
	a := filepath.Join(folder, "sub", "a")
	if left := d.Cut(All, chance); len(left) != 1 || string(left[a]) != strings.Repeat("1", page) {
		t.Errorf("%d files are kept, of a %d octets", len(left), len(left[a]))
	}
}

// write has the disk keep a file with a page. It writes another, and makes another
// file, of which nothing is synced but what is in it.
func write(t *testing.T, folder string) {
	sub := filepath.Join(folder, "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	a := must(os.OpenFile(filepath.Join(sub, "a"), os.O_RDWR|os.O_CREATE, 0o600))(t)
	must(a.WriteAt([]byte(strings.Repeat("1", page)), 0))(t)
	for _, path := range []string{folder, sub} {
		f := must(os.Open(path))(t)
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Fdatasync(int(a.Fd())); err != nil {
		t.Fatal(err)
	}
	must(a.WriteAt([]byte(strings.Repeat("2", page)), page))(t)
	b := must(os.OpenFile(filepath.Join(sub, "b"), os.O_RDWR|os.O_CREATE, 0o600))(t)
	must(b.WriteAt([]byte("b"), 0))(t)
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestCut holds what may be left of a page that was written over another.
func TestCut(t *testing.T) {
	d := NewDisk("/r")
	for _, o := range []Op{
		{Do: Create, Path: "/r/a"}, {Do: BeginSync, Path: "/r"}, {Do: EndSync, Path: "/r"},
		{Do: Write, Path: "/r/a", Data: []byte(strings.Repeat("1", page))},
		{Do: BeginSync, Path: "/r/a"},
		{Do: Write, Path: "/r/a", Data: []byte(strings.Repeat("2", page))}, // too late for the sync
		{Do: EndSync, Path: "/r/a"},
	} {
		d.Do(o)
	}
	seen := map[Loss]map[string]bool{}
	for _, l := range Losses {
		seen[l] = map[string]bool{}
		for seed := range uint64(300) {
			seen[l][sectors(string(d.Cut(l, rand.New(rand.NewPCG(seed, 0)))["/r/a"]))] = true
		}
	}
	for l, want := range map[Loss]int{Nothing: 1, All: 1, End: 9, Scattered: 40} {
		if n := len(seen[l]); n != want && (l != Scattered || n < want) {
			t.Errorf("%v: %d outcomes: %v", l, n, seen[l])
		}
	}
	if !seen[Nothing]["22222222"] || !seen[All]["11111111"] || !seen[End]["22211111"] {
		t.Error(seen)
	}
}

// sectors names a content by the first octet of each sector.
func sectors(content string) string {
	var b strings.Builder
	for at := 0; at < len(content); at += sector {
		b.WriteByte(content[at])
	}
	return b.String()
}
