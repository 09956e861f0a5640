package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"

	"nlrec/store"
)

// A timeline knows what a recording covers and which change an instant means.
// It has a connection of its own, because a function in a statement may not
// ask the connection that the statement runs on.
type timeline struct {
	*connection
	path        string
	command     string   // of Options
	kinds       []string // of Options
	recording   bool     // a recorder has the file open
	flaw        store.Flaw
	shared      bool // SQL asks it together with others
	now         time.Time
	loc         *time.Location
	warn        func(string)
	warned      map[string]bool
	stretches   []stretch // of the clock; none: it was never set back
	steps       []step    // of the clock
	first, last int64     // instants between which all is known but for gaps; 0: nothing is
	pruned      int64     // id of the last change that was removed; 0: none was
}

// A Moment is an instant found on the timeline.
type Moment struct {
	At     int64 // microseconds since 1970
	Change int64 // id of the last change until then; 0: before all of them
	Gap    int64 // id of a gap that it lies in, as far as that matters; 0: none
}

func openTimeline(ctx context.Context, path string, o Options) (*timeline, error) {
	l := &timeline{path: path, command: o.Command, kinds: o.Kinds, now: o.Now, loc: o.Location, warn: o.Warn, warned: map[string]bool{}}
	if l.now.IsZero() {
		l.now = time.Now()
	}
	if l.loc == nil {
		l.loc = time.Local
	}
	err := store.CheckRecording(path)
	if err == nil {
		l.recording, err = store.Recording(path)
	}
	if err == nil {
		l.flaw, err = store.FindFlaw(ctx, path)
	}
	if l.flaw.Text != "" {
		l.warnOnce(l.flaw.String())
	}
	if err == nil {
		d := &sqlite.Driver{}
		if err = registerFunctions(d, l, func(err error) error { return err }); err == nil {
			l.connection, err = connect(ctx, d, path, l.flaw)
		}
	}
	if err != nil {
		return nil, WithPath(path, err)
	}
	if l.flaw = l.flaw.Read(ctx, l.Conn, path); l.flaw.Text != "" {
		l.warnOnce(l.flaw.String())
	}
	if err := errors.Join(l.checkSchema(ctx), l.restrict(ctx, authorize), l.readCoverage(ctx), l.readStretches(ctx)); err != nil {
		return nil, WithPath(path, errors.Join(err, l.Close()))
	}
	return l, nil
}

func (l *timeline) checkSchema(ctx context.Context) error {
	have, err := l.number(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`)
	if err != nil && strings.Contains(err.Error(), "no such table") {
		return fmt.Errorf("%w: it has no tables yet", store.ErrNotRecording)
	}
	if err != nil {
		return err
	}
	known, err := store.SchemaVersion()
	if err == nil && have > known {
		err = fmt.Errorf("%w: its schema is version %d, this nlrec knows %d", store.ErrNewerSchema, have, known)
	}
	return err
}

func (l *timeline) readCoverage(ctx context.Context) (err error) {
	if l.first, err = l.number(ctx, `SELECT min(ready_us) FROM session`); err != nil {
		return err
	}
	if l.pruned, err = l.number(ctx, `SELECT change FROM pruned`); err != nil {
		return err
	}
	if l.pruned != 0 && l.first != 0 {
		// Where the clock was set back after the cut, what is left begins earlier.
		begins, err := l.number(ctx, `SELECT min(at_us, (SELECT c.at_us FROM change c ORDER BY c.at_us LIMIT 1)) FROM pruned`)
		if err != nil {
			return err
		}
		l.first = max(l.first, begins)
	}
	if l.recording {
		l.last = l.now.UnixMicro()
		return nil
	}
	// The outer watched_us is for recordings whose sessions have none.
	l.last, err = l.number(ctx, `
		SELECT max(coalesce((SELECT max(coalesce(ended_us, watched_us, ready_us)) FROM session), 0),
			coalesce((SELECT at_us FROM change ORDER BY id DESC LIMIT 1), 0))
		FROM (SELECT NULL AS watched_us)`)
	return err
}

// resolve finds an instant on the timeline. It fails with ErrInstant or
// ErrOutside, and warns when the instant lies in a gap.
func (l *timeline) resolve(ctx context.Context, text string) (*Moment, error) {
	i, err := ParseInstant(text, l.now, l.loc)
	if err != nil {
		return nil, err
	}
	return l.resolveInstant(ctx, text, i)
}

func (l *timeline) resolveInstant(ctx context.Context, text string, i Instant) (*Moment, error) {
	m, err := l.find(ctx, text, i)
	if err != nil {
		return nil, err
	}
	return m, errors.Join(l.warnOfGaps(ctx, m), l.warnOfSteps(ctx, i))
}

func (l *timeline) find(ctx context.Context, text string, i Instant) (m *Moment, err error) {
	if l.first == 0 {
		return nil, hinted{fmt.Errorf("%s: %w: its first dump is not complete", text, ErrOutside), "nlrec status --db " + l.path}
	}
	if i.Change != 0 {
		return l.findChange(ctx, text, i)
	}
	if i, err = l.settle(ctx, text, i); err != nil {
		return nil, err
	}
	if l.stretches != nil {
		return l.findStretched(ctx, text, i)
	}
	if i.At < l.first || i.At > l.last {
		return nil, l.outside(text, i.At)
	}
	m = &Moment{At: i.At}
	m.Change, err = l.lastUntil(ctx, 0, i.At)
	return m, err
}

// lastUntil finds the last change until an instant that a session noted, 0
// standing for the first. It may be the last that was removed; 0: there is none.
func (l *timeline) lastUntil(ctx context.Context, session, at int64) (int64, error) {
	if l.stretches != nil {
		id, err := l.placeOf(ctx, cmp.Or(session, l.stretches[0].session), at)
		return max(id, l.pruned), err
	}
	id, err := l.number(ctx, `SELECT id FROM change WHERE at_us <= ? ORDER BY at_us DESC, id DESC LIMIT 1`, at)
	return max(id, l.pruned), err
}

// microseconds finds when an instant is or was, which may be outside of what is
// recorded. It fails with ErrInstant, or ErrOutside for no such change.
func (l *timeline) microseconds(text string) (us int64, err error) {
	i, err := ParseInstant(text, l.now, l.loc)
	if err != nil {
		return 0, err
	}
	if l.shared && (i.Change != 0 || i.Mark != "") {
		return 0, noInstant(text, "it is another one in each recording; a time means the same in all")
	}
	ctx := context.Background() // whoever asks watches over the whole statement
	if i.Change == 0 {
		i, err = l.settle(ctx, text, i)
		return i.At, err
	}
	if us, err = l.number(ctx, `SELECT at_us FROM change WHERE id = ?`, i.Change); us == 0 && err == nil {
		_, err = l.findChange(ctx, text, i) // words why not
	}
	if i.Before {
		us--
	}
	return us, err
}

// settle gives an instant that has a name its time.
func (l *timeline) settle(ctx context.Context, text string, i Instant) (Instant, error) {
	switch i.Mark {
	case "first":
		session, err := l.number(ctx, `SELECT id FROM session WHERE ready_us IS NOT NULL ORDER BY id LIMIT 1`)
		return Instant{At: l.first, session: session}, err
	case "last":
		session, err := l.number(ctx, `SELECT max(id) FROM session`)
		return Instant{At: l.last, session: session}, err
	case "boot":
		b, err := l.findBoot(ctx, text, -i.Back)
		return Instant{At: b.From, session: b.first}, err
	}
	return i, nil
}

// begins returns the earliest instant that a boot can have begun at, as far as is
// known: where changes were removed, what is left begins later than the machine.
func (l *timeline) begins() int64 {
	if l.pruned == 0 {
		return math.MinInt64
	}
	return l.first
}

func (l *timeline) findChange(ctx context.Context, text string, i Instant) (*Moment, error) {
	id := i.Change
	at, err := l.number(ctx, `SELECT at_us FROM change WHERE id = ?`, id)
	if err != nil {
		return nil, err
	}
	if at == 0 && id <= l.pruned {
		first := fmt.Sprintf("#%d", l.pruned+1)
		return nil, hinted{fmt.Errorf("%s: %w: what came before %s was removed", text, ErrOutside, first), l.example("'" + first + "'")}
	}
	if at == 0 {
		last, err := l.number(ctx, `SELECT max(id) FROM change`)
		return nil, errors.Join(err, hinted{
			fmt.Errorf("%s: %w: its last change is #%d", text, ErrOutside, last),
			l.example(fmt.Sprintf("'#%d'", last))})
	}
	first, err := l.lastUntil(ctx, 0, l.first)
	if err != nil {
		return nil, err
	}
	if i.Before {
		id, at = id-1, at-1
	}
	if id < first {
		return nil, hinted{
			fmt.Errorf("%s: %w: its first dump is complete with #%d", text, ErrOutside, first),
			l.example(fmt.Sprintf("'#%d'", first))}
	}
	return &Moment{At: at, Change: id}, nil
}

// example is a question that this recording answers.
func (l *timeline) example(at string) string {
	if strings.Contains(l.command, "{at}") {
		return strings.NewReplacer("{at}", at, "{db}", l.path).Replace(l.command)
	}
	if l.command != "" {
		return fmt.Sprintf("%s --db %s --at %s", l.command, l.path, at)
	}
	return fmt.Sprintf("nlrec query --db %s --at %s \"SELECT * FROM link\"", l.path, at)
}

func (l *timeline) outside(text string, at int64) error {
	first, last := l.first, l.last
	for _, s := range l.stretches {
		first, last = min(first, s.from), max(last, s.to)
	}
	near, reach := last, FormatTime(last, l.loc)
	if l.recording && last == l.last {
		reach = "now"
	}
	if at < first {
		near = first
	}
	return hinted{
		fmt.Errorf("%s: %w: it reaches from %s to %s", Visible(text), ErrOutside, FormatTime(first, l.loc), reach),
		l.example(FormatTime(near, l.loc))}
}

// gaps lists all gaps.
func (l *timeline) gaps(ctx context.Context) (gaps []Gap, err error) {
	rows, err := l.QueryContext(ctx, `SELECT coalesce(kind, ''), from_us, coalesce(to_us, 0), reason FROM gap ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var g Gap
		if err := rows.Scan(&g.Kind, &g.From, &g.To, &g.Reason); err != nil {
			return nil, err
		}
		gaps = append(gaps, g)
	}
	return gaps, rows.Err()
}

// warnOfGaps says when changes may have been missed around a moment, and notes
// it there.
func (l *timeline) warnOfGaps(ctx context.Context, m *Moment) error {
	rows, err := l.QueryContext(ctx, `
		SELECT id, coalesce(kind, ''), from_us, coalesce(to_us, 0), reason FROM gap
		WHERE from_us < ? AND (to_us IS NULL OR to_us > ?) ORDER BY id`, m.At, m.At)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var g Gap
		var id int64
		if err := rows.Scan(&id, &g.Kind, &g.From, &g.To, &g.Reason); err != nil {
			return err
		}
		if g.Kind == "" || len(l.kinds) == 0 || slices.Contains(l.kinds, g.Kind) {
			m.Gap = id
			l.warnOnce(g.warning(l.loc))
		}
	}
	return rows.Err()
}

// echo says in words what a moment is.
func (l *timeline) echo(m *Moment) string {
	return "as of " + m.Text(l.loc)
}

// Text says in words what a moment is, so that its instant and its change can be
// read back.
func (m *Moment) Text(loc *time.Location) string {
	certainty := "no gap"
	if m.Gap != 0 {
		certainty = fmt.Sprintf("in gap %d", m.Gap)
	}
	return fmt.Sprintf("%s, change #%d, %s", FormatTime(m.At, loc), m.Change, certainty)
}

// warnOfPresent says when what the file holds need not be what is now: nothing
// records any more, or changes are missed.
func (l *timeline) warnOfPresent(ctx context.Context) error {
	if l.first == 0 {
		return hinted{fmt.Errorf("%w: its first dump is not complete", ErrOutside), "nlrec status --db " + l.path}
	}
	if !l.recording {
		l.warnOnce(fmt.Sprintf("nothing is recorded since %s: this is what was then", FormatTime(l.last, l.loc)))
	}
	return l.warnOfGaps(ctx, &Moment{At: l.last})
}

func (l *timeline) warnOnce(text string) {
	if l.warn != nil && !l.warned[text] {
		l.warned[text] = true
		l.warn(text)
	}
}

// A Gap is an interval in which changes may have been missed.
type Gap struct {
	Kind   string `json:"kind,omitempty"`  // of the objects concerned; empty: all
	From   int64  `json:"from_us"`         // microseconds since 1970
	To     int64  `json:"to_us,omitempty"` // 0: it lasts
	Reason string `json:"reason"`
}

func (g Gap) warning(loc *time.Location) string {
	what, until := "changes", "now"
	if g.Kind != "" {
		what = "changes of kind " + g.Kind
	}
	if g.To != 0 {
		until = FormatTime(g.To, loc)
	}
	return fmt.Sprintf("%s may have been missed between %s and %s: %s", what, FormatTime(g.From, loc), until, g.Reason)
}
