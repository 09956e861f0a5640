-- label
SELECT k.local || '/' || k.prefixlen FROM address_object k WHERE k.object = c.object;

-- address: the IPv4 and IPv6 addresses of the links, as in ip-address(8).
SELECT
  o.family,              -- inet or inet6
  o.ifindex,             -- index of its link
  of_link(o.netns, o.ifindex, l.ifname) AS dev, -- name of its link
  o.local,               -- the address
  o.prefixlen,           -- length of its prefix, in bits
  s.address,             -- the peer's address; NULL: the link is no point-to-point link
  s.broadcast,           -- broadcast address; IPv4
  s.scope,               -- global, site, link, host, nowhere, or a number
  s.label,               -- a name for it, by default that of the link; IPv4
  s.flags,               -- JSON array: secondary, temporary, tentative, deprecated, home, nodad, optimistic, dadfailed, mngtmpaddr, noprefixroute, autojoin, stable-privacy, dynamic
  s.metric,              -- metric of its prefix route; NULL: the default
  s.protocol,            -- who set it: kernel_lo, kernel_ra, kernel_ll, or a number; NULL: not known
  s.valid_life_time,     -- seconds it was still valid when this version began, renewals alone begin none; 4294967295: for ever
  s.preferred_life_time, -- seconds it was still preferred when this version began, renewals alone begin none; 4294967295: for ever
  s.anycast,             -- anycast address
  o.position,            -- tells addresses apart that differ only in the network of their peer
  s.extra,               -- JSON object: attributes this nlrec does not know, number to hexadecimal bytes
  o.netns,               -- its network namespace, in netns
  o.object,              -- identifies it in change_log
  this_gap() AS gap,     -- id of a gap that the instant lies in, so that this may be wrong; in address_history, of the last in which the version began or ended
  v.valid_from_us,       -- when this version began, microseconds since 1970
  v.valid_to_us          -- when it ended, microseconds since 1970; 9223372036854775807: it lasts
FROM address_object o
CROSS JOIN version v ON v.object = o.object
JOIN address_state s ON s.id = v.state
