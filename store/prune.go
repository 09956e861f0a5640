package store

// Pruning: the oldest changes go, the state at the cut stays.
//
// A change says what it ended, so the state right after the last change that is
// removed is told by those that follow, and by the table now: nothing has to be
// written for it, and every instant after the cut is answered as before. What
// else the removed changes told and answers need is kept in arrival: which of
// them brought an object, and when. The table pruned says where the cut is.
//
// All is done in steps, each a transaction that leaves a file which holds
// together, so that whoever records can do one between two batches, and a kill
// between two steps loses nothing. Changes are removed from the beginning on
// (this file). States, objects and actors that nothing refers to any more are
// then found by a walk over what is left (sweep.go), and free pages are given
// back to the file system (space.go). How many rows a step takes follows from
// how long the last ones took (pace).

import (
	"context"
	"fmt"
	"time"
)

// stepTime is what a step is to take: a fifth of the 50 ms that recording may
// be held up.
const stepTime = 10 * time.Millisecond

// pace is how many rows a step takes. It follows the time of a row slowly, as
// one step in many carries a checkpoint.
type pace struct {
	rows int64
}

const (
	fewestRows = 16
	mostRows   = 20_000
)

// took adapts the pace after a step of so many rows.
func (p *pace) took(rows int64, d time.Duration) {
	switch {
	case d > stepTime:
		p.rows = max(p.rows/2, p.rows*int64(stepTime)/int64(d), fewestRows)
	case rows >= p.rows && d < stepTime/2:
		p.rows = min(p.rows+p.rows/4+1, mostRows)
	}
}

// cut is where what is left begins.
type cut struct {
	change int64 // the last that was removed, 0: none was
	at     int64 // microseconds since 1970
	swept  int64
}

// readCut reads where the recording begins.
func (s *Store) readCut(ctx context.Context) (c cut, err error) {
	if c.change, err = s.w.number(ctx, `SELECT change FROM pruned`); err != nil || c.change == 0 {
		return c, err
	}
	if c.at, err = s.w.number(ctx, `SELECT at_us FROM pruned`); err != nil {
		return c, err
	}
	c.swept, err = s.w.number(ctx, `SELECT swept FROM pruned`)
	return c, err
}

// moveCut removes the changes up to one, which is not the last there is, and
// notes that what is left begins at an instant.
func (s *Store) moveCut(ctx context.Context, from cut, change, at int64) error {
	return s.w.transaction(ctx, func() error {
		if from.change == 0 {
			if err := s.w.exec(ctx, `INSERT INTO pruned SELECT 0, 0, ifnull(min(started_us), 0), 0 FROM session`); err != nil {
				return err
			}
		}
		for _, step := range []struct {
			sql  string
			args []any
		}{
			{keepArrivals, []any{change}},
			{`DELETE FROM change WHERE id <= ?`, []any{change}},
			{`DELETE FROM dating WHERE last_change <= ?`, []any{change}},
			{`UPDATE dating SET first_change = ?1 + 1 WHERE first_change <= ?1`, []any{change}},
			{`UPDATE pruned SET change = ?, at_us = ?`, []any{change, at}},
		} {
			if err := s.w.exec(ctx, step.sql, step.args...); err != nil {
				return fmt.Errorf("prune: %w", err)
			}
		}
		return nil
	})
}

// keepArrivals notes of changes that are about to be removed what is to be
// remembered of their objects. 0 in came says that a change neither brought the
// object nor took it away.
const keepArrivals = `
	INSERT INTO arrival (object, came, at_us, not_after_us, how, last)
	SELECT c.object, CASE WHEN c.state IS NULL THEN NULL WHEN c.was IS NULL THEN c.id ELSE 0 END, c.at_us,
		CASE WHEN c.was IS NULL THEN (
			SELECT d.not_after_us FROM dating d WHERE d.last_change >= c.id AND d.first_change = (
				SELECT x.first_change FROM dating x WHERE x.first_change <= c.id ORDER BY x.first_change DESC LIMIT 1)) END,
		c.how, c.id
	FROM change c
	WHERE c.id <= ?
	ORDER BY c.id
	ON CONFLICT (object) DO UPDATE SET
		came = CASE WHEN excluded.came = 0 THEN came ELSE excluded.came END,
		at_us = CASE WHEN excluded.came = 0 THEN at_us ELSE excluded.at_us END,
		not_after_us = CASE WHEN excluded.came = 0 THEN not_after_us ELSE excluded.not_after_us END,
		how = CASE WHEN excluded.came = 0 THEN how ELSE excluded.how END,
		last = excluded.last`

// tidy removes the sessions and gaps that lie before the cut, and what the
// clock did in those sessions. The last session that was ready before the cut
// stays: it tells what was recorded at the cut, and where the next begins. Where
// the clock was set back since, what it showed then twice stays as well.
func (s *Store) tidy(ctx context.Context, c cut) error {
	return s.w.transaction(ctx, func() error {
		at, err := s.w.number(ctx, `SELECT min(?1, ifnull(min(at_us), ?1)) FROM clock_place p JOIN clock k ON k.id = p.clock WHERE p.change >= ?2`, c.at, c.change)
		if err != nil {
			return err
		}
		for _, sql := range []string{
			`DELETE FROM gap WHERE max(from_us, to_us) <= ? AND id NOT IN (SELECT gap FROM dating WHERE gap IS NOT NULL)`,
			`DELETE FROM session WHERE id < (SELECT max(id) FROM session WHERE ready_us <= ?) AND id NOT IN (SELECT session FROM gap)
				AND NOT EXISTS (SELECT 1 FROM actor a WHERE a.session = session.id)`,
		} {
			if err := s.w.exec(ctx, sql, at); err != nil {
				return fmt.Errorf("prune: %w", err)
			}
		}
		for _, table := range []string{"clock", "sleep", "health"} {
			if err := s.w.exec(ctx, `DELETE FROM `+table+` WHERE session NOT IN (SELECT id FROM session)`); err != nil {
				return err
			}
		}
		return s.w.exec(ctx, `DELETE FROM clock_place WHERE clock NOT IN (SELECT id FROM clock)`)
	})
}
