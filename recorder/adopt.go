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
	if err := r.adoptShown(l, rounds, from, p.blind); err != nil {
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
	switch {
	case p.gap != nil:
		return store.Dating{NotBefore: p.gap.from, NotAfter: ended, Gap: p.gap.id}
	case r.unsettled[l.kind] != nil:
		u := r.unsettled[l.kind]
		return store.Dating{NotBefore: u.from, NotAfter: ended, Gap: u.id}
	case l.link != 0:
		return store.Dating{NotBefore: min(l.at, ended), NotAfter: ended}
	}
	return store.Dating{NotBefore: min(r.known[l.kind], ended), NotAfter: ended, Gap: r.refused[l.kind]}
}

// adoptMissing removes what no round shows. It returns what it kept, because
// the rounds prove too little.
func (r *Recorder) adoptMissing(l *look, rounds []round, from origin) (kept map[string]bool) {
	kept = map[string]bool{}
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
func (r *Recorder) adoptShown(l *look, rounds []round, from origin, blind bool) error {
	done := map[string]bool{}
	for i := len(rounds) - 1; i >= 0; i-- {
		last := i == len(rounds)-1
		for _, text := range rounds[i].order {
			if done[text] || l.ever[text] && !last || l.during[text] && (l.kind.Slots == nil || !blind) {
				continue
			}
			r.state.reconcile(l.subject, rtnl.ParseKey(text), text, union(l, rounds[:i+1], text), from)
			done[text] = len(rounds) > 1
			if err := r.commitFull(); err != nil {
				return err
			}
		}
	}
	return nil
}

// union returns what rounds show of a slot, as the last has it: what that
// lacks is added, and of copies the fewest count.
func union(l *look, rounds []round, text string) []rtnl.Row {
	states := rounds[len(rounds)-1].slots[text]
	if l.kind.Slots == nil || l.ever[text] {
		return states
	}
	for _, earlier := range rounds[:len(rounds)-1] {
		shown := earlier.slots[text]
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
			r.state.suspect(l.subject, l.doubt)
		}
		return nil
	}
	if l.whole || !changed && len(kept) == 0 {
		r.known[k] = began
		delete(r.unsettled, k)
		if u != nil {
			return r.store.CloseGap(r.ctx, u.id, ended, 0)
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
	r.unsettled[k] = &unsettled{*g, kept}
	return err
}
