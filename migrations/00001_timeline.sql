-- The timeline, whatever the kinds are. Times are microseconds since 1970 on
-- the wall clock; the order of events is that of change.id.

-- +goose Up

-- kind: the kinds of objects recorded.
CREATE TABLE kind (
  id INTEGER PRIMARY KEY,  -- an object's id modulo 64
  name TEXT NOT NULL       -- of its view
);

-- how: how a change is known.
CREATE TABLE how (
  id INTEGER PRIMARY KEY,  -- what changes refer to
  name TEXT NOT NULL,      -- as change_log shows it
  meaning TEXT NOT NULL    -- in a sentence
);

INSERT INTO how VALUES
  (1, 'dumped', 'there when recording began'),
  (2, 'announced', 'the kernel sent a notification'),
  (3, 'inferred', 'follows from the change in cause, of which the kernel announces no more'),
  (4, 'found', 'a later dump showed it; it happened some time before');

-- netns: the network namespaces recorded.
CREATE TABLE netns (
  id INTEGER PRIMARY KEY,  -- what objects refer to
  name TEXT NOT NULL       -- empty: the one that nlrec record runs in
);

INSERT INTO netns VALUES (1, '');

-- session: the runs of nlrec record on this file.
CREATE TABLE session (
  id INTEGER PRIMARY KEY,       -- they count up
  started_us INTEGER NOT NULL,  -- when it began to watch, microseconds since 1970
  ready_us INTEGER,             -- when its first dump was complete, microseconds since 1970; NULL if it never was
  ended_us INTEGER,             -- when it stopped watching, microseconds since 1970; NULL while it runs, or if it was killed
  boot_id TEXT NOT NULL,        -- /proc/sys/kernel/random/boot_id
  boottime_us INTEGER NOT NULL, -- CLOCK_BOOTTIME at started_us: microseconds since the machine booted
  netns_inode INTEGER NOT NULL, -- inode of the network namespace, as in /proc/PID/ns/net
  host TEXT NOT NULL,           -- the machine's name
  kernel TEXT NOT NULL,         -- the kernel's release
  version TEXT NOT NULL,        -- of nlrec
  pid INTEGER NOT NULL          -- process id of the recorder
);

-- gap: the intervals in which changes may have been missed.
CREATE TABLE gap (
  id INTEGER PRIMARY KEY,    -- they count up
  session INTEGER NOT NULL REFERENCES session, -- id of the session that found it
  kind TEXT,                 -- of the objects concerned; NULL: all
  from_us INTEGER NOT NULL,  -- the last instant before it at which all was known, microseconds since 1970
  to_us INTEGER,             -- the first instant after it at which all was known again, microseconds since 1970; NULL while it lasts
  lost INTEGER,              -- notifications lost, as the kernel counts them; NULL: not counted
  reason TEXT NOT NULL       -- not recording, overrun, undecodable message, disk full, I/O error
);

-- clock: how the wall clock relates to the time since boot.
CREATE TABLE clock (
  id INTEGER PRIMARY KEY,       -- they count up
  session INTEGER NOT NULL REFERENCES session, -- id of the session that saw it
  at_us INTEGER NOT NULL,       -- the wall clock after the step, microseconds since 1970
  boottime_us INTEGER NOT NULL, -- CLOCK_BOOTTIME at that moment: microseconds since the machine booted
  step_us INTEGER               -- by how much the wall clock was set, microseconds; 0: it was slewed since the row before; NULL: a session began
);

-- actor: the netlink sockets whose requests brought about changes.
CREATE TABLE actor (
  id INTEGER PRIMARY KEY,    -- what changes refer to
  session INTEGER NOT NULL REFERENCES session, -- id of the session in which it was seen
  portid INTEGER NOT NULL,   -- nlmsg_pid; most often the process id, in the sender's pid namespace
  UNIQUE (session, portid)
);

-- change: every change, append only. It closes one version of an object and
-- opens the next.
CREATE TABLE change (
  id INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  object INTEGER NOT NULL,   -- in <kind>_object; modulo 64 it is the kind
  was INTEGER,               -- the state until then, in <kind>_state; NULL: it did not exist
  was_since_us INTEGER,      -- at_us of the change that brought the state about
  state INTEGER,             -- the state from then on; NULL: it is gone
  how INTEGER NOT NULL REFERENCES how,
  cause INTEGER,             -- the change that brought this one about
  actor INTEGER REFERENCES actor
);

CREATE INDEX change_at ON change (at_us);
CREATE INDEX change_object ON change (object);

-- now: the objects that exist.
CREATE TABLE now (
  object INTEGER PRIMARY KEY,
  state INTEGER NOT NULL,
  since_us INTEGER NOT NULL
);
