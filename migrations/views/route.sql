-- label
SELECT k.dst FROM route_object k WHERE k.object = c.object;

-- route: the entries of all IPv4 and IPv6 routing tables, as in ip-route(8).
SELECT
  o.family,              -- inet or inet6
  o.table_id,            -- number of the table: 254 main, 255 local, 253 default
  o.dst,                 -- destination: default, a prefix, or an address
  s.type,                -- unicast, local, broadcast, anycast, multicast, blackhole, unreachable, prohibit, throw
  coalesce(s.gateway, CASE WHEN h.family = o.family THEN h.gateway END) AS gateway, -- address of the gateway, of the route or of its nexthop object
  coalesce(s.via, CASE WHEN h.family <> o.family AND h.gateway IS NOT NULL THEN json_object('family', h.family, 'host', h.gateway) END) AS via, -- JSON object {"family", "host"}: a gateway of the other family
  coalesce(s.oif, h.oif, h.blackhole) AS oif, -- index of the link packets leave by, of the route or of its nexthop object; one that drops them does so at lo, which is 1
  of_link(o.netns, coalesce(s.oif, h.oif, h.blackhole), l.ifname) AS dev, -- name of that link
  o.metric,              -- priority; the lowest wins
  s.protocol,            -- who installed it: kernel, boot, static, dhcp, ra, bgp, …, or a number
  s.scope,               -- global, site, link, host, nowhere, or a number
  s.prefsrc,             -- source address packets take by preference
  o.src,                 -- source prefix it is for; empty: all. IPv6
  o.tos,                 -- type of service it is for, as a number; IPv4
  CASE
    WHEN o.family = 'inet' AND s.nexthops IS NOT NULL THEN CASE
      -- When all hops are down, linkdown says so. That depends on the order of
      -- events where there are several links, and is kept as the kernel told.
      WHEN (s.flags LIKE '%linkdown%' OR s.nexthops NOT LIKE '%"via":%' AND 1 = (SELECT count(DISTINCT json_extract(j.value, '$.oif')) FROM json_each(s.nexthops) j))
        AND NOT EXISTS (
          SELECT 1 FROM json_each(s.nexthops) j
          WHERE json_extract(j.value, '$.flags') NOT LIKE '%dead%'
            AND coalesce(of_link(o.netns, json_extract(j.value, '$.oif'), l.carrier <> 0), 1))
        THEN flags_with(s.flags, '["linkdown"]')
      ELSE but_linkdown(s.flags) END
    WHEN h.flags <> '[]' THEN flags_with(s.flags, h.flags)
    WHEN s.oif IS NULL OR s.scope = 'host' OR s.type IN ('local', 'blackhole', 'unreachable', 'prohibit', 'throw') OR s.type = 'anycast' AND s.protocol = 'kernel' THEN s.flags
    ELSE hop_flags(s.flags, s.oif, s.via)
  END AS flags,          -- JSON array: onlink, pervasive, offload, trap, rt_offload, …; linkdown: the link has no carrier; dead: nor is the route used then
  CASE
    WHEN s.nexthops IS NOT NULL THEN (
      SELECT json_group_array(json_set(j.value, '$.dev', of_link(o.netns, json_extract(j.value, '$.oif'), l.ifname),
        '$.flags', json(hop_flags(json_extract(j.value, '$.flags'), json_extract(j.value, '$.oif'), json_extract(j.value, '$.via')))))
      FROM json_each(s.nexthops) j)
    WHEN json_array_length(g.nh_group) > (o.family = 'inet') THEN (
      SELECT json_group_array(json_patch('{}', json_object(
        'gateway', CASE WHEN m.family = o.family THEN m.gateway END,
        'via', CASE WHEN m.family <> o.family AND m.gateway IS NOT NULL THEN json_object('family', m.family, 'host', m.gateway) END, 'encap', json(m.encap), 'oif', coalesce(m.oif, m.blackhole),
        'weight', coalesce(json_extract(j.value, '$.weight'), 1), 'flags', json(m.flags), 'dev', of_link(o.netns, coalesce(m.oif, m.blackhole), l.ifname))))
      FROM json_each(g.nh_group) j
      JOIN nexthop_object n ON n.id = json_extract(j.value, '$.id') AND n.netns = o.netns
      JOIN nexthop_state m ON m.id = state_of(n.object))
  END AS nexthops,       -- JSON array: the hops of a multipath route, of its own or of its nexthop group: gateway or via, oif, dev, weight, flags
  s.nhid,                -- id of the nexthop object it uses
  s.metrics,             -- JSON array of one object: mtu, advmss, rtt and rttvar in ms, …; lock: those that may not be changed
  with_names(coalesce(s.encap, h.encap)) AS encap, -- JSON object: the lightweight tunnel
  s.expires,             -- seconds it still had to live when this version began, renewals alone begin none; NULL: no limit
  s.pref,                -- router preference: low, medium, high; IPv6
  s.error,               -- errno given to senders, negative
  s.flow_from,           -- realm of the source
  s.flow_to,             -- realm of the destination
  s.iif,                 -- index of the link packets come in by
  of_link(o.netns, s.iif, l.ifname) AS iif_dev, -- name of that link
  s.mark,                -- firewall mark
  s.newdst,              -- new destination, as hexadecimal bytes; MPLS
  s.ttl_propagate,       -- 1: MPLS copies the TTL
  s.flowlabel,           -- IPv6 flow label
  o.position,            -- IPv4: order among routes equal in table, dst, tos and metric, the lowest is used; IPv6: tells such routes apart
  s.extra,               -- JSON object: attributes this nlrec does not know, number to hexadecimal bytes
  o.netns,               -- its network namespace, in netns
  o.object,              -- identifies it in change_log
  this_gap() AS gap,     -- id of a gap that the instant lies in, so that this may be wrong; in route_history, of the last in which the version began or ended
  v.valid_from_us,       -- when this version began, microseconds since 1970
  v.valid_to_us          -- when it ended, microseconds since 1970; 9223372036854775807: it lasts
FROM route_object o
CROSS JOIN version v ON v.object = o.object
JOIN route_state s ON s.id = v.state
-- g is the nexthop object a route uses, h the only hop that gives it: for IPv4
-- a group of one is as good as its member.
LEFT JOIN nexthop_state g ON s.nhid IS NOT NULL AND g.id = (
  SELECT state_of(n.object) FROM nexthop_object n
  WHERE n.netns = o.netns AND n.id = s.nhid)
LEFT JOIN nexthop_state h ON g.id IS NOT NULL AND h.id = CASE
  WHEN g.nh_group IS NULL THEN g.id
  WHEN json_array_length(g.nh_group) = 1 AND o.family = 'inet' THEN (
    SELECT state_of(n.object) FROM nexthop_object n
    WHERE n.netns = o.netns AND n.id = json_extract(g.nh_group, '$[0].id')) END
