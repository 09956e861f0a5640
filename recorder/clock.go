package recorder

// Clocks: that the wall clock was set, slewed, or went on while the machine
// was suspended.
//
// Changes bear the time of the wall clock. The clock since boot shows when that
// was set: as long as nobody does, both go on alike, also while an NTP daemon
// slews them. The kernel wakes whoever asked for it when the clock was set or
// the machine wakes up (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET), so that
// nothing has to look for it; the clocks are read with every turn of the loop
// besides. What a recorder remembers by the wall clock is set with it.

import (
	"errors"
	"math"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/store"
)

// clocks reads the clocks, at one instant: other readings may come between, or
// a pause of the whole process, so the closest of some is taken.
func clocks() (best store.Clock) {
	width := int64(math.MaxInt64)
	for range 5 {
		before, wall, running, after := clock(unix.CLOCK_BOOTTIME), clock(unix.CLOCK_REALTIME), clock(unix.CLOCK_MONOTONIC), clock(unix.CLOCK_BOOTTIME)
		if after-before < width {
			width = after - before
			best = store.Clock{Wall: wall / 1000, Boot: (before + width/2) / 1000, Running: running / 1000}
		}
		if width < int64(100*time.Microsecond) {
			break
		}
	}
	return best
}

// clock reads a clock in nanoseconds.
func clock(id int32) int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(id, &t) // fails for an unknown clock only
	return t.Nano()
}

// wall is the wall clock, microseconds since 1970.
func (r *Recorder) wall() int64 { return r.now().Wall }

// timepiece is what is known of the clocks.
type timepiece struct {
	last   store.Clock // reading of them
	change int64       // id of the last change there was then
	noted  store.Clock // the last that is in the file, or about to be
	steps  []store.ClockStep
	sleeps []store.Sleep
	unseen int64 // until when earlier sessions watched, by a clock that shows less now; 0: none
}

// leastSleep is what is noted of the machine's being suspended, in microseconds.
const leastSleep = 1_000_000

// readClocks notes what has become of the clocks.
func (r *Recorder) readClocks() error {
	at, t := r.now(), &r.time
	before, change := t.last, t.change
	t.last, t.change = at, r.store.Drawn()
	if slept := (at.Boot - at.Running) - (before.Boot - before.Running); slept >= leastSleep {
		t.sleeps = append(t.sleeps, store.Sleep{From: at.Wall - slept, To: at.Wall})
		r.Log.Info("the machine was suspended", "for", time.Duration(slept)*time.Microsecond)
	}
	by := at.StepSince(before)
	if by != 0 || at.Drifted(t.noted) {
		t.steps = append(t.steps, store.ClockStep{Clock: at, By: by, Before: before.Boot, After: change, Until: r.allBefore(t.change)})
		t.noted = at
	}
	if by != 0 {
		r.Log.Warn("the wall clock was set", "by", time.Duration(by)*time.Microsecond, "to", time.UnixMicro(at.Wall))
		r.shift(by)
		r.retention.clock = at.Boot
	}
	return r.noteUnseen(before.Wall, by)
}

// allBefore returns the id of the last change if all that was read before now is
// in it; else 0.
func (r *Recorder) allBefore(last int64) int64 {
	if len(r.rest) > 0 || len(r.inbox.Ready) > 0 {
		return 0
	}
	return last
}

// placeable reports whether it shows in the changes where steps belong: one has
// a time from after a step, or nothing waits that may have one from before.
func (r *Recorder) placeable(changes []store.Change) bool {
	if len(r.rest) == 0 && len(r.inbox.Ready) == 0 {
		return true
	}
	_, last := r.store.LastChange()
	for _, c := range changes {
		after := func(s store.ClockStep) bool { return c.At > s.Wall-s.By }
		if c.At < last || slices.ContainsFunc(r.time.steps, after) {
			return true
		}
		last = c.At
	}
	return false
}

// shift sets what is remembered by the wall clock with it.
func (r *Recorder) shift(by int64) {
	for k := range r.known {
		if r.known[k] != 0 {
			r.known[k] += by
		}
	}
	for _, u := range r.unsettled {
		u.from += by
	}
	for s, d := range r.state.doubts {
		d.at += by
		r.state.doubts[s] = d
	}
	r.awake += by
	r.late.until += by
}

// noteUnseen notes that nobody recorded what the clock did not show: a session that
// began with a clock that was behind, as a machine without a battery does, has
// a clock now that is ahead of what the last session saw.
func (r *Recorder) noteUnseen(before, by int64) error {
	t := &r.time
	if t.unseen == 0 || t.last.Wall <= t.unseen {
		return nil
	}
	from := t.unseen
	t.unseen = 0
	if by <= 0 || before+by <= from {
		return nil // it was there by itself
	}
	g, err := r.openGap(store.Gap{From: from, Reason: "not recording"})
	if err != nil {
		return err
	}
	return r.closeGap(g.id, t.last.Wall, 0)
}

// watchClock tells on a channel whenever the kernel says that the clock was
// set or the machine has woken up, until it is closed. Where the kernel does
// not, the clocks are still read when there is something to do.
func watchClock() (set <-chan struct{}, closeIt func() error, err error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, nil, os.NewSyscallError("timerfd_create", err)
	}
	arm := func() error {
		never := unix.ItimerSpec{Value: unix.Timespec{Sec: math.MaxInt64 / int64(time.Second)}}
		return unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &never, nil)
	}
	if err := arm(); err != nil {
		return nil, nil, errors.Join(os.NewSyscallError("timerfd_settime", err), unix.Close(fd))
	}
	file, told := os.NewFile(uintptr(fd), "timerfd"), make(chan struct{}, 1)
	go func() {
		var count [8]byte
		for {
			if _, err := file.Read(count[:]); !errors.Is(err, unix.ECANCELED) {
				return // it is closed
			}
			select {
			case told <- struct{}{}:
			default:
			}
			for errors.Is(arm(), unix.ECANCELED) {
			}
		}
	}()
	return told, file.Close, nil
}

// stamp tells the wall clock to the listener, in microseconds since 1970.
func (r *Recorder) stamp() func() int64 {
	if r.clock == nil {
		return func() int64 { return time.Now().UnixMicro() } // one reading is enough
	}
	return func() int64 { return r.clock().Wall }
}
