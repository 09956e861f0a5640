// Package torture counts what a reliability test tried and what broke, so that
// `make torture` can print one table of all of them. Such a test has a name that
// begins with TestTorture, counts with a Run, and tries more often when
// $NLREC_LONG is set. docs/reliability.md says what is promised.
package torture

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// A Result is what one test has to say: a row of the table.
type Result struct {
	Test    string `json:"test"`    // what was done, in a few words
	Tries   int    `json:"tries"`   // how often
	Losses  int    `json:"losses"`  // tries that broke a promise
	Refused int    `json:"refused"` // tries that nlrec refused with a plain error, as it should
	Worst   string `json:"worst"`   // the worst case, measured
}

// marker stands before a Result in the output of a test.
const marker = "torture: "

// Often returns how often something is tried: the second number if $NLREC_LONG
// is set, as `make torture` does.
func Often(few, many int) int {
	if os.Getenv("NLREC_LONG") != "" {
		return many
	}
	return few
}

// TB is what a Run needs of a test.
type TB interface {
	Helper()
	Cleanup(func())
	Failed() bool
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

var _ TB = testing.TB(nil)

// A Run counts the tries of one test. It is safe for concurrent use.
type Run struct {
	t     TB
	mu    sync.Mutex
	r     Result
	worst float64
}

// Start begins to count what is told in a few words. When the test ends its
// result is printed; a test that tried nothing fails.
func Start(t TB, what string) *Run {
	run := &Run{t: t, r: Result{Test: what}}
	t.Cleanup(run.report)
	return run
}

// Try counts one more try.
func (run *Run) Try() {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.r.Tries++
}

// Refuse counts a try that was refused as it should be.
func (run *Run) Refuse() {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.r.Refused++
}

// Lose counts a try that broke a promise, and fails the test. Call it once for
// each such try.
func (run *Run) Lose(format string, args ...any) {
	run.t.Helper()
	run.mu.Lock()
	run.r.Losses++
	run.mu.Unlock()
	run.t.Errorf(format, args...)
}

// Worst notes how bad a try was: the sentence of the largest size is told.
func (run *Run) Worst(size float64, format string, args ...any) {
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.r.Worst == "" || size > run.worst {
		run.worst, run.r.Worst = size, fmt.Sprintf(format, args...)
	}
}

// report prints the result. A test that failed otherwise has lost too.
func (run *Run) report() {
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.r.Tries == 0 {
		run.t.Errorf("%s: nothing was tried", run.r.Test)
	}
	if run.t.Failed() {
		run.r.Losses = max(1, run.r.Losses)
	}
	text, err := json.Marshal(run.r)
	if err != nil {
		run.t.Errorf("%s: %v", run.r.Test, err)
	}
	run.t.Logf("%s%s", marker, text)
}

// ParseLine reads the Result from a line of a test's output, if it has one.
func ParseLine(line string) (r Result, ok bool) {
	_, text, found := strings.Cut(line, marker+"{")
	if !found {
		return r, false
	}
	err := json.Unmarshal([]byte("{"+text), &r)
	return r, err == nil
}
