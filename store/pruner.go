package store

import (
	"context"
	"fmt"
	"time"
)

// Limits say how much of the past a recording keeps. What is zero does not
// limit.
type Limits struct {
	Keep      time.Duration // how long a change is kept
	MaxSize   int64         // how much file and log may take, in octets
	KeepFree  int64         // how much of the file system is left to others, in octets
	FreeShare float64       // the same, as a part of the file system
}

// Any reports whether there is a limit.
func (l Limits) Any() bool { return l != Limits{} }

// Own is what a recording may take however full the file system is.
const Own = 16 << 20

// A Pruner keeps a recording within its limits, step by step. Between its steps
// the Store may be written to.
type Pruner struct {
	Limits
	store   *Store
	all     bool  // what can be done is done, whether or not it is worth it
	inOrder int64 // what the recording took when there was enough free last
	tidied  int64 // where the cut was when sessions and gaps were tidied last
	shrinks bool
	paces   map[Work]*pace
}

// Work is what a step does.
type Work string

// What there is to do.
const (
	Nothing   Work = ""
	Removing  Work = "remove"    // changes
	Walking   Work = "walk"      // over all that refers to something
	Sweeping  Work = "sweep"     // what nothing refers to
	Shrinking Work = "give back" // free pages
	Folding   Work = "fold"      // the log into the file, so that its end is cut off
	Tidying   Work = "tidy"      // sessions and gaps
)

// A Step is what one did.
type Step struct {
	Work   Work
	Rows   int64
	Took   time.Duration
	Urgent bool // the limit of size is near
	Passed bool // it is passed
}

// NewPruner makes a Pruner. One for a recorder leaves what is not worth the
// while, and takes nothing away because others fill the file system: it only
// takes no more. One that is to do all does both.
func (s *Store) NewPruner(ctx context.Context, l Limits, all bool) (*Pruner, error) {
	p := &Pruner{Limits: l, store: s, all: all, paces: map[Work]*pace{Removing: {500}, Walking: {1000}, Sweeping: {100}, Shrinking: {64}}}
	mode, err := s.w.number(ctx, `PRAGMA auto_vacuum`)
	const incremental = 2
	p.shrinks = mode == incremental
	if l.MaxSize > 0 && err == nil {
		err = s.shortenLog(ctx, l.MaxSize/32)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	return p, nil
}

// Shrinks reports whether free pages can be given back one by one. Where they
// cannot, Prune does it.
func (p *Pruner) Shrinks() bool { return p.shrinks }

// situation is what decides about the next step.
type situation struct {
	cut
	Space
	limit int64 // of Total; 0: there is none
	log   int64 // what is left to the log
	held  bool  // somebody reads, so that it is long
	left  int64 // changes
	now   int64 // microseconds since 1970; 0: not to be trusted
}

// reserve is the part of the limit that is left free for what comes until the
// oldest changes are gone.
func (s situation) reserve() int64 { return max(s.limit/50, 1<<20) }

// used is what only removing something makes smaller, and what is left to the
// log: that is longer at times, while somebody reads, and to remove something
// for it then would make it longer still.
func (s situation) used() int64 { return s.Pages - s.Space.Free + s.log }

// over reports whether the oldest changes must go.
func (s situation) over() bool { return s.limit > 0 && s.used() > s.limit-s.reserve() }

// urgent reports whether half of the reserve is used up.
func (s situation) urgent() bool { return s.limit > 0 && s.used() > s.limit-s.reserve()/2 }

// hurried reports whether changes must go before there is time for a sweep: it
// has its turn when it may free much, or all changes would go for what nothing
// refers to.
func (s situation) hurried() bool { return s.urgent() && s.left > 1 && s.change-s.swept <= s.left/2 }

// passed reports whether the recording takes more than it may.
func (s situation) passed() bool { return s.limit > 0 && s.Total() > s.limit }

// Step does one step of what there is to do. The time, in microseconds since
// 1970, is what ages are counted from; 0: nothing goes because of its age.
func (p *Pruner) Step(ctx context.Context, now int64) (Step, error) {
	began := time.Now()
	s, err := p.look(ctx, now)
	if err != nil {
		return Step{}, fmt.Errorf("%s: %w", p.store.path, err)
	}
	if s.held { // whatever is done makes the log longer
		return Step{}, nil
	}
	step := Step{Urgent: s.urgent(), Passed: s.passed()}
	for _, work := range []struct {
		name Work
		do   func(context.Context, situation, int64) (int64, error)
	}{{Shrinking, p.shrinkTooLarge}, {Folding, p.fold}, {Walking, p.goOnWalking}, {Sweeping, p.goOnSweeping}, {Removing, p.remove}, {Walking, p.beginSweeping},
		{Shrinking, p.shrink}, {Tidying, p.tidy}} {
		most := int64(0)
		if pace := p.paces[work.name]; pace != nil {
			most = pace.rows
		}
		if step.Rows, err = work.do(ctx, s, most); err != nil {
			return step, fmt.Errorf("%s: %w", p.store.path, err)
		}
		if step.Rows > 0 {
			step.Work, step.Took = work.name, time.Since(began)
			if pace := p.paces[work.name]; pace != nil {
				pace.took(step.Rows, step.Took)
			}
			return step, nil
		}
	}
	return step, nil
}

func (p *Pruner) look(ctx context.Context, now int64) (s situation, err error) {
	if s.cut, err = p.store.readCut(ctx); err != nil {
		return s, err
	}
	s.Space, err = readSpace(ctx, p.store.w, p.store.path)
	s.limit, s.left, s.now = p.limit(s.Space), p.store.written-s.change, now
	if s.limit == 0 || p.all {
		s.log = s.Log
		return s, err
	}
	s.log = min(s.limit/4, p.store.w.limit*pageSize+commitLog)
	if p.store.Unfolded() > s.log/4 && err == nil {
		err = p.store.w.fold(ctx)
	}
	s.held = p.store.Unfolded() > s.log/4
	return s, err
}

// commitLog is what a commit adds to the log: however few its changes are, they
// are of many objects, and the entries of each object are together in an index.
// It is room for one, and for one more while somebody reads.
const commitLog = 2 << 20

// limit returns what the recording may take, 0 where there is no limit.
func (p *Pruner) limit(s Space) int64 {
	free := p.free(s)
	if free == 0 {
		return p.MaxSize
	}
	if s.Avail >= free || p.inOrder == 0 {
		p.inOrder = s.Total()
	}
	room := max(s.Total()+s.Avail-free, Own)
	if !p.all {
		room = max(room, p.inOrder)
	}
	if p.MaxSize > 0 {
		room = min(room, p.MaxSize)
	}
	return room
}

// free returns how much of the file system is to be left to others.
func (l Limits) free(s Space) int64 { return max(l.KeepFree, int64(l.FreeShare*float64(s.Disk))) }

func (p *Pruner) goOnWalking(ctx context.Context, s situation, rows int64) (int64, error) {
	if w := p.store.sweep; w == nil || w.marked || s.hurried() {
		return 0, nil
	}
	return p.store.stepSweep(ctx, rows)
}

// mostSwept is how many rows a step of sweeping looks at: to look is quick, but
// all of them may have to go.
const mostSwept = 400

func (p *Pruner) goOnSweeping(ctx context.Context, s situation, rows int64) (int64, error) {
	if w := p.store.sweep; w == nil || !w.marked || s.hurried() {
		return 0, nil
	}
	return p.store.stepSweep(ctx, min(rows, mostSwept))
}

// remove removes the oldest changes, if they are too old or take too much.
func (p *Pruner) remove(ctx context.Context, s situation, rows int64) (int64, error) {
	to := min(s.change+rows, p.store.written-1)
	if to <= s.change {
		return 0, nil
	}
	old, err := p.old(ctx, s, to)
	switch {
	case err != nil:
		return 0, err
	case s.over() && !p.wantsSweep(s):
		to, err = p.beforeCauses(ctx, s.change, to)
	case old.change > s.change:
		to = old.change
	default:
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	at, err := p.store.w.number(ctx, `SELECT at_us FROM change WHERE id = ?`, to)
	if err != nil {
		return 0, err
	}
	if to == old.change {
		at = max(at, old.at)
	}
	return to - s.change, p.store.moveCut(ctx, s.cut, to, at)
}

// old returns the last change up to a given one that is too old, and what age
// says where the cut is; that is 0 when there may be more. Changes that bear a
// time which has not come yet are from when the clock was wrong: they go with
// those around them. If the last is one of them, the clock is wrong now.
func (p *Pruner) old(ctx context.Context, s situation, to int64) (cut, error) {
	if p.Keep == 0 || s.now < p.store.last || s.now == 0 {
		return cut{}, nil
	}
	since := s.now - p.Keep.Microseconds()
	young, err := p.store.w.number(ctx, `SELECT ifnull(min(id), 0) FROM change WHERE id > ? AND id <= ? AND at_us > ? AND at_us <= ?`, s.change, to+1, since, s.now)
	if young == 0 {
		return cut{change: to}, err
	}
	return cut{change: young - 1, at: since}, err
}

// beforeCauses returns the change to cut behind so that what a change brought
// about is not parted from it, if that is near.
func (p *Pruner) beforeCauses(ctx context.Context, from, to int64) (int64, error) {
	for n, cut := 0, to; n < 4; n++ {
		cause, err := p.store.w.number(ctx, `SELECT ifnull(min(cause), 0) FROM change WHERE id > ?1 AND id <= ?1 + 200 AND cause <= ?1 AND cause > ?2`, cut, from)
		if err != nil || cause == 0 {
			return cut, err
		}
		if cut = cause - 1; cut <= from {
			return to, nil
		}
	}
	return to, nil
}

// wantsSweep reports whether so many changes were removed that it is time to
// look for what nothing refers to. That is a walk over all there is, so it
// comes seldom; sooner when space is scarce.
func (p *Pruner) wantsSweep(s situation) bool {
	removed := s.change - s.swept
	switch {
	case p.store.sweep != nil || removed == 0:
		return false
	case s.hurried():
		return false
	case s.over():
		return removed > s.left/16+1000 || s.left <= 1
	}
	return p.all || removed > s.left/4+1000
}

func (p *Pruner) beginSweeping(ctx context.Context, s situation, rows int64) (int64, error) {
	if !p.wantsSweep(s) {
		return 0, nil
	}
	if err := p.store.beginSweep(ctx, s.cut); err != nil {
		return 0, err
	}
	return p.store.stepSweep(ctx, rows)
}

// worthIt is how much must be free to be given back to others: less than an
// eighth of the file will be used again soon.
const worthIt = 1 << 20

// shrinkTooLarge gives pages back because the recording takes too much: where
// changes keep coming, there is always something else to do.
func (p *Pruner) shrinkTooLarge(ctx context.Context, s situation, pages int64) (int64, error) {
	if !s.passed() {
		return 0, nil
	}
	return p.shrink(ctx, s, pages)
}

func (p *Pruner) shrink(ctx context.Context, s situation, pages int64) (int64, error) {
	wanted := s.passed() || s.Space.Free > s.Pages/8 && s.Space.Free > worthIt || p.all
	if !p.shrinks || s.Space.Free == 0 || !wanted {
		return 0, nil
	}
	err := p.store.shrink(ctx, pages)
	if err != nil {
		return 0, err
	}
	after, err := readSpace(ctx, p.store.w, p.store.path)
	return (s.Space.Free - after.Free) / s.page, err
}

// fold folds the log into the file, if that makes it smaller and it must be.
// Where somebody reads it, it does not.
func (p *Pruner) fold(ctx context.Context, s situation, _ int64) (int64, error) {
	if s.File <= s.Pages || !s.passed() {
		return 0, nil
	}
	if err := p.store.w.exec(ctx, `PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
		return 0, err
	}
	after, err := readSpace(ctx, p.store.w, p.store.path)
	return (s.File - after.File) / s.page, err
}

// tidyEvery is how far the cut moves until sessions and gaps are looked at.
const tidyEvery = int64(time.Minute / time.Microsecond)

func (p *Pruner) tidy(ctx context.Context, s situation, _ int64) (int64, error) {
	if s.change == 0 || s.at == p.tidied || !p.all && s.at < p.tidied+tidyEvery && s.at > p.tidied {
		return 0, nil
	}
	p.tidied = s.at
	return 1, p.store.tidy(ctx, s.cut)
}
