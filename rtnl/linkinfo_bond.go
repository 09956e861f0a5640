package rtnl

import "golang.org/x/sys/unix"

// bondInfo is IFLA_BOND_* of linux/if_link.h. Times are in milliseconds.
var bondInfo = []Attr{
	unix.IFLA_BOND_MODE: {Column: "mode", Read: enum(u8, names{0: "balance-rr", 1: "active-backup", 2: "balance-xor",
		3: "broadcast", 4: "802.3ad", 5: "balance-tlb", 6: "balance-alb"})},
	unix.IFLA_BOND_ACTIVE_SLAVE:     {Column: "active_slave_index", Read: nonzero(u32)},
	unix.IFLA_BOND_MIIMON:           {Column: "miimon", Read: u32},
	unix.IFLA_BOND_UPDELAY:          {Column: "updelay", Read: u32},
	unix.IFLA_BOND_DOWNDELAY:        {Column: "downdelay", Read: u32},
	unix.IFLA_BOND_USE_CARRIER:      {Column: "use_carrier", Read: u8},
	unix.IFLA_BOND_ARP_INTERVAL:     {Column: "arp_interval", Read: u32},
	unix.IFLA_BOND_ARP_IP_TARGET:    {Column: "arp_ip_target", Read: list(ip)},
	unix.IFLA_BOND_ARP_VALIDATE:     {Column: "arp_validate", Read: bondARPValidate},
	unix.IFLA_BOND_ARP_ALL_TARGETS:  {Column: "arp_all_targets", Read: enum(u32, names{0: "any", 1: "all"})},
	unix.IFLA_BOND_PRIMARY:          {Column: "primary_index", Read: nonzero(u32)},
	unix.IFLA_BOND_PRIMARY_RESELECT: {Column: "primary_reselect", Read: enum(u8, names{0: "always", 1: "better", 2: "failure"})},
	unix.IFLA_BOND_FAIL_OVER_MAC:    {Column: "fail_over_mac", Read: enum(u8, names{0: "none", 1: "active", 2: "follow"})},
	unix.IFLA_BOND_XMIT_HASH_POLICY: {Column: "xmit_hash_policy", Read: enum(u8, names{0: "layer2", 1: "layer3+4",
		2: "layer2+3", 3: "encap2+3", 4: "encap3+4", 5: "vlan+srcmac"})},
	unix.IFLA_BOND_RESEND_IGMP:       {Column: "resend_igmp", Read: u32},
	unix.IFLA_BOND_NUM_PEER_NOTIF:    {Column: "num_peer_notif", Read: u8},
	unix.IFLA_BOND_ALL_SLAVES_ACTIVE: {Column: "all_slaves_active", Read: u8},
	unix.IFLA_BOND_MIN_LINKS:         {Column: "min_links", Read: u32},
	unix.IFLA_BOND_LP_INTERVAL:       {Column: "lp_interval", Read: u32},
	unix.IFLA_BOND_PACKETS_PER_SLAVE: {Column: "packets_per_slave", Read: u32},
	unix.IFLA_BOND_AD_LACP_RATE:      {Column: "ad_lacp_rate", Read: enum(u8, names{0: "slow", 1: "fast"})},
	unix.IFLA_BOND_AD_SELECT: {Column: "ad_select", Read: enum(u8, names{0: "stable", 1: "bandwidth", 2: "count",
		3: "actor_port_prio"})},
	unix.IFLA_BOND_AD_INFO:           {Column: "ad_info", Read: nested(bondADInfo)},
	unix.IFLA_BOND_AD_ACTOR_SYS_PRIO: {Column: "ad_actor_sys_prio", Read: u16},
	unix.IFLA_BOND_AD_USER_PORT_KEY:  {Column: "ad_user_port_key", Read: u16},
	unix.IFLA_BOND_AD_ACTOR_SYSTEM:   {Column: "ad_actor_system", Read: mac},
	unix.IFLA_BOND_TLB_DYNAMIC_LB:    {Column: "tlb_dynamic_lb", Read: u8},
	unix.IFLA_BOND_PEER_NOTIF_DELAY:  {Column: "peer_notify_delay", Read: u32},
	unix.IFLA_BOND_AD_LACP_ACTIVE:    {Column: "ad_lacp_active", Read: enum(u8, names{0: "off", 1: "on"})},
	unix.IFLA_BOND_MISSED_MAX:        {Column: "arp_missed_max", Read: u8},
	unix.IFLA_BOND_NS_IP6_TARGET:     {Column: "ns_ip6_target", Read: list(ip)},
	unix.IFLA_BOND_COUPLED_CONTROL:   {Column: "coupled_control", Read: boolean},
	iflaBondBroadcastNeigh:           {Column: "broadcast_neighbor", Read: boolean},
	iflaBondLACPStrict:               {Column: "lacp_strict", Read: boolean},
}

// Attributes newer than x/sys/unix, from linux/if_link.h.
const (
	iflaBondBroadcastNeigh      = 33
	iflaBondLACPStrict          = 34
	iflaBondSlaveActorPortPrio  = 10
	iflaBondSlaveADChurnActor   = 11
	iflaBondSlaveADChurnPartner = 12
)

var bondADInfo = []Attr{
	unix.IFLA_BOND_AD_INFO_AGGREGATOR:  {Column: "aggregator", Read: u16},
	unix.IFLA_BOND_AD_INFO_NUM_PORTS:   {Column: "num_ports", Read: u16},
	unix.IFLA_BOND_AD_INFO_ACTOR_KEY:   {Column: "actor_key", Read: u16},
	unix.IFLA_BOND_AD_INFO_PARTNER_KEY: {Column: "partner_key", Read: u16},
	unix.IFLA_BOND_AD_INFO_PARTNER_MAC: {Column: "partner_mac", Read: mac},
}

// bondARPValidate reads BOND_ARP_VALIDATE_*, of which ip(8) writes none as null.
func bondARPValidate(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if v == int64(0) {
		return jsonText("null"), err
	}
	return enum(u32, names{1: "active", 2: "backup", 3: "all", 4: "filter", 5: "filter_active", 6: "filter_backup"})(m, b)
}

// bondPort is IFLA_BOND_SLAVE_* of linux/if_link.h.
var bondPort = []Attr{
	unix.IFLA_BOND_SLAVE_STATE: {Column: "state", Read: enum(u8, names{0: "ACTIVE", 1: "BACKUP"})},
	unix.IFLA_BOND_SLAVE_MII_STATUS: {Column: "mii_status", Read: enum(u8, names{0: "UP", 1: "GOING_DOWN",
		2: "DOWN", 3: "GOING_BACK"})},
	unix.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT:         {Read: skip}, // a counter
	unix.IFLA_BOND_SLAVE_PERM_HWADDR:                {Column: "perm_hwaddr", Read: mac},
	unix.IFLA_BOND_SLAVE_QUEUE_ID:                   {Column: "queue_id", Read: u16},
	unix.IFLA_BOND_SLAVE_AD_AGGREGATOR_ID:           {Column: "ad_aggregator_id", Read: u16},
	unix.IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE:   {Column: "ad_actor_oper_port_state", Read: u8},
	unix.IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE: {Column: "ad_partner_oper_port_state", Read: u16},
	unix.IFLA_BOND_SLAVE_PRIO:                       {Column: "prio", Read: s32},
	iflaBondSlaveActorPortPrio:                      {Column: "actor_port_prio", Read: u16},
	iflaBondSlaveADChurnActor:                       {Column: "ad_churn_actor_state", Read: enum(u8, churnStates)},
	iflaBondSlaveADChurnPartner:                     {Column: "ad_churn_partner_state", Read: enum(u8, churnStates)},
}

// churnStates are churn_state_t of net/bond_3ad.h, named as /proc/net/bonding does.
var churnStates = names{0: "monitoring", 1: "churned", 2: "none"}
