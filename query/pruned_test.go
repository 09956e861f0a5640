package query

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nlrec/internal/recordingtest"
	"nlrec/internal/torture"
	"nlrec/rtnl"
	"nlrec/store"
)

// TestTorturePrunedAnswers makes a recording of a month in which much happens, prunes a
// copy of it to the second half, and asks both: about many instants, and in every
// other way.
func TestTorturePrunedAnswers(t *testing.T) {
	run := torture.Start(t, "instants before and after pruning")
	dir := t.TempDir()
	whole, pruned := filepath.Join(dir, "whole.db"), filepath.Join(dir, "pruned.db")
	end := eventful(t, whole)
	if err := copyFile(whole, pruned, 0o600); err != nil {
		t.Fatal(err)
	}
	cutAt := t0 + (end-t0)/2
	removed := pruneAt(t, pruned, cutAt, end)
	if removed < 500 {
		t.Fatalf("only %d changes were removed", removed)
	}
	a, b := openChanges(t, whole), openChanges(t, pruned)
	if b.first != cutAt || b.pruned != removed {
		t.Fatalf("it begins at %d after #%d, want %d after #%d", b.first, b.pruned, cutAt, removed)
	}
	c := comparison{run, a, b, cutAt, end, removed, rand.New(rand.NewPCG(1, 2))}
	t.Run("instants", c.instants)
	t.Run("functions", c.functions)
	t.Run("histories", c.histories)
	t.Run("change log", c.changeLog)
	t.Run("log", c.logs)
	t.Run("diff", c.diffs)
	t.Run("top", c.tops)
	t.Run("history", c.lives)
	t.Run("before", c.before)
	t.Run("cursor", func(t *testing.T) {
		if id, err := b.parseCursor(a.cursor(removed + 3)); id != removed+3 || err != nil {
			t.Errorf("%d, %v", id, err)
		}
	})
}

// pruneAt removes what was before an instant. It returns the id of the last
// change that it removed.
func pruneAt(t *testing.T, path string, at, now int64) int64 {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.Prune(t.Context(), store.Limits{Keep: time.Duration(now-at) * time.Microsecond}, now, func(store.Step) {})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return done.Change
}

func openChanges(t *testing.T, path string) *Changes {
	t.Helper()
	c, err := OpenChanges(t.Context(), path, options(""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// eventful makes a recording with sessions, gaps, found changes, causes, and a
// tunnel that comes and goes with its route, and returns when it ends.
func eventful(t *testing.T, path string) (end int64) {
	r, chance, at := recordingtest.Open(t, path), rand.New(rand.NewPCG(7, 7)), t0
	r.Begin(t0-second, t0)
	for session := range 6 {
		if session > 0 {
			ended := at
			at += int64(chance.IntN(3600)) * second
			r.Commit()
			if err := r.Store.End(t.Context(), ended); err != nil {
				t.Fatal(err)
			}
			r.Begin(at-second, at)
			first := int64(0)
			r.From(recordingtest.Origin{How: store.Found}, func() { first = somethingHappens(r, chance, at) })
			r.Missed(first, ended, at, "not recording")
		}
		for n := range 400 {
			at += int64(chance.IntN(600_000_000))
			o := recordingtest.Origin{Portid: uint32(chance.IntN(9))}
			r.From(o, func() {
				o = recordingtest.Origin{How: store.Inferred, Cause: somethingHappens(r, chance, at)}
			})
			r.From(o, func() { somethingHappens(r, chance, at) })
			tunnelHappens(r, chance, at, n)
			if n%50 == 0 {
				r.Gap(nil, at+1, at+1000*int64(chance.IntN(1000)), "overrun")
				r.Commit()
			}
		}
		r.Gap(rtnl.Neighbour, at, at+5*second, "undecodable message")
	}
	r.Close(at + second)
	return at + second
}

// somethingHappens changes one of a few objects of any kind, and returns the id
// of the change.
func somethingHappens(r *recordingtest.Recording, chance *rand.Rand, at int64) (id int64) {
	for id == 0 {
		link, name := int64(1+chance.IntN(5)), fmt.Sprintf("eth%d", chance.IntN(8))
		k, v := rtnl.Link, recordingtest.Values{"ifindex": link, "ifname": name, "flags": `["UP"]`, "operstate": []string{"UP", "DOWN"}[chance.IntN(2)]}
		switch chance.IntN(6) {
		case 0:
			k, v = rtnl.Neighbour, recordingtest.Values{"family": "inet", "ifindex": link, "dst": fmt.Sprintf("192.0.2.%d", chance.IntN(20)),
				"lladdr": fmt.Sprintf("02:00:00:00:00:%02x", chance.IntN(200)), "state": []string{`["REACHABLE"]`, `["FAILED"]`}[chance.IntN(2)], "flags": "[]"}
		case 1, 2:
			k, v = rtnl.Route, recordingtest.RouteTo(fmt.Sprintf("10.%d.0.0/16", chance.IntN(60)), recordingtest.Values{"oif": link, "gateway": fmt.Sprintf("192.0.2.%d", chance.IntN(20))})
			if chance.IntN(3) == 0 {
				delete(v, "gateway")
				delete(v, "oif")
				v["nhid"] = int64(1 + chance.IntN(3))
			}
		case 3:
			k, v = rtnl.Address, recordingtest.Values{"family": "inet", "ifindex": link, "local": fmt.Sprintf("198.51.100.%d", chance.IntN(9)), "prefixlen": int64(24), "scope": "global", "flags": "[]", "label": name}
		case 4:
			k, v = rtnl.Nexthop, recordingtest.Values{"id": int64(1 + chance.IntN(3)), "family": "inet", "oif": link, "gateway": fmt.Sprintf("192.0.2.%d", chance.IntN(20)), "flags": "[]"}
		}
		if k != rtnl.Link && k != rtnl.Nexthop && chance.IntN(4) == 0 {
			id = r.Remove(at, k, v)
		} else {
			id = r.Set(at, k, v)
		}
	}
	return id
}

// tunnelHappens lets a link come with a route, get other names, and go.
func tunnelHappens(r *recordingtest.Recording, chance *rand.Rand, at int64, n int) {
	link := recordingtest.Values{"ifindex": int64(9), "ifname": fmt.Sprintf("tun%d", chance.IntN(5))}
	route := recordingtest.RouteTo("172.16.0.0/12", recordingtest.Values{"oif": int64(9)})
	if n%40 != 39 {
		if n%9 == 0 {
			r.Set(at, rtnl.Link, link)
			r.Set(at, rtnl.Route, route)
		}
		return
	}
	gone := r.Remove(at, rtnl.Link, link)
	r.From(recordingtest.Origin{How: store.Inferred, Cause: gone}, func() { r.Remove(at, rtnl.Route, route) })
}

// comparison holds the answers of a pruned recording against those of the whole.
type comparison struct {
	run           *torture.Run
	whole, pruned *Changes
	cutAt, end    int64
	removed       int64
	chance        *rand.Rand
}

func (c comparison) instant() int64 { return c.cutAt + c.chance.Int64N(c.end-c.cutAt) }

// tell shows where two answers differ, of which there are to be some.
func tell(t *testing.T, what string, whole, pruned []string) bool {
	t.Helper()
	if slices.Equal(whole, pruned) {
		return len(whole) > 0
	}
	for i := range max(len(whole), len(pruned)) {
		if i >= len(whole) || i >= len(pruned) || whole[i] != pruned[i] {
			line := func(lines []string) string { return strings.Join(lines[min(i, len(lines)):min(i+1, len(lines))], "") }
			t.Fatalf("%s: %d and %d lines, and at %d\nof the whole   %s\nof the pruned  %s", what, len(whole), len(pruned), i, line(whole), line(pruned))
		}
	}
	return true
}

func rowsOf(t *testing.T, rows interface {
	Next() bool
	Scan(...any) error
	Columns() ([]string, error)
	Close() error
	Err() error
}, err error) (lines []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := ""
		for i, name := range names {
			line += fmt.Sprintf("%s=%v ", name, values[i])
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// instants compares every kind at many instants.
func (c comparison) instants(t *testing.T) {
	var instants []int64
	for range torture.Often(250, 1000) {
		c.run.Try()
		instants = append(instants, c.instant())
	}
	instants[0] = c.cutAt
	for _, k := range rtnl.Kinds() {
		text, err := store.AsOf(k, "?1", "?2")
		if err != nil {
			t.Fatal(err)
		}
		text = "SELECT * FROM (" + text + ") ORDER BY object"
		a, err := c.whole.PrepareContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.pruned.PrepareContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		some := false
		for _, at := range instants {
			instant := fmt.Sprintf("@%d.%06d", at/second, at%second)
			was, err := c.whole.resolve(t.Context(), instant)
			if err != nil {
				t.Fatal(err)
			}
			is, err := c.pruned.resolve(t.Context(), instant)
			if err != nil || *is != *was {
				t.Fatalf("%s is %v of the whole and %v of the pruned: %v", instant, was, is, err)
			}
			rows, err := a.QueryContext(t.Context(), was.Change, was.At)
			whole := rowsOf(t, rows, err)
			rows, err = b.QueryContext(t.Context(), is.Change, is.At)
			some = tell(t, k.Name+" at "+instant, whole, rowsOf(t, rows, err)) || some
		}
		if !some && k != rtnl.Rule && k != rtnl.Netconf {
			t.Errorf("there was no %s", k.Name)
		}
		_, _ = a.Close(), b.Close()
	}
}

// functions compares what people ask, at a few instants.
func (c comparison) functions(t *testing.T) {
	for range 5 {
		at := c.instant()
		instant := fmt.Sprintf("@%d.%06d", at/second, at%second)
		a, b := open(t, c.whole.path, instant), open(t, c.pruned.path, instant)
		for _, k := range rtnl.Kinds() {
			for _, text := range []string{"SELECT * FROM " + k.Name + " ORDER BY object", "SELECT * FROM " + k.Name + "_at('" + instant + "') ORDER BY object"} {
				tell(t, text, strings.Split(answer(t, a, text), "\n"), strings.Split(answer(t, b, text), "\n"))
			}
		}
		_, _ = a.Close(), b.Close()
	}
}

// histories compares the versions. Of one that began before the cut, what shows
// of other objects is what they were at the cut, and a gap before is unknown.
func (c comparison) histories(t *testing.T) {
	for _, k := range rtnl.Kinds() {
		atCut := map[string]string{}
		text, err := store.AsOf(k, "?1", "?2")
		if err != nil {
			t.Fatal(err)
		}
		version := regexp.MustCompile(`object=\d+ .*valid_from_us=\d+ `)
		bare := func(line string) string {
			return regexp.MustCompile(`gap=\S+ |valid_to_us=\d+ `).ReplaceAllString(line, "")
		}
		rows, err := c.whole.QueryContext(t.Context(), text, c.removed, c.cutAt)
		for _, line := range rowsOf(t, rows, err) {
			atCut[version.FindString(bare(line))] = bare(line)
		}
		read := func(from *Changes, where string) []string {
			rows, err := from.QueryContext(t.Context(), fmt.Sprintf("SELECT * FROM %s_history WHERE %s ORDER BY object, valid_from_us", k.Name, where))
			return rowsOf(t, rows, err)
		}
		later := fmt.Sprintf("valid_from_us > %d", c.cutAt)
		tell(t, k.Name+"_history", read(c.whole, later), read(c.pruned, later))
		spanning := fmt.Sprintf("valid_from_us <= %d AND valid_to_us > %[1]d", c.cutAt)
		whole, pruned := read(c.whole, spanning), read(c.pruned, spanning)
		for i := range whole {
			whole[i] = atCut[version.FindString(bare(whole[i]))]
		}
		for i := range pruned {
			pruned[i] = bare(pruned[i])
		}
		tell(t, k.Name+"_history over the cut", whole, pruned)
	}
}

func (c comparison) changeLog(t *testing.T) {
	read := func(from *Changes) []string {
		rows, err := from.QueryContext(t.Context(), "SELECT * FROM change_log WHERE id > ? ORDER BY id", c.removed)
		return rowsOf(t, rows, err)
	}
	if !tell(t, "change_log", read(c.whole), read(c.pruned)) {
		t.Error("it is empty")
	}
}

// unnamed takes the name off a cause that was removed.
func (c comparison) unnamed(line string) string {
	return regexp.MustCompile(`(because|found after) #(\d+)[^,)]*`).ReplaceAllStringFunc(line, func(text string) string {
		id := int64(0)
		_, _ = fmt.Sscanf(text[strings.Index(text, "#"):], "#%d", &id)
		if id > c.removed {
			return text
		}
		return "because of old"
	})
}

func (c comparison) logs(t *testing.T) {
	for range 30 {
		from, to := c.instant(), c.instant()
		o := LogOptions{Span: Span{Since: fmt.Sprintf("@%d.%06d", min(from, to)/second, min(from, to)%second), Until: fmt.Sprintf("@%d", max(from, to)/second)}, Clock: Clock{Location: time.UTC}}
		switch c.chance.IntN(3) {
		case 0:
			o.Newest = 20
		case 1:
			o.Filters, _ = ParseSelection([]string{"route", "dev", "eth1"})
		}
		read := func(from *Changes) (lines []string) {
			err := from.Log(t.Context(), o, func(e Entry) error {
				lines = append(lines, c.unnamed(Line(e.Pieces(o.Clock))))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return lines
		}
		tell(t, fmt.Sprint(o.Since, " ", o.Until), read(c.whole), read(c.pruned))
	}
}

func (c comparison) diffs(t *testing.T) {
	for range 30 {
		from, to := fmt.Sprintf("@%d", 1+c.instant()/second), fmt.Sprintf("@%d", c.instant()/second)
		read := func(of *Changes) (lines []string) {
			d, err := of.Diff(t.Context(), from, to, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range d.Groups {
				for _, x := range g.Changes {
					lines = append(lines, Line(x.Pieces()))
				}
			}
			return lines
		}
		tell(t, from+" "+to, read(c.whole), read(c.pruned))
	}
}

func (c comparison) tops(t *testing.T) {
	for i := range 20 {
		o := TopOptions{Span: Span{Since: fmt.Sprintf("@%d", 1+c.instant()/second)}, By: Measures()[i%len(Measures())]}
		read := func(of *Changes) (lines []string) {
			ranked, err := of.Top(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range ranked {
				lines = append(lines, fmt.Sprintf("%+v", r))
			}
			return lines
		}
		tell(t, o.By+" since "+o.Since, read(c.whole), read(c.pruned))
	}
}

// lives compares the history of everything, after the cut.
func (c comparison) lives(t *testing.T) {
	for _, words := range [][]string{{"link"}, {"route"}, {"neighbour"}, {"address"}, {"nexthop"}, {"route", "table", "254"}} {
		filters, err := ParseSelection(words)
		if err != nil {
			t.Fatal(err)
		}
		atCut := 0
		read := func(of *Changes) (lines []string) {
			object := int64(0)
			err := of.History(t.Context(), filters[0], Span{}, func(last *Change) error { object = last.Object; return nil }, func(l Lasting) error {
				if l.Change != nil && l.kept {
					atCut++
					if l.At > c.cutAt || l.Until < c.cutAt || l.After == nil {
						t.Errorf("%s over the cut: from %d until %d", l.Name(), l.At, l.Until)
					}
				}
				if l.Change != nil && l.ID > c.removed {
					lines = append(lines, fmt.Sprint(object, " ", c.unnamed(Line(l.Pieces(Clock{Location: time.UTC})))))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return lines
		}
		tell(t, strings.Join(words, " "), read(c.whole), read(c.pruned))
		if atCut == 0 {
			t.Errorf("no %s was there at the cut", words[0])
		}
	}
}

// before: what was before the cut is said to be outside.
func (c comparison) before(t *testing.T) {
	for _, text := range []string{fmt.Sprintf("@%d", c.cutAt/second-1), fmt.Sprintf("#%d", c.removed), "#1"} {
		if m, err := c.pruned.resolve(t.Context(), text); !errors.Is(err, ErrOutside) {
			t.Errorf("%s: %v, %v", text, m, err)
		}
	}
	m, err := c.pruned.resolve(t.Context(), fmt.Sprintf("#%d^", c.removed+1))
	if err != nil || m.Change != c.removed {
		t.Errorf("right before the first change: %v, %v", m, err)
	}
	s, err := ReadStatus(context.Background(), c.pruned.path, time.Now())
	if err != nil || s.From != c.cutAt || s.Pruned != c.removed {
		t.Errorf("%+v, %v", s, err)
	}
}
