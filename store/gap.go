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
	id, err := s.w.number(ctx, `INSERT INTO gap (session, kind, from_us, reason) VALUES (?, ?, ?, ?) RETURNING id`,
		s.session, kind, g.From, g.Reason)
	if err == nil {
		s.open[id] = &openGap{g.From, g.From}
	}
	return id, err
}

// openGap is from and until when a gap reaches, as the clock was set back
// meanwhile: over all that it showed.
type openGap struct{ low, high int64 }

// CloseGap notes that all is known again, and how many notifications were lost
// in between; 0 when nobody counted them.
func (s *Store) CloseGap(ctx context.Context, id, at, lost int64) error {
	low, high := at, at
	if g := s.open[id]; g != nil {
		low, high = s.span(g.low, g.high, at)
		delete(s.open, id)
	}
	return s.w.exec(ctx, `UPDATE gap SET from_us = min(from_us, ?), to_us = ?, lost = nullif(?, 0) WHERE id = ?`, low, high, lost, id)
}

// span is from and until when a gap reaches that ends at an instant: over all
// that the clock showed, if it was set back meanwhile, also before the gap was
// noted.
func (s *Store) span(low, high, at int64) (from, to int64) {
	if at < low && s.back.By != 0 {
		return min(at, s.back.Wall), max(high, s.back.Wall-s.back.By)
	}
	return low, max(high, at)
}
