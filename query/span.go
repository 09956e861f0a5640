package query

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Span is which part of the timeline is asked for. Its texts are instants as
// for ParseInstant, or empty. Both ends belong to it.
type Span struct {
	Since, Until string
	Around       string // an instant, and behind a comma how far around it
	Cursor       string // the change where it begins
	AfterCursor  string // the change after which it begins
	Boot         string // what is of this boot, as for IsBoot; empty: of all
}

// aroundSpan is how far around an instant is looked, where nothing else is said.
const aroundSpan = time.Minute

// An end is one end of a span: an instant, or a change and when that came.
type end struct {
	byChange bool
	first    int64 // of byChange: the first change of a span that begins here
	last     int64 // the last one of a span that ends here
	at       int64
}

// bound finds which changes a span has. What of it lies outside of the
// recording is empty.
func (c *Changes) bound(ctx context.Context, s Span) (walk, error) {
	w := walk{from: math.MinInt64, to: math.MaxInt64}
	first, err := c.number(ctx, `SELECT min(id) FROM change`)
	if err != nil {
		return w, err
	}
	last, err := c.number(ctx, `SELECT max(id) FROM change`)
	if err != nil {
		return w, err
	}
	w.first, w.last = max(first, 1), last
	stepped := c.stretches != nil
	w.stepped = stepped
	if err := c.boundByTime(ctx, s, &w); err != nil {
		return w, err
	}
	if err := c.boundByBoot(ctx, s.Boot, stepped, &w); err != nil {
		return w, err
	}
	return w, c.boundByCursor(s, stepped, &w)
}

func (c *Changes) boundByTime(ctx context.Context, s Span, w *walk) error {
	since, until, err := c.ends(ctx, s)
	if err != nil {
		return err
	}
	if since != nil {
		if w.from = since.at; since.byChange {
			w.first = max(w.first, since.first)
		}
	}
	if until != nil {
		if w.to = until.at; until.byChange {
			w.last = min(w.last, until.last)
		}
	}
	if (since == nil || since.byChange) && (until == nil || until.byChange) {
		w.stepped = false // ids tell it all
		return nil
	}
	return c.narrow(ctx, w)
}

// narrow finds the ids of the first and the last change between the instants.
func (c *Changes) narrow(ctx context.Context, w *walk) error {
	firstText, lastText := `SELECT id FROM change WHERE at_us BETWEEN ? AND ? ORDER BY at_us, id LIMIT 1`,
		`SELECT id FROM change WHERE at_us BETWEEN ? AND ? ORDER BY at_us DESC, id DESC LIMIT 1`
	if w.stepped {
		firstText, lastText = `SELECT min(id) FROM change WHERE at_us BETWEEN ? AND ?`, `SELECT max(id) FROM change WHERE at_us BETWEEN ? AND ?`
	}
	first, err := c.number(ctx, firstText, w.from, w.to)
	if err != nil {
		return err
	}
	last, err := c.number(ctx, lastText, w.from, w.to)
	if err == nil && first == 0 { // none: an empty walk where they would be
		before, err := c.number(ctx, `SELECT id FROM change WHERE at_us < ? ORDER BY at_us DESC, id DESC LIMIT 1`, w.from)
		w.first, w.last = max(w.first, before+1), min(w.last, before)
		return err
	}
	w.first, w.last = max(w.first, first), min(w.last, last)
	return err
}

// ends finds the ends of a span; nil: it has none there.
func (c *Changes) ends(ctx context.Context, s Span) (since, until *end, err error) {
	if s.Around != "" {
		text, span := cutSpan(s.Around)
		at, err := c.end(ctx, text)
		if err != nil {
			return nil, nil, err
		}
		return &end{at: at.at - span.Microseconds()}, &end{at: at.at + span.Microseconds()}, nil
	}
	if s.Since != "" {
		if since, err = c.end(ctx, s.Since); err != nil {
			return nil, nil, err
		}
	}
	if s.Until != "" {
		until, err = c.end(ctx, s.Until)
	}
	return since, until, err
}

// cutSpan parts an instant from how far around it is looked.
func cutSpan(text string) (instant string, span time.Duration) {
	if i := strings.LastIndex(text, ","); i >= 0 {
		if d, err := ParseSpan(strings.TrimLeft(text[i+1:], " ±+-")); err == nil {
			return text[:i], d
		}
	}
	return text, aroundSpan
}

// end finds an instant, which may lie outside of the recording.
func (c *Changes) end(ctx context.Context, text string) (*end, error) {
	i, err := ParseInstant(text, c.now, c.loc)
	if err != nil {
		return nil, err
	}
	if i.Change == 0 {
		if i, err = c.settle(ctx, text, i); err != nil {
			return nil, err
		}
		return &end{at: i.At}, c.warnOfSteps(ctx, i)
	}
	at, err := c.number(ctx, `SELECT at_us FROM change WHERE id = ?`, i.Change)
	if err == nil && at == 0 {
		_, err = c.findChange(ctx, text, i) // words why not
	}
	e := &end{byChange: true, first: i.Change, last: i.Change, at: at}
	if i.Before {
		e.last--
	}
	return e, err
}

// boundByCursor leaves out what was told before a cursor: of the gaps, those that
// began before its change. Where the clock was set back, that cannot be told.
func (c *Changes) boundByCursor(s Span, stepped bool, w *walk) error {
	for _, cursor := range []struct {
		text string
		skip int64
	}{{s.Cursor, 0}, {s.AfterCursor, 1}} {
		if cursor.text == "" {
			continue
		}
		id, err := c.parseCursor(cursor.text)
		if err != nil {
			return err
		}
		w.first = max(w.first, id+cursor.skip)
		if !stepped {
			w.gapsAfter = id
		}
	}
	return nil
}

// cursor is the text that names a change of this recording, and of no other.
// It stays the same whatever is recorded later.
func (c *Changes) cursor(id int64) string { return fmt.Sprintf("%d.%x", id, c.began) }

func (c *Changes) parseCursor(text string) (int64, error) {
	m := regexp.MustCompile(`^(\d+)\.[0-9a-f]+$`).FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%s: %w", Visible(text), ErrCursor)
	}
	id, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", Visible(text), ErrCursor)
	}
	if c.cursor(id) != text {
		return 0, fmt.Errorf("%s: %w of this recording", text, ErrCursor)
	}
	return id, nil
}
