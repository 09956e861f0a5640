-- Nexthop objects; views/nexthop.sql tells what the columns mean.

-- +goose Up

CREATE TABLE nexthop_object (
  object INTEGER PRIMARY KEY, -- a multiple of 64, plus 3
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  netns INTEGER NOT NULL,
  position INTEGER NOT NULL,  -- always 0
  id INTEGER
);

CREATE INDEX nexthop_object_hash ON nexthop_object (hash);
CREATE INDEX nexthop_object_id ON nexthop_object (id);

CREATE TABLE nexthop_state (
  id INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  family TEXT,
  scope TEXT,
  protocol TEXT,
  flags TEXT,
  nh_group TEXT,
  type TEXT,
  blackhole INTEGER,
  oif INTEGER,
  gateway TEXT,
  encap TEXT,
  fdb INTEGER,
  resilient_args TEXT,
  hw_stats INTEGER,
  hw_stats_used INTEGER,
  extra TEXT
);

CREATE INDEX nexthop_state_hash ON nexthop_state (hash);
