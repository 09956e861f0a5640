package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nlrec/internal/netnstest"
)

// tiny is enough to see that everything is counted, and takes no time.
var tiny = scale{
	Name: "tiny", Routes: []int{20, 200, 2000}, Flaps: 4000, NDB: 50, Runs: 1, Dumps: 1, Program: 1,
	Idle: time.Second, Day: 100, Step: 5 * time.Millisecond, Waits: 5, Loaded: 200 * time.Millisecond,
	Changes: []int{100, 1000, 10_000}, Objects: []int{40, 400},
}

// inside gives a test that is root a bench in a namespace.
func inside(t *testing.T) *bench {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can measure")
	}
	if !netnstest.Enter(t) {
		return nil
	}
	b, err := newBench(t.Context(), tiny, "", os.Stderr) // nobody may not enter t.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	return b
}

// TestCounts: what nlrec and rtmon have recorded is what was made.
func TestCounts(t *testing.T) {
	b := inside(t)
	if b == nil {
		return
	}
	tests := []struct {
		who  contender
		on   load
		want int64
	}{
		{nlrec, comingAndGoing(2000), 6000},
		{nlrec, flappingRoutes(3000), 3000},
		{unprivileged, comingAndGoing(5000), 15_000},
		{rtmon, comingAndGoing(200), 600},
		{rtmon, flappingRoutes(1000), 1000},
	}
	for _, tt := range tests {
		t.Run(tt.who.Name+", "+tt.on.Name, func(t *testing.T) {
			if why := tt.who.missing(); why != "" {
				t.Skip(why)
			}
			c, err := b.under(tt.who, tt.on)
			if err != nil {
				t.Fatal(err)
			}
			if c.Notifications != tt.want || c.CPU <= 0 || c.Took <= 0 || c.Bytes <= 0 || c.Peak <= 0 {
				t.Errorf("%+v, want %d notifications", c, tt.want)
			}
			if c.Lost == 0 && c.Wrong != "" {
				t.Errorf("nothing was lost, but %s", c.Wrong)
			}
			switch tt.who.Name {
			case nlrec.Name:
				if c.Lost != 0 || c.Recorded != c.Notifications {
					t.Errorf("%d changes recorded and %d lost of %d", c.Recorded, c.Lost, c.Notifications)
				}
			case unprivileged.Name:
				if c.Wrong != "" || c.Told != c.Lost || c.Lost > 0 != (c.Gaps > 0) {
					t.Errorf("%d lost, and %d gaps tell of %d: %s", c.Lost, c.Gaps, c.Told, c.Wrong)
				}
			}
		})
	}
}

// TestBenchmarks runs everything, and looks for each goal on the page.
func TestBenchmarks(t *testing.T) {
	b := inside(t)
	if b == nil {
		return
	}
	r, err := b.measure(subjects())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "docs", "page.md")
	if err := r.writeTo(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, goal := range []string{
		"size, stripped", "`nlrec version`",
		"notifications lost, receive buffer forced", "notifications lost with default buffers", "right again, with gaps", "beside rtmon's", "part of NDB's",
		"1,000 routes flap", "2,000 routes come and go", "changes a second to disk",
		"CPU in 24 hours", "wake-ups in 24 hours", "bytes written in 24 hours", "bytes to disk per change",
		"when idle, p50", "p99", "under 10,000 changes/s",
		"first dump of 2,000 routes", "restart on that file",
		"beside now, 40 routes", "beside now, 400 routes", "flat in the length", "`log -n 100`", "faster than a replay of 10,000 changes",
	} {
		if !slices.ContainsFunc(lines, func(line string) bool {
			return strings.HasPrefix(line, "| ") && strings.Contains(line, goal) && strings.Count(line, "|") == 6 && !strings.Contains(line, "|  |  |")
		}) {
			t.Errorf("no goal %q with a measured value", goal)
		}
	}
	for _, part := range []string{"## Growth", "## On paper", "5,000 quiet hosts", "full table", "| Questions | whole state now, 400 routes |", "| Capture | nlrec: bytes per change |", "| Dumps | restart |"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	if strings.Contains(string(text), "NaN") || strings.Contains(string(text), "Inf") {
		t.Errorf("the page has a number that is none:\n%s", text)
	}
	for _, f := range r.Plots {
		if svg, err := os.ReadFile(filepath.Join(filepath.Dir(path), f)); err != nil || !strings.Contains(string(svg), "</svg>") {
			t.Errorf("%s is no plot: %v", f, err)
		}
	}
}

// TestHistory: as of any instant a history says what replaying its changes up to then does.
func TestHistory(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	dir := t.TempDir()
	replay := filepath.Join(dir, "rtmon.log")
	h, err := makeHistory(t.Context(), filepath.Join(dir, "a.db"), replay, 100, 5000)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{ctx: context.Background()}
	for _, part := range []float64{0, 0.01, 0.5, 0.99, 1} {
		want, err := replayUntil(replay, h.at(part), 100)
		if err != nil {
			t.Fatal(err)
		}
		got, err := asOf(`SELECT * FROM route WHERE protocol = 'bgp'`, part)(b, h)
		if err != nil {
			t.Fatal(err)
		}
		if got.Rows != want {
			t.Errorf("as of %v of it there are %d routes, after a replay %d", part, got.Rows, want)
		}
	}
	if n, err := count(h.path, `SELECT count(*) FROM change WHERE how = 2`); err != nil || n != 5000 {
		t.Errorf("%d changes, %v", n, err)
	}
}
