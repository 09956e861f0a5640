package query

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nlrec/internal/recordingtest"
	"nlrec/internal/torture"
)

// A sighting is an interval of the wall clock, the end of which is not of it, in
// which a recorder watched and nothing changed.
type sighting struct {
	from, to int64
	change   int
}

// tale is what a model remembers of a recording whose clock is set at will: all
// that the clock showed, in order.
type tale struct {
	rt        *rapid.T
	r         *recordingtest.Recording
	wall      int64
	sightings []sighting
	labels    []int64 // of the changes, by id
	worlds    []world // after each
	noted     int     // how many sightings are before the last event in the file
}

const (
	hour = 3600 * second
	year = 365 * 24 * hour
)

// pass lets time go by. What there is to write does not wait that long.
func (t *tale) pass(us int64) {
	if us > second/2 {
		t.r.Commit()
	}
	t.sightings = append(t.sightings, sighting{t.wall, t.wall + us, len(t.labels) - 1})
	t.wall += us
}

func (t *tale) change() {
	kind := rapid.IntRange(0, len(modelled)-1).Draw(t.rt, "kind")
	object := rapid.IntRange(0, len(modelled[kind].keys)-1).Draw(t.rt, "object")
	value := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t.rt, "value")
	now := maps.Clone(t.worlds[len(t.worlds)-1])
	if changeOne(t.r, t.wall, kind, object, value, now) != 0 {
		t.labels, t.worlds = append(t.labels, t.wall), append(t.worlds, now)
		t.noted = len(t.sightings)
	}
}

// set sets the clock. It is not set twice before the first is written.
func (t *tale) set(by int64) {
	t.r.Commit()
	if t.wall+by < 0 {
		by = -by
	}
	t.wall += by
	t.r.Step(t.wall, by)
	t.noted = len(t.sightings)
}

// restart ends the session, or kills it, and begins another, with a clock that
// was set meanwhile.
func (t *tale) restart(by int64) {
	t.r.Commit()
	if rapid.Bool().Draw(t.rt, "killed") {
		t.kill()
	} else {
		t.end()
	}
	if t.wall+by < 0 {
		by = -by
	}
	t.wall += rapid.Int64Range(1, 5*second).Draw(t.rt, "away") + by
	t.r.Boot(t.wall - second)
	started := t.wall
	t.pass(1 + rapid.Int64Range(0, second).Draw(t.rt, "dump"))
	t.r.Begin(started, t.wall)
	t.noted = len(t.sightings)
}

// end ends the session; what the clock showed then is still of it.
func (t *tale) end() {
	t.r.End(t.wall)
	t.sightings = append(t.sightings, sighting{t.wall, t.wall + 1, len(t.labels) - 1})
}

// kill forgets what the clock showed since the recorder last noted anything.
func (t *tale) kill() {
	for n := t.noted; n < len(t.sightings); n++ {
		s := &t.sightings[n]
		if s.to = s.from; n == t.noted {
			s.to++
		}
	}
}

// occurrences are the changes after which the clock showed an instant.
func (t *tale) occurrences(at int64) (found []int) {
	for _, s := range t.sightings {
		if s.from <= at && at < s.to {
			found = append(found, s.change)
		}
	}
	return found
}

func narrate(rt *rapid.T, path string) *tale {
	t := &tale{rt: rt, r: recordingtest.Open(rt, path), wall: t0, labels: []int64{t0}, worlds: []world{{}}}
	t.r.Begin(t0-second, t0)
	for range rapid.IntRange(5, 60).Draw(rt, "events") {
		by := rapid.SampledFrom([]int64{-hour, hour, -10 * year, 10 * year, -3 * second, 3 * second}).Draw(rt, "by")
		switch rapid.SampledFrom([]string{"change", "change", "change", "change", "commit", "set", "restart", "1970"}).Draw(rt, "event") {
		case "change":
			t.change()
		case "commit":
			t.r.Commit()
		case "set":
			t.set(by)
		case "restart":
			t.restart(rapid.SampledFrom([]int64{0, by}).Draw(rt, "meanwhile"))
		case "1970":
			t.restart(rapid.Int64Range(0, 100*second).Draw(rt, "up") - t.wall)
		}
		t.pass(rapid.Int64Range(1, 4*second).Draw(rt, "later"))
	}
	t.end()
	t.r.Close(0)
	return t
}

// However the clock is set, an instant is answered as of the last time that the
// clock showed it, and a warning names the others.
func TestTortureOccurrences(t *testing.T) {
	run := torture.Start(t, "recordings whose clock is set at will")
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		f.Value.Set(strconv.Itoa(torture.Often(30, 3000)))
	}
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		run.Try()
		s := narrate(rt, filepath.Join(dir, fmt.Sprintf("%d.db", n)))
		var warnings []string
		o := Options{Now: time.UnixMicro(t0 + 100*year), Location: time.UTC, Warn: func(text string) { warnings = append(warnings, text) }}
		r, err := Open(t.Context(), filepath.Join(dir, fmt.Sprintf("%d.db", n)), o)
		if err != nil {
			rt.Fatal(err)
		}
		defer r.Close()
		for range 40 {
			in := rapid.SampledFrom(s.sightings).Draw(rt, "showing")
			if in.from >= in.to {
				continue
			}
			at := rapid.Int64Range(in.from, in.to-1).Draw(rt, "at")
			warnings = nil
			clear(r.timeline.warned)
			found := s.occurrences(at)
			if at < t0 && len(found) == 1 && found[0] == 0 {
				continue
			}
			last := found[len(found)-1]
			checkFunctions(t, rt, r, fmt.Sprintf("@%d.%06d", at/second, at%second), s.worlds[last])
			s.checkWarning(found, strings.Join(warnings, "\n"))
		}
		s.checkLog(t, filepath.Join(dir, fmt.Sprintf("%d.db", n)))
	})
}

// checkWarning checks that a warning names every other change after which an
// instant occurred, and that there is none where it occurred but once.
func (t *tale) checkWarning(found []int, warned string) {
	last := found[len(found)-1]
	for _, change := range found[:len(found)-1] {
		if change != last && !strings.Contains(warned, fmt.Sprintf("'#%d'", change)) && found[0] != last {
			t.rt.Fatalf("the instant was also after change #%d, but %q", change, warned)
		}
	}
	if again := strings.Contains(warned, "the clock was set back"); again != (len(found) > 1) {
		t.rt.Fatalf("the instant was after changes %v, but %q; sightings %v, labels %v", found, warned, t.sightings, t.labels)
	}
}

// checkLog checks that a log between two instants has every change with a time
// between, whatever its place.
func (t *tale) checkLog(tt *testing.T, path string) {
	c, err := OpenChanges(tt.Context(), path, Options{Now: time.UnixMicro(t0 + 100*year), Location: time.UTC})
	if err != nil {
		t.rt.Fatal(err)
	}
	defer c.Close()
	for range 5 {
		a, b := rapid.SampledFrom(t.labels).Draw(t.rt, "since"), rapid.SampledFrom(t.labels).Draw(t.rt, "until")
		a, b = min(a, b), max(a, b)
		var got, want []int64
		text := func(us int64) string { return fmt.Sprintf("@%d.%06d", us/second, us%second) }
		err := c.Log(tt.Context(), LogOptions{Span: Span{Since: text(a), Until: text(b)}}, func(e Entry) error {
			if e.Change != nil {
				got = append(got, e.ID)
			}
			return nil
		})
		for id, at := range t.labels {
			if id > 0 && a <= at && at <= b {
				want = append(want, int64(id))
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.rt.Fatalf("between %d and %d: %v, want %v, error %v", a, b, got, want, err)
		}
	}
}
