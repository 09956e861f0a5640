package recorder

// Doubt: what may have changed without a word.
//
// A change that may entail others puts what they concern in doubt: all objects
// of a kind, or those that stand on one link. What is in doubt is looked at as
// soon as nothing else is to do. Doubts about many links of a kind become one
// about all of it, so that a storm ends in few dumps.

import (
	"slices"

	"nlrec/rtnl"
	"nlrec/store"
)

// A subject is what is looked at: a kind, or of that only what stands on a
// link.
type subject struct {
	kind *rtnl.Kind
	link int64 // index; 0: all
}

// A doubt is why a subject is to be looked at again.
type doubt struct {
	cause int64 // id of the change that made it necessary, or 0
	at    int64 // since when
	gap   int64 // in which that was, or 0
}

// dated returns a doubt about what happened in an interval, if that is not
// zero.
func (d doubt) dated(in store.Dating) doubt {
	if in.NotAfter != 0 {
		d.at, d.gap = in.NotBefore, in.Gap
	}
	return d
}

// manyLinks is how many links of a kind are looked at one by one.
const manyLinks = 16

// suspect notes that a subject is to be looked at again.
func (st *state) suspect(s subject, d doubt) {
	if st.incurious {
		return
	}
	if s.kind.Over == nil {
		s.link = 0
	}
	if _, ok := st.doubts[s]; !ok {
		st.doubts[s] = d
	}
}

// suspectAll notes what a kind's declaration says is in doubt.
func (st *state) suspectAll(doubts []rtnl.Doubt, d doubt) {
	for _, about := range doubts {
		st.suspect(subject{st.names[about.Kind], about.Link}, d)
	}
}

// takeDoubts returns what is to be looked at, in the order of the kinds, and
// forgets it.
func (st *state) takeDoubts() (looks []*look) {
	for _, k := range rtnl.Kinds() {
		var links []int64
		whole := false
		for s := range st.doubts {
			switch {
			case s.kind != k:
			case s.link == 0:
				whole = true
			default:
				links = append(links, s.link)
			}
		}
		if whole || len(links) > manyLinks {
			looks = append(looks, newLook(subject{k, 0}, doubt{})) // what it finds may come of anything
			continue
		}
		slices.Sort(links)
		for _, link := range links {
			looks = append(looks, newLook(subject{k, link}, st.doubts[subject{k, link}]))
		}
	}
	clear(st.doubts)
	return looks
}
