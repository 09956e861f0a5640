package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nlrec/internal/netnstest"
)

// often returns how often something is tried: the second number if $NLREC_LONG
// is set, as `make day` does.
func often(few, many int) int {
	if os.Getenv("NLREC_LONG") != "" {
		return many
	}
	return few
}

// TestDay lets a world live through a day of commands, in which the recorder
// is restarted, killed, stopped and overrun, and compares what the recording
// says of random instants with what ip said then.
func TestDay(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	runtime.LockOSThread()
	ownNames(t)
	seed, commands, instants := firstSeed(t), often(600, 20_000), often(15, 500)
	g := parseGrammar(administration)
	g.texts["time"] = []string{"sleep 0.01"} // time passes anyway
	hour := rapid.Custom(func(t *rapid.T) (steps []string) {
		for left := commands / instants; left > 0; {
			before, some := round(t, g, left)
			left -= len(some)
			steps = slices.Concat(steps, before, some)
		}
		return append(steps, doCompare)
	})
	began := time.Now()
	w := newWorld(filepath.Join(t.TempDir(), "day.db"), 20*time.Second)
	defer w.end()
	defer w.failWith(t)
	w.do(doStart + smallBuffer)
	for i := range instants {
		for _, step := range hour.Example(seed + i) {
			w.do(step)
		}
		_ = exec.Command("sh", "-c", peacefully).Run() // what is lost comes again; the rest fails
	}
	w.finish()
	t.Logf("%d commands, %d instants compared, in %v", commands, len(w.moments), time.Since(began).Round(time.Second))
}
