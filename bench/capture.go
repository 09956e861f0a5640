package main

import (
	"fmt"
	"time"
)

// A load is a series of requests.
type load struct {
	Name   string
	before func(*source) error // recording begins after it; nil: nothing
	during func(*source) error
	left   int // routes that there are afterwards
}

// comingAndGoing adds, replaces and deletes n routes.
func comingAndGoing(n int) load {
	return load{Name: fmt.Sprintf("%s routes come and go", whole(n)), during: func(s *source) error { return s.comeAndGo(n) }}
}

// flappingRoutes changes n times the gateway of one of a few routes.
func flappingRoutes(n int) load {
	return load{
		Name:   fmt.Sprintf("%s routes flap", whole(flapping)),
		before: func(s *source) error { return s.all(addRoute, 0, flapping) },
		during: func(s *source) error { return s.flap(flapping, n) },
		left:   flapping,
	}
}

// captured is how a contender did under a load.
type captured struct {
	Who, Load     string
	Notifications int64
	Lost          int64
	CPU           time.Duration // while it followed
	Took          time.Duration // from the first request to the last commit
	Lag           time.Duration // from the last notification to the last commit
	Peak          int64
	Bytes         int64  // that the load added to its files
	Left          int    // routes that there are at the end
	Wrong         string // what it believes at the end that is not so; empty: nothing

	Recorded int64 // nlrec: changes of these routes in its timeline
	Told     int64 // nlrec: notifications that its gaps say were lost
	Gaps     int64 // nlrec: of overruns
}

// received returns how many notifications it got.
func (c captured) received() float64 { return float64(c.Notifications - c.Lost) }

// cpuPerMillion, bytesPerChange and perSecond are of what was received.
func (c captured) cpuPerMillion() float64 { return c.CPU.Seconds() / c.received() * 1e6 }

func (c captured) bytesPerChange() float64 { return float64(c.Bytes) / c.received() }

func (c captured) perSecond() float64 { return c.received() / c.Took.Seconds() }

// under lets a contender record a load in a world of its own.
func (b *bench) under(c contender, l load) (done captured, err error) {
	b.say("%s: %s", c.Name, l.Name)
	err = b.inWorld(func(w *world) error {
		s, err := openSource()
		if err != nil {
			return err
		}
		defer s.close()
		if l.before != nil {
			if err := l.before(s); err != nil {
				return err
			}
		}
		p, err := c.start(w)
		if err != nil {
			return err
		}
		defer p.kill()
		done, err = w.follow(c, p, s, l)
		return err
	})
	done.Who, done.Load = c.Name, l.Name
	if err != nil {
		err = fmt.Errorf("%s, %s: %w", c.Name, l.Name, err)
	}
	return done, err
}

// follow makes the load and measures the contender until it is done with it.
func (w *world) follow(c contender, p *process, s *source, l load) (done captured, err error) {
	if err := p.untilCalm(patience, func() {}); err != nil {
		return done, err
	}
	end, err := c.ending(w)
	if err != nil {
		return done, err
	}
	size, cpu, sent := fileSize(c.paths(w)...), p.cpu(), s.sent
	began := time.Now()
	if err := l.during(s); err != nil {
		return done, err
	}
	ended := time.Now()
	if err := p.untilCalm(patience, end.look); err != nil {
		return done, err
	}
	last := end.when()
	if last.Before(ended) {
		last = ended // the times of files are some milliseconds coarse
	}
	done.Notifications = s.sent - sent
	done.CPU = p.cpu() - cpu
	done.Took, done.Lag = last.Sub(began), last.Sub(ended)
	done.Peak = p.peak()
	_, _, done.Lost = p.socket()
	if err := end.close(); err != nil {
		return done, err
	}
	if err := p.stop(); err != nil {
		return done, err
	}
	done.Bytes, done.Left = fileSize(c.paths(w)...)-size, l.left
	if c.judge == nil {
		return done, nil
	}
	return done, c.judge(w, &done)
}

// An ending finds out when a contender wrote last.
type ending struct {
	look  func() // to be called now and then
	when  func() time.Time
	close func() error
}

// ending watches the contender's files: a recording is asked for its last
// change, of others the kernel tells when they were written to.
func (c contender) ending(w *world) (*ending, error) {
	if c.files[0] != recording {
		return &ending{func() {}, func() time.Time { return c.wrote(w) }, func() error { return nil }}, nil
	}
	db, err := watch(w.path(recording))
	if err != nil {
		return nil, err
	}
	before, err := db.lastChange()
	at := time.Now()
	look := func() {
		if id, err := db.lastChange(); err == nil && id != before {
			before, at = id, time.Now()
		}
	}
	return &ending{look, func() time.Time { return at }, db.close}, err
}
