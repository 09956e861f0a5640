package query

// The boots of the machine that a recording has. One begins with the first
// session that noted its id: what went before that session is not known of the
// network. It ends when its last session does, or, if that was killed, with the
// session after it.

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Boot is what is recorded of one run of the machine. Instants are
// microseconds since 1970.
type Boot struct {
	Index  int64  // 0: the last, -1: the one before it
	ID     string // as journalctl(1) writes it
	From   int64  // when its first dump was complete
	To     int64  // until when it was watched
	begins int64  // when its first session did
	first  int64  // id of its first session
	ends   int64  // before which there is nothing of another boot
}

// Boots lists the boots, the oldest first.
func (l *timeline) Boots(ctx context.Context) (boots []Boot, err error) {
	rows, err := l.QueryContext(ctx, `
		SELECT boot_id, min(id), min(started_us), min(ready_us), max(max(coalesce(ended_us, 0), coalesce(watched_us, 0), ready_us))
		FROM session WHERE ready_us IS NOT NULL GROUP BY boot_id ORDER BY min(id)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var b Boot
		if err := rows.Scan(&b.ID, &b.first, &b.begins, &b.From, &b.To); err != nil {
			return nil, err
		}
		b.From = max(b.From, l.begins())
		b.To = max(b.To, b.From)
		b.ID, b.ends = strings.ReplaceAll(b.ID, "-", ""), math.MaxInt64
		if n := len(boots); n > 0 {
			boots[n-1].ends = max(boots[n-1].To, b.begins-1) // which is earlier where the clock was set back
		}
		boots = append(boots, b)
	}
	for i := range boots {
		boots[i].Index = int64(i - len(boots) + 1)
	}
	if n := len(boots); n > 0 {
		boots[n-1].To = max(boots[n-1].To, l.last)
	}
	return boots, rows.Err()
}

// findBoot finds a boot by its index, 0 or less.
func (l *timeline) findBoot(ctx context.Context, text string, index int64) (Boot, error) {
	boots, err := l.Boots(ctx)
	if err != nil {
		return Boot{}, err
	}
	return chooseBoot(text, boots, int64(len(boots))-1+index)
}

func chooseBoot(text string, boots []Boot, place int64) (Boot, error) {
	if place < 0 || place >= int64(len(boots)) {
		return Boot{}, hinted{fmt.Errorf("%s: %w: so many boots are not recorded", Visible(text), ErrOutside), "nlrec log --list-boots"}
	}
	return boots[place], nil
}

// IsBoot reports whether a text may say which boot is meant, as after the flag
// -b of journalctl(1).
func IsBoot(text string) bool { return bootText.MatchString(text) }

var bootText = regexp.MustCompile(`^(all|[+-]?\d{1,9}|([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})([+-]\d{1,9})?)$`)

// parseBoots finds what the flag -b of journalctl(1) means: 0 and what is less
// counts from the last boot, 1 and what is more from the first, and a number
// behind an id from that.
func (l *timeline) parseBoots(ctx context.Context, text string) (Boot, error) {
	m := bootText.FindStringSubmatch(text)
	if m == nil {
		return Boot{}, noInstant(text, "a boot is its id, or a number: 0 the last, -1 the one before it, 1 the first")
	}
	boots, err := l.Boots(ctx)
	if err != nil {
		return Boot{}, err
	}
	id, offset := strings.ReplaceAll(m[2], "-", ""), m[3]
	if id == "" {
		offset = text
	}
	n, _ := strconv.ParseInt("0"+strings.TrimLeft(offset, "+-"), 10, 64) // it has few digits
	if strings.HasPrefix(offset, "-") {
		n = -n
	}
	place := n - 1
	switch {
	case id != "":
		i := slices.IndexFunc(boots, func(b Boot) bool { return b.ID == id })
		if i < 0 {
			return Boot{}, hinted{fmt.Errorf("%s: %w: there is no such boot in it", text, ErrOutside), "nlrec log --list-boots"}
		}
		place = int64(i) + n
	case n <= 0:
		place = int64(len(boots)) - 1 + n
	}
	return chooseBoot(text, boots, place)
}

// boundByBoot leaves of a walk what is of a boot.
func (c *Changes) boundByBoot(ctx context.Context, text string, stepped bool, w *walk) error {
	if text == "" || text == "all" {
		return nil
	}
	b, err := c.parseBoots(ctx, text)
	if err != nil {
		return err
	}
	if stepped {
		return c.boundBySessions(ctx, b, w)
	}
	w.from, w.to, w.stepped = max(w.from, b.begins), min(w.to, b.ends), stepped
	return c.narrow(ctx, w)
}

// boundBySessions leaves of a walk what the sessions of a boot have recorded,
// whatever the clock showed.
func (c *Changes) boundBySessions(ctx context.Context, b Boot, w *walk) error {
	next, err := c.number(ctx, `SELECT ifnull((SELECT min(id) FROM session WHERE ready_us IS NOT NULL AND id > ?1
		AND boot_id <> (SELECT boot_id FROM session WHERE id = ?1)), 9223372036854775807)`, b.first)
	for _, s := range c.stretches {
		if s.session < b.first {
			w.first = max(w.first, s.last+1)
		}
		if s.session >= next {
			w.last = min(w.last, s.after)
		}
	}
	return err
}

// bootJSON is a Boot as JSON.
type bootJSON struct {
	Index  int64  `json:"index"`
	ID     string `json:"boot_id"`
	From   string `json:"from"`
	FromUS int64  `json:"from_us"`
	To     string `json:"to"`
	ToUS   int64  `json:"to_us"`
}

// Boot returns a Boot as a value for package json.
func (e *Encoder) Boot(b Boot) any {
	return bootJSON{b.Index, b.ID, FormatTime(b.From, e.loc), b.From, FormatTime(b.To, e.loc), b.To}
}
