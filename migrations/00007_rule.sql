-- Rules; views/rule.sql tells what the columns mean.

-- +goose Up

CREATE TABLE rule_object (
  object INTEGER PRIMARY KEY, -- a multiple of 64, plus 6
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  netns INTEGER NOT NULL,
  position INTEGER NOT NULL,  -- among rules that are equal
  family TEXT,
  priority INTEGER,
  invert INTEGER,
  src TEXT,
  srclen INTEGER,
  dst TEXT,
  dstlen INTEGER,
  tos INTEGER,
  dscp INTEGER,
  dscp_mask INTEGER,
  fwmark TEXT,
  fwmask TEXT,
  iif TEXT,
  oif TEXT,
  l3mdev INTEGER,
  uid_start INTEGER,
  uid_end INTEGER,
  ipproto TEXT,
  sport_start INTEGER,
  sport_end INTEGER,
  sport_mask INTEGER,
  dport_start INTEGER,
  dport_end INTEGER,
  dport_mask INTEGER,
  tun_id INTEGER,
  flowlabel INTEGER,
  flowlabel_mask INTEGER,
  action TEXT,
  goto INTEGER,
  table_id INTEGER,
  protocol TEXT,
  suppress_prefixlen INTEGER,
  suppress_ifgroup INTEGER,
  flow_from INTEGER,
  flow_to INTEGER
);

CREATE INDEX rule_object_hash ON rule_object (hash);

CREATE TABLE rule_state (
  id INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  extra TEXT
);

CREATE INDEX rule_state_hash ON rule_state (hash);
