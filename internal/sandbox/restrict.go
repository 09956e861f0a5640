package sandbox

// What a process gives up, each as far as the kernel has it:
//
//   - resource limits: no core dump, and no more memory and computing than said;
//   - capabilities: all but those that open a file as root can;
//   - new privileges, for good;
//   - Landlock: of the file system all but what is listed, with the network and
//     other processes;
//   - seccomp: every system call that syscalls.go does not list, with EPERM.

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// An Allowance is what a process keeps. What is not there when Restrict is called
// is left out.
type Allowance struct {
	Read    []string      // files, and folders with what is in them
	Change  []string      // files that may be written to, and read
	Write   []string      // folders in which files may come, change and go
	Netlink bool          // sockets that ask the kernel about the network
	Sockets bool          // such sockets, and those between processes of this machine, to serve too
	Connect []string      // sockets of other processes, in the file system
	Memory  uint64        // octets; 0: any
	CPU     time.Duration // of all threads, in whole seconds; 0: any
}

// Restrict has the process give up everything else, on all its threads, until
// it ends. It tells what the kernel does not have; an error is something else.
func Restrict(a Allowance) (missing []string, err error) {
	if err := checkThreads(); err != nil {
		return nil, err
	}
	if err := errors.Join(a.limit(), dropCapabilities()); err != nil {
		return nil, err
	}
	missing = Missing()
	if err := landlock.V11.BestEffort().Restrict(a.rules()...); err != nil {
		return missing, fmt.Errorf("restricting by Landlock: %w", err)
	}
	if !seccomp.Supported() {
		return missing, nil
	}
	if err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: a.policy()}); err != nil {
		return missing, fmt.Errorf("restricting by seccomp: %w", err)
	}
	return missing, nil
}

// Missing tells what this kernel lacks of what Restrict uses.
func Missing() (missing []string) {
	version, err := ll.LandlockGetABIVersion()
	switch {
	case err != nil || version < 1:
		missing = append(missing, "Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK, lsm=landlock)")
	case version < 3:
		missing = append(missing, fmt.Sprintf("Landlock against truncation (Linux 6.2); it has version %d", version))
	}
	if !seccomp.Supported() {
		missing = append(missing, "seccomp filters (CONFIG_SECCOMP_FILTER)")
	}
	return missing
}

// The rights of a Landlock rule.
const (
	readRights   = ll.AccessFSReadFile | ll.AccessFSReadDir
	changeRights = ll.AccessFSReadFile | ll.AccessFSWriteFile | ll.AccessFSTruncate
	writeRights  = readRights | changeRights | ll.AccessFSMakeReg | ll.AccessFSRemoveFile
)

func (a Allowance) rules() (rules []landlock.Rule) {
	for _, path := range reachable(a.Read) {
		rights := landlock.AccessFSSet(ll.AccessFSReadFile)
		if isFolder(path) {
			rights = readRights
		}
		rules = append(rules, landlock.PathAccess(rights, path).IgnoreIfMissing())
	}
	for _, path := range reachable(a.Change) {
		rules = append(rules, landlock.PathAccess(changeRights, path).IgnoreIfMissing())
	}
	for _, path := range reachable(a.Write) {
		rules = append(rules, landlock.PathAccess(writeRights, path).IgnoreIfMissing())
	}
	for _, path := range reachable(a.Connect) {
		rules = append(rules, landlock.PathAccess(ll.AccessFSResolveUnix, path).IgnoreIfMissing())
	}
	return rules
}

// reachable leaves out what the process may not come to anyway: Landlock cannot
// be told of it.
func reachable(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		_, err := os.Stat(path)
		return errors.Is(err, fs.ErrPermission)
	})
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// limit sets the resource limits.
func (a Allowance) limit() error {
	limits := map[int]uint64{unix.RLIMIT_CORE: 0}
	if a.Memory > 0 {
		limits[unix.RLIMIT_DATA] = a.Memory
	}
	for resource, most := range limits {
		if err := lower(resource, most, most); err != nil {
			return err
		}
	}
	if a.CPU > 0 {
		return LimitComputing(a.CPU)
	}
	return nil
}

// grace is how long a process has after SIGXCPU to say why it ends.
const grace = 5

// LimitComputing has the process get SIGXCPU when it has computed for so long
// from now on, and a little later be killed. It can be called after Restrict.
func LimitComputing(d time.Duration) error {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return fmt.Errorf("getrusage: %w", err)
	}
	most := uint64(math.Ceil(d.Seconds())) + uint64(used.Utime.Sec+used.Stime.Sec)
	return lower(unix.RLIMIT_CPU, most, most+grace)
}

// lower lowers a resource limit.
func lower(resource int, soft, hard uint64) error {
	var have unix.Rlimit
	if err := unix.Getrlimit(resource, &have); err != nil {
		return fmt.Errorf("getrlimit: %w", err)
	}
	if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: min(soft, have.Max), Max: min(hard, have.Max)}); err != nil {
		return fmt.Errorf("setrlimit: %w", err)
	}
	return nil
}

// kept are the capabilities by which root opens the files of others.
const kept = 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH

// dropCapabilities gives up all capabilities but those, on every thread.
func dropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("capget: %w", err)
	}
	if data[0].Permitted|data[1].Permitted == 0 {
		return nil
	}
	low := data[0].Permitted & kept
	data = [2]unix.CapUserData{{Effective: low, Permitted: low}}
	return capset(&header, &data)
}
