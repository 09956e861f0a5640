package recorder

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nlrec/internal/netnstest"
	"nlrec/rtnl"
	"nlrec/store"
)

// TestOutageBeyondWhatIsKept: changes that were too many to keep are found when
// there is room again, and the gap tells.
func TestOutageBeyondWhatIsKept(t *testing.T) {
	if !netnstest.EnterAlone(t, "kept") {
		return
	}
	disk := t.TempDir()
	if err := unix.Mount("small", disk, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("mount a small disk: %v", err)
	}
	defer unix.Unmount(disk, unix.MNT_DETACH)
	said, log := io.Pipe()
	path, ballast := filepath.Join(disk, "a.db"), filepath.Join(disk, "ballast")
	lines := make(chan string, 1<<10)
	go func() {
		buf := make([]byte, 1<<16)
		for n, err := said.Read(buf); err == nil; n, err = said.Read(buf) {
			lines <- string(buf[:n])
		}
	}()
	hear := func(what string) {
		for line := range lines {
			if strings.Contains(line, what) {
				return
			}
		}
	}
	r := run(t, path, Config{kept: 50, Log: slog.New(slog.NewTextHandler(log, nil))})
	quiet := "&& ip link set v0 addrgenmode none && ip link set v1 addrgenmode none &&" // no address that changes after the end
	netnstest.Run(t, strings.Replace(upLink, "&&", quiet, 1)+"ip route add 10.99.0.0/16 dev v0")
	r.until(isRoute("10.99.0.0/16"))
	netnstest.Run(t, fmt.Sprintf("cat /dev/zero >%s || true", ballast))
	netnstest.Run(t, "ip -batch "+batch(t, "add", 2000))
	hear("cannot be written")
	netnstest.Run(t, "ip route del 10.99.0.0/16 && ip -batch "+batch(t, "del", 1000))
	hear("than are kept")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	hear("is written again")
	netnstest.Run(t, "ip route add 10.98.0.0/16 dev v0")
	r.until(func(c store.Change) bool { return isRoute("10.98.0.0/16")(c) && c.How == store.Announced })
	r.stop()
	checkOutage(t, path)
}

// checkOutage compares the file with the kernel, and looks at the gap.
func checkOutage(t *testing.T, path string) {
	t.Helper()
	file, err := store.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	differences, err := Compare(t.Context(), file, false)
	if err != nil || len(differences) > 0 {
		t.Errorf("%v, %+v", err, differences)
	}
	findings, err := file.Verify(t.Context(), nil)
	if err != nil {
		t.Error(err)
	}
	for _, f := range findings {
		if !f.OK {
			t.Errorf("%s: %q", f.Check, f.Found)
		}
	}
	routes := 0
	err = file.Current(t.Context(), rtnl.Route, func(row rtnl.Row) {
		if strings.HasPrefix(fmt.Sprint(rtnl.Route.Value(row, "dst")), "10.0.") {
			routes++
		}
	})
	if routes != 1000 || err != nil {
		t.Errorf("%d routes, %v", routes, err)
	}
}
