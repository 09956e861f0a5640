package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// An asked is a history with the answers it gave, by the question's name. What
// cannot be asked yet is not there.
type asked struct {
	history
	answers map[string]answer
}

// questionsOf asks histories of growing length over few objects and over many.
func questionsOf(b *bench) (section, error) {
	s := section{Name: "Questions", How: `Histories made through package store, which end now: in each, one change comes every six seconds on the average,
100,000 a week, so that a longer one reaches further back, and an hour or a week has as much in it. What is SQL is asked through
package query in the process that measures, from opening the file to reading the last row; commands are processes, from their start
to the last line. Times are the shortest of several, with the file in the page cache. The same changes in a file of rtmon are
replayed by ` + "`ip -ts monitor file`" + `.`}
	var all []asked
	for _, objects := range b.scale.Objects {
		for _, changes := range b.scale.Changes {
			a, err := b.askHistory(objects, changes)
			if err != nil {
				return s, err
			}
			all = append(all, a)
		}
	}
	for _, objects := range b.scale.Objects {
		s.Tables = append(s.Tables, questionTable(of(all, objects)))
		s.Curves = append(s.Curves, questionCurves(of(all, objects))...)
	}
	s.Goals = questionGoals(b, all)
	return s, nil
}

// askHistory makes a history, asks it everything, and throws it away.
func (b *bench) askHistory(objects, changes int) (done asked, err error) {
	b.say("questions: %s changes of %s routes", whole(changes), whole(objects))
	done.answers = map[string]answer{}
	err = b.inWorld(func(w *world) (err error) {
		if err := w.spread(); err != nil {
			return err
		}
		replay := w.path("rtmon.log")
		if rtmon.missing() != "" {
			replay = ""
		}
		if done.history, err = makeHistory(b.ctx, w.path(recording), replay, objects, changes); err != nil {
			return err
		}
		if replay != "" {
			if done.answers[replayOfAll], err = b.replayed(replay); err != nil {
				return err
			}
		}
		return b.askAll(&done)
	})
	return done, err
}

// askAll asks every question several times, in turns, and keeps the answers that
// came soonest: others use the machine too. What takes long it asks less often.
func (b *bench) askAll(done *asked) error {
	const enough = 10 * time.Second
	spent := map[string]time.Duration{}
	for range b.scale.Runs {
		for _, q := range questions() {
			if spent[q.Name] > enough {
				continue
			}
			a, err := q.ask(b, done.history)
			if errors.Is(err, errNoCommand) {
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", q.Name, err)
			}
			spent[q.Name] += a.All
			if best, asked := done.answers[q.Name]; !asked || a.All < best.All {
				done.answers[q.Name] = a
			}
		}
	}
	return nil
}

func of(all []asked, objects int) (some []asked) {
	for _, a := range all {
		if a.objects == objects {
			some = append(some, a)
		}
	}
	return some
}

// names are those of all questions, and of the replay.
func names() (all []string) {
	for _, q := range questions() {
		all = append(all, q.Name)
	}
	return append(all, replayOfAll)
}

func questionTable(some []asked) table {
	t := table{Title: whole(some[0].objects) + " routes, of which some are gone at any time; beside each time, how many rows:", Head: []string{"question"}}
	sizes := []string{"bytes of the file per change"}
	for _, a := range some {
		t.Head = append(t.Head, whole(a.changes)+" changes")
		sizes = append(sizes, figure(a.bytesPerChange()))
	}
	for _, name := range names() {
		row := []string{name}
		for _, a := range some {
			x, done := a.answers[name]
			text := "not yet"
			if done {
				text = fmt.Sprintf("%s, %s", span(x.All), whole(x.Rows))
			}
			row = append(row, text)
		}
		t.Rows = append(t.Rows, row)
	}
	t.Rows = append(t.Rows, sizes)
	return t
}

func questionCurves(some []asked) (curves []curve) {
	for _, name := range names() {
		c := curve{Name: fmt.Sprintf("%s, %s routes", name, whole(some[0].objects)), X: "changes", Y: "s"}
		if some[0].objects == flapping || name == stateNow || name == stateAt(0.5) {
			c.Plot = "questions"
		}
		for _, a := range some {
			if x, done := a.answers[name]; done {
				c.Points = append(c.Points, point{float64(a.changes), x.All.Seconds()})
			}
		}
		if len(c.Points) > 1 && name != processStart {
			curves = append(curves, c)
		}
	}
	size := curve{Name: fmt.Sprintf("nlrec, %s routes there from the start", whole(some[0].objects)), X: "changes", Y: "bytes per change", Plot: "bytes"}
	for _, a := range some {
		size.Points = append(size.Points, point{float64(a.changes), a.bytesPerChange()})
	}
	return append(curves, size)
}

// bytesPerChange counts the routes that there were when recording began, too.
func (a asked) bytesPerChange() float64 { return float64(a.bytes) / float64(a.objects+a.changes) }

// questionGoals compares the answers with what is wanted.
func questionGoals(b *bench, all []asked) (goals []goal) {
	for i, objects := range b.scale.Objects {
		goals = append(goals, asOfGoals(of(all, objects), []float64{5, 8}[min(i, 1)])...)
	}
	some := of(all, b.scale.Objects[0])
	longest := some[len(some)-1]
	goals = append(goals, firstRowGoal(longest))
	for _, objects := range b.scale.Objects {
		same := of(all, objects)
		goals = append(goals, replayGoals(same[len(same)-1])...)
	}
	return goals
}

// asOfGoals are about as of any instant, beside now.
func asOfGoals(some []asked, limit float64) []goal {
	worst, where := 0.0, ""
	for _, a := range some {
		for _, part := range positions {
			ratio := a.answers[stateAt(part)].All.Seconds() / a.answers[stateNow].All.Seconds()
			if ratio > worst {
				worst, where = ratio, fmt.Sprintf("%s changes, %.0f %%", whole(a.changes), part*100)
			}
		}
	}
	steepest := math.Inf(-1)
	for _, c := range questionCurves(some) {
		if slices.ContainsFunc(positions, func(part float64) bool {
			return c.Name == fmt.Sprintf("%s, %s routes", stateAt(part), whole(some[0].objects))
		}) {
			steepest = max(steepest, c.exponent())
		}
	}
	objects := whole(some[0].objects)
	return []goal{
		{"whole state as of any instant beside now, " + objects + " routes", times(limit), fmt.Sprintf("%s, the most, at %s", times(worst), where), within(worst <= limit)},
		{"the same, flat in the length of history: the largest exponent", "0.1", fmt.Sprintf("%.2f", steepest), within(steepest <= 0.1)},
	}
}

func firstRowGoal(a asked) goal {
	g := goal{Text: fmt.Sprintf("first row of `log -n 100`, %s changes", whole(a.changes)), Limit: "20 ms", Measured: "no such command yet", Verdict: notYet}
	if x, done := a.answers[logOf100]; done {
		g.Measured = fmt.Sprintf("%s, of which %s are the start of any process of nlrec", span(x.First), span(a.answers[processStart].All))
		g.Verdict = within(x.First <= 20*time.Millisecond)
	}
	return g
}

// replayGoals are about the time that ip(8) takes to show all of the changes.
func replayGoals(a asked) (goals []goal) {
	replay, done := a.answers[replayOfAll]
	if !done {
		return []goal{{"questions beside a replay with `ip monitor file`", "100 ×", "iproute2 is not installed", skipped}}
	}
	for _, name := range []string{stateAt(0.5), oneObject, historyOf, hourOfLog, weekOfFlaps, getNow} {
		x, done := a.answers[name]
		if !done {
			continue
		}
		ratio := replay.All.Seconds() / x.All.Seconds()
		goals = append(goals, goal{fmt.Sprintf("%s, faster than a replay of %s changes, %s routes", name, whole(a.changes), whole(a.objects)), "100 ×", times(ratio), within(ratio >= 100)})
	}
	return goals
}
