-- Addresses; views/address.sql tells what the columns mean.

-- +goose Up

CREATE TABLE address_object (
  object INTEGER PRIMARY KEY, -- a multiple of 64, plus 2
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  netns INTEGER NOT NULL,
  position INTEGER NOT NULL,  -- among IPv4 addresses that differ only in the network of their peer
  family TEXT,
  ifindex INTEGER,
  local TEXT,
  prefixlen INTEGER
);

CREATE INDEX address_object_hash ON address_object (hash);

CREATE TABLE address_state (
  id INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  address TEXT,
  label TEXT,
  broadcast TEXT,
  anycast TEXT,
  scope TEXT,
  flags TEXT,
  metric INTEGER,
  protocol TEXT,
  valid_life_time INTEGER,
  preferred_life_time INTEGER,
  extra TEXT
);

CREATE INDEX address_state_hash ON address_state (hash);
