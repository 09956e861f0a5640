package main

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// replayUntil returns how many routes there are once those changes of a file are
// made that came no later than an instant, if there were so many before.
func replayUntil(path string, at int64, before int) (int, error) {
	there, now := map[[4]byte]bool{}, int64(0)
	for i := range before {
		there[prefixOf(i)] = true
	}
	err := eachOf(path, func(message uint16, body []byte) {
		switch {
		case message == stampType:
			now = int64(binary.NativeEndian.Uint32(body))*1e6 + int64(binary.NativeEndian.Uint32(body[4:]))
		case now <= at:
			dst, _ := destination(body)
			if message == unix.RTM_DELROUTE {
				delete(there, dst)
			} else {
				there[dst] = true
			}
		}
	})
	return len(there), err
}

func TestEachOfBrokenFile(t *testing.T) {
	whole := appendRoute(appendStamp(nil, 1_000_000), addRoute, 1, 2)
	tests := []struct {
		name string
		file []byte
		want int
		ok   bool
	}{
		{"whole", whole, 2, true},
		{"empty", nil, 0, true},
		{"cut in a header", whole[:8], 0, false},
		{"cut in a message", whole[:len(whole)-1], 1, false},
		{"no length", make([]byte, 32), 0, false},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, tt.file, 0o600); err != nil {
			t.Fatal(err)
		}
		n := 0
		err := eachOf(path, func(uint16, []byte) { n++ })
		if n != tt.want || err == nil != tt.ok {
			t.Errorf("%s: %d messages, %v", tt.name, n, err)
		}
	}
}

func TestExponent(t *testing.T) {
	tests := []struct {
		name string
		y    func(x float64) float64
		want float64
	}{
		{"flat", func(float64) float64 { return 7 }, 0},
		{"in proportion", func(x float64) float64 { return 3 * x }, 1},
		{"root", math.Sqrt, 0.5},
		{"falling", func(x float64) float64 { return 1 / x }, -1},
	}
	for _, tt := range tests {
		var c curve
		for _, x := range []float64{1, 10, 100} {
			c.Points = append(c.Points, point{x, tt.y(x)})
		}
		if got := c.exponent(); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestTexts(t *testing.T) {
	for got, want := range map[string]string{
		whole(0): "0", whole(999): "999", whole(1000): "1,000", whole(-1_234_567): "-1,234,567",
		figure(0.123): "0.12", figure(12.34): "12.3", figure(123.4): "123", figure(1234.5): "1,235",
		span(1500 * time.Millisecond): "1.50 s", span(2500 * time.Microsecond): "2.50 ms", span(90): "0.09 µs",
		size(1500): "1.50 kB", size(2e12): "2.00 TB", counted(1, "gap", "gaps"): "1 gap", counted(2, "gap", "gaps"): "2 gaps",
		prefixText(0): "16.0.0.0/24", prefixText(65536 + 258): "17.1.2.0/24", instant(1_500_000): "@1.500000",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	all := []time.Duration{5, 1, 4, 2, 3}
	for part, want := range map[float64]time.Duration{0: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := quantile(all, part); got != want {
			t.Errorf("%v: %d, want %d", part, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(subjects()) {
		t.Errorf("%d subjects, %v", len(all), err)
	}
	if some, err := choose("quiet,capture"); err != nil || len(some) != 2 || some[0].name != "quiet" {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := choose("quit"); err == nil {
		t.Error("quit is no subject")
	}
}
