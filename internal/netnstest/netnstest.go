// Package netnstest gives a test a network namespace of its own, so that it
// can do to a kernel what it likes.
package netnstest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const inside = "NLREC_TEST_NETNS" // set in the process that has the namespace

// Enter runs the test once more, in a process that has a new network
// namespace, and a new user namespace if the caller is not root. It returns
// true in that process; elsewhere it returns false when the other has
// succeeded, and fails or skips the test as that did. Where the namespace is
// refused the test is skipped with the reason.
func Enter(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		Run(t, "ip link set lo up")
		return true
	}
	again(t, unix.CLONE_NEWNET)
	return false
}

// again runs the test in a process with new namespaces.
func again(t *testing.T, namespaces uintptr) {
	t.Helper()
	name := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	c := exec.Command("/proc/self/exe", append(otherFlags(t), "-test.run="+name, "-test.v")...)
	c.Env = append(os.Environ(), inside+"="+t.Name())
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		c.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		t.Fatalf("in a network namespace:\n%s", out)
	case err != nil:
		t.Skipf("no network namespace can be made: %v", err)
	case strings.Contains(string(out), "--- SKIP: "):
		t.Skipf("in a network namespace:\n%s", out)
	}
	t.Logf("in a network namespace:\n%s", out)
}

// otherFlags returns the flags of the inner run: those of the outer that it
// needs too, and a timeout that lets the outer one show where it hung.
func otherFlags(t *testing.T) (flags []string) {
	if deadline, ok := t.Deadline(); ok {
		flags = append(flags, fmt.Sprintf("-test.timeout=%s", time.Until(deadline)-10*time.Second))
	}
	for _, f := range os.Args[1:] {
		if strings.HasPrefix(f, "-rapid.") {
			flags = append(flags, f)
		}
	}
	return flags
}

// Run runs a shell script, and fails the test when a command of it fails.
func Run(t testing.TB, script string) string {
	t.Helper()
	out, err := exec.Command("sh", "-ec", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}
