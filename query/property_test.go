package query

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// modelled are the kinds of the model: what identifies an object, and a column
// that changes.
var modelled = []struct {
	kind    *rtnl.Kind
	keys    []recordingtest.Values
	column  string
	columns string // of the view: the key and the column
}{
	{rtnl.Link, []recordingtest.Values{{"ifindex": int64(1)}, {"ifindex": int64(2)}, {"ifindex": int64(3)}}, "ifname", "ifindex, ifname"},
	{rtnl.Route, []recordingtest.Values{route("default", 1), route("10.0.0.0/8", 1), route("10.0.0.0/8", 2)}, "prefsrc", "dst, metric, prefsrc"},
	{rtnl.Neighbour, []recordingtest.Values{{"family": "inet", "ifindex": int64(1), "dst": "a"}, {"family": "inet6", "ifindex": int64(1), "dst": "a"}}, "lladdr", "family, dst, lladdr"},
}

// world is what a model remembers of one moment: lines as they are answered,
// by kind and object.
type world map[[2]int]string

func (w world) lines(kind int) string {
	var lines []string
	for key, line := range w {
		if key[0] == kind {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// instantOf is a moment of the model: after the change with an id.
type instantOf struct {
	at    int64
	world world
}

// After any history, whatever way one asks for an instant, the answer is what
// was then.
func TestAsOf(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		f.Value.Set("30") // with -race each takes a second
	}
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.db") // making one anew takes most of the time
	recordingtest.Open(t, empty).Close(0)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		if err := copyFile(empty, path, 0o600); err != nil {
			rt.Fatal(err)
		}
		moments := invent(rt, path)
		end := moments[len(moments)-1].at + 10
		now := openRapid(t, rt, path, "")
		defer now.Close()
		for range 4 {
			i := rapid.IntRange(0, len(moments)-1).Draw(rt, "change")
			if i > 0 {
				checkFunctions(t, rt, now, fmt.Sprintf("#%d", i), moments[i].world)
			}
			at := rapid.Int64Range(t0, end).Draw(rt, "at")
			instant, then := fmt.Sprintf("@%d.%06d", at/second, at%second), worldAt(moments, at)
			checkFunctions(t, rt, now, instant, then)
			checkHistory(t, rt, now, at, then)
		}
		i := rapid.IntRange(1, len(moments)).Draw(rt, "views") % len(moments)
		instant, then := fmt.Sprintf("#%d", i), moments[i].world
		if i == 0 {
			instant, then = fmt.Sprintf("@%d.%06d", end/second, end%second), worldAt(moments, end)
		}
		checkViews(t, rt, path, instant, then)
	})
}

// worldAt returns the world at a time.
func worldAt(moments []instantOf, at int64) (w world) {
	for _, m := range moments {
		if m.at <= at {
			w = m.world
		}
	}
	return w
}

func openRapid(t *testing.T, rt *rapid.T, path, at string) *Reader {
	r, err := Open(t.Context(), path, options(at))
	if err != nil {
		rt.Fatal(err)
	}
	return r
}

// invent makes a recording of random changes and returns its moments, the one
// before the first change first.
func invent(rt *rapid.T, path string) []instantOf {
	r := recordingtest.Open(rt, path)
	r.Begin(t0-second, t0)
	moments, at := []instantOf{{t0, world{}}}, t0+1 // what comes until t0 is the first dump
	for range rapid.IntRange(1, 40).Draw(rt, "changes") {
		at += rapid.Int64Range(0, 3).Draw(rt, "later")
		kind := rapid.IntRange(0, len(modelled)-1).Draw(rt, "kind")
		object := rapid.IntRange(0, len(modelled[kind].keys)-1).Draw(rt, "object")
		value := rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "value")
		now := maps.Clone(moments[len(moments)-1].world)
		if changeOne(r, at, kind, object, value, now) != 0 {
			moments = append(moments, instantOf{at, now})
		}
		if rapid.Bool().Draw(rt, "commit") {
			r.Commit()
		}
	}
	r.Close(at + 10)
	return moments
}

// changeOne changes an object in a recording and in a world; value "" removes
// it. It returns the id of the change, or 0.
func changeOne(r *recordingtest.Recording, at int64, kind, object int, value string, w world) int64 {
	m := modelled[kind]
	v := maps.Clone(m.keys[object])
	if value == "" {
		delete(w, [2]int{kind, object})
		return r.Remove(at, m.kind, v)
	}
	v[m.column] = value
	var cells []string
	for _, column := range strings.Split(m.columns, ", ") {
		cells = append(cells, valueText(v[column]))
	}
	w[[2]int{kind, object}] = strings.Join(cells, " ")
	return r.Set(at, m.kind, v)
}

func checkFunctions(t *testing.T, rt *rapid.T, r *Reader, instant string, want world) {
	for kind, m := range modelled {
		check(t, rt, r, fmt.Sprintf("SELECT %s FROM %s_at('%s')", m.columns, m.kind.Name, instant), want.lines(kind))
	}
}

func checkHistory(t *testing.T, rt *rapid.T, r *Reader, at int64, want world) {
	for kind, m := range modelled {
		check(t, rt, r, fmt.Sprintf("SELECT %s FROM %s_history WHERE valid_from_us <= %d AND %[3]d < valid_to_us", m.columns, m.kind.Name, at), want.lines(kind))
	}
}

func checkViews(t *testing.T, rt *rapid.T, path, instant string, want world) {
	r := openRapid(t, rt, path, instant)
	defer r.Close()
	for kind, m := range modelled {
		check(t, rt, r, fmt.Sprintf("SELECT %s FROM %s", m.columns, m.kind.Name), want.lines(kind))
	}
}

func check(t *testing.T, rt *rapid.T, r *Reader, text, want string) {
	lines := strings.Split(answer(t, r, text), "\n")
	slices.Sort(lines)
	if got := strings.Join(lines, "\n"); got != want {
		rt.Fatalf("%s\n got %q\nwant %q", text, got, want)
	}
}
