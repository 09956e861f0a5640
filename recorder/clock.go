package recorder

import (
	"time"

	"golang.org/x/sys/unix"

	"nlrec/store"
)

// wall is the wall clock, microseconds since 1970.
func wall() int64 { return time.Now().UnixMicro() }

// clocks reads the wall clock and the time since boot.
func clocks() store.Clock {
	var boot unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) // fails for an unknown clock only
	return store.Clock{Wall: wall(), Boot: boot.Nano() / 1000}
}

// clockStep is how far apart the clocks must drift at once to be a step, in
// microseconds: much more than reading them takes, less than people notice.
const clockStep = 100_000

// stepped returns a reading of the clocks if the wall clock was set since the
// last, else nil.
func (r *Recorder) stepped() *store.Clock {
	at := clocks()
	at.Step = at.Wall - at.Boot - r.offset
	if -clockStep < at.Step && at.Step < clockStep {
		return nil
	}
	r.offset += at.Step
	r.retention.clock = at.Boot
	return &at
}
