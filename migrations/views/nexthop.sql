-- label
SELECT k.id FROM nexthop_object k WHERE k.object = c.object;

-- nexthop: the nexthop objects, as in ip-nexthop(8).
SELECT
  o.id,                  -- the number routes and groups refer to
  s.family,              -- inet, inet6, or unspec for a group
  s.gateway,             -- address of the gateway
  s.oif,                 -- index of the link packets leave by
  of_link(o.netns, s.oif, l.ifname) AS dev, -- name of that link
  s.nh_group,            -- JSON array: {"id", "weight"} of the members of a group; no weight: 1
  s.type,                -- of a group: mpath or resilient
  s.resilient_args,      -- JSON object: buckets, idle_timer and unbalanced_timer in seconds
  s.blackhole,           -- 1: it drops packets
  with_names(s.encap) AS encap, -- JSON object: the lightweight tunnel
  s.fdb,                 -- 1: it is for bridge forwarding entries
  s.scope,               -- global, site, link, host, nowhere, or a number
  s.protocol,            -- who installed it: kernel, boot, static, bgp, …, or a number
  s.flags,               -- JSON array: onlink, pervasive, offload, unresolved, trap
  s.hw_stats,            -- 1: statistics in hardware are asked for
  s.hw_stats_used,       -- 1: statistics in hardware are in use
  s.extra,               -- JSON object: attributes this nlrec does not know, number to hexadecimal bytes
  o.netns,               -- its network namespace, in netns
  o.object,              -- identifies it in change_log
  this_gap() AS gap,     -- id of a gap that the instant lies in, so that this may be wrong; in nexthop_history, of the last in which the version began or ended
  v.valid_from_us,       -- when this version began, microseconds since 1970
  v.valid_to_us          -- when it ended, microseconds since 1970; 9223372036854775807: it lasts
FROM nexthop_object o
CROSS JOIN version v ON v.object = o.object
JOIN nexthop_state s ON s.id = v.state
