package query

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nlrec/internal/recordingtest"
)

// After any history the log, replayed, makes what is now; any part of it that
// is asked for is that part of the whole; and the difference of two instants is
// that of the worlds then.
func TestChangesOfAnyHistory(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		f.Value.Set("30") // with -race each takes a second
	}
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.db")
	recordingtest.Open(t, empty).Close(0)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		if err := copyFile(empty, path, 0o600); err != nil {
			rt.Fatal(err)
		}
		moments := invent(rt, path)
		c, err := OpenChanges(t.Context(), path, options(""))
		if err != nil {
			rt.Fatal(err)
		}
		defer c.Close()
		checkReplay(t, rt, c, moments)
		checkParts(t, rt, c)
		checkFilters(t, rt, c)
		if len(moments) > 1 {
			checkDifference(t, rt, c, moments)
		}
	})
}

func logged(t *testing.T, rt *rapid.T, c *Changes, o LogOptions) (all []*Change) {
	o.Clock.Location = time.UTC
	err := c.Log(t.Context(), o, func(e Entry) error {
		all = append(all, e.Change)
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	return all
}

func checkReplay(t *testing.T, rt *rapid.T, c *Changes, moments []instantOf) {
	now := map[int64]string{}
	for _, x := range logged(t, rt, c, LogOptions{}) {
		if before := modelText(x, x.Before); now[x.Object] != before {
			rt.Fatalf("#%d was %q before, and is said to have been %q", x.ID, now[x.Object], before)
		}
		if now[x.Object] = modelText(x, x.After); x.After == nil {
			delete(now, x.Object)
		}
	}
	got, want := slices.Sorted(maps.Values(now)), worldTexts(moments[len(moments)-1].world)
	if !slices.Equal(got, want) {
		rt.Fatalf("the log makes %q, want %q", got, want)
	}
}

// modelText is a row as worldTexts has it; empty: none.
func modelText(x *Change, row Row) string {
	if row == nil {
		return ""
	}
	for _, m := range modelled {
		if m.kind == x.Kind {
			cells := []string{m.kind.Name}
			for _, column := range strings.Split(m.columns, ", ") {
				cells = append(cells, valueText(valueOf(x.Columns, row, column)))
			}
			return strings.Join(cells, " ")
		}
	}
	return ""
}

func worldTexts(w world) (texts []string) {
	for place, line := range w {
		texts = append(texts, modelled[place[0]].kind.Name+" "+line)
	}
	slices.Sort(texts)
	return texts
}

func checkParts(t *testing.T, rt *rapid.T, c *Changes) {
	whole := ids(logged(t, rt, c, LogOptions{}))
	n := rapid.Int64Range(1, int64(len(whole))+1).Draw(rt, "lines")
	last, first := whole[max(0, len(whole)-int(n)):], whole[:min(len(whole), int(n))]
	reversed := slices.Clone(last)
	slices.Reverse(reversed)
	tests := []struct {
		name string
		o    LogOptions
		want []int64
	}{
		{"newest", LogOptions{Newest: n}, last},
		{"oldest", LogOptions{Oldest: n}, first},
		{"newest first", LogOptions{Newest: n, Reverse: true}, reversed},
		{"newest of what matches", LogOptions{Newest: n, Grep: regexp.MustCompile(`#`)}, last},
		{"none", LogOptions{None: true}, nil},
		{"nothing matches", LogOptions{Grep: regexp.MustCompile(`%`)}, nil},
	}
	if len(whole) > 0 {
		i := rapid.IntRange(0, len(whole)-1).Draw(rt, "cursor")
		id := whole[i]
		tests = append(tests, []struct {
			name string
			o    LogOptions
			want []int64
		}{
			{"since", LogOptions{Span: Span{Since: fmt.Sprintf("#%d", id)}}, whole[i:]},
			{"until right before", LogOptions{Span: Span{Until: fmt.Sprintf("#%d^", id)}}, whole[:i]},
			{"until", LogOptions{Span: Span{Until: fmt.Sprintf("#%d", id)}}, whole[:i+1]},
			{"cursor", LogOptions{Span: Span{Cursor: c.cursor(id)}}, whole[i:]},
			{"after a cursor", LogOptions{Span: Span{AfterCursor: c.cursor(id)}}, whole[i+1:]},
		}...)
	}
	for _, tt := range tests {
		if got := ids(logged(t, rt, c, tt.o)); !slices.Equal(got, tt.want) {
			rt.Fatalf("%s: %v, want %v of %v", tt.name, got, tt.want, whole)
		}
	}
}

// checkFilters compares what a filter leaves with what it should.
func checkFilters(t *testing.T, rt *rapid.T, c *Changes) {
	whole := logged(t, rt, c, LogOptions{})
	for _, words := range [][]string{{"link", "ifname", "a"}, {"neighbour", "lladdr", "b", "-6"}, {"route", "metric", "1"}, {"neighbour"}} {
		filters, err := ParseSelection(words)
		if err != nil {
			rt.Fatal(err)
		}
		var want []int64
		for _, x := range whole {
			holds := func(row Row) bool {
				return row != nil && (len(words) < 3 || valueText(valueOf(x.Columns, row, words[1])) == words[2]) &&
					(len(words) < 4 || valueOf(x.Columns, row, "family") == "inet6")
			}
			if x.Kind == filters[0].Kind && (holds(x.Before) || holds(x.After)) {
				want = append(want, x.ID)
			}
		}
		if got := ids(logged(t, rt, c, LogOptions{Filters: filters})); !slices.Equal(got, want) {
			rt.Fatalf("%v: %v, want %v", words, got, want)
		}
	}
}

func ids(changes []*Change) (ids []int64) {
	for _, x := range changes {
		ids = append(ids, x.ID)
	}
	return ids
}

// checkDifference compares the difference of two instants, found either way,
// with that of the worlds.
func checkDifference(t *testing.T, rt *rapid.T, c *Changes, moments []instantOf) {
	i, j := rapid.IntRange(1, len(moments)-1).Draw(rt, "from"), rapid.IntRange(1, len(moments)-1).Draw(rt, "to")
	d, err := c.Diff(t.Context(), fmt.Sprintf("#%d", i), fmt.Sprintf("#%d", j), nil)
	if err != nil {
		rt.Fatal(err)
	}
	got := differenceTexts(d)
	want := worldDifference(moments[i].world, moments[j].world)
	if !slices.Equal(got, want) {
		rt.Fatalf("from #%d to #%d: %q, want %q", i, j, got, want)
	}
	checkWays(t, rt, c, int64(min(i, j)), int64(max(i, j)))
}

// differenceTexts are the differences as worldDifference has them. A link that
// came under the index of one that went is another; the worlds know only
// indexes.
func differenceTexts(d *Diff) (texts []string) {
	key := func(text string) string { return text[:max(0, strings.LastIndex(text, " "))] }
	was, is := map[string]string{}, map[string]string{}
	for _, g := range d.Groups {
		for _, x := range g.Changes {
			if before := modelText(x, x.Before); before != "" {
				was[key(before)] = before
			}
			if after := modelText(x, x.After); after != "" {
				is[key(after)] = after
			}
		}
	}
	keys := maps.Clone(was)
	maps.Copy(keys, is)
	for k := range keys {
		if was[k] != is[k] {
			texts = append(texts, was[k]+" → "+is[k])
		}
	}
	slices.Sort(texts)
	return texts
}

func worldDifference(a, b world) (texts []string) {
	text := func(place [2]int, line string, there bool) string {
		if !there {
			return ""
		}
		return modelled[place[0]].kind.Name + " " + line
	}
	places := maps.Clone(a)
	maps.Copy(places, b)
	for place := range places {
		was, there := a[place]
		is, remains := b[place]
		if was != is || there != remains {
			texts = append(texts, text(place, was, there)+" → "+text(place, is, remains))
		}
	}
	slices.Sort(texts)
	return texts
}

// checkWays holds both ways to find what changed against each other.
func checkWays(t *testing.T, rt *rapid.T, c *Changes, early, late int64) {
	s, err := c.choose(t.Context(), nil)
	if err != nil {
		rt.Fatal(err)
	}
	through, err := c.readThrough(t.Context(), s, early, late)
	if err != nil {
		rt.Fatal(err)
	}
	up, err := c.lookUp(t.Context(), s, early, late)
	if err != nil {
		rt.Fatal(err)
	}
	text := func(all []*Change) (texts []string) {
		for _, x := range all {
			texts = append(texts, fmt.Sprint(x.Object, x.was, x.state))
		}
		slices.Sort(texts)
		return texts
	}
	if !slices.Equal(text(through), text(up)) {
		rt.Fatalf("read through: %v, looked up: %v", text(through), text(up))
	}
}
