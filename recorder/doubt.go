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
	at    int64 // when it came up
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
	if len(st.doubts) == 0 {
		st.doubted = d.at
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
		whole, links := doubt{}, []int64{}
		for s, d := range st.doubts {
			if s.kind != k {
				continue
			}
			if s.link != 0 {
				links = append(links, s.link)
			}
			if whole.at == 0 || d.at < whole.at {
				whole = d
			}
		}
		if whole.at == 0 {
			continue
		}
		if _, all := st.doubts[subject{k, 0}]; all || len(links) > manyLinks {
			looks = append(looks, newLook(subject{k, 0}, whole))
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
