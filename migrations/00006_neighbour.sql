-- Neighbours; views/neighbour.sql tells what the columns mean.

-- +goose Up

CREATE TABLE neighbour_object (
  object INTEGER PRIMARY KEY, -- a multiple of 64, plus 5
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  netns INTEGER NOT NULL,
  position INTEGER NOT NULL,  -- always 0
  family TEXT,
  ifindex INTEGER,
  dst TEXT
);

CREATE INDEX neighbour_object_hash ON neighbour_object (hash);

CREATE TABLE neighbour_state (
  id INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  state TEXT,
  lladdr TEXT,
  flags TEXT,
  flags_ext TEXT,
  type TEXT,
  protocol TEXT,
  vlan INTEGER,
  port INTEGER,
  vni INTEGER,
  via_index INTEGER,
  master_index INTEGER,
  link_netnsid INTEGER,
  src_vni INTEGER,
  nhid INTEGER,
  extra TEXT
);

CREATE INDEX neighbour_state_hash ON neighbour_state (hash);
