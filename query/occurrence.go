package query

// Instants that occurred twice. The wall clock may be set back while a recording
// goes on, or show less when a session begins than when the last one ended: a
// machine without a battery boots in 1970. Then an instant is not one place in
// the order of changes. The timeline falls into stretches, between which the
// clock was set, and within which the labels of changes never go back. An instant
// is looked for in each stretch; the latest place where it was is the answer,
// and a warning names the others. Where the clock was never set back none of
// this is needed, and the index of at_us finds an instant.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A stretch is a part of the timeline in which the clock was not set. Its
// changes have ids above after, up to last.
type stretch struct {
	session     int64
	after, last int64
	from, to    int64 // what the clock showed, but for the end, microseconds since 1970
}

// A step is that the clock was set between two changes.
type step struct{ after, by int64 }

// stretchRows lists what the clock showed at the beginning of stretches, and
// at the end of the one before: by how much it was set tells, or between
// sessions until when the earlier one is known to have watched.
const stretchRows = `
	SELECT c.session, c.at_us, ifnull(c.step_us, 0), ifnull(p.change, -1),
		ifnull(s.ready_us, 0), coalesce(s.ended_us, s.watched_us, s.ready_us, s.started_us)
	FROM clock c JOIN session s ON s.id = c.session LEFT JOIN clock_place p ON p.clock = c.id
	ORDER BY c.id`

// readStretches reads the stretches, and leaves none where the clock was never
// set back.
func (l *timeline) readStretches(ctx context.Context) (err error) {
	text := stretchRows
	if noted, err := l.number(ctx, `SELECT count(*) FROM pragma_table_info('session') WHERE name = 'watched_us'`); err != nil || noted == 0 {
		text = strings.ReplaceAll(text, "s.watched_us, ", "") // an older nlrec made it
	}
	rows, err := l.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var placed, unplaced []stretch
	var watched, reach int64 // until when the session before is known to have, and what an older nlrec saw
	back := false
	for rows.Next() {
		var s stretch
		var by, ready, until int64
		if err := rows.Scan(&s.session, &s.from, &by, &s.after, &ready, &until); err != nil {
			return err
		}
		if s.after < 0 {
			back = back || by < 0 || s.from < reach
			unplaced, reach = append(unplaced, s), max(reach, s.from, until)
			continue
		}
		if by != 0 {
			l.steps = append(l.steps, step{s.after, by})
		}
		if n := len(placed); n > 0 {
			placed[n-1].last = s.after
			if placed[n-1].to = watched + 1; placed[n-1].session == s.session {
				placed[n-1].to = s.from - by
			}
		}
		watched = until
		placed = append(placed, s)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n := len(placed); n > 0 {
		placed[n-1].to, placed[n-1].last = watched+1, math.MaxInt64
	}
	return l.joinStretches(ctx, unplaced, back, placed)
}

// joinStretches puts what an older nlrec recorded before the rest, and corrects
// the bounds by what the changes bear. back: the older one saw the clock set back.
func (l *timeline) joinStretches(ctx context.Context, unplaced []stretch, back bool, placed []stretch) (err error) {
	all := placed
	if back {
		end := int64(math.MaxInt64)
		if len(placed) > 0 {
			end = placed[0].after
		}
		older, err := l.findStretches(ctx, end)
		if err != nil {
			return err
		}
		all = append(older, placed...)
	} else if len(unplaced) > 0 {
		older := stretch{session: unplaced[0].session, from: unplaced[0].from, last: math.MaxInt64}
		if len(placed) > 0 {
			older.last = placed[0].after
		}
		all = append([]stretch{older}, placed...)
	}
	for i := range all {
		if err := l.correct(ctx, &all[i]); err != nil {
			return err
		}
	}
	if n := len(all); n > 0 && l.recording {
		all[n-1].to = max(all[n-1].to, l.now.UnixMicro()+1)
	}
	if !wentBack(all) {
		return nil
	}
	l.stretches = all
	return l.readReach(ctx)
}

// wentBack reports whether a stretch begins earlier than the one before it
// ended.
func wentBack(stretches []stretch) bool {
	reach := int64(math.MinInt64)
	for _, s := range stretches {
		if s.from < reach {
			return true
		}
		reach = max(s.to-1, s.from)
	}
	return false
}

// findStretches finds stretches by the labels of the changes until one, as
// recordings of older schemas do not tell them.
func (l *timeline) findStretches(ctx context.Context, end int64) (found []stretch, err error) {
	rows, err := l.QueryContext(ctx, `
		SELECT id, at_us FROM (SELECT id, at_us, lag(at_us) OVER (ORDER BY id) AS before FROM change WHERE id <= ?)
		WHERE before IS NULL OR at_us < before`, end)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		s := stretch{last: end}
		if err := rows.Scan(&s.after, &s.from); err != nil {
			return nil, err
		}
		s.after--
		if n := len(found); n > 0 {
			found[n-1].last = s.after
		}
		found = append(found, s)
	}
	return found, rows.Err()
}

// correct widens a stretch to what its changes bear.
func (l *timeline) correct(ctx context.Context, s *stretch) error {
	first, err := l.number(ctx, `SELECT at_us FROM change WHERE id > ? AND id <= ? ORDER BY id LIMIT 1`, s.after, s.last)
	if err != nil {
		return err
	}
	last, err := l.number(ctx, `SELECT at_us FROM change WHERE id > ? AND id <= ? ORDER BY id DESC LIMIT 1`, s.after, s.last)
	if first != 0 {
		s.from, s.to = min(s.from, first), max(s.to, last+1)
	}
	s.to = max(s.from, s.to)
	return err
}

// readReach finds what the recording covers where the clock was set back: the
// first stretch counts from its first whole dump.
func (l *timeline) readReach(ctx context.Context) (err error) {
	if l.first == 0 {
		return nil
	}
	text := `SELECT ready_us FROM session WHERE ready_us IS NOT NULL ORDER BY id LIMIT 1`
	if l.pruned != 0 {
		text = `SELECT at_us FROM pruned`
		last := len(l.stretches) - 1
		l.stretches = append(slices.DeleteFunc(l.stretches[:last:last], func(s stretch) bool { return s.last <= l.pruned }), l.stretches[last])
	}
	if l.first, err = l.number(ctx, text); err != nil {
		return err
	}
	l.stretches[0].from = max(l.stretches[0].from, l.first)
	l.last = l.stretches[len(l.stretches)-1].to - 1
	return nil
}

// occurrences finds every place where an instant was, in the order of events.
// Where the clock never showed it, or nobody recorded, that is the last place
// where it went over it.
func (l *timeline) occurrences(ctx context.Context, at int64) (found []Moment, err error) {
	over := -1
	for i, s := range l.stretches {
		if s.from <= at && at < s.to {
			m, err := l.within(ctx, s, at)
			if err != nil {
				return nil, err
			}
			found = append(found, m)
		}
		if i+1 < len(l.stretches) && s.to <= at && at < l.stretches[i+1].from {
			over = i
		}
	}
	if len(found) == 0 && over >= 0 {
		m, err := l.within(ctx, l.stretches[over], at)
		return []Moment{m}, err
	}
	return found, nil
}

// within finds the last change of a stretch until an instant, or the last
// before the stretch. Labels do not go back within it, so halving finds it,
// also where ids lack.
func (l *timeline) within(ctx context.Context, s stretch, at int64) (Moment, error) {
	last, err := l.number(ctx, `SELECT max(id) FROM change WHERE id <= ?`, s.last)
	low, high := s.after, max(last, s.after) // the id sought is not below low, nor above high
	for low < high && err == nil {
		middle := low + (high-low+1)/2
		var label int64
		if label, err = l.number(ctx, `SELECT at_us FROM change WHERE id <= ? ORDER BY id DESC LIMIT 1`, middle); label <= at {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return Moment{At: at, Change: max(low, l.pruned)}, err
}

// placeOf finds the last change until an instant that a session noted.
func (l *timeline) placeOf(ctx context.Context, session, at int64) (int64, error) {
	var before int64
	for i := len(l.stretches) - 1; i >= 0; i-- {
		switch s := l.stretches[i]; {
		case s.session > session:
		case s.from <= at && (s.session == session || at < s.to):
			m, err := l.within(ctx, s, at)
			return m.Change, err
		case s.session == session:
			before = s.after
		}
	}
	return before, nil
}

// sessionAt returns the last session that was ready at a moment.
func (l *timeline) sessionAt(ctx context.Context, m *Moment) (int64, error) {
	last := int64(math.MaxInt64)
	for _, s := range l.stretches {
		if s.after < m.Change {
			last = s.session
		}
	}
	if l.stretches == nil {
		return l.number(ctx, `SELECT max(id) FROM session WHERE ready_us <= ?`, m.At)
	}
	return l.number(ctx, `SELECT max(id) FROM session WHERE ready_us IS NOT NULL AND id <= ?`, last)
}

// findStretched finds an instant where the clock was set back.
func (l *timeline) findStretched(ctx context.Context, text string, i Instant) (*Moment, error) {
	found, err := l.occurrences(ctx, i.At)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, l.outside(text, i.At)
	}
	m := found[len(found)-1]
	if i.session != 0 {
		m.Change, err = l.placeOf(ctx, i.session, i.At)
	}
	return &m, err
}

// warnOfSteps says when the clock showed an instant more than once, and how to
// ask about the other times; or that it never did.
func (l *timeline) warnOfSteps(ctx context.Context, i Instant) error {
	if i.Change != 0 || i.session != 0 {
		return nil
	}
	from, err := l.number(ctx, `SELECT at_us - step_us FROM clock WHERE step_us > 0 AND at_us - step_us < ?1 AND ?1 < at_us ORDER BY id DESC LIMIT 1`, i.At)
	if err != nil {
		return err
	}
	if l.stretches == nil {
		if from != 0 {
			l.warnOnce(l.neverShown(i.At, from))
		}
		return nil
	}
	found, err := l.occurrences(ctx, i.At)
	switch {
	case err != nil || len(found) == 0:
	case len(found) > 1:
		l.warnOnce(l.shownAgain(found))
	case from != 0 && !l.shows(i.At):
		l.warnOnce(l.neverShown(i.At, from))
	}
	return err
}

// shows reports whether the clock ever showed an instant.
func (l *timeline) shows(at int64) bool {
	for _, s := range l.stretches {
		if s.from <= at && at < s.to {
			return true
		}
	}
	return false
}

func (l *timeline) neverShown(at, from int64) string {
	return fmt.Sprintf("the clock was set forward from %s over %s, which it never showed; this is what was then", FormatTime(from, l.loc), FormatTime(at, l.loc))
}

func (l *timeline) shownAgain(found []Moment) string {
	last := found[len(found)-1]
	times := "twice: this is the later time"
	if len(found) > 2 {
		times = fmt.Sprintf("%d times: this is the last", len(found))
	}
	var others []string
	for _, m := range found[:len(found)-1] {
		others = append(others, fmt.Sprintf("'#%d'", m.Change))
	}
	text := fmt.Sprintf("the clock was set back and showed %s %s, after change #%d; ", FormatTime(last.At, l.loc), times, last.Change)
	if found[0].Change == last.Change {
		return text + "nothing changed in between"
	}
	return text + "for the earlier ask --at " + strings.Join(others, ", ")
}

// elapsed is how much time went by between two changes, or since one where the
// second is 0, whatever the clock was set to meanwhile.
func (l *timeline) elapsed(from, fromAt, to, toAt int64) int64 {
	span := toAt - fromAt
	for _, s := range l.steps {
		if from <= s.after && s.after < cmp.Or(to, int64(math.MaxInt64)) {
			span -= s.by
		}
	}
	return max(0, span)
}
