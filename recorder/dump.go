package recorder

// Dumps: how what is believed becomes what is.
//
// First start, restart, overrun and a change the kernel does not announce are
// one operation: dump, compare, record what differs. A dump is evidence that
// something exists. That something is gone it shows only if nothing of the
// kind changed while it ran: the kernel walks its tables in steps, and a change
// between two steps makes it skip objects that never changed, mostly without a
// word (NLM_F_DUMP_INTR). So a dump is repeated until it was quiet, that is,
// until no notification of the kind came from its beginning to its end; those
// that came during an earlier one are applied before, as ever.
//
// Where none is quiet, the union of three is taken, which was exact in every
// trial where single dumps missed thousands. An object that a notification
// spoke of meanwhile is what that said, and the kind stays in doubt: it is
// looked at again.

import (
	"errors"
	"fmt"
	"maps"

	"nlrec/rtnl"
	"nlrec/store"
)

// dumps is how often a dump is taken before the union of all stands for it.
const dumps = 3

// look is what the dumps of one kind have shown.
type look struct {
	rounds []round
	quiet  bool            // the last round is the truth, all of it
	during map[string]bool // slots of which notifications spoke during the last round
	ever   map[string]bool // during any round
	bad    error           // why an object cannot be decoded
}

// round is one dump: the states of each slot by the text of its key, and the
// keys in the order they came.
type round struct {
	slots map[string][]rtnl.Row
	order []string
}

func (r *round) add(key string, state rtnl.Row) {
	if r.slots[key] == nil {
		r.order = append(r.order, key)
	}
	r.slots[key] = append(r.slots[key], state)
}

// settle dumps kinds and makes the state agree. Changes it finds get the
// instant up to which notifications were applied before the last dumps, so
// that time does not go back from one change to the next, and the cause that
// stands with their kind. blind says that notifications were missed before:
// then what is held of a slot may be too old to apply a notification to.
func (r *Recorder) settle(kinds map[*rtnl.Kind]int64, how store.How, blind bool) error {
	waiting, next, err := r.flush()
	if err != nil {
		return err
	}
	causes, looks := maps.Clone(kinds), map[*rtnl.Kind]*look{}
	for k := range kinds {
		looks[k] = &look{ever: map[string]bool{}}
	}
	var began int64
	for try := 0; try < dumps && !allQuiet(looks); try++ {
		if err := r.receiveAll(waiting, false); err != nil {
			return err
		}
		began = next
		if waiting, next, err = r.dumpUnquiet(looks); err != nil {
			return err
		}
	}
	for _, k := range rtnl.Kinds() {
		if looks[k] == nil {
			continue
		}
		if err := r.adopt(k, looks[k], origin{at: began, how: how, cause: causes[k]}, blind); err != nil {
			return err
		}
	}
	return r.receiveAll(waiting, true)
}

func allQuiet(looks map[*rtnl.Kind]*look) bool {
	for _, l := range looks {
		if !l.quiet {
			return false
		}
	}
	return true
}

// dumpUnquiet takes another round of each look that is not quiet, and returns
// the notifications that came until all were done, as flush does.
func (r *Recorder) dumpUnquiet(looks map[*rtnl.Kind]*look) ([]rtnl.Item, int64, error) {
	if err := r.dumper.Barrier(); err != nil {
		return nil, 0, fmt.Errorf("wait for the kernel: %w", err)
	}
	for _, k := range rtnl.Kinds() {
		l := looks[k]
		if l == nil || l.quiet {
			continue
		}
		seen := round{slots: map[string][]rtnl.Row{}}
		err := r.dumper.Dump(k, func(row rtnl.Row) {
			key, values := k.Split(row)
			seen.add(string(rtnl.AppendKey(nil, key)), r.store.Intern(k, values).Values)
		}, func(err error) { l.bad = err })
		if err != nil && !errors.Is(err, rtnl.ErrInterrupted) {
			return nil, 0, err
		}
		l.rounds, l.quiet, l.during = append(l.rounds, seen), err == nil, map[string]bool{}
	}
	waiting, until, err := r.flush()
	if err != nil {
		return nil, 0, err
	}
	for _, item := range waiting {
		r.disturb(looks, item)
	}
	return waiting, until, nil
}

// disturb notes of what an item spoke while dumps ran.
func (r *Recorder) disturb(looks map[*rtnl.Kind]*look, item rtnl.Item) {
	_ = rtnl.EachMessage(item.Data, func(h rtnl.Header, body []byte) error {
		k := r.byType[h.Type]
		if looks[k] == nil {
			return nil
		}
		looks[k].quiet = false
		if row, err := k.Decode(body); err == nil {
			key, _ := k.Split(row)
			text := string(rtnl.AppendKey(nil, key))
			looks[k].during[text], looks[k].ever[text] = true, true
		}
		return nil
	})
}

// adopt makes the state of a kind what a look has shown: first what is gone,
// then what is there.
func (r *Recorder) adopt(k *rtnl.Kind, l *look, from origin, blind bool) error {
	delete(r.state.doubt, k)
	rounds := l.rounds[len(l.rounds)-1:]
	if !l.quiet {
		r.state.suspect(k, from.cause, from.at)
		rounds = l.rounds
	}
	for _, text := range r.state.missing(k, rounds) {
		if l.quiet || !l.ever[text] {
			r.state.reconcile(k, rtnl.ParseKey(text), text, nil, from)
		}
	}
	done := map[string]bool{}
	for i := len(rounds) - 1; i >= 0; i-- { // the last that shows a slot is right about it
		last := i == len(rounds)-1
		for _, text := range rounds[i].order {
			if done[text] || !l.quiet && (l.ever[text] && !last || l.during[text] && (k.Slots == nil || !blind)) {
				continue
			}
			r.state.reconcile(k, rtnl.ParseKey(text), text, rounds[i].slots[text], from)
			if !l.quiet {
				done[text] = true
			}
		}
	}
	if l.bad != nil {
		return r.undecodable(k, l.bad)
	}
	return r.readable(k)
}
