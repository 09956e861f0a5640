-- Routes; views/route.sql tells what the columns mean.

-- +goose Up

CREATE TABLE route_object (
  object INTEGER PRIMARY KEY, -- a multiple of 64, plus 4
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  netns INTEGER NOT NULL,
  position INTEGER NOT NULL,
  family TEXT,
  table_id INTEGER,
  dst TEXT,
  src TEXT,
  tos INTEGER,
  metric INTEGER
);

CREATE INDEX route_object_hash ON route_object (hash);

CREATE TABLE route_state (
  id INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  type TEXT,
  protocol TEXT,
  scope TEXT,
  flags TEXT,
  prefsrc TEXT,
  gateway TEXT,
  via TEXT,
  oif INTEGER,
  iif INTEGER,
  nexthops TEXT,
  nhid INTEGER,
  metrics TEXT,
  encap TEXT,
  expires INTEGER,
  pref TEXT,
  error INTEGER,
  flow_from INTEGER,
  flow_to INTEGER,
  mark TEXT,
  newdst TEXT,
  ttl_propagate INTEGER,
  flowlabel INTEGER,
  extra TEXT
);

CREATE INDEX route_state_hash ON route_state (hash);
