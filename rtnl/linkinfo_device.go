package rtnl

import "golang.org/x/sys/unix"

// Links that are devices of their own.

// tunInfo is IFLA_TUN_* of linux/if_link.h. The owner is a number here: names
// of users are not the kernel's.
var tunInfo = []Attr{
	unix.IFLA_TUN_OWNER:               {Column: "user", Read: u32},
	unix.IFLA_TUN_GROUP:               {Column: "group", Read: u32},
	unix.IFLA_TUN_TYPE:                {Column: "type", Read: enum(u8, names{unix.IFF_TUN: "tun", unix.IFF_TAP: "tap"})},
	unix.IFLA_TUN_PI:                  {Column: "pi", Read: boolean},
	unix.IFLA_TUN_VNET_HDR:            {Column: "vnet_hdr", Read: boolean},
	unix.IFLA_TUN_PERSIST:             {Column: "persist", Read: boolean},
	unix.IFLA_TUN_MULTI_QUEUE:         {Column: "multi_queue", Read: boolean},
	unix.IFLA_TUN_NUM_QUEUES:          {Column: "numqueues", Read: u32},
	unix.IFLA_TUN_NUM_DISABLED_QUEUES: {Column: "numdisabled", Read: u32},
}

// netkitInfo is IFLA_NETKIT_* of linux/if_link.h.
var netkitInfo = []Attr{
	unix.IFLA_NETKIT_PEER_INFO:   {Read: skip}, // only goes to the kernel
	unix.IFLA_NETKIT_PRIMARY:     {Column: "type", Read: enum(u8, names{0: "peer", 1: "primary"})},
	unix.IFLA_NETKIT_POLICY:      {Column: "policy", Read: enum(u32, netkitPolicies)},
	unix.IFLA_NETKIT_PEER_POLICY: {Column: "peer_policy", Read: enum(u32, netkitPolicies)},
	unix.IFLA_NETKIT_MODE:        {Column: "mode", Read: enum(u32, names{0: "l2", 1: "l3"})},
	iflaNetkitScrub:              {Column: "scrub", Read: enum(u32, netkitScrubs)},
	iflaNetkitPeerScrub:          {Column: "peer_scrub", Read: enum(u32, netkitScrubs)},
	iflaNetkitHeadroom:           {Column: "headroom", Read: u16},
	iflaNetkitTailroom:           {Column: "tailroom", Read: u16},
}

// Attributes newer than x/sys/unix, from linux/if_link.h.
const (
	iflaNetkitScrub     = 6
	iflaNetkitPeerScrub = 7
	iflaNetkitHeadroom  = 8
	iflaNetkitTailroom  = 9
)

// netkitPolicies are NETKIT_PASS and NETKIT_DROP, netkitScrubs NETKIT_SCRUB_*.
var (
	netkitPolicies = names{0: "forward", 2: "blackhole"}
	netkitScrubs   = names{0: "none", 1: "default"}
)

// canInfo is IFLA_CAN_* of linux/can/netlink.h. What the hardware offers is
// kept as it comes.
var canInfo = []Attr{
	unix.IFLA_CAN_BITTIMING:            {Column: "bittiming", Read: structure(canBitTiming)},
	unix.IFLA_CAN_BITTIMING_CONST:      {Column: "bittiming_const", Read: raw},
	unix.IFLA_CAN_CLOCK:                {Column: "clock", Read: u32},
	unix.IFLA_CAN_STATE:                {Column: "state", Read: enum(u32, canStates)},
	unix.IFLA_CAN_CTRLMODE:             {Column: "ctrlmode", Read: part(4, 4, flags(u32, 0, canModes))},
	unix.IFLA_CAN_RESTART_MS:           {Column: "restart_ms", Read: u32},
	unix.IFLA_CAN_RESTART:              {Read: skip}, // a command
	unix.IFLA_CAN_BERR_COUNTER:         {Read: skip}, // counters
	unix.IFLA_CAN_DATA_BITTIMING:       {Column: "data_bittiming", Read: structure(canBitTiming)},
	unix.IFLA_CAN_DATA_BITTIMING_CONST: {Column: "data_bittiming_const", Read: raw},
	unix.IFLA_CAN_TERMINATION:          {Column: "termination", Read: u16},
	unix.IFLA_CAN_TERMINATION_CONST:    {Column: "termination_const", Read: raw},
	unix.IFLA_CAN_BITRATE_CONST:        {Column: "bitrate_const", Read: raw},
	unix.IFLA_CAN_DATA_BITRATE_CONST:   {Column: "data_bitrate_const", Read: raw},
	unix.IFLA_CAN_BITRATE_MAX:          {Column: "bitrate_max", Read: u32},
	iflaCANTDC:                         {Column: "tdc", Read: nested(nil)},
	iflaCANCtrlmodeExt:                 {Column: "ctrlmode_ext", Read: nested(nil)},
}

// Attributes newer than x/sys/unix, from linux/can/netlink.h.
const (
	iflaCANTDC         = 16
	iflaCANCtrlmodeExt = 17
)

// canBitTiming is struct can_bittiming; the sample point is in thousandths.
var canBitTiming = []Field{
	{"bitrate", 0, 4, u32}, {"sample_point", 4, 4, u32}, {"tq", 8, 4, u32}, {"prop_seg", 12, 4, u32},
	{"phase_seg1", 16, 4, u32}, {"phase_seg2", 20, 4, u32}, {"sjw", 24, 4, u32}, {"brp", 28, 4, u32},
}

// canStates are CAN_STATE_*.
var canStates = names{0: "ERROR-ACTIVE", 1: "ERROR-WARNING", 2: "ERROR-PASSIVE", 3: "BUS-OFF", 4: "STOPPED", 5: "SLEEPING"}

// canModes are CAN_CTRLMODE_*.
var canModes = []flag{
	{0x001, "LOOPBACK"}, {0x002, "LISTEN-ONLY"}, {0x004, "TRIPLE-SAMPLING"}, {0x008, "ONE-SHOT"}, {0x010, "BERR-REPORTING"},
	{0x020, "FD"}, {0x040, "PRESUME-ACK"}, {0x080, "FD-NON-ISO"}, {0x100, "CC-LEN8-DLC"}, {0x200, "TDC-AUTO"}, {0x400, "TDC-MANUAL"},
}
