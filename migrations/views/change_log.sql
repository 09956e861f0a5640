-- change_log: every change of every kind, in the order of events.
SELECT
  c.id,                  -- its number; --at '#id' shows the state right after it
  c.at_us,               -- when nlrec learned of it, microseconds since 1970
  k.name AS kind,        -- the kind of the object, and the name of its view
  CASE WHEN c.was IS NULL THEN '+' WHEN c.state IS NULL THEN '-' ELSE '~' END AS op, -- + it came, - it went, ~ it changed
  label AS label,        -- what the object is called: name of a link, prefix of a route, …
  c.object,              -- identifies it in the views of its kind
  h.name AS how,         -- dumped when recording began, announced by the kernel, inferred from cause, found by a later dump
  c.cause,               -- id of the change that brought this one about, or after which it was looked for
  a.portid,              -- netlink port of whoever asked for it, most often a process id; NULL: the kernel itself, or not told
  c.was_since_us,        -- when the state that ended began, microseconds since 1970
  d.not_before_us,       -- it happened after this instant, microseconds since 1970; NULL: at at_us
  d.not_after_us,        -- and no later than this one, microseconds since 1970; NULL: at at_us
  d.gap                  -- id of the gap in which it was missed or came late
FROM change c
JOIN kind k ON k.id = c.object & 63
JOIN how h ON h.id = c.how
LEFT JOIN actor a ON a.id = c.actor
LEFT JOIN dating d ON d.last_change >= c.id AND d.first_change = (
  SELECT x.first_change FROM dating x WHERE x.first_change <= c.id ORDER BY x.first_change DESC LIMIT 1)
