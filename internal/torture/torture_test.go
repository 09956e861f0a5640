package torture

import (
	"fmt"
	"slices"
	"testing"
)

// recorded is a test that notes what is done to it.
type recorded struct {
	cleanups []func()
	failed   bool
	log      []string
}

func (r *recorded) Helper()                           {}
func (r *recorded) Cleanup(f func())                  { r.cleanups = append(r.cleanups, f) }
func (r *recorded) Failed() bool                      { return r.failed }
func (r *recorded) Errorf(format string, args ...any) { r.failed = true }
func (r *recorded) Logf(format string, args ...any) {
	r.log = append(r.log, fmt.Sprintf(format, args...))
}

func (r *recorded) end() (results []Result) {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
	for _, line := range r.log {
		if result, ok := ParseLine("    x_test.go:7: " + line); ok {
			results = append(results, result)
		}
	}
	return results
}

func TestRun(t *testing.T) {
	good, bad, idle, failed := &recorded{}, &recorded{}, &recorded{}, &recorded{}
	run := Start(good, "a kill")
	run.Try()
	run.Try()
	run.Refuse()
	run.Worst(2, "%d ms", 2)
	run.Worst(1, "%d ms", 1)
	run = Start(bad, "a cut")
	run.Try()
	run.Lose("gone")
	Start(idle, "nothing")
	Start(failed, "another thing").Try()
	failed.failed = true
	for r, want := range map[*recorded]Result{
		good:   {"a kill", 2, 0, 1, "2 ms"},
		bad:    {"a cut", 1, 1, 0, ""},
		idle:   {"nothing", 0, 1, 0, ""},
		failed: {"another thing", 1, 1, 0, ""},
	} {
		if got := r.end(); len(got) != 1 || got[0] != want {
			t.Errorf("%v, want %v", got, want)
		}
		if r.failed != (want.Losses > 0) {
			t.Errorf("%s: the test has failed: %v", want.Test, r.failed)
		}
	}
}
