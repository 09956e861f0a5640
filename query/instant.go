package query

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// An Instant is a point of the timeline: right after a change, by the wall
// clock, or by a name that only a recording gives a meaning.
type Instant struct {
	Change int64  // id of the change; 0: the others count
	Before bool   // right before the change
	Mark   string // first, last or boot; "": At counts
	Back   int64  // of boot: how many boots before the last
	At     int64  // microseconds since 1970

	session int64 // that noted it; 0: any
}

// ParseInstant reads an instant as people write it, which is what
// systemd.time(7) and RFC 3339 have and more:
//
//	2026-05-01T12:00:00+02:00          also with a space; seconds and fractions may lack
//	2026-05-01 12:00, 2026-05-01       at the place; a date is its midnight
//	2026-05-01 12:00 UTC               in a zone: UTC, Europe/Berlin, or as the place calls it
//	Fri 2026-05-01 12:00               on that day of the week
//	12:00, today, yesterday 12:00, tomorrow
//	now, -1h30m, 10m ago, +5min
//	@1777629600.5                      seconds since 1970
//	#12345, #12345^                    right after a change, right before it
//	first, last, boot, boot-1          of what is recorded; a boot of the machine
//
// It fails with ErrInstant, and then names both readings of a local time that a
// change of the clocks makes ambiguous.
func ParseInstant(text string, now time.Time, loc *time.Location) (Instant, error) {
	s := strings.TrimSpace(text)
	switch {
	case s == "now":
		return Instant{At: now.UnixMicro()}, nil
	case s == "first" || s == "last":
		return Instant{Mark: s}, nil
	case strings.HasPrefix(s, "boot"):
		return parseBoot(text, s[len("boot"):])
	case strings.HasPrefix(s, "#"):
		return parseChange(text, s[1:])
	case strings.HasPrefix(s, "@"):
		return parseUnix(text, s[1:])
	case strings.HasPrefix(s, "-"):
		return parseSpan(text, s[1:], now, -1)
	case strings.HasPrefix(s, "+"):
		return parseSpan(text, s[1:], now, +1)
	case strings.HasSuffix(s, "ago"):
		return parseSpan(text, strings.TrimSuffix(s, "ago"), now, -1)
	}
	return parseWall(text, s, now, loc)
}

func noInstant(text, why string) error {
	return fmt.Errorf("%s: %w: %s", Visible(text), ErrInstant, why)
}

func parseBoot(text, back string) (Instant, error) {
	m := regexp.MustCompile(`^(?:-(\d{1,9}))?$`).FindStringSubmatch(back)
	if m == nil {
		return Instant{}, noInstant(text, "boot or boot-1 is expected")
	}
	n, _ := strconv.ParseInt("0"+m[1], 10, 64) // it has few digits
	return Instant{Mark: "boot", Back: n}, nil
}

func parseChange(text, digits string) (Instant, error) {
	digits, before := strings.CutSuffix(digits, "^")
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id <= 0 {
		return Instant{}, noInstant(text, "the id of a change is expected after #")
	}
	return Instant{Change: id, Before: before}, nil
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

// spans are the units of a span in microseconds; months and years are those of
// systemd.time(7).
var spans = map[string]float64{
	"us": 1, "µs": 1, "μs": 1, "usec": 1, "ms": 1e3, "msec": 1e3,
	"s": 1e6, "sec": 1e6, "second": 1e6, "seconds": 1e6,
	"m": 60e6, "min": 60e6, "minute": 60e6, "minutes": 60e6,
	"h": 3600e6, "hr": 3600e6, "hour": 3600e6, "hours": 3600e6,
	"d": 24 * 3600e6, "day": 24 * 3600e6, "days": 24 * 3600e6,
	"w": 7 * 24 * 3600e6, "week": 7 * 24 * 3600e6, "weeks": 7 * 24 * 3600e6,
	"M": 30.4375 * 24 * 3600e6, "month": 30.4375 * 24 * 3600e6, "months": 30.4375 * 24 * 3600e6,
	"y": 365.25 * 24 * 3600e6, "year": 365.25 * 24 * 3600e6, "years": 365.25 * 24 * 3600e6,
}

// maxSpan keeps the arithmetic on instants far from overflow; it is about 3000 years.
const maxSpan = 1e17

// parseSpan reads a span from now, into the past where sign is -1.
func parseSpan(text, s string, now time.Time, sign int64) (Instant, error) {
	us, why := spanOf(s)
	if why != "" {
		return Instant{}, noInstant(text, why)
	}
	return Instant{At: now.UnixMicro() + sign*us}, nil
}

// spanOf reads a span in microseconds, or says why it is none.
func spanOf(s string) (us int64, why string) {
	part := regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([A-Za-zµμ]+)\s*`)
	total, rest := 0.0, strings.TrimSpace(s)
	for first := true; first || rest != ""; first = false {
		m := part.FindStringSubmatch(rest)
		if m == nil || spans[m[2]] == 0 {
			return 0, "a span is a number and one of us, ms, s, m, h, d, w, month, y"
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if total += n * spans[m[2]]; err != nil || total > maxSpan {
			return 0, "the span is too long"
		}
		rest = rest[len(m[0]):]
	}
	return int64(total), ""
}

// ParseSpan reads a span of time such as 1h30m. It fails with ErrInstant.
func ParseSpan(text string) (time.Duration, error) {
	us, why := spanOf(text)
	if us > int64(math.MaxInt64/time.Microsecond) {
		why = "the span is too long"
	}
	if why != "" {
		return 0, noInstant(text, why)
	}
	return time.Duration(us) * time.Microsecond, nil
}

const noWall = "neither a time, nor a span, nor #change"

// parseWall reads what the wall clock shows.
func parseWall(text, s string, now time.Time, loc *time.Location) (Instant, error) {
	if day, rest, ok := cutWeekday(s); ok {
		return parseOnWeekday(text, day, rest, now, loc)
	}
	s = regexp.MustCompile(`^(\d{4}-\d\d-\d\d|today|yesterday|tomorrow)[ Tt] *(\d)`).ReplaceAllString(s, "${1}T$2")
	s = regexp.MustCompile(` +([-+]|[Zz]$)`).ReplaceAllString(s, "$1")
	s = regexp.MustCompile(`(\d)z$`).ReplaceAllString(s, "${1}Z")
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return Instant{At: t.UnixMicro()}, nil
		}
	}
	s, zone, inZone := strings.Cut(s, " ")
	t, ok := parseLocal(s, now, loc)
	switch {
	case !ok:
		return Instant{}, noInstant(text, noWall)
	case inZone:
		return parseInZone(text, t, strings.TrimSpace(zone), loc)
	}
	return localInstant(text, t, loc, "")
}

// parseLocal reads what the clocks of a place show, as if it were UTC.
func parseLocal(s string, now time.Time, loc *time.Location) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	year, month, day := now.In(loc).Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	word, clock, _ := strings.Cut(s, "T")
	if days, ok := map[string]int{"yesterday": -1, "today": 0, "tomorrow": 1}[word]; ok {
		if midnight = midnight.AddDate(0, 0, days); clock == "" {
			return midnight, true
		}
		s = clock
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return midnight.Add(t.Sub(t.Truncate(24 * time.Hour))), true
		}
	}
	return time.Time{}, false
}

// parseInZone finds the instant at which the clocks show t in a zone: one that
// the database of zones knows, or a name that the place has for its own.
func parseInZone(text string, t time.Time, zone string, loc *time.Location) (Instant, error) {
	if zone == "UTC" || strings.Contains(zone, "/") {
		there, err := time.LoadLocation(zone)
		if err != nil {
			return Instant{}, noInstant(text, "no such zone")
		}
		return localInstant(text, t, there, "")
	}
	if !regexp.MustCompile(`^[A-Z]{2,5}$`).MatchString(zone) {
		return Instant{}, noInstant(text, noWall)
	}
	return localInstant(text, t, loc, zone)
}

// cutWeekday parts a day of the week from what follows it.
func cutWeekday(s string) (day time.Weekday, rest string, ok bool) {
	name, rest, _ := strings.Cut(s, " ")
	name = strings.ToLower(strings.TrimSuffix(name, ","))
	for day := range time.Weekday(7) {
		if full := strings.ToLower(day.String()); name == full || name == full[:3] {
			return day, strings.TrimSpace(rest), true
		}
	}
	return 0, s, false
}

// parseOnWeekday reads a time with a date that is on a day of the week.
func parseOnWeekday(text string, day time.Weekday, rest string, now time.Time, loc *time.Location) (Instant, error) {
	date, err := time.Parse(time.DateOnly, rest[:min(len(rest), len(time.DateOnly))])
	if err != nil {
		return Instant{}, noInstant(text, "a date is expected after the day of the week")
	}
	if date.Weekday() != day {
		return Instant{}, noInstant(text, date.Format(time.DateOnly)+" is a "+date.Weekday().String())
	}
	return parseWall(text, rest, now, loc)
}

// localInstant finds the instant at which the clocks of a place show what t
// shows in UTC, and call their zone by a name, if one is given.
func localInstant(text string, t time.Time, loc *time.Location, zone string) (Instant, error) {
	var shown, all []time.Time
	for _, offset := range offsetsAround(t, loc) {
		c := t.Add(-offset)
		all = append(all, c.In(time.FixedZone("", int(offset/time.Second))))
		if name, o := c.In(loc).Zone(); time.Duration(o)*time.Second == offset && (zone == "" || name == zone) {
			shown = append(shown, c)
		}
	}
	switch {
	case len(shown) == 1:
		return Instant{At: shown[0].UnixMicro()}, nil
	case len(shown) == 0 && zone != "":
		return Instant{}, noInstant(text, zone+" is not what "+loc.String()+" calls its time then")
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

// FormatSpan writes a span with its two largest units; below a minute there is
// but one, with tenths of seconds where there are few.
func FormatSpan(d time.Duration) string {
	units := []struct {
		name string
		unit time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}}
	for i, u := range units {
		if d < u.unit {
			continue
		}
		text := strconv.FormatInt(int64(d/u.unit), 10)
		if tenths := d % u.unit * 10 / u.unit; u.unit == time.Second && d < 10*time.Second && tenths > 0 {
			text += "." + strconv.FormatInt(int64(tenths), 10)
		}
		text += u.name
		if rest := d % u.unit; i < 3 && rest >= units[i+1].unit {
			text += strconv.FormatInt(int64(rest/units[i+1].unit), 10) + units[i+1].name
		}
		return text
	}
	return "0s"
}
