package main

import (
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// quiet measures what a day of a quiet host costs, and what one change does.
func quiet(b *bench) (section, error) {
	s := section{Name: "Quiet host"}
	who := []contender{nlrec}
	for _, c := range []contender{rtmon, ipMonitor, ndb} {
		if why := c.missing(); why != "" {
			s.Notes = append(s.Notes, c.Name+" was skipped: "+why+".")
			continue
		}
		who = append(who, c)
	}
	m, err := b.measureQuiet(who)
	if err != nil {
		return s, err
	}
	s.How = fmt.Sprintf(`All record side by side in one namespace. A day of a quiet host (bench/day.go) has %s events: neighbours
that turn stale and reachable, router advertisements, DHCP renewals, container starts. %s of them were played with %s
between two, so that each is written on its own; they are %s of nlrec's timeline, and took %s. What time itself
costs was measured over %s in which nothing happened, is taken off, and added for a whole day.
Bytes written are those handed to write(2); those to disk made pages dirty that go there. Wake-ups are the voluntary
context switches of all threads.`, whole(len(events())), whole(len(b.someEvents())), span(b.scale.Step),
		counted(m.day.Changes, "change", "changes"), span(m.day.Took), span(m.idle.Took))
	s.Tables = []table{m.dayTable(), m.changeTable(b)}
	s.Goals = m.goals(b)
	s.Figures = map[string]float64{
		perDayChanges: float64(m.day.Changes) * float64(b.scale.Day),
		perDayBytes:   float64(m.day.Bytes[nlrec.Name]) * float64(b.scale.Day),
	}
	return s, nil
}

// quietRuns are what it is computed from.
type quietRuns struct {
	who               []contender
	idle, second, day quietRun
	parts             float64       // of a day that the events played are one of
	cron              time.Duration // CPU of one run of ip -j route
}

func (b *bench) measureQuiet(who []contender) (m quietRuns, err error) {
	m = quietRuns{who: who, parts: float64(b.scale.Day)}
	done := make(chan error) // the two mostly wait
	go func() {
		var err error
		m.second, err = b.quietly(who, b.oneASecond)
		done <- err
	}()
	m.idle, err = b.quietly(who, b.nothing)
	if err = errors.Join(err, <-done); err != nil {
		return m, err
	}
	if m.day, err = b.quietly(who, b.aDay); err != nil {
		return m, err
	}
	m.cron, err = b.cron()
	return m, err
}

// cron returns the CPU time of one run of what a cron job would run.
func (b *bench) cron() (each time.Duration, err error) {
	const runs = 20
	err = b.inWorld(func(*world) error {
		for range runs {
			c := exec.Command("ip", "-j", "route", "show", "table", "all")
			if out, err := c.Output(); err != nil || len(out) == 0 {
				return fmt.Errorf("ip -j route: %w", err)
			}
			each += (c.ProcessState.UserTime() + c.ProcessState.SystemTime()) / runs
		}
		return nil
	})
	return each, err
}

// less returns what a run spent beyond what its time costs.
func (m quietRuns) less(name string, run quietRun) spent {
	return run.Spent[name].since(m.idle.Spent[name].times(run.Took.Seconds() / m.idle.Took.Seconds()))
}

// wholeDay returns what a day costs, and what of that when nothing happens.
func (m quietRuns) wholeDay(name string) (all, idle spent) {
	idle = m.idle.Spent[name].times(day.Seconds() / m.idle.Took.Seconds())
	return idle.plus(m.less(name, m.day).times(m.parts)), idle
}

func (m quietRuns) dayTable() table {
	t := table{Title: "24 hours:", Head: []string{"recorder", "CPU", "of that idle", "wake-ups", "of those idle", "bytes written", "to disk", "files grow by"}}
	for _, c := range m.who {
		all, idle := m.wholeDay(c.Name)
		t.Rows = append(t.Rows, []string{c.Name, span(all.CPU), span(idle.CPU), whole(all.Wakeups), whole(idle.Wakeups),
			megabytes(all.Calls), megabytes(all.Disk), megabytes(int64(float64(m.day.Bytes[c.Name]) * m.parts))})
	}
	t.Rows = append(t.Rows, []string{"`ip -j route show table all` each minute", span(m.cron * time.Duration(day/time.Minute)), "", "", "", "", "", ""})
	return t
}

// changeTable is of what one change costs beyond what time does.
func (m quietRuns) changeTable(b *bench) table {
	n := b.seconds()
	t := table{Title: fmt.Sprintf("One change a second, %s, beyond what time costs, per change:", whole(n)),
		Head: []string{"recorder", "bytes written", "to disk", "CPU", "wake-ups"}}
	for _, c := range m.who {
		x := m.less(c.Name, m.second).times(1 / float64(n))
		t.Rows = append(t.Rows, []string{c.Name, whole(x.Calls), whole(x.Disk), span(x.CPU), whole(x.Wakeups)})
	}
	return t
}

// goals name no limits: the figures are wanted beside each other.
func (m quietRuns) goals(b *bench) []goal {
	all, idle := m.wholeDay(nlrec.Name)
	x := m.less(nlrec.Name, m.second).times(1 / float64(b.seconds()))
	beside := func(f func(spent) string) (text string) {
		for _, c := range m.who[1:] {
			other, _ := m.wholeDay(c.Name)
			text += ", " + c.Name + " " + f(other)
		}
		return text
	}
	cpu := func(s spent) string { return span(s.CPU) }
	wakes := func(s spent) string { return whole(s.Wakeups) }
	written := func(s spent) string { return megabytes(s.Calls) }
	return []goal{
		{"CPU in 24 hours", "", fmt.Sprintf("%s, %s of it idle%s", cpu(all), cpu(idle), beside(cpu)), ""},
		{"wake-ups in 24 hours", "", wakes(all) + beside(wakes), ""},
		{"bytes written in 24 hours", "", written(all) + beside(written), ""},
		{"bytes to disk per change, at one a second", "", fmt.Sprintf("%s, %s handed to write(2)", whole(x.Disk), whole(x.Calls)), ""},
	}
}
