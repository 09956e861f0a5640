-- Pruning: what is still known of the changes that were removed from the
-- beginning of a recording.

-- +goose Up

-- pruned: how much was removed from the beginning of the recording; no row: nothing.
CREATE TABLE pruned (
  change INTEGER PRIMARY KEY, -- id of the last change that was removed
  at_us INTEGER NOT NULL,     -- what is left begins then, microseconds since 1970
  began_us INTEGER NOT NULL,  -- started_us of the first session there ever was
  swept INTEGER NOT NULL      -- the last change that was removed when states and objects were looked for to which nothing refers
);

-- arrival: what removed changes told of objects.
CREATE TABLE arrival (
  object INTEGER PRIMARY KEY, -- in <kind>_object
  came INTEGER,               -- id of the last of them that brought the object; NULL: it went after that
  at_us INTEGER NOT NULL,     -- at_us of that one, or of the one with which it went
  not_after_us INTEGER,       -- of its dating; NULL: it had none
  how INTEGER NOT NULL,       -- how it was known, in how
  last INTEGER NOT NULL       -- id of the last of them about the object
);
