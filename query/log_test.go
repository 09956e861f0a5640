package query

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"nlrec/internal/recordingtest"
)

// A log that is followed begins where it is told to: neither changes nor gaps
// that went before are told.
func TestFollowFromNow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	recordingtest.Sample(t, path)
	c, err := OpenChanges(t.Context(), path, options(""))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	errIdle := errors.New("idle")
	for _, tt := range []struct {
		name string
		o    LogOptions
		want int
	}{
		{"none", LogOptions{None: true}, 0},
		{"the newest", LogOptions{Newest: 1}, 2},
		{"since a time", LogOptions{Span: Span{Since: "2026-05-01T10:00:08Z"}}, 0},
		{"all", LogOptions{}, 6},
	} {
		told := 0
		tt.o.Idle, tt.o.Interval = func() error { return errIdle }, time.Hour
		err := c.Log(t.Context(), tt.o, func(Entry) error { told++; return nil })
		if !errors.Is(err, errIdle) || told != tt.want {
			t.Errorf("%s: %d entries, %v; want %d", tt.name, told, err, tt.want)
		}
	}
}
