package store

import "context"

// Health is how a session fares; the table health says what the numbers are.
type Health struct {
	At                                                         int64
	Changes, Commits, Drops, Resyncs, Corrections, Suspensions int64
	MostQueue, MostLag                                         int64
}

// NoteHealth writes how the session fares.
func (s *Store) NoteHealth(ctx context.Context, h Health) error {
	return s.w.exec(ctx, `
		INSERT OR REPLACE INTO health (session, at_us, changes, commits, drops, resyncs, corrections, suspensions, most_queue, most_lag_us)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.session, h.At, h.Changes, h.Commits, h.Drops, h.Resyncs, h.Corrections, h.Suspensions, h.MostQueue, h.MostLag)
}
