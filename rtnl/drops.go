package rtnl

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// drops returns how many messages a socket has lost since it was opened:
// SK_MEMINFO_DROPS of linux/sock_diag.h. It wraps.
func drops(fd int) (uint32, error) {
	const skMeminfoDrops, skMeminfoVars = 8, 9
	var info [skMeminfoVars]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0, errno
	}
	return info[skMeminfoDrops], nil
}
