package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"nlrec/internal/iptest"
	"nlrec/internal/netnstest"
	"nlrec/rtnl"
)

// derivedColumns show what other objects are like, so that they may differ
// where the object has not changed.
var derivedColumns = map[string][]string{
	"link":      {"flags", "link", "master", "info_data", "info_slave_data"},
	"netconf":   {"interface"},
	"address":   {"dev"},
	"nexthop":   {"dev", "encap"},
	"route":     {"gateway", "via", "oif", "dev", "flags", "nexthops", "encap", "iif_dev"},
	"neighbour": {"dev", "via", "master"},
	"rule":      {"iif_detached", "oif_detached", "unresolved"},
}

// A thing is the values of an object by column; a state has things by object.
type (
	thing map[string]any
	state map[int64]thing
)

// own leaves the values that are the object's own.
func (o thing) own(kind string) thing {
	left := maps.Clone(o)
	for _, column := range derivedColumns[kind] {
		delete(left, column)
	}
	return left
}

// stateOf asks nlrec query for all of a kind.
func stateOf(t iptest.TB, db, kind string, at ...string) state {
	t.Helper()
	columns := questionColumns(t, kind)
	text := fmt.Sprintf("SELECT object, %s FROM %s", strings.Join(columns, ", "), kind)
	var rows []thing
	decode(t, runNlrec(t, append(append([]string{"query", "--db", db, "-o", "json"}, at...), text)...), &rows)
	all := state{}
	for _, row := range rows {
		object, _ := row["object"].(json.Number).Int64()
		delete(row, "object")
		maps.DeleteFunc(row, func(_ string, v any) bool { return v == nil })
		all[object] = row
	}
	return all
}

// questionColumns are the columns that log and diff tell of.
func questionColumns(t iptest.TB, kind string) (names []string) {
	var tables []struct {
		Columns []struct{ Name string }
	}
	decode(t, runNlrec(t, "tables", "-o", "json", kind), &tables)
	for _, c := range tables[0].Columns {
		if !slices.Contains([]string{"netns", "object", "gap", "valid_from_us", "valid_to_us"}, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

func runNlrec(t iptest.TB, args ...string) []byte {
	t.Helper()
	c := exec.Command("nlrec", args...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("nlrec %v: %v\n%s", args, err, stderr.String())
	}
	return out
}

func decode(t iptest.TB, text []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in %.500s", err, text)
	}
}

// flatten makes nested data text again, as nlrec query has it.
func flatten(t iptest.TB, o map[string]any) thing {
	if o == nil {
		return nil
	}
	for column, v := range o {
		switch v.(type) {
		case map[string]any, []any:
			o[column] = canonical(t, v)
		}
	}
	return o
}

func canonical(t iptest.TB, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// canonically does the same to the rows of a query.
func (s state) canonically(t iptest.TB) state {
	for _, o := range s {
		for column, v := range o {
			text, ok := v.(string)
			if ok && (strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{")) {
				var nested any
				decode(t, []byte(text), &nested)
				o[column] = canonical(t, nested)
			}
		}
	}
	return s
}

// told is an entry of the log or a difference.
type told struct {
	ID            int64
	Kind, Op      string
	Object        int64
	Before, After map[string]any
	Changed       []string
}

// TestChangesOfARecording records random commands and compares what log, diff
// and history say with what query shows of each instant.
func TestChangesOfARecording(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	runtime.LockOSThread()
	ownNames(t)
	seed := firstSeed(t)
	steps := sequence(parseGrammar(administration)).Example(seed)
	w := newWorld(filepath.Join(t.TempDir(), "a.db"), patience)
	defer w.failWith(t)
	defer w.end()
	for _, step := range steps {
		if step != doCompare {
			w.do(step)
		}
	}
	w.do(doCompare)
	if err := w.r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	t.Logf("NLREC_SEED=%d", seed)
	last := checkReplay(t, w.db)
	first := firstCovered(t, w.db)
	for range 8 {
		a, b := first+rand.Int64N(last-first+1), first+rand.Int64N(last-first+1)
		checkDiff(t, w.db, a, b)
	}
	checkHistories(t, w.db)
}

// firstCovered is the id of the first change whose instant can be asked for.
func firstCovered(t *testing.T, db string) int64 {
	var rows []struct{ ID int64 }
	decode(t, runNlrec(t, "query", "--db", db, "-o", "json",
		"SELECT max(id) AS id FROM change_log WHERE at_us <= (SELECT min(ready_us) FROM session)"), &rows)
	return rows[0].ID
}

// checkReplay replays the log and compares what it makes with what is now. It
// returns the id of the last change.
func checkReplay(t *testing.T, db string) (last int64) {
	var log []told
	decode(t, runNlrec(t, "log", "--db", db, "-o", "json"), &log)
	made := map[string]state{}
	for _, x := range log {
		if x.Op == "gap" {
			continue
		}
		if x.ID != last+1 {
			t.Errorf("#%d comes after #%d", x.ID, last)
		}
		last = x.ID
		if made[x.Kind] == nil {
			made[x.Kind] = state{}
		}
		before, after := flatten(t, x.Before), flatten(t, x.After)
		if had := made[x.Kind][x.Object]; !reflect.DeepEqual(had.own(x.Kind), before.own(x.Kind)) {
			t.Errorf("#%d %s: before it was %v, and before that became %v", x.ID, x.Kind, before, had)
		}
		made[x.Kind][x.Object] = after
		if after == nil {
			delete(made[x.Kind], x.Object)
		}
	}
	for _, k := range rtnl.Kinds() {
		now := stateOf(t, db, k.Name).canonically(t)
		for object := range mergedKeys(now, made[k.Name]) {
			if got, want := made[k.Name][object], now[object]; !reflect.DeepEqual(got.own(k.Name), want.own(k.Name)) {
				t.Errorf("%s %d: the log makes\n%v, there is\n%v", k.Name, object, got, want)
			}
		}
	}
	return last
}

func mergedKeys(a, b state) state {
	all := maps.Clone(a)
	if all == nil {
		all = state{}
	}
	maps.Copy(all, b)
	return all
}

// checkDiff compares the difference between two changes with both states.
func checkDiff(t *testing.T, db string, a, b int64) {
	from, to := fmt.Sprintf("#%d", a), fmt.Sprintf("#%d", b)
	var diff []told
	decode(t, runNlrec(t, "diff", "--db", db, "-o", "json", from, to), &diff)
	for _, k := range rtnl.Kinds() {
		was, is := stateOf(t, db, k.Name, "--at", from).canonically(t), stateOf(t, db, k.Name, "--at", to).canonically(t)
		differ := map[int64]told{}
		for _, x := range diff {
			if x.Kind == k.Name {
				differ[x.Object] = x
			}
		}
		for object := range mergedKeys(was, is) {
			x, isTold := differ[object]
			delete(differ, object)
			switch {
			case !isTold && !k.Same(counted(k, was[object]), counted(k, is[object])):
				t.Errorf("diff %s %s: %s %d is not told\nwas %v\nis  %v", from, to, k.Name, object, was[object], is[object])
			case isTold && (!reflect.DeepEqual(flatten(t, x.Before), was[object]) || !reflect.DeepEqual(flatten(t, x.After), is[object])):
				t.Errorf("diff %s %s: %s %d\ntold %v → %v\nwas  %v\nis   %v", from, to, k.Name, object, x.Before, x.After, was[object], is[object])
			case isTold && reflect.DeepEqual(was[object], is[object]):
				t.Errorf("diff %s %s: %s %d is told, and is the same: %v", from, to, k.Name, object, is[object])
			}
		}
		for object, x := range differ {
			t.Errorf("diff %s %s: %s %d is told, and was never there: %v", from, to, k.Name, object, x)
		}
	}
}

// counted is what of a thing is its own as a state, so that countdowns can be
// set aside; a column more tells whether it is there.
func counted(k *rtnl.Kind, o thing) rtnl.Row {
	own, row := o.own(k.Name), make(rtnl.Row, len(k.Columns)-len(k.Key))
	for i, column := range k.Columns[len(k.Key):] {
		row[i] = own[column]
		if n, ok := row[i].(json.Number); ok {
			row[i], _ = n.Int64()
		}
	}
	if o == nil {
		row[len(row)-1] = "not there" // extra is text, or nothing
	}
	return row
}

// checkHistories: the versions of a link follow on one another.
func checkHistories(t *testing.T, db string) {
	out := runNlrec(t, "history", "--db", db, "-o", "ndjson", "link", "v0")
	until, versions := map[int64]int64{}, 0
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var x struct {
			Op       string
			Object   int64
			AtUS     int64  `json:"at_us"`
			UntilUS  *int64 `json:"until_us"`
			LastedUS int64  `json:"lasted_us"`
		}
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		if x.Op == "gap" {
			continue
		}
		versions++
		if before, ok := until[x.Object]; ok && before != x.AtUS {
			t.Errorf("link %d: one version until %d, the next since %d", x.Object, before, x.AtUS)
		}
		if x.UntilUS != nil {
			until[x.Object] = *x.UntilUS
			if x.AtUS+x.LastedUS != *x.UntilUS {
				t.Errorf("link %d: since %d, until %d, lasted %d", x.Object, x.AtUS, *x.UntilUS, x.LastedUS)
			}
		}
	}
	if versions == 0 {
		t.Errorf("v0 has no versions: %s", out)
	}
}

// A log that is followed tells of a change when it comes, and ends in peace.
func TestFollow(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	db := filepath.Join(t.TempDir(), "a.db")
	r := startRecording(t, db)
	c := exec.Command("nlrec", "log", "--db", db, "-f", "-o", "json", "link")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	lines, all := bufio.NewReader(out), ""
	until := func(text string) {
		for !strings.HasSuffix(all, text) {
			b, err := lines.ReadByte()
			if err != nil {
				t.Fatalf("%v before %q in %q\n%s", err, text, all, stderr.String())
			}
			all += string(b)
		}
	}
	until(`"ifname":"lo"`)
	for i := range 3 {
		name := fmt.Sprintf("v%d", i)
		netnstest.Run(t, "ip link add "+name+" type veth peer name p"+name)
		until(`"ifname":"` + name + `"`)
	}
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r = startRecording(t, db) // goes on, with a gap
	until(`"op":"gap"`)
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	until("\n]\n")
	if err := c.Wait(); err != nil {
		t.Errorf("%v\n%s", err, stderr.String())
	}
	var entries []told
	decode(t, []byte(all), &entries)
}
