-- Where in the order of changes the clock was set, when the machine slept, and
-- how the recorder fared.

-- +goose Up

-- clock_place: where in the order of changes the rows of clock belong. Between two of them at_us never goes back.
CREATE TABLE clock_place (
  clock INTEGER PRIMARY KEY REFERENCES clock, -- id of the row of clock
  change INTEGER NOT NULL                     -- id of the last change before it; 0: it was before all of them
);

-- sleep: the intervals in which the machine was suspended, so that nothing ran and nothing changed.
CREATE TABLE sleep (
  id INTEGER PRIMARY KEY,    -- they count up
  session INTEGER NOT NULL REFERENCES session, -- id of the session that noticed it
  from_us INTEGER NOT NULL,  -- when it went to sleep, microseconds since 1970, to the second or so
  to_us INTEGER NOT NULL     -- when it was noticed to be awake, microseconds since 1970
);

-- health: how each session fared, as far as it has noted that: at least once a minute while it works, and when it ends.
CREATE TABLE health (
  session INTEGER PRIMARY KEY REFERENCES session, -- id of the session
  at_us INTEGER NOT NULL,           -- when this was noted, microseconds since 1970
  changes INTEGER NOT NULL,         -- changes it has written
  commits INTEGER NOT NULL,         -- transactions it has written them in
  drops INTEGER NOT NULL,           -- notifications that were lost, as the kernel counts them
  resyncs INTEGER NOT NULL,         -- how often it has looked at everything again after a loss
  corrections INTEGER NOT NULL,     -- changes that were found by a dump, and not announced, outside of any gap
  suspensions INTEGER NOT NULL,     -- how often the recorder itself was stopped or frozen
  most_queue INTEGER NOT NULL,      -- octets of notifications that have waited in memory at most
  most_lag_us INTEGER NOT NULL      -- from the reading of a notification until it was written, at most, microseconds
);
