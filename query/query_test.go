package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

const (
	t0     = recordingtest.T0
	second = recordingtest.Second
)

func link(index int64, name string, more ...any) recordingtest.Values {
	v := recordingtest.Values{"ifindex": index, "ifname": name}
	for i := 0; i < len(more); i += 2 {
		v[more[i].(string)] = more[i+1]
	}
	return v
}

func route(dst string, metric int64, more ...any) recordingtest.Values {
	v := recordingtest.Values{"family": "inet", "table_id": int64(254), "dst": dst, "metric": metric, "tos": int64(0)}
	for i := 0; i < len(more); i += 2 {
		v[more[i].(string)] = more[i+1]
	}
	return v
}

func samplePath(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "a b?#%.db")
	recordingtest.Sample(t, path)
	return path
}

// open opens a recording an hour after t0, in UTC.
func open(t *testing.T, path, at string) *Reader {
	t.Helper()
	r, err := Open(t.Context(), path, options(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func options(at string) Options {
	return Options{At: at, Now: time.UnixMicro(t0 + 10*second), Location: time.UTC}
}

// answer returns the rows of an answer as lines of values.
func answer(t *testing.T, r *Reader, text string) string {
	t.Helper()
	var lines []string
	err := eachRow(t.Context(), r, text, func(row []any) {
		var cells []string
		for _, v := range row {
			cells = append(cells, valueText(v))
		}
		lines = append(lines, strings.Join(cells, " "))
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return strings.Join(lines, "\n")
}

func eachRow(ctx context.Context, r *Reader, text string, f func(row []any)) error {
	return r.Query(ctx, text, func(rows *Rows) error {
		for {
			row, err := rows.Next()
			if row == nil || err != nil {
				return err
			}
			f(row)
		}
	})
}

func TestAnswers(t *testing.T) {
	path := samplePath(t)
	tests := []struct{ name, at, sql, want string }{
		{"now", "", "SELECT ifname, mtu FROM link", "wan0 1500"},
		{"nothing now", "", "SELECT * FROM route", ""},
		{"right after a change", "#2", "SELECT gateway, dev FROM route", "192.0.2.1 eth0"},
		{"between changes", "2026-05-01 10:00:03.5", "SELECT gateway FROM route", "192.0.2.2"},
		{"at the instant of a change", "2026-05-01T10:00:04Z", "SELECT gateway FROM route", ""},
		{"just before a change", "2026-05-01T10:00:03.999999Z", "SELECT gateway FROM route", "192.0.2.2"},
		{"before the first change", "2026-05-01T10:00:00Z", "SELECT * FROM link", ""},
		{"some seconds ago", "6s ago", "SELECT ifname FROM link", "eth0"},
		{"at the end", "now", "SELECT ifname FROM link", "wan0"},
		{"the log stays whole", "#1", "SELECT count(*) FROM change_log", "5"},
		{"the file's views are main's", "#1", "SELECT ifname FROM main.link", "wan0"},
		{"function of a change", "", "SELECT gateway FROM route_at('#2')", "192.0.2.1"},
		{"function of a time", "", "SELECT gateway FROM route_at('2026-05-01T12:00:03+02:00')", "192.0.2.2"},
		{"function of microseconds", "", fmt.Sprintf("SELECT ifname FROM link_at(%d)", t0+second), "eth0"},
		{"function of a real number", "", fmt.Sprintf("SELECT ifname FROM link_at(%d.5)", t0+second), "eth0"},
		{"function of NULL", "", "SELECT ifname FROM link_at(NULL)", ""},
		{"function and --at", "#1", "SELECT a.ifname, b.ifname FROM link a JOIN link_at('#5') b USING (ifindex)", "eth0 wan0"},
		{"function without columns", "", "SELECT count(*) FROM link_at('#5')", "1"},
		{"function with a filter", "", "SELECT dst FROM route_at('#2') WHERE dst = 'default' AND metric = '5'", "default"},
		{"function with its argument as a column", "", "SELECT at, ifname FROM link_at WHERE at IN ('#1', '#5') ORDER BY at", "#1 eth0\n#5 wan0"},
		{"lateral", "", "SELECT c.id, (SELECT group_concat(gateway) FROM route_at('#' || c.id)) FROM change_log c WHERE id BETWEEN 2 AND 4", "2 192.0.2.1\n3 192.0.2.2\n4 "},
		{"two instants", "", "SELECT a.gateway, b.gateway FROM route_at('#2') a LEFT JOIN route_at('#3') b USING (dst, table_id)", "192.0.2.1 192.0.2.2"},
		{"two instants, one empty", "", "SELECT a.gateway, b.gateway FROM route_at('#2') a LEFT JOIN route_at('#4') b USING (dst, table_id)", "192.0.2.1 "},
		{"one function twice in a compound", "", "SELECT gateway FROM route_at('#3') EXCEPT SELECT gateway FROM route_at('#2')", "192.0.2.2"},
		{"a semicolon in a string", "", "SELECT ';' AS x; -- done;", ";"},
		{"recursion", "", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT sum(i) FROM n", "6"},
		{"the schema", "", "SELECT name FROM pragma_table_info('link') LIMIT 2", "ifindex\nifname"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := answer(t, open(t, path, tt.at), tt.sql); got != tt.want {
				t.Errorf("%s\n got %q\nwant %q", tt.sql, got, tt.want)
			}
		})
	}
}

// A join asks the inner function for every row of the outer.
func TestJoinOfInstants(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(t0-second, t0)
	const n = 2000
	for i := range int64(n) {
		r.Set(t0+i, rtnl.Route, route(fmt.Sprintf("10.%d.%d.0/24", i/256, i%256), i, "oif", i))
	}
	last := r.Set(t0+second, rtnl.Route, route("10.0.5.0/24", 5, "oif", int64(77)))
	r.Close(t0 + 10*second)
	began := time.Now()
	got := answer(t, open(t, path, ""), fmt.Sprintf(`
		SELECT count(*), sum(a.oif <> b.oif), sum(b.dst IS NULL), min(a.dst) FILTER (WHERE a.oif <> b.oif)
		FROM route_at('#%d') a LEFT JOIN route_at('#%d') b USING (family, table_id, dst, metric)`, n, last))
	if want := "2000 1 0 10.0.5.0/24"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %v: the inner function is evaluated for every row", took)
	}
}

func TestErrors(t *testing.T) {
	path := samplePath(t)
	tests := []struct {
		name, at, sql string
		want          error
		text, hint    string
	}{
		{"no table", "", "SELECT * FROM routes", nil, "no such table: routes", "did you mean route (what is now), route_history (every version) or route_at('10m ago')?"},
		{"nearly a function", "", "SELECT * FROM rout_at('now')", nil, "no such table", "did you mean route_at?"},
		{"no column", "", "SELECT ifnam FROM link", nil, "no such column: ifnam", "did you mean ifname?"},
		{"no column of an alias", "", "SELECT r.gatway FROM route_history r", nil, "no such column: r.gatway", "did you mean gateway?"},
		{"no such thing", "", "SELECT * FROM elephants", nil, "no such table: elephants", "nlrec tables"},
		{"SQL:2011", "", "SELECT * FROM route FOR SYSTEM_TIME AS OF '10m ago'", nil, "syntax error", "route_at('10m ago')"},
		{"the stage", "", "SELECT nlrec_perform()", nil, "not for you", ""},
		{"a slip", "", "SELCT 1", nil, `near "SELCT": syntax error`, "did you mean SELECT?"},
		{"no SQL", "", " -- nothing ;\n", ErrNoSQL, "no SQL", ""},
		{"double quotes", "", `SELECT * FROM link WHERE ifname = "eth0"`, nil, "single-quotes", ""},
		{"no instant", "yesteryear", "SELECT 1", ErrInstant, "yesteryear: no instant", ""},
		{"before it began", "2020-01-01", "SELECT 1", ErrOutside, "from 2026-05-01T10:00:00.000000Z to 2026-05-01T10:00:10.000000Z", "--at 2026-05-01T10:00:00.000000Z"},
		{"after it ended", "2026-05-01 10:00:10.000001", "SELECT 1", ErrOutside, "does not cover", "--at 2026-05-01T10:00:10.000000Z"},
		{"no such change", "#6", "SELECT 1", ErrOutside, "its last change is #5", "--at '#5'"},
		{"function of no instant", "", "SELECT * FROM link_at('soon')", ErrInstant, "soon: no instant", ""},
		{"function of octets", "", "SELECT * FROM link_at(x'00')", ErrInstant, "no instant", ""},
		{"function of an instant outside", "", "SELECT * FROM link_at('#77')", ErrOutside, "#77", "--at '#5'"},
		{"function in the middle of an answer", "", "WITH i(x) AS (VALUES ('#1'), ('#99')) SELECT (SELECT count(*) FROM link_at(x)) FROM i", ErrOutside, "#99", ""},
		{"function without an instant", "", "SELECT * FROM link_at", ErrInstant, "link_at: no instant: it takes an instant", "link_at('10m ago')"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := failure(t, path, tt.at, tt.sql)
			if err == nil {
				t.Fatal("no error")
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v is no %v", err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.text) || !strings.Contains(Hint(err), tt.hint) {
				t.Errorf("%q (hint %q)\nwant %q (hint %q)", err, Hint(err), tt.text, tt.hint)
			}
		})
	}
}

// failure returns the error that a statement ends with.
func failure(t *testing.T, path, at, text string) error {
	r, err := Open(t.Context(), path, options(at))
	if err != nil {
		return err
	}
	defer r.Close()
	return eachRow(t.Context(), r, text, func([]any) {})
}

func TestWarnings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(t0-second, t0)
	r.Set(t0+1*second, rtnl.Link, link(1, "eth0"))
	r.Gap(nil, t0+2*second, t0+3*second, "overrun")
	r.Gap(rtnl.Route, t0+4*second, 0, "undecodable message")
	r.Step(t0+5*second, -2*second)
	r.Close(t0 + 10*second)
	tests := []struct{ name, at, sql, want string }{
		{"none now", "", "SELECT 1", ""},
		{"before a gap", "2026-05-01 10:00:02", "SELECT 1", ""},
		{"after a gap", "2026-05-01 10:00:03", "SELECT 1", ""},
		{"in a gap", "2026-05-01 10:00:02.5", "SELECT 1",
			"changes may have been missed between 2026-05-01T10:00:02.000000Z and 2026-05-01T10:00:03.000000Z: overrun"},
		{"by a function, once", "", "SELECT * FROM link_at('2026-05-01 10:00:02.5') a JOIN link_at('2026-05-01 10:00:02.6') b",
			"changes may have been missed between 2026-05-01T10:00:02.000000Z and 2026-05-01T10:00:03.000000Z: overrun"},
		{"in an open gap", "2026-05-01 10:00:04.5", "SELECT 1",
			"changes of kind route may have been missed between 2026-05-01T10:00:04.000000Z and now: undecodable message"},
		{"where the clock was set back", "2026-05-01 10:00:06", "SELECT 1",
			"changes of kind route may have been missed between 2026-05-01T10:00:04.000000Z and now: undecodable message\n" +
				"the clock was set back and showed 2026-05-01T10:00:06.000000Z twice: this is the later time, after change #1; nothing changed in between"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			o := options(tt.at)
			o.Warn = func(text string) { got = append(got, text) }
			r, err := Open(t.Context(), path, o)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			answer(t, r, tt.sql)
			if got := strings.Join(got, "\n"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A recording that is being made covers the present.
func TestWhileRecording(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	w := recordingtest.Open(t, path)
	if _, err := Open(t.Context(), path, options("now")); !errors.Is(err, ErrOutside) {
		t.Errorf("before the first dump: %v", err)
	}
	w.Begin(t0-second, t0)
	w.Set(t0+second, rtnl.Link, link(1, "eth0"))
	w.Commit()
	if got := answer(t, open(t, path, "now"), "SELECT ifname FROM link"); got != "eth0" {
		t.Errorf("got %q", got)
	}
	r := open(t, path, "")
	w.Set(t0+2*second, rtnl.Link, link(2, "eth1"))
	w.Commit()
	if got := answer(t, r, "SELECT count(*) FROM link"); got != "2" {
		t.Errorf("a change after opening: got %q links", got)
	}
	w.Close(t0 + 3*second)
}

func TestCancel(t *testing.T) {
	path := samplePath(t)
	const forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
	tests := []struct{ name, sql string }{
		{"before the first row", forever + "SELECT count(*) FROM n"},
		{"after the first row", "SELECT 1 UNION ALL SELECT * FROM (" + forever + "SELECT count(*) FROM n)"},
		{"while rows come", forever + "SELECT i FROM n"},
		{"within functions", forever + "SELECT count(*) FROM n, link_at('#1')"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, path, "")
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			began := time.Now()
			err := eachRow(ctx, r, tt.sql, func([]any) {})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// Nothing stays behind when a Reader is closed.
func TestClose(t *testing.T) {
	path := samplePath(t)
	before := runtime.NumGoroutine()
	for range 20 {
		r, err := Open(t.Context(), path, options("#3"))
		if err != nil {
			t.Fatal(err)
		}
		stop := errors.New("stop")
		err = r.Query(t.Context(), "SELECT * FROM link, route_at('#2') a, route_at('#3') b", func(rows *Rows) error {
			_, err := rows.Next()
			return errors.Join(err, stop)
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 { // goroutines end after Close has returned
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// TestWatched: a recording whose recorder did not end reaches as far as it is
// known to have watched, with and without a column that says so.
func TestWatched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	r := recordingtest.Open(t, path)
	r.Begin(recordingtest.T0-recordingtest.Second, recordingtest.T0)
	if err := r.Store.Watched(context.Background(), recordingtest.T0+60*recordingtest.Second); err != nil {
		t.Fatal(err)
	}
	r.Close(0)
	for _, want := range []int64{recordingtest.T0 + 60*recordingtest.Second, recordingtest.T0} {
		s, err := ReadStatus(context.Background(), path, time.Now())
		if err != nil || s.To != want {
			t.Errorf("it reaches to %d, want %d: %v", s.To, want, err)
		}
		raw, err := sql.Open("sqlite", "file:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := raw.Exec(`ALTER TABLE session DROP COLUMN watched_us`); want != recordingtest.T0 && err != nil {
			t.Fatal(err)
		}
		if err := raw.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
