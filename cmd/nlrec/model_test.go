package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"nlrec/internal/netnstest"
)

const (
	commandsEach = 30 // commands in a sequence
	workers      = 2  // sequences at a time
	patience     = 20 * time.Second
	shrinkFor    = 3 * time.Minute
)

// round draws some commands, at most a given number. In some rounds the
// recorder is restarted, killed or stopped before, or they come at full speed.
func round(t *rapid.T, g grammar, most int) (before, commands []string) {
	what := rapid.SampledFrom([]string{"", "", "", "", doTogether, doTogether, doSuspend, doRestart, doKill}).Draw(t, "before")
	if what != "" {
		before = []string{what}
	}
	for range min(rapid.IntRange(1, 9).Draw(t, "commands"), most) {
		commands = append(commands, g.command(t))
	}
	return before, commands
}

// sequence draws what is done to a world: rounds of commands, after each of
// which recording and kernel are compared. Some recorders have a buffer so
// small that it overruns.
func sequence(g grammar) *rapid.Generator[[]string] {
	return rapid.Custom(func(t *rapid.T) []string {
		steps := []string{doStart + rapid.SampledFrom([]string{"", "", smallBuffer}).Draw(t, "buffer")}
		for left := commandsEach; left > 0; {
			before, commands := round(t, g, left)
			left -= len(commands)
			steps = append(slices.Concat(steps, before, commands), doCompare)
		}
		return steps
	})
}

// TestModel lives through random sequences of commands and compares what nlrec
// recorded with what ip says, now and then and, at the end, as of each of those
// moments. A failure prints the shortest sequence found that shows it, as
// commands, and the seed that makes it again. $NLREC_SEQUENCES is how many, or
// for how long; $NLREC_SEED the first seed.
//
// Sequences are drawn by rapid. They are shortened here: they take too long,
// and depend too much on time, for its shrinking.
func TestModel(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	seed := firstSeed(t)
	more := budget(t, "NLREC_SEQUENCES", "10")
	began, done := time.Now(), atomic.Int64{}
	t.Run("", func(t *testing.T) {
		for range workers {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				runtime.LockOSThread() // whose namespaces are its own, and which ends with it
				ownNames(t)
				for more() && !t.Failed() {
					tryLife(t, seed+int(done.Add(1))-1)
				}
			})
		}
	})
	t.Logf("%d sequences of %d commands in %v", done.Load(), commandsEach, time.Since(began).Round(time.Second))
}

// tryLife tries the sequence that a seed makes.
func tryLife(t *testing.T, seed int) {
	steps := sequence(parseGrammar(administration)).Example(seed)
	wrong := live(t.TempDir(), steps, patience)
	if wrong == "" {
		return
	}
	t.Logf("NLREC_SEED=%d makes\n%s\nwhere %s", seed, strings.Join(steps, "\n"), wrong)
	until := time.Now().Add(shrinkFor)
	steps = shrink(steps, func(fewer []string) bool {
		if time.Now().After(until) {
			return false
		}
		now := live(t.TempDir(), fewer, patience/4)
		same := now != "" && symptom(now) == symptom(wrong)
		if same {
			wrong = now
		}
		return same
	})
	t.Errorf("NLREC_SEED=%d, shortened. In the namespace home, beside away:%s\n%s\n# %s", seed, peacefully, strings.Join(steps, "\n"), wrong)
}

// live lets a world live through steps, and tells what is wrong with its
// recording; empty: nothing.
func live(dir string, steps []string, patience time.Duration) (wrong string) {
	db := filepath.Join(dir, "model.db")
	var w *world
	defer func() {
		switch f := recover().(type) {
		case nil:
		case failure:
			wrong = string(f)
		default:
			panic(f)
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(db + suffix)
		}
	}()
	w = newWorld(db, patience)
	defer w.end()
	for _, step := range steps {
		w.do(step)
	}
	w.finish()
	return ""
}

// shrink takes steps away as long as what is left, after the first, fails.
func shrink(steps []string, fails func([]string) bool) []string {
	for size := len(steps) / 2; size > 0; size /= 2 {
		for i := 1; i < len(steps); {
			fewer := slices.Delete(slices.Clone(steps), i, min(i+size, len(steps)))
			if fails(fewer) {
				steps = fewer
			} else {
				i += size
			}
		}
	}
	return steps
}

// symptom is what two failures have in common that are of one cause, more or
// less: how they begin, without numbers, and the kind of the first difference.
func symptom(wrong string) string {
	lines := strings.SplitN(wrong, "\n", 3)
	if len(lines) > 1 {
		lines[1], _, _ = strings.Cut(lines[1], " ")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, strings.Join(lines[:min(2, len(lines))], "\n"))
}

// firstSeed is a new seed, or $NLREC_SEED.
func firstSeed(t *testing.T) int {
	t.Helper()
	text := os.Getenv("NLREC_SEED")
	if text == "" {
		text = fmt.Sprint(rand.IntN(1_000_000_000))
	}
	seed, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("$NLREC_SEED: %v", err)
	}
	t.Logf("NLREC_SEED=%d", seed)
	return seed
}

// budget returns a function that says whether there is to be another. An
// environment variable has the number of them, or the time they may take.
func budget(t *testing.T, variable, otherwise string) func() bool {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		text = otherwise
	}
	if n, err := strconv.Atoi(text); err == nil {
		var taken atomic.Int64
		return func() bool { return taken.Add(1) <= int64(n) }
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("$%s: %v", variable, err)
	}
	until := time.Now().Add(d)
	return func() bool { return time.Now().Before(until) }
}
