package store

import (
	"context"
	"errors"
	"math"
)

// CutCopy removes from a copy, which nobody else may have open, what lies before
// an instant, and keeps the state at that: change is the last one until then. It
// is pruning without an end in mind.
func CutCopy(ctx context.Context, path string, change, at int64) (err error) {
	p, err := openPrivate(ctx, path)
	if err != nil {
		return err
	}
	if err := p.close(); err != nil {
		return err
	}
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.cutTo(ctx, change, at)
}

// cutTo removes all changes up to one, but for the last there is.
func (s *Store) cutTo(ctx context.Context, change, at int64) error {
	c, err := s.readCut(ctx)
	if err != nil {
		return err
	}
	change = min(change, s.written-1)
	if change <= c.change {
		return nil
	}
	if err := s.moveCut(ctx, c, change, at); err != nil {
		return err
	}
	if c, err = s.readCut(ctx); err != nil {
		return err
	}
	if err := s.beginSweep(ctx, c); err != nil {
		return err
	}
	for s.sweep != nil {
		if _, err := s.stepSweep(ctx, math.MaxInt32); err != nil {
			return err
		}
	}
	return s.tidy(ctx, c)
}
