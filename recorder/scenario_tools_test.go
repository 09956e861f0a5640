package recorder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tools are the commands that scripts of scenarios have beside those of
// iproute2: what takes a socket. Those that hold something do so until they are
// killed.
var tools = map[string]func(args []string) error{
	"send-udp":         sendUDP,
	"send-ra":          sendRA,
	"hold-group":       holdGroup,
	"hold-promiscuous": holdPromiscuous,
	"hold-tap":         holdTap,
	"route-multicast":  routeMulticast,
	"set-by-ioctl":     setByIoctl,
	"add-rule-twice":   addRuleTwice,
	"add-address":      addAddress,
}

// TestMain makes the test binary a tool where it is called by the name of one.
func TestMain(m *testing.M) {
	tool := tools[filepath.Base(os.Args[0])]
	if tool == nil {
		os.Exit(m.Run())
	}
	if err := tool(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%v: %v\n", os.Args, err)
		os.Exit(1)
	}
}

// number32 reads an argument that the tables of this file have written.
func number32(s string) uint32 {
	n, _ := strconv.ParseUint(s, 0, 32)
	return uint32(n)
}

func hold() error { select {} }

// sendUDP sends a datagram that must not be fragmented: ADDRESS [SIZE [FROM]].
func sendUDP(args []string) error {
	size, from := uint32(1), (*net.UDPAddr)(nil)
	if len(args) > 1 {
		size = number32(args[1])
	}
	if len(args) > 2 {
		from = &net.UDPAddr{IP: net.ParseIP(args[2])}
	}
	c, err := net.DialUDP("udp", from, &net.UDPAddr{IP: net.ParseIP(args[0]), Port: 9})
	if err != nil {
		return err
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		if c.RemoteAddr().(*net.UDPAddr).IP.To4() != nil {
			inner = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO)
		} else {
			inner = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DO)
		}
	})
	if err := errors.Join(err, inner); err != nil {
		return err
	}
	_, err = c.Write(make([]byte, size))
	return err
}

// sendRA sends a router advertisement: LINK ROUTER-LIFETIME PREFERRED VALID MTU
// HOPLIMIT. It has a prefix, a route and a name server too.
func sendRA(args []string) error {
	link, err := net.InterfaceByName(args[0])
	if err != nil {
		return err
	}
	lifetime, preferred, valid, mtu, hops := number32(args[1]), number32(args[2]), number32(args[3]), number32(args[4]), number32(args[5])
	prefix, route, server := netip.MustParseAddr("2001:db8:5::").As16(), netip.MustParseAddr("2001:db8:6::").As16(), netip.MustParseAddr("2001:db8:5::53").As16()
	b, be := []byte{134, 0, 0, 0, byte(hops), 0}, binary.BigEndian
	b = append(be.AppendUint16(b, uint16(lifetime)), make([]byte, 8)...)
	b = be.AppendUint32(append(b, 3, 4, 64, 0xc0), valid)
	b = append(be.AppendUint32(be.AppendUint32(b, preferred), 0), prefix[:]...)
	b = be.AppendUint32(append(b, 5, 1, 0, 0), mtu)
	b = append(be.AppendUint32(append(b, 24, 2, 48, 0), valid), route[:8]...)
	b = append(be.AppendUint32(append(b, 25, 3, 0, 0), 60), server[:]...)

	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMPV6)
	if err != nil {
		return err
	}
	return errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, 255),
		unix.Sendto(fd, b, 0, &unix.SockaddrInet6{Addr: netip.IPv6LinkLocalAllNodes().As16(), ZoneId: uint32(link.Index)}),
		unix.Close(fd))
}

// holdGroup is a member of a multicast group: GROUP ADDRESS-OF-LINK.
func holdGroup(args []string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	m := &unix.IPMreq{Multiaddr: netip.MustParseAddr(args[0]).As4(), Interface: netip.MustParseAddr(args[1]).As4()}
	if err := unix.SetsockoptIPMreq(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, m); err != nil {
		return err
	}
	return hold()
}

// holdPromiscuous listens to everything on a link: LINK.
func holdPromiscuous(args []string) error {
	link, err := net.InterfaceByName(args[0])
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	m := &unix.PacketMreq{Ifindex: int32(link.Index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, m); err != nil {
		return err
	}
	return hold()
}

// holdTap is the other end of a tap, which it makes if need be: LINK.
func holdTap(args []string) error {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	r, err := unix.NewIfreq(args[0])
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, r); err != nil {
		return err
	}
	return hold()
}

// setByIoctl changes a link without netlink: LINK (flags|mtu|gso) VALUE.
func setByIoctl(args []string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	r, err := unix.NewIfreq(args[0])
	if err != nil {
		return err
	}
	switch value := number32(args[2]); args[1] {
	case "flags":
		r.SetUint16(uint16(value))
		return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
	case "mtu":
		r.SetUint32(value)
		return unix.IoctlIfreq(fd, unix.SIOCSIFMTU, r)
	default:
		return ethtool(fd, args[0], unix.ETHTOOL_SGSO, value)
	}
}

// ethtool sets a value of a link, as ethtool(8) did before netlink.
func ethtool(fd int, link string, command, value uint32) error {
	argument := [2]uint32{command, value}
	var request struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}
	copy(request.name[:], link)
	request.data = unsafe.Pointer(&argument)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return errno
	}
	return nil
}

// routeMulticast is a multicast router with two routes from one link to
// another: LINK LINK.
func routeMulticast(args []string) error {
	const initialize, addVif, addRoute, useIfindex = 200, 202, 204, 8 // MRT_INIT, MRT_ADD_VIF, MRT_ADD_MFC, VIFF_USE_IFINDEX
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_IGMP)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, initialize, 1); err != nil {
		return err
	}
	for i, name := range args {
		link, err := net.InterfaceByName(name)
		if err != nil {
			return err
		}
		vif := binary.NativeEndian.AppendUint16(nil, uint16(i))
		vif = binary.NativeEndian.AppendUint32(append(vif, useIfindex, 1), 0)
		vif = append(binary.NativeEndian.AppendUint32(vif, uint32(link.Index)), 0, 0, 0, 0)
		if err := unix.SetsockoptString(fd, unix.IPPROTO_IP, addVif, string(vif)); err != nil {
			return err
		}
	}
	for _, last := range []byte{5, 6} {
		route := make([]byte, 60) // struct mfcctl
		copy(route, []byte{10, 0, 0, 9, 239, 5, 5, last})
		route[11] = 1 // to the second link
		if err := unix.SetsockoptString(fd, unix.IPPROTO_IP, addRoute, string(route)); err != nil {
			return err
		}
	}
	return hold()
}

// addRuleTwice adds the same rule twice, as only a program can that does not
// ask for it to be new.
func addRuleTwice([]string) error {
	rule := []byte{unix.AF_INET, 0, 0, 0, 77, 0, 0, unix.RTN_UNICAST, 0, 0, 0, 0}
	rule = appendAttribute(rule, unix.FRA_PRIORITY, binary.NativeEndian.AppendUint32(nil, 100))
	return errors.Join(request(unix.RTM_NEWRULE, rule), request(unix.RTM_NEWRULE, rule))
}

// addAddress adds an address with a protocol, which iproute2 6.1 cannot: LINK
// ADDRESS/LENGTH PROTOCOL.
func addAddress(args []string) error {
	link, err := net.InterfaceByName(args[0])
	if err != nil {
		return err
	}
	const protocol = 11 // IFA_PROTO
	prefix := netip.MustParsePrefix(args[1])
	address := []byte{unix.AF_INET, byte(prefix.Bits()), 0, unix.RT_SCOPE_UNIVERSE}
	address = binary.NativeEndian.AppendUint32(address, uint32(link.Index))
	address = appendAttribute(address, unix.IFA_LOCAL, prefix.Addr().AsSlice())
	return request(unix.RTM_NEWADDR, appendAttribute(address, protocol, []byte{byte(number32(args[2]))}))
}

// appendAttribute appends an attribute of netlink.
func appendAttribute(b []byte, number uint16, value []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(4+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, number), value...)
	return append(b, make([]byte, -len(b)&3)...)
}

// request has the kernel make something.
func request(number uint16, body []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	ne := binary.NativeEndian
	message := ne.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	message = ne.AppendUint16(ne.AppendUint16(message, number), unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE)
	message = append(append(message, make([]byte, 8)...), body...)
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 512)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	switch {
	case err != nil:
		return err
	case n < 20:
		return fmt.Errorf("the answer is short: %v", answer[:n])
	case ne.Uint32(answer[16:]) != 0:
		return unix.Errno(-int32(ne.Uint32(answer[16:])))
	}
	return nil
}
