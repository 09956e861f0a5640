-- label
SELECT k.dst FROM neighbour_object k WHERE k.object = c.object;

-- neighbour: the ARP and NDP tables, as in ip-neighbour(8), without proxy entries.
SELECT
  o.family,              -- inet or inet6
  o.dst,                 -- address of the neighbour
  o.ifindex,             -- index of the link it is on
  of_link(o.netns, o.ifindex, l.ifname) AS dev, -- name of that link
  s.lladdr,              -- its link-layer address; NULL: not resolved
  s.state,               -- JSON array: REACHABLE, STALE, PROBE, FAILED, PERMANENT; what ip calls DELAY is STALE, what it calls INCOMPLETE is FAILED or not there, and NOARP is not there
  s.flags,               -- JSON array: router, extern_learn, offload, use, self, master, sticky
  s.flags_ext,           -- JSON array: managed, locked, extern_valid
  s.protocol,            -- who installed it; NULL: not known
  s.type,                -- type of the destination: unicast, local, broadcast, multicast, …
  s.vlan,                -- VLAN id
  s.port,                -- UDP port of the tunnel
  s.vni,                 -- VXLAN network identifier
  s.via_index,           -- index of the link of the tunnel
  of_link(o.netns, s.via_index, l.ifname) AS via, -- name of that link
  s.master_index,        -- index of the link's master
  of_link(o.netns, s.master_index, l.ifname) AS master, -- name of that link
  s.link_netnsid,        -- namespace id of the tunnel
  s.src_vni,             -- VXLAN network identifier it came with
  s.nhid,                -- id of a nexthop object
  s.extra,               -- JSON object: attributes this nlrec does not know, number to hexadecimal bytes
  o.netns,               -- its network namespace, in netns
  o.object,              -- identifies it in change_log
  this_gap() AS gap,     -- id of a gap that the instant lies in, so that this may be wrong; in neighbour_history, of the last in which the version began or ended
  v.valid_from_us,       -- when this version began, microseconds since 1970
  v.valid_to_us          -- when it ended, microseconds since 1970; 9223372036854775807: it lasts
FROM neighbour_object o
CROSS JOIN version v ON v.object = o.object
JOIN neighbour_state s ON s.id = v.state
