package recorder

// Polling: what the kernel never announces.
//
// Some of what a recording has changes with no notification and no other
// change to follow from: the mode of a macvlan, most sysctls, the alias of a
// link that is down. It is looked at now and then, each kind when its turn
// comes; what is found carries the interval since the look before. A look
// takes time with the number of objects, so a kind is looked at the less often
// the longer it takes: polling costs at most a thousandth of the time. With
// each poll the file is told that the recorder still watches, so that a kill
// puts no more than that in doubt.

import (
	"time"

	"nlrec/rtnl"
)

// pollShare is how much longer than a look the time between two must be.
const pollShare = 1000

// polls is when the kinds are to be looked at.
type polls struct {
	every time.Duration // 0: never
	due   map[*rtnl.Kind]time.Time
	cost  map[*rtnl.Kind]time.Duration // of the last look
	next  time.Time                    // when to look which are due
}

// begin counts from now.
func (p *polls) begin(every time.Duration) {
	p.every, p.next = every, time.Now().Add(every)
}

// timer fires when polls are due; nil, which never does, where there are none.
func (p *polls) timer() <-chan time.Time {
	if p.every == 0 {
		return nil
	}
	return time.After(time.Until(p.next))
}

// areDue reports whether the time for polls has come.
func (p *polls) areDue() bool { return p.every != 0 && !time.Now().Before(p.next) }

// took puts off the next polls of the kinds of which all was looked at. That a
// look took long once, when the machine was busy, does not count.
func (p *polls) took(looks []*look) {
	if p.due == nil {
		p.due, p.cost = map[*rtnl.Kind]time.Time{}, map[*rtnl.Kind]time.Duration{}
	}
	for _, l := range looks {
		if l.link != 0 {
			continue
		}
		p.due[l.kind] = time.Now().Add(pollShare * min(l.cost, p.cost[l.kind]))
		p.cost[l.kind] = l.cost
	}
}

// poll puts the kinds that are due in doubt, and notes that all until now was
// seen, if all of it is written.
func (r *Recorder) poll() error {
	now := time.Now()
	r.polls.next = now.Add(r.polls.every)
	for _, k := range rtnl.Kinds() {
		if !now.Before(r.polls.due[k]) {
			r.state.suspect(subject{k, 0}, doubt{at: r.wall()})
		}
	}
	if r.outage != nil {
		r.keep()
		return nil
	}
	if len(r.rest) > 0 || len(r.inbox.Ready) > 0 || len(r.state.batch) > 0 || r.overrun != nil {
		return nil
	}
	if err := r.noteHealth(); err != nil || r.outage != nil {
		return err
	}
	if err := r.store.Watched(r.ctx, r.awake); err != nil {
		return r.outageOf(err)
	}
	return nil
}
