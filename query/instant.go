package query

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// An Instant is a point of the timeline: right after a change, or by the wall
// clock.
type Instant struct {
	Change int64 // id of the change; 0: At counts
	At     int64 // microseconds since 1970
}

// ParseInstant reads an instant as people write it: RFC 3339, the same without
// a zone for local time, a date for its midnight, "-1h30m" or "10m ago", "now",
// "@" and seconds since 1970, "#" and the id of a change. It fails with
// ErrInstant, and then names both readings of a local time that a change of
// the clocks makes ambiguous.
func ParseInstant(text string, now time.Time, loc *time.Location) (Instant, error) {
	s := strings.TrimSpace(text)
	switch {
	case s == "now":
		return Instant{At: now.UnixMicro()}, nil
	case strings.HasPrefix(s, "#"):
		return parseChange(text, s[1:])
	case strings.HasPrefix(s, "@"):
		return parseUnix(text, s[1:])
	case strings.HasPrefix(s, "-"):
		return parseSpan(text, s[1:], now)
	case strings.HasSuffix(s, "ago"):
		return parseSpan(text, strings.TrimSuffix(s, "ago"), now)
	}
	return parseWall(text, s, loc)
}

func noInstant(text, why string) error {
	return fmt.Errorf("%s: %w: %s", Visible(text), ErrInstant, why)
}

func parseChange(text, digits string) (Instant, error) {
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id <= 0 {
		return Instant{}, noInstant(text, "the id of a change is expected after #")
	}
	return Instant{Change: id}, nil
}

func parseUnix(text, s string) (Instant, error) {
	m := regexp.MustCompile(`^(-?)(\d{1,12})(?:\.(\d+))?$`).FindStringSubmatch(s)
	if m == nil {
		return Instant{}, noInstant(text, "seconds since 1970 are expected after @")
	}
	us, err := strconv.ParseInt(m[1]+m[2]+(m[3] + "000000")[:6], 10, 64)
	if err != nil {
		return Instant{}, noInstant(text, "the number is too large")
	}
	return Instant{At: us}, nil
}

// spans are the units of a span in microseconds.
var spans = map[string]float64{
	"us": 1, "µs": 1, "μs": 1, "ms": 1e3, "s": 1e6, "m": 60e6, "min": 60e6, "h": 3600e6, "d": 24 * 3600e6, "w": 7 * 24 * 3600e6,
}

// maxSpan keeps the arithmetic on instants far from overflow; it is about 3000 years.
const maxSpan = 1e17

func parseSpan(text, s string, now time.Time) (Instant, error) {
	part := regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([a-zµμ]+)\s*`)
	total, rest := 0.0, strings.TrimSpace(s)
	for first := true; first || rest != ""; first = false {
		m := part.FindStringSubmatch(rest)
		if m == nil || spans[m[2]] == 0 {
			return Instant{}, noInstant(text, "a span is a number and one of us, ms, s, m, h, d, w")
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if total += n * spans[m[2]]; err != nil || total > maxSpan {
			return Instant{}, noInstant(text, "the span is too long")
		}
		rest = rest[len(m[0]):]
	}
	return Instant{At: now.UnixMicro() - int64(total)}, nil
}

func parseWall(text, s string, loc *time.Location) (Instant, error) {
	s = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[ Tt] *(\d)`).ReplaceAllString(s, "${1}T$2")
	s = regexp.MustCompile(` +([-+Zz])`).ReplaceAllString(s, "$1")
	s = strings.Replace(s, "z", "Z", 1)
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return Instant{At: t.UnixMicro()}, nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return localInstant(text, t, loc)
		}
	}
	return Instant{}, noInstant(text, "neither a time, nor a span, nor #change")
}

// localInstant finds the instant at which the clocks of a place show what t
// shows in UTC.
func localInstant(text string, t time.Time, loc *time.Location) (Instant, error) {
	var shown, all []time.Time
	for _, offset := range offsetsAround(t, loc) {
		c := t.Add(-offset)
		all = append(all, c.In(time.FixedZone("", int(offset/time.Second))))
		if _, o := c.In(loc).Zone(); time.Duration(o)*time.Second == offset {
			shown = append(shown, c)
		}
	}
	switch {
	case len(shown) == 1:
		return Instant{At: shown[0].UnixMicro()}, nil
	case len(shown) == 0:
		return Instant{}, noInstant(text, "the clocks were set forward over it: "+readings(all, loc))
	}
	return Instant{}, noInstant(text, "the clocks showed it twice: "+readings(shown, loc))
}

// offsetsAround lists the offsets from UTC that hold in a place within a day
// of t, the earliest first.
func offsetsAround(t time.Time, loc *time.Location) []time.Duration {
	var found []time.Duration
	for at, end := t.Add(-24*time.Hour).In(loc), t.Add(24*time.Hour); at.Before(end); {
		_, seconds := at.Zone()
		if offset := time.Duration(seconds) * time.Second; len(found) == 0 || found[len(found)-1] != offset {
			found = append(found, offset)
		}
		_, next := at.ZoneBounds()
		if next.IsZero() {
			break
		}
		at = next
	}
	return found
}

func readings(times []time.Time, loc *time.Location) string {
	var texts []string
	for _, t := range times {
		texts = append(texts, FormatTime(t.UnixMicro(), loc))
	}
	return strings.Join(texts, " or ")
}

// FormatTime writes an instant for people, so that ParseInstant reads it back:
// RFC 3339 with microseconds, in a place's time.
func FormatTime(us int64, loc *time.Location) string {
	return time.UnixMicro(us).In(loc).Format("2006-01-02T15:04:05.000000Z07:00")
}

// FormatAge writes how long ago an instant was, so that ParseInstant reads it
// back: its two largest units.
func FormatAge(age time.Duration) string { return FormatSpan(age) + " ago" }

// FormatSpan writes a span with its two largest units; below a second there is
// but one.
func FormatSpan(d time.Duration) string {
	units := []struct {
		name string
		unit time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}
	for i, u := range units {
		if d < u.unit {
			continue
		}
		text := strconv.FormatInt(int64(d/u.unit), 10) + u.name
		if rest := d % u.unit; i < 3 && rest >= units[i+1].unit {
			text += strconv.FormatInt(int64(rest/units[i+1].unit), 10) + units[i+1].name
		}
		return text
	}
	return "0s"
}
