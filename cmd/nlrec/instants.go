package main

// instantHelp is what the help of every command that takes an instant says of
// how it is written. query.ParseInstant reads it.
const instantHelp = `An INSTANT is one of
  2026-05-01T12:00:00+02:00       RFC 3339; Z is UTC, the T may be a space
  2026-05-01 12:00[:00[.000000]]  local time; 2026-05-01 is its midnight
  2026-05-01 12:00 UTC            in a zone, as also Europe/Berlin or CEST
  Fri 2026-05-01 12:00            refused if it is no Friday
  12:00, yesterday 12:00          also today, tomorrow; alone their midnight
  now, 10m ago, -1h30m, +5min     us, ms, s, m, h, d, w, month, y
  @1700000000[.000000]            seconds since 1970
  #12345, #12345^                 right after that change, right before it
  first, last, boot, boot-1       of what is recorded; a boot of the machine
A..B is from one to another; one that is left out is the first or the last.`
