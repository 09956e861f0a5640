package recorder

// Slots: what is held, and what stands on what. A router holds a million
// routes, so every octet here is a megabyte: an object's text is shared by all
// who name it, and only slots with several objects have a list.

import (
	"maps"
	"slices"

	"nlrec/rtnl"
	"nlrec/store"
)

// slots holds the objects of a kind by the text of their key.
type slots struct {
	only map[string]*store.Object   // of slots that have one
	more map[string][]*store.Object // of slots that have several, in the order of their positions
}

// newSlots returns slots with room for that many objects.
func newSlots(room int) slots {
	return slots{make(map[string]*store.Object, room), map[string][]*store.Object{}}
}

// of returns the objects of a slot.
func (s slots) of(text string) []*store.Object {
	if o := s.only[text]; o != nil {
		return []*store.Object{o}
	}
	return s.more[text]
}

// find returns the text of a key, and the objects of its slot.
func (s slots) find(key rtnl.Row) (text string, held []*store.Object) {
	b := rtnl.AppendKey(make([]byte, 0, 64), key)
	if o := s.only[string(b)]; o != nil {
		return o.Key, []*store.Object{o}
	}
	text = string(b)
	return text, s.more[text]
}

// put makes objects those of a slot.
func (s slots) put(text string, objects []*store.Object) {
	switch len(objects) {
	case 0:
		delete(s.only, text)
		delete(s.more, text)
	case 1:
		s.only[text] = objects[0]
		delete(s.more, text)
	default:
		delete(s.only, text)
		s.more[text] = objects
	}
}

// texts calls yield for every slot.
func (s slots) texts(yield func(text string)) {
	for text := range s.only {
		yield(text)
	}
	for text := range s.more {
		yield(text)
	}
}

// each calls yield for every object.
func (s slots) each(yield func(*store.Object)) {
	for _, o := range s.only {
		yield(o)
	}
	for _, objects := range s.more {
		for _, o := range objects {
			yield(o)
		}
	}
}

// users are the objects that stand on others.
type users map[rtnl.Ref]map[*rtnl.Kind]map[*store.Object]struct{}

func (u users) add(k *rtnl.Kind, o *store.Object, on []rtnl.Ref) {
	for _, ref := range on {
		if u[ref] == nil {
			u[ref] = map[*rtnl.Kind]map[*store.Object]struct{}{}
		}
		if u[ref][k] == nil {
			u[ref][k] = map[*store.Object]struct{}{}
		}
		u[ref][k][o] = struct{}{}
	}
}

func (u users) remove(k *rtnl.Kind, o *store.Object, on []rtnl.Ref) {
	for _, ref := range on {
		delete(u[ref][k], o)
		if len(u[ref][k]) == 0 {
			delete(u[ref], k)
		}
		if len(u[ref]) == 0 {
			delete(u, ref)
		}
	}
}

// slots returns the texts of the slots of a kind that have an object on
// another, sorted.
func (u users) slots(k *rtnl.Kind, on rtnl.Ref) []string {
	var texts []string
	for o := range maps.Keys(u[on][k]) {
		texts = append(texts, o.Key)
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}
