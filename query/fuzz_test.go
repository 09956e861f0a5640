package query

import (
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// FuzzInstant: whatever is typed for a time is read or refused, and what is
// printed for what was read means the same when it is typed.
func FuzzInstant(f *testing.F) {
	for _, text := range []string{"2026-05-01T12:00:00+02:00", "2026-05-01 12:00:00.123456", "12:00", "yesterday 12:00", "10m ago", "-1h30min", "@1700000000.5", "#12", "#12^",
		"boot-1", "Fri 2026-05-01", "2026-05-01 12:00 Europe/Berlin", "tomorrow", "9999999999999999d ago", "@99999999999999999999"} {
		f.Add(text)
	}
	now := time.UnixMicro(t0)
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseInstant(text, now, time.UTC)
		if err != nil {
			if !errors.Is(err, ErrInstant) {
				t.Errorf("%q: %v is no ErrInstant", text, err)
			}
			return
		}
		if i.Change != 0 || i.Mark != "" || i.At < 0 || i.At > 253402300799e6 { // the year 9999 is the last with four digits
			return
		}
		again, err := ParseInstant(FormatTime(i.At, time.UTC), now, time.UTC)
		if err != nil || again.At != i.At {
			t.Errorf("%q is %d, printed %s, which is %d, %v", text, i.At, FormatTime(i.At, time.UTC), again.At, err)
		}
	})
}

// FuzzFilter: whatever is typed for a filter is refused, or is a condition that
// SQLite understands.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{"0 dev eth0", "1 to 10.0.0.0/8", "4 to match 10.1.2.3 table 100", "4 via inet6 fe80::1", "4 root 0/0 proto bgp", "5 nud stale", "3 label eth0:*", "6 fwmark 0x10", "4 -4 -6", "0 ifname 'x' mtu 1500", "4 metric 99999999999999999999"} {
		f.Add(text)
	}
	path := filepath.Join(f.TempDir(), "x.db")
	recordingtest.Sample(f, path)
	r, err := Open(f.Context(), path, options(""))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { r.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" {
			return
		}
		kinds := rtnl.Kinds()
		filter, err := ParseFilter(kinds[int(text[0])%len(kinds)], strings.Fields(text[1:]))
		if err != nil {
			return
		}
		if err := r.Show(t.Context(), io.Discard, filter, ShowOptions{Format: "tsv"}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// FuzzStatement: whatever is typed for SQL is cut into statements that together
// are all of it, and rewriting what SQLite takes gives what SQLite takes.
func FuzzStatement(f *testing.F) {
	for _, text := range []string{"SELECT 1; SELECT ';' -- x;\n;", "SELECT * FROM route_at('#2')", "SELECT a.\"x;\" FROM [b;] a /* ; */", "WITH route AS (SELECT 1) SELECT * FROM route",
		"SELECT :a, ?1, @b, $c", "SELECT x'00' || `y`", "SELECT instant('10m ago')", "EXPLAIN SELECT 1", "SELECT 'it''s'", "select*from link_at('@1'),route_at ( '#1' )"} {
		f.Add(text)
	}
	path := filepath.Join(f.TempDir(), "x.db")
	recordingtest.Sample(f, path)
	r, err := Open(f.Context(), path, options("#2"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { r.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		if statement, rest, found := CutStatement(text); found && !strings.HasSuffix(text, statement+";"+rest) { // blanks before it are nobody's
			t.Errorf("%q is cut into %q and %q", text, statement, rest)
		}
		end := 0
		for _, token := range tokens(text) {
			if token.at < end || text[token.at:token.at+len(token.text)] != token.text || token.text == "" {
				t.Fatalf("%q: token %q at %d", text, token.text, token.at)
			}
			end = token.at + len(token.text)
		}
		inSchema(text, "main")
		plain, err := r.Plain(t.Context(), text, nil)
		if err != nil {
			return
		}
		statement := strings.TrimSuffix(strings.TrimSpace(plain[skipBlank(plain, 0):]), ";")
		if err := r.check(t.Context(), statement, nil); err != nil {
			t.Errorf("%q became %q: %v", text, plain, err)
		}
	})
}

// obeyed is what a terminal does not show.
var obeyed = regexp.MustCompile(`[\x00-\x1f\x7f]|\xc2[\x80-\x9f]`)

// FuzzVisible: no text makes a terminal do anything.
func FuzzVisible(f *testing.F) {
	for _, text := range []string{"eth0", "\x1b[2J", "\u009b2J", "\x07\r\n\x00", "\u202eabc", "\xff\xc2\x9b", "é\u0301", "\u2028"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Visible(text); obeyed.MatchString(got) || strings.ContainsAny(got, "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029") || Visible(got) != got {
			t.Errorf("%q is shown as %q", text, got)
		}
	})
}
