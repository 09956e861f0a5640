package recorder

// Adopting: what a look proves, and what becomes of the state. The head of
// dump.go says why.

import (
	"slices"
	"time"

	"nlrec/rtnl"
	"nlrec/store"
)

// adopt makes the state of a subject what a look has shown: first what is
// gone, then what is there. began is when the last dumps did, ended when they
// were done, at the label of what is found.
func (r *Recorder) adopt(l *look, p purpose, at, began, ended int64) error {
	start := time.Now()
	from := origin{at: at, how: p.how, cause: l.cause}
	if p.how == store.Found {
		from.dating = r.dating(l, p, ended)
	}
	before := r.state.changes
	rounds := l.rounds
	if l.whole {
		rounds = rounds[len(rounds)-1:]
	}
	kept := r.adoptMissing(l, rounds, from)
	if len(rounds) == 1 {
		rounds[0].first = nil // it is large, and what follows takes as much
	}
	if err := r.adoptShown(l, rounds, from, p.blind, kept); err != nil {
		return err
	}
	l.cost += time.Since(start)
	r.Log.Debug("looked", "kind", l.kind.Name, "link", l.link, "dumps", len(l.rounds), "changes", r.state.changes-before, "took", l.cost)
	if err := r.settled(l, began, ended, r.state.changes > before, kept); err != nil {
		return err
	}
	if l.bad != nil {
		return r.undecodable(l.kind, l.bad)
	}
	if l.link == 0 {
		return r.readable(l.kind)
	}
	return nil
}

// dating is the interval in which what a look finds has happened: since all of
// it was known last, or, where a change put it in doubt that concerns but one
// link, since that.
func (r *Recorder) dating(l *look, p purpose, ended int64) store.Dating {
	d := store.Dating{NotBefore: r.known[l.kind], NotAfter: ended, Gap: r.refused[l.kind]}
	switch u := r.unsettled[l.kind]; {
	case p.gap != nil:
		d.NotBefore, d.Gap = earlier(p.gap.from, d.NotBefore), p.gap.id
		if u != nil {
			d.NotBefore = min(d.NotBefore, u.from)
		}
	case u != nil:
		d.NotBefore, d.Gap = u.from, u.id
	case l.link != 0:
		d.NotBefore, d.Gap = l.at, l.gap
	}
	d.NotBefore = min(d.NotBefore, ended)
	return d
}

// earlier returns the earlier of two instants, of which the second may not be
// known.
func earlier(a, b int64) int64 {
	if b == 0 {
		return a
	}
	return min(a, b)
}

// adoptMissing removes what no round shows. It returns what it kept, because
// the rounds prove too little.
func (r *Recorder) adoptMissing(l *look, rounds []round, from origin) (kept map[string]bool) {
	kept = map[string]bool{}
	if l.bad != nil {
		return kept // what cannot be decoded may be any of it
	}
	for _, text := range r.state.missing(l.subject, rounds) {
		switch {
		case l.whole && !l.during[text], !l.ever[text] && r.lacked(l, text):
			r.state.reconcile(l.subject, rtnl.ParseKey(text), text, nil, from)
		case !l.whole && !l.ever[text]:
			kept[text] = true
		}
	}
	return kept
}

// lacked reports whether an earlier look at all of the kind lacked a slot too.
func (r *Recorder) lacked(l *look, text string) bool {
	u := r.unsettled[l.kind]
	return u != nil && l.link == 0 && u.lacked[text]
}

// adoptShown makes the slots that rounds show what the last of them shows. A
// slot of which a notification spoke during the last round is left to that.
func (r *Recorder) adoptShown(l *look, rounds []round, from origin, blind bool, kept map[string]bool) error {
	done := map[string]bool{}
	for i := len(rounds) - 1; i >= 0; i-- {
		last := i == len(rounds)-1
		for text, shown := range rounds[i].slots() {
			if done[text] || l.ever[text] && !last || l.during[text] && (l.kind.Slots == nil || !blind) {
				continue
			}
			if len(rounds) > 1 {
				done[text] = true
			}
			shown = union(l, rounds[:i], text, shown)
			if r.state.isAll(l.kind, text, shown) {
				continue
			}
			key := rtnl.ParseKey(text)
			shown = r.believed(l, key, text, shown)
			if lacks := r.lacks(l, key, text, shown); len(lacks) > 0 {
				shown, kept[text] = append(shown, lacks...), true
			}
			r.state.reconcile(l.subject, key, text, shown, from)
			if err := r.commitFull(); err != nil {
				return err
			}
		}
	}
	return nil
}

// believed returns what is to be believed of the states that rounds show of a
// slot.
func (r *Recorder) believed(l *look, key rtnl.Row, text string, shown []rtnl.Row) (believed []rtnl.Row) {
	for _, state := range shown {
		if state = r.state.believable(l.kind, key, text, state); state != nil {
			believed = append(believed, state)
		}
	}
	return believed
}

// lacks returns the states that are held of a slot and not shown, where the
// rounds do not prove them gone.
func (r *Recorder) lacks(l *look, key rtnl.Row, text string, shown []rtnl.Row) (states []rtnl.Row) {
	if l.whole || l.ever[text] || l.kind.Slots == nil || r.lacked(l, text) {
		return nil
	}
	for _, e := range elements(r.state.kinds[l.kind].of(text)) {
		if l.link == 0 || standsOn(l.kind, key, e.State, l.link) {
			states = append(states, e.State)
		}
	}
	return without(l.kind, states, shown)
}

// union returns what rounds show of a slot, as the last has it, which shows
// states: what that lacks is added, and of copies the fewest count.
func union(l *look, before []round, text string, states []rtnl.Row) []rtnl.Row {
	if l.kind.Slots == nil || l.ever[text] {
		return states
	}
	for _, earlier := range before {
		shown := earlier.states(text)
		switch {
		case !l.kind.Slots.Multiset:
			states = append(slices.Clone(states), without(l.kind, shown, states)...)
		case shown != nil && len(shown) < len(states):
			states = shown
		}
	}
	return states
}

// unsettled is a kind of which the last look at all of it proved too little.
type unsettled struct {
	gap
	lacked map[string]bool // slots that are held and that it did not show
}

// settled draws the conclusion from a look: all of the kind is known again, or
// it is not.
func (r *Recorder) settled(l *look, began, ended int64, changed bool, kept map[string]bool) error {
	k, u := l.kind, r.unsettled[l.kind]
	if l.link != 0 {
		if !l.whole {
			r.state.suspect(subject{k, 0}, l.doubt)
		}
		return nil
	}
	if l.whole || !changed && len(kept) == 0 {
		r.known[k] = began
		delete(r.unsettled, k)
		if u != nil {
			return r.closeGap(u.id, ended, 0)
		}
		return nil
	}
	r.state.suspect(l.subject, l.doubt)
	if u != nil {
		u.lacked = kept
		return nil
	}
	from := began
	if r.known[k] != 0 && r.known[k] < from {
		from = r.known[k]
	}
	g, err := r.openGap(store.Gap{Kind: k, From: from, Reason: "dump not settled"})
	if err == nil {
		r.unsettled[k] = &unsettled{*g, kept}
	}
	return err
}
