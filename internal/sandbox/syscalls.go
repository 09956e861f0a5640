package sandbox

import (
	"os"
	"slices"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// calls are the system calls of a Go program that reads files: those of the
// runtime, of SQLite, and of a line editor. An architecture has only some.
var calls = []string{
	// files
	"read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev", "open", "openat", "openat2", "close", "lseek", "_llseek",
	"stat", "lstat", "fstat", "newfstatat", "fstatat64", "stat64", "lstat64", "fstat64", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2",
	"readlink", "readlinkat", "getdents64", "getcwd", "fcntl", "fcntl64", "flock", "dup", "dup2", "dup3", "pipe2",
	"ftruncate", "ftruncate64", "fallocate", "fsync", "fdatasync", "unlink", "unlinkat", "rename", "renameat", "renameat2", "umask", "fchmod", "fchown",
	"copy_file_range", "sendfile", "splice", "fadvise64",
	// memory
	"mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "brk", "mincore",
	// threads, and waiting
	"futex", "sched_yield", "sched_getaffinity", "set_robust_list", "rseq", "membarrier", "gettid", "exit", "exit_group",
	"nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "restart_syscall",
	"poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2",
	// signals
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "sigaltstack", "setitimer", "timer_create", "timer_settime", "timer_delete",
	// about itself
	"getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo", "getrusage", "getrlimit", "ugetrlimit", "getrandom", "arch_prctl",
}

// netlinkCalls are those that ask the kernel about the network beside.
var netlinkCalls = []string{
	"bind", "connect", "getsockname", "getpeername", "getsockopt", "setsockopt", "sendto", "sendmsg", "recvfrom", "recvmsg", "recvmmsg", "shutdown",
}

// servingCalls are those that answer other processes, and by which the kernel
// tells a recorder that the clock was set.
var servingCalls = []string{"listen", "accept", "accept4", "timerfd_settime"}

// terminalRequests are what may be asked of a terminal: its settings, its width,
// and to go on. To type into it (TIOCSTI) is how a child would get out.
var terminalRequests = []uint64{unix.TCGETS, unix.TCSETS, unix.TCSETSW, unix.TCSETSF, unix.TCGETS2, unix.TCSETS2, unix.TIOCGWINSZ, unix.TIOCGPGRP, unix.TCXONC}

// policy is a filter that lets through what an allowance needs.
func (a Allowance) policy() seccomp.Policy {
	names, families := slices.Clone(calls), []uint64{}
	if a.Netlink || a.Sockets {
		names, families = append(names, netlinkCalls...), append(families, unix.AF_NETLINK)
	}
	if a.Sockets {
		names, families = append(names, servingCalls...), append(families, unix.AF_UNIX)
	}
	var sockets []seccomp.NameWithConditions
	for _, family := range families {
		sockets = append(sockets, conditioned("socket", seccomp.Condition{Argument: 0, Operation: seccomp.Equal, Value: family}))
	}
	return policyOf(names, sockets...)
}

func policyOf(names []string, more ...seccomp.NameWithConditions) seccomp.Policy {
	own := seccomp.Condition{Argument: 0, Operation: seccomp.Equal, Value: uint64(os.Getpid())}
	self := seccomp.Condition{Argument: 0, Operation: seccomp.Equal, Value: 0}
	with := append(more,
		conditioned("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}),
		conditioned("tgkill", own), conditioned("kill", own),
		conditioned("prlimit64", self, seccomp.Condition{Argument: 2, Operation: seccomp.Equal, Value: 0}),               // to look, not to set
		conditioned("prlimit64", self, seccomp.Condition{Argument: 1, Operation: seccomp.Equal, Value: unix.RLIMIT_CPU}), // it can only be lowered
		conditioned("prctl", seccomp.Condition{Argument: 0, Operation: seccomp.Equal, Value: unix.PR_SET_VMA}))
	for _, request := range terminalRequests {
		with = append(with, conditioned("ioctl", seccomp.Condition{Argument: 1, Operation: seccomp.Equal, Value: request}))
	}
	return seccomp.Policy{
		DefaultAction: seccomp.ActionErrno,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionAllow, Names: here(names), NamesWithCondtions: with},
			{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: here([]string{"clone3"})}, // C libraries take clone then
		},
	}
}

func conditioned(name string, conditions ...seccomp.Condition) seccomp.NameWithConditions {
	return seccomp.NameWithConditions{Name: name, Conditions: conditions}
}

// here leaves the names that this architecture has.
func here(names []string) (found []string) {
	info, err := arch.GetInfo("")
	if err != nil {
		return names // and the filter says why
	}
	for _, name := range names {
		if _, has := info.SyscallNames[name]; has {
			found = append(found, name)
		}
	}
	return found
}
