package query

// Whether an answer is certain. What a statement asks of the timeline is seen
// by the authorizer, which SQLite tells of every view that it opens, and by the
// functions, which know the instants that they are called with:
//
//	route with --at, route_at(…)   a gap is touched that the instant lies in
//	route                          one that lasts; and something must be recording
//	route_history, change_log      any one, as a change may be missing
//
// Gaps of other kinds than those that the statement asks about do not matter.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"modernc.org/sqlite"

	"nlrec/rtnl"
)

// ErrGap is an answer that may be wrong because changes may have been missed.
var ErrGap = errors.New("the answer touches a gap")

// A use is what a statement asks about.
type use struct {
	kind string // "": all
	when period
	at   int64     // of atInstant
	of   *timeline // that alone; nil: of all that are asked
}

// A period is which part of the timeline a use is of.
type period int

const (
	atInstant period = iota
	atPresent
	overAll
)

// uses are those of the statement that ran last.
type uses map[use]bool

func (u uses) addMoment(kind string, of *timeline, m *Moment) {
	u[use{kind, atInstant, m.At, of}] = true
}

// authorize lets a statement read, and notes what of.
func (r *Reader) authorize(action sqlite.AuthorizerActionCode, arg1, arg2, database, view string) sqlite.AuthorizerReturnCode {
	switch {
	case action == sqlite.AuthSelect:
		r.noteView(view)
	case action == sqlite.AuthRead && database == "main" && r.recordings == nil && isKind(arg1):
		r.uses[use{kind: arg1, when: atPresent}] = true // main.route, which --at does not change
	case action == sqlite.AuthRead && view == "" && arg1 == "change":
		r.uses[use{when: overAll}] = true
	case action == sqlite.AuthRead && view == "" && arg1 == "now":
		r.uses[use{when: atPresent}] = true
	}
	return authorize(action, arg1, arg2, database, view)
}

func (r *Reader) noteView(name string) {
	kind, isHistory := strings.CutSuffix(name, "_history")
	switch {
	case name == "change_log":
		r.uses[use{when: overAll}] = true
	case isHistory && isKind(kind):
		r.uses[use{kind: kind, when: overAll}] = true
	case isKind(name) && r.moment != nil:
		r.uses.addMoment(name, nil, r.moment)
	case isKind(name):
		r.uses[use{kind: name, when: atPresent}] = true
	}
}

// Certain fails with ErrGap when what the last statement asked about lies in a
// gap, and with ErrOutside when it is the present and nothing records.
func (r *Reader) Certain(ctx context.Context) error {
	if r.recordings == nil {
		return r.timeline.certain(ctx, r.uses)
	}
	for _, m := range r.recordings {
		of := uses{}
		for u := range r.uses {
			if u.of != nil && u.of != m.timeline {
				continue
			}
			if u.of == nil && u.when == atInstant { // that of --at, which only means the same
				u.at = m.moment.At
			}
			of[u] = true
		}
		if err := m.timeline.certain(ctx, of); err != nil {
			return WithPath(m.path, err)
		}
	}
	return nil
}

func (l *timeline) certain(ctx context.Context, asked uses) error {
	gaps, err := l.gaps(ctx)
	if err != nil {
		return WithPath(l.path, err)
	}
	var touched []Gap
	for u := range asked {
		if u.when == atPresent && !l.recording {
			return hinted{fmt.Errorf("now: %w: nothing is recorded since %s", ErrOutside, FormatTime(l.last, l.loc)), l.example(FormatTime(l.last, l.loc))}
		}
		for _, g := range gaps {
			if u.touches(g) && !slices.Contains(touched, g) {
				touched = append(touched, g)
			}
		}
	}
	if len(touched) == 0 {
		return nil
	}
	first := slices.MinFunc(touched, func(a, b Gap) int { return int(a.From - b.From) })
	text := first.warning(l.loc)
	if n := len(touched) - 1; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return hinted{fmt.Errorf("%w: %s", ErrGap, text), `nlrec query --db ` + l.path + ` "SELECT * FROM gap"; --at asks about one instant`}
}

// touches reports whether what is asked may be wrong because of a gap.
func (u use) touches(g Gap) bool {
	if !u.concerns(g.Kind) {
		return false
	}
	switch u.when {
	case atInstant:
		return g.From < u.at && (g.To == 0 || u.at < g.To)
	case atPresent:
		return g.To == 0
	}
	return true
}

// concerns reports whether changes of a kind, "" for all, show up in what is
// asked.
func (u use) concerns(kind string) bool {
	if kind == "" || u.kind == "" {
		return true
	}
	i := slices.IndexFunc(rtnl.Kinds(), func(k *rtnl.Kind) bool { return k.Name == u.kind })
	return slices.Contains(ShownWith(rtnl.Kinds()[i]), kind)
}
