package store

// Clocks. A change bears the time of the wall clock, which may be set; what
// orders changes is their ids. So that an instant can still be found, the table
// clock says when the wall clock was set, and clock_place between which changes
// that was: from one row of clock to the next at_us never goes back.

import (
	"context"
	"fmt"
	"math"
)

// Clock is a reading of the clocks, in microseconds: since 1970, and since boot
// with the time that the machine was suspended and without.
type Clock struct {
	Wall, Boot, Running int64
}

// Offset is when the machine booted, as the wall clock has it.
func (c Clock) Offset() int64 { return c.Wall - c.Boot }

// A ClockStep is that the wall clock was set.
type ClockStep struct {
	Clock        // the first reading after it
	By     int64 // how much it was set, microseconds; 0: it was slewed, and is noted again
	Before int64 // Boot of the last reading before it
	After  int64 // id of the last change there was at that reading; 0: there was none
	Until  int64 // id of the last change that may have been before the step; 0: not known
}

// precedes reports whether a label may be of the time after the step.
func (s ClockStep) precedes(label int64) bool {
	earliest := s.Wall - (s.Boot - s.Before) // that it showed when it had just been set
	return label > s.Wall-s.By || s.By < 0 && earliest <= label && label <= s.Wall+soonWritten
}

// soonWritten is how long changes wait to be written when there was a step, in
// microseconds.
const soonWritten = 1_000_000

// A Sleep is an interval in which the machine was suspended. Instants are
// microseconds since 1970.
type Sleep struct {
	From, To int64
}

// Steps smaller than leastStep pass for slewing, and so does what a clock that
// is slewed by one part in slewShare may have gained.
const (
	leastStep = 10_000
	slewShare = 1000
)

// StepSince returns by how much the wall clock was set since an earlier reading
// in the same boot; 0: it was not, but perhaps slewed.
func (c Clock) StepSince(before Clock) int64 {
	by := c.Offset() - before.Offset()
	if slewed := leastStep + max(0, c.Boot-before.Boot)/slewShare; c.Wall >= before.Wall && -slewed < by && by < slewed {
		return 0
	}
	return by
}

// readClock reads below what the label of the next change must not be.
func (s *Store) readClock(ctx context.Context) (err error) {
	if s.boot, err = s.w.number(ctx, `SELECT boottime_us FROM clock ORDER BY id DESC LIMIT 1`); err != nil {
		return err
	}
	set, err := s.w.number(ctx, `SELECT coalesce(max(change), 0) FROM clock_place`)
	if s.floor = s.last; set >= s.change {
		s.floor = math.MinInt64
	}
	return err
}

// appendSteps notes when the clock was set, and between which changes.
func (s *Store) appendSteps(ctx context.Context, b Batch) error {
	rest, last := b.Changes, s.change
	if len(rest) > 0 {
		last = rest[0].ID - 1
	}
	for _, step := range b.Steps {
		n := s.before(step, rest)
		if err := s.keepOrder(ctx, rest[:n]); err != nil {
			return err
		}
		if n > 0 {
			last = rest[n-1].ID
		}
		if err := s.appendStep(ctx, step, last); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return s.keepOrder(ctx, rest)
}

// before returns how many of the changes were labelled before a step. Where the
// labels go back it was set back; else a label that it may have shown since is
// taken for one that it has shown since.
func (s *Store) before(step ClockStep, changes []Change) int {
	floor := s.floor
	for n, c := range changes {
		if step.By < 0 && c.At < floor && c.ID > step.After {
			return n
		}
		floor = c.At
	}
	for n, c := range changes {
		if c.ID > step.After && (step.precedes(c.At) || step.Until != 0 && c.ID > step.Until) {
			return n
		}
	}
	return len(changes)
}

// keepOrder notes a step where the labels of changes go back though the clock
// was not seen to be set: it was set back and forth before anybody looked.
func (s *Store) keepOrder(ctx context.Context, changes []Change) error {
	for _, c := range changes {
		if c.At < s.floor {
			at := Clock{Wall: c.At, Boot: s.boot}
			if err := s.appendStep(ctx, ClockStep{Clock: at, By: c.At - s.floor}, c.ID-1); err != nil {
				return err
			}
		}
		s.floor = c.At
	}
	return nil
}

// appendStep notes a step that came right after a change.
func (s *Store) appendStep(ctx context.Context, step ClockStep, change int64) error {
	id, err := s.w.number(ctx, `INSERT INTO clock (session, at_us, boottime_us, step_us) VALUES (?, ?, ?, ?) RETURNING id`,
		s.session, step.Wall, step.Boot, step.By)
	if err != nil {
		return err
	}
	s.boot = step.Boot
	if step.By < 0 {
		s.floor, s.back = math.MinInt64, step
		for _, g := range s.open {
			g.low, g.high = min(g.low, step.Wall), max(g.high, step.Wall-step.By)
		}
	}
	if err := s.w.exec(ctx, `INSERT INTO clock_place (clock, change) VALUES (?, ?)`, id, change); err != nil {
		return err
	}
	// By the clock as it is now:
	return s.w.exec(ctx, `UPDATE session SET watched_us = ? WHERE id = ?`, step.Wall, s.session)
}

// beginClock notes how the clocks stand when a session begins, and by how much
// the wall clock was set since the last one in the same boot of the machine.
func (s *Store) beginClock(ctx context.Context, at Clock, boot string) error {
	s.boot, s.floor = at.Boot, math.MinInt64
	last := Clock{}
	found, err := s.w.numbers(ctx, `
		SELECT c.at_us, c.boottime_us FROM clock c JOIN session s ON s.id = c.session
		WHERE s.boot_id = ? AND c.id = (SELECT max(id) FROM clock)`, []any{boot}, &last.Wall, &last.Boot)
	if err != nil {
		return err
	}
	if by := at.Offset() - last.Offset(); found && (by >= noteDrift || by <= -noteDrift) && at.StepSince(last) != 0 {
		if err := s.appendStep(ctx, ClockStep{Clock: at, By: by}, s.change); err != nil {
			return err
		}
	}
	id, err := s.w.number(ctx, `INSERT INTO clock (session, at_us, boottime_us) VALUES (?, ?, ?) RETURNING id`, s.session, at.Wall, at.Boot)
	if err != nil {
		return err
	}
	return s.w.exec(ctx, `INSERT INTO clock_place (clock, change) VALUES (?, ?)`, id, s.change)
}

// noteDrift is how far the clocks may drift apart, in microseconds, until that
// is noted.
const noteDrift = 100_000

// Drifted reports whether a reading is to be noted though the clock was not
// set: it has been slewed by that much since another.
func (c Clock) Drifted(since Clock) bool {
	by := c.Offset() - since.Offset()
	return by >= noteDrift || by <= -noteDrift
}

func (s *Store) appendSleeps(ctx context.Context, sleeps []Sleep) error {
	for _, z := range sleeps {
		if err := s.w.exec(ctx, `INSERT INTO sleep (session, from_us, to_us) VALUES (?, ?, ?)`, s.session, z.From, z.To); err != nil {
			return fmt.Errorf("sleep: %w", err)
		}
	}
	return nil
}
