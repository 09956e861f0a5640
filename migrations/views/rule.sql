-- label
SELECT k.priority || ': from ' || k.src || CASE WHEN k.srclen > 0 THEN '/' || k.srclen ELSE '' END
FROM rule_object k WHERE k.object = c.object;

-- rule: the entries of the IPv4 and IPv6 routing policy databases, as in ip-rule(8).
SELECT
  o.family,              -- inet or inet6
  o.priority,            -- the lowest is tried first
  o.invert,              -- 1: it applies to what does not match
  o.src,                 -- source address, or all
  o.srclen,              -- length of the source prefix, in bits
  o.dst,                 -- destination address, or all
  o.dstlen,              -- length of the destination prefix, in bits
  o.iif,                 -- name of the link packets come in by
  CASE WHEN o.iif IS NOT NULL THEN NOT named(o.iif) END AS iif_detached, -- 1: no link has that name
  o.oif,                 -- name of the link packets leave by
  CASE WHEN o.oif IS NOT NULL THEN NOT named(o.oif) END AS oif_detached, -- 1: no link has that name
  ifnull(o.fwmark, CASE WHEN o.fwmask IS NOT NULL THEN '0' END) AS fwmark, -- firewall mark, as 0x10; 0: none of the bits of the mask
  o.fwmask,              -- mask of the mark
  o.tos,                 -- type of service, as a number; 0: any
  o.dscp,                -- DSCP
  o.dscp_mask,           -- mask of the DSCP
  o.uid_start,           -- first of a range of user ids
  o.uid_end,             -- last of it
  o.ipproto,             -- IP protocol: tcp, udp, icmp, …, or a number
  o.sport_start,         -- first of a range of source ports
  o.sport_end,           -- last of it
  o.sport_mask,          -- mask of the source port
  o.dport_start,         -- first of a range of destination ports
  o.dport_end,           -- last of it
  o.dport_mask,          -- mask of the destination port
  o.tun_id,              -- id of the tunnel packets come from
  o.flowlabel,           -- IPv6 flow label
  o.flowlabel_mask,      -- mask of the flow label
  o.l3mdev,              -- 1: look in the table of the link's VRF
  o.action,              -- to_tbl, goto, nop, blackhole, unreachable, prohibit
  o.table_id,            -- number of the table to look in; 0: none
  o.goto,                -- priority to go on at
  CASE WHEN o.goto IS NOT NULL THEN NOT EXISTS (
    SELECT 1 FROM rule_object k
    WHERE k.netns = o.netns AND k.family = o.family AND k.priority = o.goto AND state_of(k.object) > 0) END AS unresolved, -- 1: there is no rule to go on at
  o.protocol,            -- who installed it: kernel, boot, static, …, or a number
  o.suppress_prefixlen,  -- routes with a prefix as short as this do not count
  o.suppress_ifgroup,    -- routes by links of this group do not count
  o.flow_from,           -- realm of the source
  o.flow_to,             -- realm of the destination
  o.position,            -- tells equal rules apart
  s.extra,               -- JSON object: attributes this nlrec does not know, number to hexadecimal bytes
  o.netns,               -- its network namespace, in netns
  o.object,              -- identifies it in change_log
  this_gap() AS gap,     -- id of a gap that the instant lies in, so that this may be wrong; in rule_history, of the last in which the version began or ended
  v.valid_from_us,       -- when this version began, microseconds since 1970
  v.valid_to_us          -- when it ended, microseconds since 1970; 9223372036854775807: it lasts
FROM rule_object o
CROSS JOIN version v ON v.object = o.object
JOIN rule_state s ON s.id = v.state
