-- When changes happened that nobody announced, and how long a session watched.

-- +goose Up

-- dating: runs of changes of which no instant is known, only an interval.
CREATE TABLE dating (
  first_change INTEGER PRIMARY KEY, -- id of the first change of the run
  last_change INTEGER NOT NULL,     -- id of the last change of the run
  not_before_us INTEGER NOT NULL,   -- they happened after this instant, microseconds since 1970
  not_after_us INTEGER NOT NULL,    -- and no later than this one, microseconds since 1970
  gap INTEGER REFERENCES gap        -- id of the gap in which they were missed; NULL: in none, a dump corrected what was believed
);

ALTER TABLE session ADD COLUMN watched_us INTEGER; -- until when it is known to have watched, microseconds since 1970; NULL: not noted
