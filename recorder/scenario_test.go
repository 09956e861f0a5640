package recorder

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"nlrec/internal/iptest"
	"nlrec/internal/netnstest"
	"nlrec/query"
	"nlrec/store"
)

// scenario is something that people, programs or time do to a network.
type scenario struct {
	name  string
	needs string // a condition that not every kernel and iproute2 meets
	setup string // what there is before recording begins
	do    string // what is done then

	// silent is what the kernel does not announce: a recorder that only takes
	// notifications at their word ends with a difference that begins so.
	silent string
	// varies says why the notifications sometimes tell it all and sometimes
	// do not.
	varies string
	polled bool // only looking now and then tells of it
	slow   bool // it takes so long that it is to begin first
}

// atOnce is how many scenarios run at once for each processor; most of their
// time they wait.
const atOnce = 4

// TestScenarios does each thing of the table in a namespace of its own while
// two recorders run. What the one recorded must be what the kernel has, now and
// as of the moments before and after; the other, which takes notifications at
// their word, shows which of it is silent.
func TestScenarios(t *testing.T) {
	queue := make(chan scenario)
	var pool sync.WaitGroup
	for range atOnce * runtime.GOMAXPROCS(0) {
		pool.Go(func() {
			for s := range queue {
				t.Run(s.name, s.test)
			}
		})
	}
	for _, first := range []bool{true, false} {
		for _, s := range scenarios {
			if (s.slow || s.polled) == first {
				queue <- s
			}
		}
	}
	close(queue)
	pool.Wait()
}

func (s scenario) test(t *testing.T) {
	if !netnstest.EnterAlone(t, "a") {
		return
	}
	defer func() {
		if t.Failed() {
			t.Logf("setup:\n%sthen:\n%s", lines(s.setup), lines(s.do))
		}
	}()
	sh := newShell(t)
	if s.needs != "" && sh.try(s.needs) != nil {
		t.Skipf("here not: %s", s.needs)
	}
	sh.run(quietIPv6 + s.setup)
	waitForQuiet(t)
	w := watch(t, s)
	before := w.agree("before")
	sh.run(s.do)
	after := w.agree("after")
	w.compareLiteral(s)
	w.exact.stop()
	w.compareAsOf("before", before)
	w.compareAsOf("after", after)
	w.verify()
}

// watched is a namespace that two recorders record.
type watched struct {
	t              *testing.T
	dir            string
	exact, literal *running
	patience       time.Duration // until a recording shows what the kernel has
}

// moment is what the kernel had at an instant.
type moment struct {
	at string
	iptest.Snapshot
}

func watch(t *testing.T, s scenario) *watched {
	t.Helper()
	w, c := &watched{t: t, dir: t.TempDir(), patience: 20 * time.Second}, Config{}
	if s.polled {
		w.patience, c.Poll = 2*time.Minute, 300*time.Millisecond // a busy machine is polled less often
	}
	w.exact = run(t, w.file("exact"), c)
	w.literal = run(t, w.file("literal"), Config{literal: true})
	return w
}

func (w *watched) file(name string) string { return filepath.Join(w.dir, name+".db") }

// agree waits until the exact recording shows what ip shows, and an instant at
// which it did.
func (w *watched) agree(when string) moment {
	w.t.Helper()
	var diff string
	for deadline := time.Now().Add(w.patience); time.Now().Before(deadline); time.Sleep(pause) {
		m := moment{Snapshot: iptest.Kernel(w.t)}
		recorded := w.ask("")
		m.at = fmt.Sprintf("@%.6f", float64(time.Now().UnixMicro())/1e6)
		if diff = iptest.Differences(m.Snapshot, recorded); diff != "" || iptest.Differences(m.Snapshot, iptest.Kernel(w.t)) != "" {
			continue
		}
		if diff = w.compare("exact", true); diff == "" {
			return m
		}
	}
	w.t.Fatalf("the recording is not exact %s:\n%s", when, diff)
	return moment{}
}

// ask returns what the exact recording says, now or as of an instant.
func (w *watched) ask(at string) iptest.Snapshot {
	w.t.Helper()
	r, err := query.Open(w.t.Context(), w.file("exact"), query.Options{At: at})
	if err != nil {
		w.t.Fatal(err)
	}
	var answer []string
	err = r.Query(w.t.Context(), iptest.Question(), func(rows *query.Rows) error {
		for {
			row, err := rows.Next()
			if row == nil {
				return err
			}
			answer = append(answer, fmt.Sprintf(`{"kind": %q, "columns": %q}`, row[0], row[1]))
		}
	})
	if err := errors.Join(err, r.Close()); err != nil {
		w.t.Fatal(err)
	}
	return iptest.Recording(w.t, "["+strings.Join(answer, ",")+"]")
}

// compare compares a recording with the kernel and says where they differ.
func (w *watched) compare(name string, recording bool) string {
	w.t.Helper()
	f, err := store.OpenReadOnly(w.t.Context(), w.file(name))
	if err != nil {
		w.t.Fatal(err)
	}
	differences, err := Compare(w.t.Context(), f, recording)
	if err := errors.Join(err, f.Close()); err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, d := range differences {
		what := fmt.Sprintf("%s %v", d.Kind.Name, d.Key)
		switch {
		case d.File == nil:
			fmt.Fprintf(&b, "%s: only in the kernel: %v\n", what, d.Kernel)
		case d.Kernel == nil:
			fmt.Fprintf(&b, "%s: only in the recording: %v\n", what, d.File)
		case d.Order:
			fmt.Fprintf(&b, "%s: in another order\n", what)
		default:
			for i, column := range d.Kind.Columns[len(d.Kind.Key):] {
				if d.File[i] != d.Kernel[i] {
					kernel, file := differing(fmt.Sprint(d.Kernel[i]), fmt.Sprint(d.File[i]))
					fmt.Fprintf(&b, "%s: %s is %s in the kernel, %s in the recording\n", what, column, kernel, file)
				}
			}
		}
	}
	return b.String()
}

// differing cuts two texts down to where they differ and a little around it.
func differing(a, b string) (string, string) {
	const around = 40
	first, last := 0, 0
	for first < min(len(a), len(b)) && a[first] == b[first] {
		first++
	}
	for last < min(len(a), len(b))-first && a[len(a)-1-last] == b[len(b)-1-last] {
		last++
	}
	first, last = max(first-around, 0), max(last-around, 0)
	return a[first : len(a)-last], b[first : len(b)-last]
}

// compareLiteral looks whether notifications alone told everything. Where they
// did not, the recorder is stopped first, since then it has taken them all in.
func (w *watched) compareLiteral(s scenario) {
	w.t.Helper()
	if s.silent == "" && s.varies == "" {
		if diff := w.compare("literal", true); diff != "" {
			w.t.Errorf("the scenario is silent, notifications alone did not tell:\n%s", diff)
		}
		w.literal.stop()
		return
	}
	w.literal.stop()
	diff := w.compare("literal", false)
	w.t.Logf("notifications alone did not tell:\n%s", diff)
	if !strings.Contains("\n"+diff, "\n"+s.silent) {
		w.t.Errorf("notifications alone told: %s", s.silent)
	}
}

func (w *watched) compareAsOf(when string, m moment) {
	w.t.Helper()
	if diff := iptest.Differences(m.Snapshot, w.ask(m.at)); diff != "" {
		w.t.Errorf("as of %s, %s:\n%s", m.at, when, diff)
	}
}

// verify checks the invariants of the recording.
func (w *watched) verify() {
	w.t.Helper()
	f, err := store.OpenReadOnly(w.t.Context(), w.file("exact"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	findings, err := f.Verify(w.t.Context(), func(string, float64) {})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, finding := range findings {
		if !finding.OK {
			w.t.Errorf("%s: %q", finding.Meaning, finding.Found)
		}
	}
}
