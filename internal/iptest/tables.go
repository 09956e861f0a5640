package iptest

// ofRecording are the columns that tell of the recording and not of the object.
var ofRecording = []string{"extra", "netns", "object", "valid_from_us", "valid_to_us", "gap"}

// counters are the keys of ip that are no state: they count, age or run down,
// or tell of what does. Nothing records them.
var counters = map[string]bool{
	"link.info_data.hello_timer":                   true, // the next BPDU
	"link.info_data.tcn_timer":                     true,
	"link.info_data.topology_change_timer":         true,
	"link.info_data.gc_timer":                      true, // the next look for old forwarding entries
	"link.info_slave_data.message_age_timer":       true,
	"link.info_slave_data.forward_delay_timer":     true,
	"link.info_slave_data.hold_timer":              true,
	"link.info_slave_data.mcast_eht_hosts_cnt":     true,
	"nexthop.resilient_args.unbalanced_time":       true, // for how long
	"route.nh_info.resilient_args.unbalanced_time": true,

	// Of an XDP program, asked of bpf(2) and not of rtnetlink.
	"link.xdp.prog.name":           true,
	"link.xdp.prog.tag":            true,
	"link.xdp.prog.jited":          true,
	"link.xdp.prog.load_time":      true,
	"link.xdp.prog.created_by_uid": true,
	"link.xdp.prog.btf_id":         true,
}

// unprinted are the columns and JSON keys of which iproute2 6.1 says nothing,
// so that there is nothing to compare them with.
var unprinted = map[string]bool{
	// Attributes that it does not know.
	"link.gso_ipv4_max_size":                       true,
	"link.gro_ipv4_max_size":                       true,
	"link.headroom":                                true,
	"link.tailroom":                                true,
	"link.netns_immutable":                         true,
	"link.max_pacing_offload_horizon":              true,
	"link.devlink_port":                            true,
	"link.dpll_pin":                                true,
	"link.info_data.localbypass":                   true, // of a vxlan
	"link.info_data.label_policy":                  true,
	"link.info_data.reserved_bits":                 true,
	"link.info_data.mcroute":                       true,
	"link.info_data.bclim":                         true, // of a macvlan
	"link.info_data.mdb_offload_fail_notification": true, // of a bridge
	"link.info_data.fdb_local_vlan_0":              true,
	"link.info_data.mst_enabled":                   true,
	"link.info_data.mcast_querier_ipv4_addr":       true,
	"link.info_data.mcast_querier_ipv6_addr":       true,
	"link.info_data.mcast_querier_ipv4_port":       true,
	"link.info_data.mcast_querier_ipv6_port":       true,
	"link.info_data.mcast_querier_ipv4_port_index": true,
	"link.info_data.mcast_querier_ipv6_port_index": true,
	"link.info_data.fdb_max_learned":               true,
	"link.info_slave_data.learning_sync":           true, // of its port
	"link.info_slave_data.mrp_ring_open":           true,
	"link.info_slave_data.mrp_in_open":             true,
	"link.info_slave_data.mcast_max_groups":        true,
	"link.info_slave_data.neigh_vlan_suppress":     true,
	"link.info_slave_data.backup_nhid":             true,
	"link.info_slave_data.mcast_eht_hosts_limit":   true,
	"link.info_slave_data.mab":                     true,
	"address.protocol":                             true,
	"nexthop.hw_stats":                             true,
	"nexthop.hw_stats_used":                        true,
	"route.nh_info.hw_stats":                       true,
	"rule.dscp":                                    true,
	"rule.dscp_mask":                               true,
	"rule.sport_mask":                              true,
	"rule.dport_mask":                              true,
	"rule.flowlabel":                               true,
	"rule.flowlabel_mask":                          true,

	"netconf.bc_forwarding":    true,
	"netconf.force_forwarding": true,

	// What it knows and does not print.
	"link.af_spec":   true,
	"link.map":       true,
	"link.xdp.flags": true,
	"neighbour.type": true,

	// Indexes, for which it has names.
	"link.master_index":                      true,
	"address.ifindex":                        true,
	"nexthop.oif":                            true,
	"route.oif":                              true,
	"route.iif":                              true,
	"route.encap.oif_index":                  true,
	"route.nh_info.encap.oif_index":          true,
	"nexthop.encap.oif_index":                true,
	"route.nexthops.oif":                     true,
	"neighbour.ifindex":                      true,
	"neighbour.via_index":                    true,
	"neighbour.master_index":                 true,
	"route.nh_info.oif":                      true,
	"link.info_data.link_index":              true,
	"link.info_slave_data.backup_port_index": true,
}
