-- Links; views/link.sql tells what the columns mean.

-- +goose Up

CREATE TABLE link_object (
  object INTEGER PRIMARY KEY, -- a multiple of 64, plus 1
  hash INTEGER NOT NULL,      -- of all that follows
  netns INTEGER NOT NULL,
  position INTEGER NOT NULL,  -- always 0
  ifindex INTEGER             -- may be another link's in its time
);

CREATE INDEX link_object_ifindex ON link_object (ifindex);

CREATE TABLE link_state (
  id INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,      -- of all that follows, to find it by
  ifname TEXT,
  flags TEXT,
  mtu INTEGER,
  qdisc TEXT,
  operstate TEXT,
  linkmode TEXT,
  link_group TEXT,
  txqlen INTEGER,
  link_type TEXT,
  address TEXT,
  broadcast TEXT,
  permaddr TEXT,
  link_index INTEGER,
  link_netnsid INTEGER,
  master_index INTEGER,
  carrier INTEGER,
  promiscuity INTEGER,
  allmulti INTEGER,
  min_mtu INTEGER,
  max_mtu INTEGER,
  num_tx_queues INTEGER,
  num_rx_queues INTEGER,
  gso_max_size INTEGER,
  gso_max_segs INTEGER,
  tso_max_size INTEGER,
  tso_max_segs INTEGER,
  gro_max_size INTEGER,
  gso_ipv4_max_size INTEGER,
  gro_ipv4_max_size INTEGER,
  proto_down INTEGER,
  proto_down_reason TEXT,
  ifalias TEXT,
  altnames TEXT,
  phys_port_id TEXT,
  phys_port_name TEXT,
  phys_switch_id TEXT,
  parentbus TEXT,
  parentdev TEXT,
  info_kind TEXT,
  info_data TEXT,
  info_slave_kind TEXT,
  info_slave_data TEXT,
  inet6_addr_gen_mode TEXT,
  af_spec TEXT,
  xdp TEXT,
  num_vf INTEGER,
  vfinfo_list TEXT,
  map TEXT,
  headroom INTEGER,
  tailroom INTEGER,
  netns_immutable INTEGER,
  max_pacing_offload_horizon INTEGER,
  devlink_port TEXT,
  dpll_pin TEXT,
  extra TEXT
);

CREATE INDEX link_state_hash ON link_state (hash);
