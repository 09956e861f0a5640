package rtnl

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// recvfrom is recvfrom(2) for netlink. That of x/sys/unix allocates a sockaddr
// for each message. The raw system call is right for a socket that never
// blocks.
func recvfrom(fd int, buf []byte, flags int, from *unix.RawSockaddrNetlink) (int, error) {
	size := uint32(unix.SizeofSockaddrNetlink)
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)),
			uintptr(flags), uintptr(unsafe.Pointer(from)), uintptr(unsafe.Pointer(&size)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}
