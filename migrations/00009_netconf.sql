-- What IPv4 and IPv6 were told about interfaces; views/netconf.sql tells what
-- the columns mean.

-- +goose Up

CREATE TABLE netconf_object (
  object INTEGER PRIMARY KEY, -- a multiple of 64, plus 7
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  netns INTEGER NOT NULL,
  position INTEGER NOT NULL,  -- always 0
  family TEXT,
  ifindex INTEGER
);

CREATE INDEX netconf_object_hash ON netconf_object (hash);

CREATE TABLE netconf_state (
  id INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  forwarding INTEGER,
  rp_filter TEXT,
  mc_forwarding INTEGER,
  proxy_neigh INTEGER,
  ignore_routes_with_linkdown INTEGER,
  input INTEGER,
  bc_forwarding INTEGER,
  force_forwarding INTEGER,
  extra TEXT
);

CREATE INDEX netconf_state_hash ON netconf_state (hash);
