-- label
SELECT k.family || ' ' || CASE k.ifindex WHEN -1 THEN 'all' WHEN -2 THEN 'default' ELSE k.ifindex END
FROM netconf_object k WHERE k.object = c.object;

-- netconf: what IPv4 and IPv6 are told about interfaces, as in ip-netconf(8).
SELECT
  o.family,              -- inet or inet6
  o.ifindex,             -- index of the link; -1: all there are, -2: those that come
  CASE o.ifindex WHEN -1 THEN 'all' WHEN -2 THEN 'default' ELSE of_link(o.netns, o.ifindex, l.ifname) END AS interface, -- name of that link, all, or default
  s.forwarding,          -- 1: packets that come in by it are passed on
  s.rp_filter,           -- whether the way back must be by it too: off, strict, loose; IPv4
  s.mc_forwarding,       -- 1: a daemon routes multicast
  s.proxy_neigh,         -- 1: it answers for others, proxy_arp or proxy_ndp
  s.ignore_routes_with_linkdown, -- 1: routes over it are not used while it has no carrier
  s.input,               -- 1: MPLS packets are taken
  s.bc_forwarding,       -- 1: directed broadcasts are passed on; IPv4
  s.force_forwarding,    -- 1: forwarding is on whatever is told to all; IPv6
  s.extra,               -- JSON object: attributes this nlrec does not know, number to hexadecimal bytes
  o.netns,               -- its network namespace, in netns
  o.object,              -- identifies it in change_log
  this_gap() AS gap,     -- id of a gap that the instant lies in, so that this may be wrong; in netconf_history, of the last in which the version began or ended
  v.valid_from_us,       -- when this version began, microseconds since 1970
  v.valid_to_us          -- when it ended, microseconds since 1970; 9223372036854775807: it lasts
FROM netconf_object o
CROSS JOIN version v ON v.object = o.object
JOIN netconf_state s ON s.id = v.state
