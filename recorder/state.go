package recorder

import (
	"cmp"
	"slices"

	"nlrec/rtnl"
	"nlrec/store"
)

// state is what is believed to exist, and what has changed in it and is not
// written yet. It does no I/O: what comes in are decoded rows, what comes out
// are changes.
type state struct {
	store   interner
	kinds   map[*rtnl.Kind]slots
	batch   []store.Change
	changes int64             // how many there have been
	datings []store.Dating    // of changes in the batch
	doubts  map[subject]doubt // what is to be looked at again
	names   map[string]*rtnl.Kind

	literal   bool // nothing is inferred
	incurious bool // nothing is doubted

	users users

	departed map[slot]departed // objects that went to another network namespace
	touched  map[slot]bool     // slots that were written to; nil: nobody asks
}

// slot names a slot.
type slot struct {
	kind *rtnl.Kind
	text string // of its key
}

// interner is what state needs of a store.
type interner interface {
	Intern(k *rtnl.Kind, values rtnl.Row) *store.State
	NextChange() int64
}

// origin is what a change carries besides what changed.
type origin struct {
	at     int64
	how    store.How
	cause  int64
	portid uint32
	dating store.Dating // the interval of which at is but the label; zero: there is none
}

func newState(s interner) *state {
	st := &state{store: s, kinds: map[*rtnl.Kind]slots{}, doubts: map[subject]doubt{}, names: map[string]*rtnl.Kind{},
		users: users{}, departed: map[slot]departed{}}
	for _, k := range rtnl.Kinds() {
		st.kinds[k] = newSlots(0)
		st.names[k.Name] = k
	}
	return st
}

// hold takes in the objects of a kind that existed before.
func (st *state) hold(k *rtnl.Kind, objects []*store.Object) {
	all := newSlots(len(objects))
	for _, o := range objects {
		held := append(all.of(o.Key), o)
		if len(held) > 1 {
			slices.SortFunc(held, byPosition)
		}
		all.put(o.Key, held)
		st.users.add(k, o, refs(k, rtnl.ParseKey(o.Key), o.State))
	}
	st.kinds[k] = all
}

// observe applies one notification. It keeps nothing of the row.
func (st *state) observe(k *rtnl.Kind, row rtnl.Row, n rtnl.Notification, from origin) {
	key, values := k.Split(row)
	text, held := st.kinds[k].find(key)
	if !n.Deleted {
		values = st.believable(k, key, text, values)
		n.Deleted = values == nil
	}
	n.Key, n.State = key, values
	if k.Slots == nil && len(held) == 1 && !n.Deleted && k.Same(held[0].State.Values, values) {
		return // the kernel repeats itself often
	}
	if n.Moved && len(held) == 1 {
		st.depart(k, text, held[0])
	}
	st.replace(k, key, text, held, k.Place(elements(held), n), from)
}

// observePart applies a notification that tells some values of an object.
func (st *state) observePart(k *rtnl.Kind, key rtnl.Row, with func(rtnl.Row) rtnl.Row, from origin) {
	if text, held := st.kinds[k].find(key); len(held) == 1 {
		st.replace(k, key, text, held, []rtnl.Element{{Position: held[0].Position, State: with(held[0].State.Values)}}, from)
	}
}

// countsAs returns the state to believe; nil: the object counts as not there.
func countsAs(k *rtnl.Kind, known bool, state rtnl.Row) rtnl.Row {
	if k.CountsAs == nil {
		return state
	}
	return k.CountsAs(k, known, state)
}

// believable returns the state to believe of what the kernel has shown; nil:
// the object counts as not there.
func (st *state) believable(k *rtnl.Kind, key rtnl.Row, text string, shown rtnl.Row) rtnl.Row {
	held := st.kinds[k].of(text)
	if k == rtnl.Route {
		return st.ownDead(key, shown, elements(held))
	}
	return countsAs(k, len(held) > 0, shown)
}

// isAll reports whether the only state that a dump showed of a slot is the only
// one that is held.
func (st *state) isAll(k *rtnl.Kind, text string, dumped []rtnl.Row) bool {
	o := st.kinds[k].only[text]
	return o != nil && len(dumped) == 1 && k.Same(o.State.Values, dumped[0])
}

// reconcile makes a slot, or of it what stands on the subject's link, what a
// dump showed.
func (st *state) reconcile(s subject, key rtnl.Row, text string, dumped []rtnl.Row, from origin) {
	k, held := s.kind, st.kinds[s.kind].of(text)
	if s.link == 0 {
		st.replace(k, key, text, held, k.Reconcile(key, elements(held), dumped), from)
		return
	}
	var on, beside []rtnl.Element
	all := slices.Clone(dumped)
	for _, e := range elements(held) {
		if standsOn(k, key, e.State, s.link) && !st.leans(s, key, e, dumped, from) {
			on = append(on, e)
			continue
		}
		beside, all = append(beside, e), append(all, e.State)
	}
	switch {
	case len(beside) == 0 || !k.Ordered(key):
		st.replace(k, key, text, held, k.Reconcile(key, elements(held), all), from)
	case len(dumped) > len(on): // where among the others, it does not show
		st.suspect(subject{k, 0}, doubt{cause: from.cause, at: from.at}.dated(from.dating))
	default:
		after := append(k.Reconcile(key, on, dumped), beside...)
		slices.SortFunc(after, func(a, b rtnl.Element) int { return cmp.Compare(a.Position, b.Position) })
		st.replace(k, key, text, held, after, from)
	}
}

// leans reports whether an object that a dump does not show on a link may
// still be there, on another on which it stands too, and has the kind looked
// at.
func (st *state) leans(s subject, key rtnl.Row, e rtnl.Element, dumped []rtnl.Row, from origin) bool {
	other := func(ref rtnl.Ref) bool { return ref.Kind == rtnl.Link.Name && ref.ID != s.link }
	if len(dumped) > 0 || !slices.ContainsFunc(s.kind.Refs(s.kind, key, e.State), other) {
		return false
	}
	st.suspect(subject{s.kind, 0}, doubt{cause: from.cause, at: from.at}.dated(from.dating))
	return true
}

// standsOn reports whether an object stands on a link.
func standsOn(k *rtnl.Kind, key, state rtnl.Row, link int64) bool {
	return slices.Contains(k.Refs(k, key, state), rtnl.Ref{Kind: rtnl.Link.Name, ID: link})
}

// missing returns the keys of the slots that exist but that no round shows.
func (st *state) missing(s subject, rounds []round) (texts []string) {
	lack := func(text string) {
		if !slices.ContainsFunc(rounds, func(r round) bool { return r.shows(text) }) {
			texts = append(texts, text)
		}
	}
	if s.link == 0 {
		st.kinds[s.kind].texts(lack)
	} else {
		for _, text := range st.users.slots(s.kind, rtnl.Ref{Kind: rtnl.Link.Name, ID: s.link}) {
			lack(text)
		}
	}
	slices.Sort(texts)
	return texts
}

func byPosition(a, b *store.Object) int { return cmp.Compare(a.Position, b.Position) }

func elements(held []*store.Object) []rtnl.Element {
	e := make([]rtnl.Element, len(held))
	for i, o := range held {
		e[i] = rtnl.Element{Position: o.Position, State: o.State.Values}
	}
	return e
}

// replace turns the objects of a slot into the elements after, position by
// position, and notes what differs: first what is gone, then what changed or
// came.
func (st *state) replace(k *rtnl.Kind, key rtnl.Row, text string, held []*store.Object, after []rtnl.Element, from origin) {
	first := len(st.batch)
	if st.touched != nil {
		st.touched[slot{k, text}] = true
	}
	left := make([]*store.Object, 0, len(after))
	for _, o := range held {
		i := slices.IndexFunc(after, func(e rtnl.Element) bool { return e.Position == o.Position })
		if i < 0 || k.Another != nil && k.Another(k, o.State.Values, after[i].State) {
			st.change(k, key, o, nil, from)
			continue
		}
		left = append(left, o)
		if !k.Same(o.State.Values, after[i].State) {
			st.change(k, key, o, st.store.Intern(k, after[i].State), from)
		}
	}
	for _, e := range after {
		if !slices.ContainsFunc(left, func(o *store.Object) bool { return o.Position == e.Position }) {
			o := st.arrive(k, text, e)
			left = append(left, o)
			st.change(k, key, o, st.store.Intern(k, e.State), from)
		}
	}
	slices.SortFunc(left, byPosition)
	st.kinds[k].put(text, left)
	for i, last := first, len(st.batch); i < last; i++ {
		st.infer(st.batch[i], from.dating)
	}
}

// refs returns what an object stands on in a state.
func refs(k *rtnl.Kind, key rtnl.Row, s *store.State) []rtnl.Ref {
	if k.Refs == nil || s == nil {
		return nil
	}
	return k.Refs(k, key, s.Values)
}

// change notes that an object goes to a state, and what that makes doubtful.
func (st *state) change(k *rtnl.Kind, key rtnl.Row, o *store.Object, to *store.State, from origin) {
	c := store.Change{ID: st.store.NextChange(), At: from.at, Kind: k, Object: o, Was: o.State, State: to,
		How: from.how, Cause: from.cause, Portid: from.portid}
	if was, now := refs(k, key, o.State), refs(k, key, to); !slices.Equal(was, now) {
		st.users.remove(k, o, was)
		st.users.add(k, o, now)
	}
	o.State = to
	st.batch = append(st.batch, c)
	st.changes++
	if from.dating.NotAfter != 0 {
		st.date(c.ID, from.dating)
	}
	if k.Doubts == nil || from.how == store.Dumped {
		return
	}
	if doubts := k.Doubts(k, key, values(c.Was), values(to)); len(doubts) > 0 {
		st.suspectAll(doubts, doubt{cause: c.ID, at: from.at}.dated(from.dating))
	}
}

// values returns those of a state; nil when there is none.
func values(s *store.State) rtnl.Row {
	if s == nil {
		return nil
	}
	return s.Values
}

// date notes the interval of a change, in the run that ends with the change
// before it, if that has the same.
func (st *state) date(id int64, d store.Dating) {
	if n := len(st.datings); n > 0 {
		last := &st.datings[n-1]
		if last.Last == id-1 && last.NotBefore == d.NotBefore && last.NotAfter == d.NotAfter && last.Gap == d.Gap {
			last.Last = id
			return
		}
	}
	d.First, d.Last = id, id
	st.datings = append(st.datings, d)
}

// count returns how many objects of a kind exist.
func (st *state) count(k *rtnl.Kind) (n int) {
	st.kinds[k].each(func(*store.Object) { n++ })
	return n
}

// linkNames returns the names of the links by index.
func (st *state) linkNames() map[int64]string {
	names := map[int64]string{}
	k := rtnl.Link
	st.kinds[k].each(func(o *store.Object) {
		names[keyNumber(o)], _ = k.StateValue(o.State.Values, "ifname").(string)
	})
	return names
}
