package recorder

// Dumps: how what is believed becomes what is.
//
// First start, restart, overrun and a change the kernel does not announce are
// one operation, a look: dump, compare, record what differs. A dump is evidence
// that something exists. That something is gone it shows only if it is whole:
// the kernel walks its tables in steps, and a change between two steps makes it
// skip objects that never changed, mostly without a word (NLM_F_DUMP_INTR). A
// dump is whole if no notification of the kind came while it ran, or if it took
// a single step. So one that is not is repeated; the notifications that came
// meanwhile are applied before, as ever.
//
// Where three are not whole, their union stands for what is there, and what
// notifications spoke of meanwhile is what those said. The look has settled
// nothing then unless the union agrees with what is held: what no dump showed
// is kept, the kind stays in doubt, and a gap says so. What the next look does
// not show either is gone.

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"nlrec/rtnl"
	"nlrec/store"
)

// sparing is GOGC while dumps lie beside the state: with a million routes that
// takes 115 MB less than 100 does, for a tenth more CPU.
const sparing = 25

// dumps is how often a dump is taken before the union of all stands for it.
const dumps = 3

// tick is how long the kernel may say of a lifetime that ends that there is
// none: a tick of the user's clock before its end, and one after.
const tick = 20 * time.Millisecond

// look is one look at a subject, and what its dumps have shown.
type look struct {
	subject
	doubt
	rounds []round
	whole  bool            // the last round shows all there is
	single bool            // it took one step
	stops  bool            // the first round shows that a countdown stopped
	during map[string]bool // slots of which notifications spoke during the last round
	ever   map[string]bool // during any round
	bad    error           // why an object cannot be decoded
	cost   time.Duration   // what it took
}

func newLook(s subject, d doubt) *look {
	return &look{subject: s, doubt: d, ever: map[string]bool{}}
}

// purpose is why looks are taken.
type purpose struct {
	how store.How
	gap *gap // what ends with it; nil: none
	// blind says that notifications were missed before: then what is held of
	// a slot may be too old to apply a notification to.
	blind bool
}

// settle takes looks and makes the state agree. Notifications that come while
// a dump runs are applied before it, so that what they entail is inferred and
// not found, and their slots are left to them. Where notifications were missed
// before, the dump comes first: what is held may be too old to apply one to.
// Either way time does not go back from one change to the next.
func (r *Recorder) settle(looks []*look, p purpose) error {
	defer debug.SetGCPercent(debug.SetGCPercent(sparing))
	defer r.busy(r.busy("looking at what may have changed"))
	waiting, began, err := r.flush()
	if err != nil {
		return err
	}
	for round := 1; len(looks) > 0; round++ {
		if round == 2 && slices.ContainsFunc(looks, func(l *look) bool { return l.stops }) {
			time.Sleep(tick)
		}
		if err := r.receiveAll(waiting, p.blind && round > 1); err != nil {
			return err
		}
		var ended int64
		if waiting, ended, err = r.dumpAll(looks); err != nil {
			return err
		}
		at := began
		if !p.blind {
			at = ended
			if err := r.receiveAmid(waiting, looks); err != nil {
				return err
			}
			waiting = nil
		}
		var left []*look
		for _, l := range looks {
			if (!l.whole || l.stops && round == 1) && round < dumps {
				left = append(left, l)
			} else if err := r.adopt(l, p, at, began, ended); err != nil {
				return err
			}
		}
		looks, began = left, ended
	}
	return r.receiveAll(waiting, p.blind)
}

// receiveAmid applies what came while dumps ran, and notes which slots that
// concerns.
func (r *Recorder) receiveAmid(waiting []rtnl.Item, looks []*look) error {
	r.state.touched = map[slot]bool{}
	err := r.receiveAll(waiting, false)
	for u := range r.state.touched {
		for _, l := range looks {
			if l.kind == u.kind {
				l.during[u.text], l.ever[u.text] = true, true
			}
		}
	}
	r.state.touched = nil
	return err
}

// dumpAll takes a round of each look, and returns the notifications that came
// until all were done, as flush does.
func (r *Recorder) dumpAll(looks []*look) ([]rtnl.Item, int64, error) {
	if err := r.dumper.Barrier(); err != nil {
		return nil, 0, fmt.Errorf("wait for the kernel: %w", err)
	}
	for _, l := range looks {
		if err := r.dump(l); err != nil {
			return nil, 0, err
		}
	}
	// What a dump has shown is announced, or will be before this returns.
	if err := r.dumper.Barrier(); err != nil {
		return nil, 0, fmt.Errorf("wait for the kernel: %w", err)
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

// dump takes one round of a look.
func (r *Recorder) dump(l *look) error {
	start := time.Now()
	k, held, expected := l.kind, r.state.kinds[l.kind], 0
	if l.link == 0 {
		expected = len(held.only)
	}
	seen := newRound(k, held, expected)
	done, err := r.dumper.Dump(k, l.link, func(row rtnl.Row) {
		r.pulse()
		key, values := k.Split(row)
		if l.link != 0 && !standsOn(k, key, values, l.link) {
			return // the kernel counts the links of its nexthop object too
		}
		seen.add(key, r.store.Intern(k, values))
	})
	l.single, l.stops = done.Batches <= 1, l.stops || seen.stops()
	l.rounds, l.whole, l.during = append(l.rounds, seen), l.single || !done.Interrupted, map[string]bool{}
	if done.Bad != nil {
		l.bad = done.Bad
	}
	l.cost += time.Since(start)
	return err
}

// disturb notes of what an item spoke while dumps ran.
func (r *Recorder) disturb(looks []*look, item rtnl.Item) {
	_ = rtnl.EachMessage(item.Data, func(h rtnl.Header, body []byte) error {
		k := r.byType[h.Type]
		if k == nil {
			return nil
		}
		text, decoded := "", false
		for _, l := range looks {
			if l.kind != k {
				continue
			}
			l.whole = l.single
			if !decoded {
				decoded = true
				if row, err := r.decoder.Decode(k, body); err == nil {
					key, _ := k.Split(row)
					text = string(rtnl.AppendKey(nil, key))
				}
			}
			if text != "" {
				l.during[text], l.ever[text] = true, true
			}
		}
		return nil
	})
}
