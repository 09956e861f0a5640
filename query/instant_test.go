package query

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func place(t testing.TB, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zones: %v", err)
	}
	return loc
}

func TestParseInstant(t *testing.T) {
	berlin := place(t, "Europe/Berlin")
	now := time.UnixMicro(t0)
	micro := func(text string) int64 {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixMicro()
	}
	here := now.In(berlin)
	day, yesterday, tomorrow := here.Format(time.DateOnly), here.AddDate(0, 0, -1).Format(time.DateOnly), here.AddDate(0, 0, 1).Format(time.DateOnly)
	offset := here.Format("Z07:00")
	tests := []struct {
		text string
		want Instant
	}{
		{"now", Instant{At: t0}},
		{" now ", Instant{At: t0}},
		{"#12345", Instant{Change: 12345}},
		{"@1700000000", Instant{At: 1700000000_000000}},
		{"@1700000000.5", Instant{At: 1700000000_500000}},
		{"@1700000000.1234567", Instant{At: 1700000000_123456}},
		{"@-1.5", Instant{At: -1500000}},
		{"2026-05-01T12:00:00Z", Instant{At: micro("2026-05-01T12:00:00Z")}},
		{"2026-05-01t12:00:00z", Instant{At: micro("2026-05-01T12:00:00Z")}},
		{"2026-05-01T12:00:00.25+02:00", Instant{At: micro("2026-05-01T10:00:00Z") + 250000}},
		{"2026-05-01 12:00:00 -05:30", Instant{At: micro("2026-05-01T17:30:00Z")}},
		{"2026-05-01 12:00+02:00", Instant{At: micro("2026-05-01T10:00:00Z")}},
		{"2026-05-01 12:00", Instant{At: micro("2026-05-01T10:00:00Z")}},
		{"2026-05-01T12:00:01", Instant{At: micro("2026-05-01T10:00:01Z")}},
		{"2026-05-01 12:00:00.000001", Instant{At: micro("2026-05-01T10:00:00Z") + 1}},
		{"2026-01-01 12:00", Instant{At: micro("2026-01-01T11:00:00Z")}},
		{"2026-05-01", Instant{At: micro("2026-04-30T22:00:00Z")}},
		{"2026-03-29 01:59:59", Instant{At: micro("2026-03-29T00:59:59Z")}},
		{"2026-03-29 03:00", Instant{At: micro("2026-03-29T01:00:00Z")}},
		{"2026-10-25 01:59:59", Instant{At: micro("2026-10-24T23:59:59Z")}},
		{"2026-10-25 03:00", Instant{At: micro("2026-10-25T02:00:00Z")}},
		{"2026-10-25 02:30+01:00", Instant{At: micro("2026-10-25T01:30:00Z")}},
		{"-10m", Instant{At: t0 - 600*second}},
		{"10m ago", Instant{At: t0 - 600*second}},
		{"10min ago", Instant{At: t0 - 600*second}},
		{"-1h30m", Instant{At: t0 - 5400*second}},
		{"1h 30m ago", Instant{At: t0 - 5400*second}},
		{"2 h ago", Instant{At: t0 - 7200*second}},
		{"1.5h ago", Instant{At: t0 - 5400*second}},
		{"1w2d ago", Instant{At: t0 - 9*86400*second}},
		{"-3ms7us", Instant{At: t0 - 3007}},
		{"5µs ago", Instant{At: t0 - 5}},
		{"-0s", Instant{At: t0}},
		{"+5min", Instant{At: t0 + 300*second}},
		{"2 hours 1 minute ago", Instant{At: t0 - 7260*second}},
		{"1month ago", Instant{At: t0 - 2629800*second}},
		{"1M ago", Instant{At: t0 - 2629800*second}},
		{"1 year ago", Instant{At: t0 - 31557600*second}},
		{"#12345^", Instant{Change: 12345, Before: true}},
		{"first", Instant{Mark: "first"}},
		{"last", Instant{Mark: "last"}},
		{"boot", Instant{Mark: "boot"}},
		{"boot-2", Instant{Mark: "boot", Back: 2}},
		{"today", Instant{At: micro(day + "T00:00:00" + offset)}},
		{"12:30", Instant{At: micro(day + "T12:30:00" + offset)}},
		{"12:30:01.5", Instant{At: micro(day+"T12:30:01"+offset) + 500000}},
		{"yesterday", Instant{At: micro(yesterday + "T00:00:00" + offset)}},
		{"tomorrow", Instant{At: micro(tomorrow + "T00:00:00" + offset)}},
		{"yesterday 12:30", Instant{At: micro(yesterday + "T12:30:00" + offset)}},
		{"yesterday UTC", Instant{At: micro(yesterday + "T00:00:00Z")}},
		{"Fri 2026-05-01 12:00", Instant{At: micro("2026-05-01T10:00:00Z")}},
		{"friday 2026-05-01", Instant{At: micro("2026-04-30T22:00:00Z")}},
		{"Fri, 2026-05-01T12:00:00Z", Instant{At: micro("2026-05-01T12:00:00Z")}},
		{"2026-05-01 12:00 UTC", Instant{At: micro("2026-05-01T12:00:00Z")}},
		{"2026-05-01 12:00 America/St_Johns", Instant{At: micro("2026-05-01T14:30:00Z")}},
		{"2026-05-01 12:00:00 CEST", Instant{At: micro("2026-05-01T10:00:00Z")}},
		{"2026-10-25 02:30 CEST", Instant{At: micro("2026-10-25T00:30:00Z")}},
		{"2026-10-25 02:30 CET", Instant{At: micro("2026-10-25T01:30:00Z")}},
	}
	for _, tt := range tests {
		got, err := ParseInstant(tt.text, now, berlin)
		if err != nil || got != tt.want {
			t.Errorf("%q: %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestNoInstant(t *testing.T) {
	berlin := place(t, "Europe/Berlin")
	tests := []struct{ text, why string }{
		{"", "neither"}, {"yesteryear", "neither"}, {"1200", "neither"}, {"24:00", "neither"}, {"today x", "neither"}, {"1700000000", "neither"}, {"2026-13-01", "neither"}, {"2026-02-30", "neither"},
		{"2026-05-01 25:00", "neither"}, {"2026-05-01T12:00:00+99:00", "neither"}, {"2026-05-01x", "neither"}, {"+5x", "a span"}, {"2026-05-01 12:00:00 EST", "calls its time"}, {"2026-05-01 12:00:00 CET", "calls its time"}, {"2026-05-01 12:00 Mars/Olympus", "no such zone"}, {"2026-05-01 12:00 now", "neither"},
		{"Thu 2026-05-01", "2026-05-01 is a Friday"}, {"Fri", "a date"}, {"Fri 12:00", "a date"}, {"boots", "boot-1"}, {"boot-", "boot-1"}, {"boot+1", "boot-1"}, {"last!", "neither"}, {"#5^^", "after #"},
		{"#", "after #"}, {"#0", "after #"}, {"#-1", "after #"}, {"#x", "after #"}, {"#99999999999999999999", "after #"},
		{"@", "after @"}, {"@x", "after @"}, {"@1.", "after @"}, {"@1e9", "after @"}, {"@9999999999999", "after @"},
		{"-", "a span"}, {"ago", "a span"}, {"-10", "a span"}, {"-10x", "a span"}, {"-m", "a span"}, {"-10m ago", "a span"}, {"--5m", "a span"}, {"-99999999999w", "too long"},
		{"2026-10-25 02:30", "twice: 2026-10-25T02:30:00.000000+02:00 or 2026-10-25T02:30:00.000000+01:00"},
		{"2026-03-29 02:30", "forward over it: 2026-03-29T03:30:00.000000+02:00 or 2026-03-29T01:30:00.000000+01:00"},
		{"\x1b[31m", `\x1b[31m: no instant`},
	}
	for _, tt := range tests {
		got, err := ParseInstant(tt.text, time.UnixMicro(t0), berlin)
		if !errors.Is(err, ErrInstant) || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%q: %v, %v; want %q", tt.text, got, err, tt.why)
		}
	}
}

func TestFormatSpan(t *testing.T) {
	tests := map[time.Duration]string{
		0: "0s", 999: "0s", 5 * time.Microsecond: "5us", 1500 * time.Nanosecond: "1us", 1619 * time.Millisecond: "1.6s", 2049 * time.Millisecond: "2s", 9999 * time.Millisecond: "9.9s",
		10*time.Second + 9e8: "10s", 20 * time.Millisecond: "20ms", 59*time.Second + 9e8: "59s", time.Minute: "1m", 90 * time.Second: "1m30s",
		3*time.Hour + 59*time.Second: "3h", 49 * time.Hour: "2d1h", 1000 * 24 * time.Hour: "1000d",
	}
	for d, want := range tests {
		if got := FormatSpan(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// What nlrec prints as an instant is that instant when it is read again, and
// no text makes the parser fail but with ErrInstant.
func FuzzParseInstant(f *testing.F) {
	for _, text := range []string{"now", "#1", "@1.5", "-1h30m", "10m ago", "2026-10-25 02:30", "2026-05-01T12:00:00+02:00", "0000-01-01", "9999-12-31 23:59"} {
		f.Add(text, int64(0))
	}
	places := []*time.Location{time.UTC, place(f, "Europe/Berlin"), place(f, "America/St_Johns"), place(f, "Australia/Lord_Howe"), place(f, "Pacific/Apia")}
	f.Fuzz(func(t *testing.T, text string, us int64) {
		now := time.UnixMicro(t0)
		for _, loc := range places {
			i, err := ParseInstant(text, now, loc)
			if err != nil && !errors.Is(err, ErrInstant) {
				t.Fatalf("%q: %v", text, err)
			}
			if err != nil || i.Change != 0 {
				i.At = us % (200_000_000_000 * 1000) // within the years of four digits
			}
			printed := FormatTime(i.At, loc)
			if y := time.UnixMicro(i.At).In(loc).Year(); y < 1900 || y > 9999 {
				continue // zones had seconds once
			}
			if again, err := ParseInstant(printed, now, loc); err != nil || again.At != i.At {
				t.Fatalf("%q in %v: %s reads as %v, %v", text, loc, printed, again, err)
			}
		}
		if us >= 0 {
			age := time.Duration(us)
			if _, err := ParseInstant(FormatAge(age), now, time.UTC); err != nil {
				t.Fatal(err)
			}
		}
	})
}
