package store

import (
	"context"
	"fmt"
)

// A Plan is what pruning would do, or has done.
type Plan struct {
	Remove int64 `json:"remove"`   // changes
	Left   int64 `json:"left"`     // changes
	Change int64 `json:"change"`   // the last that goes, 0: none does
	At     int64 `json:"at_us"`    // where what is left begins
	Size   int64 `json:"size"`     // of file and log, in octets
	Limit  int64 `json:"max_size"` // of that, 0: none
}

// PlanPruning says what a Pruner that does all would remove. How many changes
// must go to meet a limit of size it can only estimate.
func (r *ReadOnly) PlanPruning(ctx context.Context, l Limits, now int64) (plan Plan, err error) {
	err = r.Snapshot(ctx, func() error {
		space, err := readSpace(ctx, r, r.path)
		if err != nil {
			return err
		}
		first, err := r.number(ctx, `SELECT min(id) FROM change`)
		if err != nil {
			return err
		}
		last, err := r.LastChange(ctx)
		if err != nil {
			return err
		}
		p := &Pruner{Limits: l, all: true}
		s := situation{Space: space, limit: p.limit(space), log: space.Log, left: last - first + 1, now: now}
		plan = Plan{Left: s.left, Size: space.Total(), Limit: s.limit}
		if s.left == 0 {
			return nil
		}
		to := first - 1
		if s.over() {
			to += int64(float64(s.used()-s.limit+s.reserve()) / float64(s.used()) * float64(s.left))
		}
		newest, err := r.number(ctx, `SELECT at_us FROM change WHERE id = ?`, last)
		if err != nil {
			return err
		}
		if l.Keep > 0 && now >= newest {
			young, err := r.number(ctx, `SELECT min(id) FROM change WHERE at_us > ? AND at_us <= ?`, now-l.Keep.Microseconds(), now)
			if err != nil {
				return err
			}
			if young == 0 {
				young = last
			}
			to = max(to, young-1)
		}
		if to = min(to, last-1); to < first {
			return nil
		}
		plan.Change, plan.Remove, plan.Left = to, to-first+1, last-to
		plan.At, err = r.number(ctx, `SELECT at_us FROM change WHERE id = ?`, to)
		return err
	})
	if err != nil {
		err = fmt.Errorf("%s: %w", r.path, err)
	}
	return plan, err
}

// Prune does all that the limits ask for, and gives back all space that is free.
// It calls tell after each step, and returns what it has done. The time, in
// microseconds since 1970, is what ages are counted from.
func (s *Store) Prune(ctx context.Context, l Limits, now int64, tell func(Step)) (done Plan, err error) {
	p, err := s.NewPruner(ctx, l, true)
	if err != nil {
		return done, err
	}
	before, err := p.look(ctx, now)
	if err != nil {
		return done, fmt.Errorf("%s: %w", s.path, err)
	}
	for step := (Step{Work: Removing}); step.Work != Nothing; tell(step) {
		if step, err = p.Step(ctx, now); err != nil {
			return done, err
		}
	}
	if !p.shrinks {
		if err := s.rewrite(ctx, before.Space); err != nil {
			return done, err
		}
	}
	if err := s.w.exec(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return done, fmt.Errorf("%s: %w", s.path, err)
	}
	after, err := p.look(ctx, now)
	if err != nil {
		return done, fmt.Errorf("%s: %w", s.path, err)
	}
	return Plan{Remove: after.change - before.change, Left: after.left, Change: after.change, At: after.at, Size: after.Total(), Limit: after.limit}, nil
}

// rewrite writes the whole file anew, without free pages and so that later ones
// can be given back.
func (s *Store) rewrite(ctx context.Context, was Space) error {
	if need := 2 * (was.Pages - was.Free); was.Avail < need {
		return fmt.Errorf("%s: an earlier nlrec made the file, which must be written anew to give space back: that takes %d MiB for a while, and %d are free", s.path, need>>20, was.Avail>>20)
	}
	for _, sql := range []string{`PRAGMA auto_vacuum = INCREMENTAL`, `VACUUM`} {
		if _, err := s.w.conn.ExecContext(ctx, sql); err != nil {
			return fmt.Errorf("%s: %s: %w", s.path, sql, err)
		}
	}
	return nil
}
