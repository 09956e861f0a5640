package main

import (
	"math/rand/v2"
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
	g, chance := parseGrammar(administration), rand.New(rand.NewPCG(uint64(seed), 0))
	g.texts["time"] = []string{"sleep 0.01"} // time passes anyway
	while := func(left int) []string {
		return rapid.Custom(func(t *rapid.T) (steps []string) {
			for left := left; left > 0; {
				before, some := round(t, g, left)
				left -= len(some)
				steps = slices.Concat(steps, before, some)
			}
			return append(steps, doCompare)
		}).Example(chance.Int())
	}
	began := time.Now()
	w := newWorld(filepath.Join(t.TempDir(), "day.db"), 20*time.Second)
	defer w.end()
	defer w.failWith(t)
	w.do(doStart + smallBuffer)
	given := 0
	for given < commands || len(w.moments) < instants {
		n := 1 + chance.IntN(2*commands/instants)
		for _, step := range while(n) {
			w.do(step)
		}
		given += n
		_ = exec.Command("sh", "-c", peacefully).Run() // what is lost comes again; the rest fails
	}
	w.finish()
	t.Logf("%d commands, %d instants compared, in %v", given, len(w.moments), time.Since(began).Round(time.Second))
}
