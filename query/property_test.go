package query

import (
	"fmt"
	"maps"
	"os"
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
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		defer os.Remove(path)
		moments := invent(rt, path)
		end := moments[len(moments)-1].at + 10
		for range 3 {
			i := rapid.IntRange(0, len(moments)-1).Draw(rt, "change")
			if i > 0 {
				checkAsOf(t, rt, path, fmt.Sprintf("#%d", i), 0, moments[i].world)
			}
			at := rapid.Int64Range(t0, end).Draw(rt, "at")
			last := moments[0]
			for _, m := range moments {
				if m.at <= at {
					last = m
				}
			}
			checkAsOf(t, rt, path, fmt.Sprintf("@%d.%06d", at/second, at%second), at, last.world)
		}
	})
}

// invent makes a recording of random changes and returns its moments, the one
// before the first change first.
func invent(rt *rapid.T, path string) []instantOf {
	r := recordingtest.Open(rt, path)
	r.Begin(t0-second, t0)
	moments, at := []instantOf{{t0, world{}}}, t0
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

// checkAsOf compares the answers about an instant with a world. at is 0 when
// the instant is no time.
func checkAsOf(t *testing.T, rt *rapid.T, path, instant string, at int64, want world) {
	r, err := Open(t.Context(), path, options(instant))
	if err != nil {
		rt.Fatal(err)
	}
	defer r.Close()
	for kind, m := range modelled {
		questions := []string{
			fmt.Sprintf("SELECT %s FROM %s", m.columns, m.kind.Name),
			fmt.Sprintf("SELECT %s FROM %s_at('%s')", m.columns, m.kind.Name, instant),
		}
		if at != 0 {
			questions = append(questions, fmt.Sprintf("SELECT %s FROM %s_history WHERE valid_from_us <= %d AND %[3]d < valid_to_us", m.columns, m.kind.Name, at))
		}
		for _, text := range questions {
			text = strings.Replace(text, "", "", 1)
			lines := strings.Split(answer(t, r, text), "\n")
			slices.Sort(lines)
			if got, want := strings.Join(lines, "\n"), want.lines(kind); got != want {
				rt.Fatalf("as of %s\n%s\n got %q\nwant %q", instant, text, got, want)
			}
		}
	}
}
