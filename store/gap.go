package store

import (
	"context"

	"nlrec/rtnl"
)

// A Gap is an interval in which changes may have been missed.
type Gap struct {
	Kind   *rtnl.Kind // nil: all
	From   int64      // microseconds since 1970
	Reason string
}

// OpenGap notes that from an instant on changes may have been missed, and
// returns the number of the gap. A gap that is still open when the next
// session begins is closed then.
func (s *Store) OpenGap(ctx context.Context, g Gap) (int64, error) {
	var kind any
	if g.Kind != nil {
		kind = g.Kind.Name
	}
	return s.w.number(ctx, `INSERT INTO gap (session, kind, from_us, reason) VALUES (?, ?, ?, ?) RETURNING id`,
		s.session, kind, g.From, g.Reason)
}

// CloseGap notes that all is known again, and how many notifications were lost
// in between; 0 when nobody counted them.
func (s *Store) CloseGap(ctx context.Context, id, at, lost int64) error {
	return s.w.exec(ctx, `UPDATE gap SET to_us = ?, lost = nullif(?, 0) WHERE id = ?`, at, lost, id)
}
