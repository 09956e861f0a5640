package rtnl

import "golang.org/x/sys/unix"

// Names of what links are, spelled as ip(8) spells them.

// noCarrier stands in linkFlagNames for a flag that is missing.
const noCarrier = 1 << 32

// linkFlagNames are IFF_* of linux/if.h, in the order of ip(8).
var linkFlagNames = []flag{
	{noCarrier, "NO-CARRIER"},
	{unix.IFF_LOOPBACK, "LOOPBACK"}, {unix.IFF_BROADCAST, "BROADCAST"}, {unix.IFF_POINTOPOINT, "POINTOPOINT"},
	{unix.IFF_MULTICAST, "MULTICAST"}, {unix.IFF_NOARP, "NOARP"}, {unix.IFF_ALLMULTI, "ALLMULTI"},
	{unix.IFF_PROMISC, "PROMISC"}, {unix.IFF_MASTER, "MASTER"}, {unix.IFF_SLAVE, "SLAVE"},
	{unix.IFF_DEBUG, "DEBUG"}, {unix.IFF_DYNAMIC, "DYNAMIC"}, {unix.IFF_AUTOMEDIA, "AUTOMEDIA"},
	{unix.IFF_PORTSEL, "PORTSEL"}, {unix.IFF_NOTRAILERS, "NOTRAILERS"}, {unix.IFF_UP, "UP"},
	{unix.IFF_LOWER_UP, "LOWER_UP"}, {unix.IFF_DORMANT, "DORMANT"}, {unix.IFF_ECHO, "ECHO"},
}

// operStates are IF_OPER_* of linux/if.h.
var operStates = names{0: "UNKNOWN", 1: "NOTPRESENT", 2: "DOWN", 3: "LOWERLAYERDOWN", 4: "TESTING", 5: "DORMANT", 6: "UP"}

// linkModes are IF_LINK_MODE_* of linux/if.h.
var linkModes = names{0: "DEFAULT", 1: "DORMANT"}

// vlanProtocols are ETH_P_8021Q and ETH_P_8021AD of linux/if_ether.h.
var vlanProtocols = names{unix.ETH_P_8021Q: "802.1Q", unix.ETH_P_8021AD: "802.1ad"}

// linkTypes are ARPHRD_* of linux/if_arp.h.
var linkTypes = names{
	unix.ARPHRD_NETROM: "generic", unix.ARPHRD_ETHER: "ether", unix.ARPHRD_EETHER: "eether", unix.ARPHRD_AX25: "ax25",
	unix.ARPHRD_PRONET: "pronet", unix.ARPHRD_CHAOS: "chaos", unix.ARPHRD_IEEE802: "ieee802", unix.ARPHRD_ARCNET: "arcnet",
	unix.ARPHRD_APPLETLK: "atalk", unix.ARPHRD_DLCI: "dlci", unix.ARPHRD_ATM: "atm", unix.ARPHRD_METRICOM: "metricom",
	unix.ARPHRD_IEEE1394: "ieee1394", unix.ARPHRD_INFINIBAND: "infiniband", unix.ARPHRD_SLIP: "slip",
	unix.ARPHRD_CSLIP: "cslip", unix.ARPHRD_SLIP6: "slip6", unix.ARPHRD_CSLIP6: "cslip6", unix.ARPHRD_RSRVD: "rsrvd",
	unix.ARPHRD_ADAPT: "adapt", unix.ARPHRD_ROSE: "rose", unix.ARPHRD_X25: "x25", unix.ARPHRD_HWX25: "hwx25",
	unix.ARPHRD_CAN: "can", unix.ARPHRD_PPP: "ppp", unix.ARPHRD_HDLC: "hdlc", unix.ARPHRD_LAPB: "lapb",
	unix.ARPHRD_DDCMP: "ddcmp", unix.ARPHRD_RAWHDLC: "rawhdlc", unix.ARPHRD_TUNNEL: "ipip", unix.ARPHRD_TUNNEL6: "tunnel6",
	unix.ARPHRD_FRAD: "frad", unix.ARPHRD_SKIP: "skip", unix.ARPHRD_LOOPBACK: "loopback", unix.ARPHRD_LOCALTLK: "ltalk",
	unix.ARPHRD_FDDI: "fddi", unix.ARPHRD_BIF: "bif", unix.ARPHRD_SIT: "sit", unix.ARPHRD_IPDDP: "ip/ddp",
	unix.ARPHRD_IPGRE: "gre", unix.ARPHRD_PIMREG: "pimreg", unix.ARPHRD_HIPPI: "hippi", unix.ARPHRD_ASH: "ash",
	unix.ARPHRD_ECONET: "econet", unix.ARPHRD_IRDA: "irda", unix.ARPHRD_FCPP: "fcpp", unix.ARPHRD_FCAL: "fcal",
	unix.ARPHRD_FCPL: "fcpl", unix.ARPHRD_FCFABRIC: "fcfb0", 788: "fcfb1", 789: "fcfb2", 790: "fcfb3", 791: "fcfb4",
	792: "fcfb5", 793: "fcfb6", 794: "fcfb7", 795: "fcfb8", 796: "fcfb9", 797: "fcfb10", 798: "fcfb11", 799: "fcfb12",
	unix.ARPHRD_IEEE802_TR: "tr", unix.ARPHRD_IEEE80211: "ieee802.11", unix.ARPHRD_IEEE80211_PRISM: "ieee802.11/prism",
	unix.ARPHRD_IEEE80211_RADIOTAP: "ieee802.11/radiotap", unix.ARPHRD_IEEE802154: "ieee802.15.4",
	unix.ARPHRD_IEEE802154_MONITOR: "ieee802.15.4/monitor", unix.ARPHRD_PHONET: "phonet",
	unix.ARPHRD_PHONET_PIPE: "phonet_pipe", unix.ARPHRD_CAIF: "caif", unix.ARPHRD_IP6GRE: "gre6",
	unix.ARPHRD_NETLINK: "netlink", unix.ARPHRD_6LOWPAN: "6lowpan", unix.ARPHRD_NONE: "none", unix.ARPHRD_VOID: "void",
}
