package recorder

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"nlrec/internal/netnstest"
	"nlrec/query"
	"nlrec/rtnl"
	"nlrec/store"
)

// fakeClock is the clocks of the machine, set and slewed at will.
type fakeClock struct {
	mu   sync.Mutex
	by   int64   // how far the wall clock was set
	rate float64 // by which the wall clock is slewed
	away int64   // how long the machine was suspended
	from store.Clock
}

func (f *fakeClock) read() store.Clock {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := clocks()
	if f.from.Boot == 0 {
		f.from = at
	}
	slewed := int64(f.rate * float64(at.Boot-f.from.Boot))
	return store.Clock{Wall: at.Wall + f.by + f.away + slewed, Boot: at.Boot + f.away, Running: at.Running}
}

func (f *fakeClock) set(by time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.by += by.Microseconds()
}

func (f *fakeClock) suspend(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away += d.Microseconds()
}

// TestClocks sets a clock in every way while a recorder records, and asks about
// each link at the instant at which it was there alone.
func TestClocks(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	const year = 365 * 24 * time.Hour
	path, clock := filepath.Join(t.TempDir(), "a.db"), &fakeClock{}
	r := run(t, path, Config{clock: clock.read})
	type moment struct {
		at   int64
		name string
	}
	var moments []moment
	n := 0
	both := func(is func(store.Change) bool) {
		for range 2 {
			r.until(func(c store.Change) bool { return c.Kind == rtnl.Link && is(c) })
		}
	}
	record := func() {
		t.Helper()
		n++
		name := fmt.Sprintf("d%d", n)
		netnstest.Run(t, "ip link add "+name+" type veth peer name p")
		both(func(c store.Change) bool { return c.Was == nil })
		moments = append(moments, moment{clock.read().Wall, name})
		for at := clock.read().Wall; clock.read().Wall < at+2000; { // the moment must last
		}
		netnstest.Run(t, "ip link del "+name)
		both(func(c store.Change) bool { return c.State == nil })
	}
	record()
	steps := []time.Duration{time.Hour, -time.Hour, -time.Hour, 10 * year, -10 * year, time.Hour, -20 * time.Millisecond}
	for _, by := range steps {
		for clock.read().Wall < moments[len(moments)-1].at+50_000 { // the smallest step shall not show the moment again
		}
		clock.set(by)
		record()
	}
	clock.suspend(5 * time.Minute)
	record()
	r.stop()
	boot1970 := -clock.read().Wall
	clock.set(time.Duration(boot1970)*time.Microsecond + time.Minute)
	r = run(t, path, Config{clock: clock.read})
	record()
	clock.set(-time.Duration(boot1970)*time.Microsecond + time.Hour)
	record()
	r.stop()

	var got []time.Duration
	db := openSQL(t, path)
	rows, err := db.Query(`SELECT step_us FROM clock WHERE step_us <> 0 ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var us int64
		if err := rows.Scan(&us); err != nil {
			t.Fatal(err)
		}
		got = append(got, (time.Duration(us) * time.Microsecond).Round(10*time.Millisecond))
	}
	b := (time.Duration(boot1970)*time.Microsecond + time.Minute).Round(10 * time.Millisecond)
	f := (-time.Duration(boot1970)*time.Microsecond + time.Hour).Round(10 * time.Millisecond)
	if want := append(steps, b, f); !slices.Equal(got, want) {
		t.Errorf("steps %v, want %v", got, want)
	}
	if n := number(t, db, `SELECT count(*) FROM sleep WHERE to_us - from_us BETWEEN 299000000 AND 301000000`); n != 1 {
		t.Errorf("%d sleeps of five minutes", n)
	}
	if n := number(t, db, `SELECT count(*) FROM change c JOIN change p ON p.id = c.id - 1
		WHERE c.at_us < p.at_us AND p.id NOT IN (SELECT change FROM clock_place)`); n != 0 {
		t.Errorf("time went back %d times without a word", n)
	}
	for _, m := range moments {
		q, err := query.Open(t.Context(), path, query.Options{Now: time.UnixMicro(clock.read().Wall), At: fmt.Sprintf("@%d.%06d", m.at/1e6, m.at%1e6)})
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		var names []any
		if err := q.Query(t.Context(), `SELECT ifname FROM link WHERE ifname LIKE 'd%'`, func(rows *query.Rows) error {
			for {
				row, err := rows.Next()
				if row == nil {
					return err
				}
				names = append(names, row[0])
			}
		}); err != nil {
			t.Error(err)
		}
		if len(names) != 1 || names[0] != m.name {
			t.Errorf("at %d there were %v, want %s", m.at, names, m.name)
		}
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestSlew: what a clock gains or loses by slewing is no step, and is noted
// whenever it adds up to a tenth of a second.
func TestSlew(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := store.Clock{Wall: 1777629600_000000, Boot: 1000_000000, Running: 1000_000000}
	r := newRecorder(t.Context(), s, Config{clock: func() store.Clock { return at }})
	r.time.last, r.time.noted = at, at
	const minute, ppm = 60_000_000, 500
	for range 60 {
		at.Wall += minute - minute*ppm/1_000_000
		at.Boot += minute
		at.Running += minute
		if err := r.readClocks(); err != nil {
			t.Fatal(err)
		}
	}
	drift, sum := int64(60*minute*ppm/1_000_000), int64(0)
	for _, step := range r.time.steps {
		if step.By != 0 {
			t.Errorf("a step of %d µs", step.By)
		}
		sum = 1777629600_000000 - 1000_000000 - step.Offset()
	}
	if len(r.time.steps) < 15 || drift-sum >= 100_000 {
		t.Errorf("%d rows tell of %d µs, of %d", len(r.time.steps), sum, drift)
	}
}
