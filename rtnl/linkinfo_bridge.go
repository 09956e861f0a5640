package rtnl

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// bridgeInfo is IFLA_BR_* of linux/if_link.h. Intervals are in hundredths of a
// second.
var bridgeInfo = []Attr{
	unix.IFLA_BR_FORWARD_DELAY:              {Column: "forward_delay", Read: u32},
	unix.IFLA_BR_HELLO_TIME:                 {Column: "hello_time", Read: u32},
	unix.IFLA_BR_MAX_AGE:                    {Column: "max_age", Read: u32},
	unix.IFLA_BR_AGEING_TIME:                {Column: "ageing_time", Read: u32},
	unix.IFLA_BR_STP_STATE:                  {Column: "stp_state", Read: u32},
	unix.IFLA_BR_PRIORITY:                   {Column: "priority", Read: u16},
	unix.IFLA_BR_VLAN_FILTERING:             {Column: "vlan_filtering", Read: u8},
	unix.IFLA_BR_VLAN_PROTOCOL:              {Column: "vlan_protocol", Read: enum(be16, vlanProtocols)},
	unix.IFLA_BR_GROUP_FWD_MASK:             {Column: "group_fwd_mask", Read: cHex(u16)},
	unix.IFLA_BR_ROOT_ID:                    {Column: "root_id", Read: bridgeID},
	unix.IFLA_BR_BRIDGE_ID:                  {Column: "bridge_id", Read: bridgeID},
	unix.IFLA_BR_ROOT_PORT:                  {Column: "root_port", Read: u16},
	unix.IFLA_BR_ROOT_PATH_COST:             {Column: "root_path_cost", Read: u32},
	unix.IFLA_BR_TOPOLOGY_CHANGE:            {Column: "topology_change", Read: u8},
	unix.IFLA_BR_TOPOLOGY_CHANGE_DETECTED:   {Column: "topology_change_detected", Read: u8},
	unix.IFLA_BR_HELLO_TIMER:                {Read: skip}, // these four run
	unix.IFLA_BR_TCN_TIMER:                  {Read: skip},
	unix.IFLA_BR_TOPOLOGY_CHANGE_TIMER:      {Read: skip},
	unix.IFLA_BR_GC_TIMER:                   {Read: skip},
	unix.IFLA_BR_GROUP_ADDR:                 {Column: "group_addr", Read: mac},
	unix.IFLA_BR_FDB_FLUSH:                  {Read: skip}, // a command
	unix.IFLA_BR_MCAST_ROUTER:               {Column: "mcast_router", Read: u8},
	unix.IFLA_BR_MCAST_SNOOPING:             {Column: "mcast_snooping", Read: u8},
	unix.IFLA_BR_MCAST_QUERY_USE_IFADDR:     {Column: "mcast_query_use_ifaddr", Read: u8},
	unix.IFLA_BR_MCAST_QUERIER:              {Column: "mcast_querier", Read: u8},
	unix.IFLA_BR_MCAST_HASH_ELASTICITY:      {Column: "mcast_hash_elasticity", Read: u32},
	unix.IFLA_BR_MCAST_HASH_MAX:             {Column: "mcast_hash_max", Read: u32},
	unix.IFLA_BR_MCAST_LAST_MEMBER_CNT:      {Column: "mcast_last_member_cnt", Read: u32},
	unix.IFLA_BR_MCAST_STARTUP_QUERY_CNT:    {Column: "mcast_startup_query_cnt", Read: u32},
	unix.IFLA_BR_MCAST_LAST_MEMBER_INTVL:    {Column: "mcast_last_member_intvl", Read: u64},
	unix.IFLA_BR_MCAST_MEMBERSHIP_INTVL:     {Column: "mcast_membership_intvl", Read: u64},
	unix.IFLA_BR_MCAST_QUERIER_INTVL:        {Column: "mcast_querier_intvl", Read: u64},
	unix.IFLA_BR_MCAST_QUERY_INTVL:          {Column: "mcast_query_intvl", Read: u64},
	unix.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL: {Column: "mcast_query_response_intvl", Read: u64},
	unix.IFLA_BR_MCAST_STARTUP_QUERY_INTVL:  {Column: "mcast_startup_query_intvl", Read: u64},
	unix.IFLA_BR_NF_CALL_IPTABLES:           {Column: "nf_call_iptables", Read: u8},
	unix.IFLA_BR_NF_CALL_IP6TABLES:          {Column: "nf_call_ip6tables", Read: u8},
	unix.IFLA_BR_NF_CALL_ARPTABLES:          {Column: "nf_call_arptables", Read: u8},
	unix.IFLA_BR_VLAN_DEFAULT_PVID:          {Column: "vlan_default_pvid", Read: u16},
	unix.IFLA_BR_PAD:                        {Read: skip},
	unix.IFLA_BR_VLAN_STATS_ENABLED:         {Column: "vlan_stats_enabled", Read: u8},
	unix.IFLA_BR_MCAST_STATS_ENABLED:        {Column: "mcast_stats_enabled", Read: u8},
	unix.IFLA_BR_MCAST_IGMP_VERSION:         {Column: "mcast_igmp_version", Read: u8},
	unix.IFLA_BR_MCAST_MLD_VERSION:          {Column: "mcast_mld_version", Read: u8},
	unix.IFLA_BR_VLAN_STATS_PER_PORT:        {Column: "vlan_stats_per_port", Read: u8},
	unix.IFLA_BR_MULTI_BOOLOPT: fields(
		Field{"no_linklocal_learn", 0, 8, boolOption(0)},
		Field{"mcast_vlan_snooping", 0, 8, boolOption(1)},
		Field{"mst_enabled", 0, 8, boolOption(2)},
		Field{"mdb_offload_fail_notification", 0, 8, boolOption(3)},
		Field{"fdb_local_vlan_0", 0, 8, boolOption(4)},
		Field{"boolopt", 0, 4, nonzero(masked(u32, 0xffffffe0, 0))}),
	unix.IFLA_BR_MCAST_QUERIER_STATE: {Read: skip, Nested: bridgeQuerier},
	unix.IFLA_BR_FDB_N_LEARNED:       {Read: skip}, // a counter
	unix.IFLA_BR_FDB_MAX_LEARNED:     {Column: "fdb_max_learned", Read: u32},
}

// bridgeQuerier is BRIDGE_QUERIER_* of linux/if_bridge.h.
var bridgeQuerier = []Attr{
	1: {Column: "mcast_querier_ipv4_addr", Read: ip},
	2: {Column: "mcast_querier_ipv4_port_index", Read: u32},
	3: {Read: skip}, // a running timer
	4: {Read: skip}, // padding
	5: {Column: "mcast_querier_ipv6_addr", Read: ip},
	6: {Column: "mcast_querier_ipv6_port_index", Read: u32},
	7: {Read: skip}, // a running timer
}

// bridgePort is IFLA_BRPORT_* of linux/if_link.h.
var bridgePort = []Attr{
	unix.IFLA_BRPORT_STATE:                 {Column: "state", Read: enum(u8, bridgePortStates)},
	unix.IFLA_BRPORT_PRIORITY:              {Column: "priority", Read: u16},
	unix.IFLA_BRPORT_COST:                  {Column: "cost", Read: u32},
	unix.IFLA_BRPORT_MODE:                  {Column: "hairpin", Read: boolean},
	unix.IFLA_BRPORT_GUARD:                 {Column: "guard", Read: boolean},
	unix.IFLA_BRPORT_PROTECT:               {Column: "root_block", Read: boolean},
	unix.IFLA_BRPORT_FAST_LEAVE:            {Column: "fastleave", Read: boolean},
	unix.IFLA_BRPORT_LEARNING:              {Column: "learning", Read: boolean},
	unix.IFLA_BRPORT_UNICAST_FLOOD:         {Column: "flood", Read: boolean},
	unix.IFLA_BRPORT_PROXYARP:              {Column: "proxy_arp", Read: boolean},
	unix.IFLA_BRPORT_LEARNING_SYNC:         {Column: "learning_sync", Read: boolean},
	unix.IFLA_BRPORT_PROXYARP_WIFI:         {Column: "proxy_arp_wifi", Read: boolean},
	unix.IFLA_BRPORT_ROOT_ID:               {Column: "root_id", Read: bridgeID},
	unix.IFLA_BRPORT_BRIDGE_ID:             {Column: "bridge_id", Read: bridgeID},
	unix.IFLA_BRPORT_DESIGNATED_PORT:       {Column: "designated_port", Read: u16},
	unix.IFLA_BRPORT_DESIGNATED_COST:       {Column: "designated_cost", Read: u16},
	unix.IFLA_BRPORT_ID:                    {Column: "id", Read: cHex(u16)},
	unix.IFLA_BRPORT_NO:                    {Column: "no", Read: cHex(u16)},
	unix.IFLA_BRPORT_TOPOLOGY_CHANGE_ACK:   {Column: "topology_change_ack", Read: u8},
	unix.IFLA_BRPORT_CONFIG_PENDING:        {Column: "config_pending", Read: u8},
	unix.IFLA_BRPORT_MESSAGE_AGE_TIMER:     {Read: skip}, // these three run
	unix.IFLA_BRPORT_FORWARD_DELAY_TIMER:   {Read: skip},
	unix.IFLA_BRPORT_HOLD_TIMER:            {Read: skip},
	unix.IFLA_BRPORT_FLUSH:                 {Read: skip}, // a command
	unix.IFLA_BRPORT_MULTICAST_ROUTER:      {Column: "multicast_router", Read: u8},
	unix.IFLA_BRPORT_PAD:                   {Read: skip},
	unix.IFLA_BRPORT_MCAST_FLOOD:           {Column: "mcast_flood", Read: boolean},
	unix.IFLA_BRPORT_MCAST_TO_UCAST:        {Column: "mcast_to_unicast", Read: boolean},
	unix.IFLA_BRPORT_VLAN_TUNNEL:           {Column: "vlan_tunnel", Read: boolean},
	unix.IFLA_BRPORT_BCAST_FLOOD:           {Column: "bcast_flood", Read: boolean},
	unix.IFLA_BRPORT_GROUP_FWD_MASK:        {Column: "group_fwd_mask", Read: cHex(u16)},
	unix.IFLA_BRPORT_NEIGH_SUPPRESS:        {Column: "neigh_suppress", Read: boolean},
	unix.IFLA_BRPORT_ISOLATED:              {Column: "isolated", Read: boolean},
	unix.IFLA_BRPORT_BACKUP_PORT:           {Column: "backup_port_index", Read: u32},
	unix.IFLA_BRPORT_MRP_RING_OPEN:         {Column: "mrp_ring_open", Read: boolean},
	unix.IFLA_BRPORT_MRP_IN_OPEN:           {Column: "mrp_in_open", Read: boolean},
	unix.IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT: {Column: "mcast_eht_hosts_limit", Read: u32},
	unix.IFLA_BRPORT_MCAST_EHT_HOSTS_CNT:   {Read: skip}, // a counter
	unix.IFLA_BRPORT_LOCKED:                {Column: "locked", Read: boolean},
	unix.IFLA_BRPORT_MAB:                   {Column: "mab", Read: boolean},
	unix.IFLA_BRPORT_MCAST_N_GROUPS:        {Read: skip}, // a counter
	unix.IFLA_BRPORT_MCAST_MAX_GROUPS:      {Column: "mcast_max_groups", Read: u32},
	unix.IFLA_BRPORT_NEIGH_VLAN_SUPPRESS:   {Column: "neigh_vlan_suppress", Read: boolean},
	unix.IFLA_BRPORT_BACKUP_NHID:           {Column: "backup_nhid", Read: u32},
}

// bridgePortStates are BR_STATE_* of linux/if_bridge.h.
var bridgePortStates = names{0: "disabled", 1: "listening", 2: "learning", 3: "forwarding", 4: "blocking"}

// bridgeID reads struct ifla_bridge_id, written as ip(8) writes it: the
// priority, and the address without leading zeros.
func bridgeID(_ *message, b []byte) (any, error) {
	if len(b) != 8 {
		return nil, fmt.Errorf("%d bytes for a bridge id", len(b))
	}
	return fmt.Sprintf("%02x%02x.%x:%x:%x:%x:%x:%x", b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]), nil
}

// boolOption reads one option of struct br_boolopt_multi: a word of values and
// a word that says which of them the kernel knows.
func boolOption(number int) reader {
	return func(m *message, b []byte) (any, error) {
		known, err := part(4, 4, u32)(m, b)
		if err != nil || known.(int64)>>number&1 == 0 {
			return nil, err
		}
		return masked(part(0, 4, u32), 1<<number, number)(m, b)
	}
}

// bridgeView reads what a bridge says of one of its ports: a message of family
// AF_BRIDGE whose IFLA_PROTINFO has the attributes that IFLA_INFO_SLAVE_DATA
// has in messages about the link, br_fill_ifinfo() of net/bridge/br_netlink.c.
func bridgeView(k *Kind, body []byte) (key Row, with func(state Row) Row) {
	if len(body) < unix.SizeofIfInfomsg || body[0] != unix.AF_BRIDGE {
		return nil, nil
	}
	m := &message{kind: k, header: body[:unix.SizeofIfInfomsg]}
	var data any
	err := eachAttr(body[unix.SizeofIfInfomsg:], func(a attribute) (err error) {
		if a.number == unix.IFLA_PROTINFO {
			data, err = flat(bridgePort)(m, a.value)
		}
		return err
	})
	text, ok := data.(jsonText)
	if err != nil || !ok {
		return nil, nil
	}
	index := int64(int32(binary.NativeEndian.Uint32(body[4:])))
	return Row{index}, func(state Row) Row {
		if k.StateValue(state, "info_slave_kind") != "bridge" {
			return state
		}
		return k.With(state, "info_slave_data", string(text))
	}
}
