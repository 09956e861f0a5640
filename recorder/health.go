package recorder

// Health: how the recorder fares, for whoever asks. What is counted is also
// noted in the file, with what is written there anyway, so that a copy tells.
//
// Whether it works is told by the loop itself: while it waits, it answers; while
// it does something, that and since when is told. Whoever asks decides how long
// is too long.

import (
	"maps"
	"sync"
	"time"

	"nlrec/internal/health"
	"nlrec/store"
)

// Health tells how a recorder fares. The zero value is for Config.
type Health struct {
	mu     sync.Mutex
	report health.Report
	ask    chan chan struct{}
}

// answerWithin is how long the loop may take to say that it waits.
const answerWithin = time.Second

// Report returns how the recorder fares, asking it whether it lives.
func (h *Health) Report() health.Report {
	h.mu.Lock()
	r, ask := h.report, h.ask
	r.Changes = maps.Clone(r.Changes)
	h.mu.Unlock()
	if r.Busy != "" || ask == nil {
		return r
	}
	answer := make(chan struct{}, 1)
	select {
	case ask <- answer:
		<-answer
		return r
	case <-time.After(answerWithin):
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.report.Busy != "" { // it has begun something meanwhile
		r.Busy, r.BusySince = h.report.Busy, h.report.BusySince
		return r
	}
	r.Busy, r.BusySince = health.InVain, max(r.LastCommit, r.BusySince)
	return r
}

// begin makes it ready to be told anything.
func (h *Health) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.report, h.ask = health.Report{Changes: map[string]int64{}, Busy: "starting"}, make(chan chan struct{})
}

// update changes what is reported.
func (h *Health) update(f func(r *health.Report)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&h.report)
}

// busy notes what the loop does from now on; "": it waits. It returns what it did
// before, to go back to.
func (r *Recorder) busy(what string) (before string) {
	now := time.Now().UnixMicro() // not the clock of changes, which may be set
	r.Health.update(func(h *health.Report) {
		before = h.Busy
		if h.Busy != what {
			h.Busy, h.BusySince = what, now
		}
		if what == "" {
			h.BusySince = 0
		}
	})
	return before
}

// count counts what a transaction wrote.
func (r *Recorder) count(b store.Batch) {
	now := r.time.last.Wall
	r.Health.update(func(h *health.Report) {
		h.Commits++
		h.LastCommit = now
		h.Steps += int64(len(b.Steps))
		for _, c := range b.Changes {
			h.Changes[c.Kind.Name]++
		}
		if n := len(b.Changes); n > 0 && r.ready {
			h.Lag = max(0, now-b.Changes[0].At)
			h.MostLag = max(h.MostLag, h.Lag)
		}
		for _, d := range b.Datings {
			if d.Gap == 0 {
				h.Corrections += d.Last - d.First + 1
			}
		}
	})
}

// noteQueue notes how much waits in memory.
func (r *Recorder) noteQueue() {
	size := int64(r.inbox.Size())
	r.Health.update(func(h *health.Report) { h.Queue, h.MostQueue = size, max(h.MostQueue, size) })
}

// noteHealth writes how the session fares.
func (r *Recorder) noteHealth() error {
	r.Health.mu.Lock()
	h, changes := r.Health.report, int64(0)
	for _, n := range h.Changes {
		changes += n
	}
	r.Health.mu.Unlock()
	if r.outage != nil {
		return nil
	}
	err := r.store.NoteHealth(r.ctx, store.Health{At: r.wall(), Changes: changes, Commits: h.Commits, Drops: h.Drops, Resyncs: h.Resyncs,
		Corrections: h.Corrections, Suspensions: h.Suspensions, MostQueue: h.MostQueue, MostLag: h.MostLag})
	if err != nil {
		return r.outageOf(err)
	}
	return nil
}
