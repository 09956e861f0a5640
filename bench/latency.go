package main

import (
	"math/rand/v2"
	"time"
)

// latency measures how long after a request a reader of the file sees its change.
func latency(b *bench) (section, error) {
	s := section{Name: "Latency", How: `From before the request to the kernel until a reader, which asks the file again and again for its last
change, sees it. Idle, each change is waited for before the next; under load the source makes 10,000 a second, and the
reader looks each millisecond.`}
	idle, err := b.recorded(func(s *source, db *watcher) ([]time.Duration, error) { return waits(s, db, b.scale.Waits) })
	if err != nil {
		return s, err
	}
	loaded, err := b.recorded(func(s *source, db *watcher) ([]time.Duration, error) { return lags(s, db, b.scale.Loaded) })
	if err != nil {
		return s, err
	}
	t := table{Title: "From request to reader:", Head: []string{"load", "changes", "half within", "99 % within", "all within"}}
	for _, r := range []struct {
		name string
		took []time.Duration
	}{{"idle", idle}, {"10,000 changes/s", loaded}} {
		t.Rows = append(t.Rows, []string{r.name, whole(len(r.took)), span(median(r.took)), span(quantile(r.took, 0.99)), span(quantile(r.took, 1))})
	}
	s.Tables = []table{t}
	limit := func(text string, is, most time.Duration) goal {
		return goal{text, whole(most.Milliseconds()) + " ms", span(is), within(is <= most)}
	}
	s.Goals = []goal{
		limit("change to query-visible when idle, p50", median(idle), 5*time.Millisecond),
		limit("the same, p99", quantile(idle, 0.99), 50*time.Millisecond),
		limit("under 10,000 changes/s, p99", quantile(loaded, 0.99), 500*time.Millisecond),
	}
	return s, nil
}

// recorded calls f while nlrec records some routes that exist.
func (b *bench) recorded(f func(*source, *watcher) ([]time.Duration, error)) (took []time.Duration, err error) {
	err = b.inWorld(func(w *world) error {
		s, err := openSource()
		if err != nil {
			return err
		}
		defer s.close()
		if err := s.all(addRoute, 0, flapping); err != nil {
			return err
		}
		p, err := nlrec.start(w)
		if err != nil {
			return err
		}
		defer p.kill()
		if err := p.untilCalm(patience, func() {}); err != nil {
			return err
		}
		db, err := watch(w.path(recording))
		if err != nil {
			return err
		}
		defer db.close()
		if took, err = f(s, db); err != nil {
			return err
		}
		return p.stop()
	})
	return took, err
}

// waits makes a change, waits until it is seen, and after a while the next.
func waits(s *source, db *watcher, n int) (took []time.Duration, err error) {
	const most = 40 * time.Millisecond
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		before, err := db.lastChange()
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if err := s.one([2]request{replaceRoute, restoreRoute}[i%2], 0); err != nil {
			return nil, err
		}
		for id := before; id == before; {
			if id, err = db.lastChange(); err != nil {
				return nil, err
			}
		}
		took = append(took, time.Since(began))
		<-time.After(most/4 + time.Duration(random.Int64N(int64(most))))
	}
	return took, s.refused()
}

// lags makes 10,000 changes a second, and returns after which time each was seen.
func lags(s *source, db *watcher, span time.Duration) (took []time.Duration, err error) {
	first, err := db.lastChange()
	if err != nil {
		return nil, err
	}
	look := func(made []time.Time) {
		id, failed := db.lastChange()
		if failed != nil {
			err = failed
			return
		}
		for now := time.Now(); int64(len(took)) < id-first && len(took) < len(made); {
			took = append(took, now.Sub(made[len(took)]))
		}
	}
	made, failed := s.paced(flapping, 10_000, span, look)
	for deadline := time.Now().Add(patience); failed == nil && err == nil && len(took) < len(made) && time.Now().Before(deadline); {
		look(made)
	}
	if failed != nil {
		err = failed
	}
	return took, err
}
