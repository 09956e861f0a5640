-- label
SELECT k.ifname FROM link_state k WHERE k.id = coalesce(c.state, c.was);

-- link: the network devices, as in ip-link(8), without statistics.
SELECT
  o.ifindex,             -- its index; a later link may get the same
  s.ifname,              -- its name
  CASE WHEN s.link_netnsid IS NULL AND of_link(o.netns, s.link_index, l.flags NOT LIKE '%"UP"%')
    THEN json_insert(s.flags, '$[' || json_array_length(s.flags) || ']', 'M-DOWN') ELSE s.flags END AS flags, -- JSON array: NO-CARRIER, LOOPBACK, BROADCAST, POINTOPOINT, MULTICAST, NOARP, ALLMULTI, PROMISC, MASTER, SLAVE, DEBUG, DYNAMIC, UP, LOWER_UP, DORMANT, ECHO, …; M-DOWN: link is not UP
  s.mtu,                 -- largest packet, in octets
  s.qdisc,               -- its root queueing discipline
  s.operstate,           -- RFC 2863: UNKNOWN, NOTPRESENT, DOWN, LOWERLAYERDOWN, TESTING, DORMANT, UP
  s.linkmode,            -- DEFAULT or DORMANT
  s.link_group,          -- group of links it is in: default, or a number
  s.txqlen,              -- length of the transmit queue, in packets
  s.link_type,           -- ether, loopback, none, ipip, sit, gre, …
  s.address,             -- link-layer address
  s.broadcast,           -- link-layer broadcast address
  s.permaddr,            -- permanent link-layer address; NULL: the same as address
  s.link_index,          -- index of the link below it, or of its peer
  CASE WHEN s.link_netnsid IS NULL THEN of_link(o.netns, s.link_index, l.ifname) END AS link, -- name of the link below it, or of its peer, if it is in this namespace
  s.link_netnsid,        -- id of the namespace that link_index is in; NULL: this one
  s.master_index,        -- index of the bridge, bond, VRF or team it belongs to
  of_link(o.netns, s.master_index, l.ifname) AS master, -- name of that link
  s.carrier,             -- 1: the physical layer is up
  s.promiscuity,         -- how many ask for promiscuous mode
  s.allmulti,            -- how many ask for all multicast
  s.min_mtu,             -- smallest mtu it accepts
  s.max_mtu,             -- largest mtu it accepts; 0: no limit
  s.num_tx_queues,       -- transmit queues
  s.num_rx_queues,       -- receive queues
  s.gso_max_size,        -- largest packet for segmentation offload, in octets
  s.gso_max_segs,        -- most segments of such a packet
  s.tso_max_size,        -- the device's own limit for gso_max_size
  s.tso_max_segs,        -- the device's own limit for gso_max_segs
  s.gro_max_size,        -- largest packet that is put together on receipt, in octets
  s.gso_ipv4_max_size,   -- as gso_max_size, for IPv4
  s.gro_ipv4_max_size,   -- as gro_max_size, for IPv4
  s.proto_down,          -- 1: held down by a protocol
  s.proto_down_reason,   -- JSON: bits of the reasons for proto_down
  s.ifalias,             -- alias an administrator gave it
  s.altnames,            -- JSON array: its alternative names
  s.phys_port_id,        -- id of the physical port
  s.phys_port_name,      -- name of the physical port
  s.phys_switch_id,      -- id of the switch the port is of
  s.parentbus,           -- bus of the parent device
  s.parentdev,           -- name of the parent device
  s.info_kind,           -- what it is: veth, bridge, vxlan, bond, …; NULL: a physical device
  CASE WHEN s.link_netnsid IS NULL THEN with_names(s.info_data) ELSE s.info_data END AS info_data, -- JSON object: settings of its kind
  s.info_slave_kind,     -- what its master is: bridge, bond, vrf, …
  with_names(s.info_slave_data) AS info_slave_data, -- JSON object: settings as a member of its master
  s.inet6_addr_gen_mode, -- how IPv6 addresses are made: eui64, none, stable_secret, random
  s.af_spec,             -- JSON object: settings of IPv4 and IPv6 on the link, by the names of sysctl
  s.xdp,                 -- JSON object: XDP programs attached
  s.num_vf,              -- virtual functions
  s.vfinfo_list,         -- JSON: the virtual functions
  s.map,                 -- JSON object: memory, interrupt and port of an old device
  s.headroom,            -- octets a packet needs in front
  s.tailroom,            -- octets a packet needs behind
  s.netns_immutable,     -- 1: it cannot change its namespace
  s.max_pacing_offload_horizon,-- how far ahead the device can pace, in nanoseconds
  s.devlink_port,        -- JSON object: its devlink port
  s.dpll_pin,            -- JSON object: its DPLL pin
  s.extra,               -- JSON object: attributes this nlrec does not know, number to hexadecimal bytes
  o.netns,               -- its network namespace, in netns
  o.object,              -- identifies it in change_log
  this_gap() AS gap,     -- id of a gap that the instant lies in, so that this may be wrong; in link_history, of the last in which the version began or ended
  v.valid_from_us,       -- when this version began, microseconds since 1970
  v.valid_to_us          -- when it ended, microseconds since 1970; 9223372036854775807: it lasts
FROM link_object o
CROSS JOIN version v ON v.object = o.object
JOIN link_state s ON s.id = v.state
