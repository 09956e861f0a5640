package main

import (
	"errors"
	"fmt"
)

// capture lets everybody record the same loads.
func capture(b *bench) (section, error) {
	s := section{Name: "Capture", How: `A thread on one core makes the requests over one socket, 128 in a message; who records is
on another core, alone, unless it says that both use both. Lost is what the kernel counts as dropped at the socket. CPU is of the process, from
the first request until nothing is left to do, for each million of notifications that were received. Bytes are those
added to the files. NDB is slow: it gets a smaller load, and nlrec the same beside it.`}
	runs := map[string]captured{}
	var failed error
	for _, r := range b.captureRuns() {
		if why := r.who.missing(); why != "" {
			s.Notes = append(s.Notes, fmt.Sprintf("%s, %s: skipped, %s.", r.who.Name, r.on.Name, why))
			continue
		}
		done, err := b.under(r.who, r.on)
		if err == nil {
			runs[r.key] = done
			continue
		}
		s.Notes = append(s.Notes, fmt.Sprintf("Without an answer: %v.", err))
		if r.who.Package == "" { // it is nlrec
			failed = errors.Join(failed, err)
		}
	}
	s.Tables = []table{captureTable(b.captureRuns(), runs)}
	if failed != nil {
		return s, failed
	}
	most := len(b.scale.Routes) - 1
	s.Goals, s.Curves = captureGoals(runs, most), captureCurves(b, runs)
	s.Figures = map[string]float64{perFlap: runs["nlrec flaps"].bytesPerChange(), perChange: runs[sized(nlrec, most)].bytesPerChange()}
	return s, nil
}

// A captureRun is a contender with a load.
type captureRun struct {
	key string
	who contender
	on  load
}

func (b *bench) captureRuns() (runs []captureRun) {
	most := len(b.scale.Routes) - 1
	for i, n := range b.scale.Routes {
		many := comingAndGoing(n)
		for _, c := range []contender{nlrec, rtmon, ipMonitor} {
			runs = append(runs, captureRun{sized(c, i), c, many})
		}
		if i == most {
			runs = append(runs, captureRun{"both cores", onBothCores, many}, captureRun{"unprivileged", unprivileged, many}, captureRun{"NDB, many", ndb, many})
		}
	}
	few, flaps := comingAndGoing(b.scale.NDB), flappingRoutes(b.scale.Flaps)
	return append(runs, captureRun{"nlrec flaps", nlrec, flaps}, captureRun{"rtmon flaps", rtmon, flaps},
		captureRun{"nlrec few", nlrec, few}, captureRun{"NDB", ndb, few})
}

// sized names the run of a contender with the i-th number of routes.
func sized(c contender, i int) string { return fmt.Sprintf("%s, %d", c.Name, i) }

func captureTable(order []captureRun, runs map[string]captured) table {
	t := table{Title: "What each recorder made of each load:", Head: []string{"load", "recorder", "notifications", "lost", "CPU s per million", "bytes per change",
		"changes/s", "last commit after", "peak memory", "at the end"}}
	for _, r := range order {
		c, done := runs[r.key]
		if !done {
			continue
		}
		end := c.Wrong
		if end == "" {
			end = "right"
		}
		if r.who.judge == nil {
			end = ""
		}
		t.Rows = append(t.Rows, []string{c.Load, c.Who, whole(c.Notifications), whole(c.Lost), figure(c.cpuPerMillion()), figure(c.bytesPerChange()),
			figure(c.perSecond()), span(c.Lag), megabytes(c.Peak), oneLine(end)})
	}
	return t
}

// captureGoals compares the runs with what is wanted.
func captureGoals(runs map[string]captured, most int) []goal {
	forced, plain, rtm, fl := runs[sized(nlrec, most)], runs["unprivileged"], runs[sized(rtmon, most)], runs["nlrec flaps"]
	shared := runs["both cores"]
	goals := []goal{
		{"notifications lost, receive buffer forced, queue of 512 MB", "0", whole(forced.Lost) + " of " + whole(forced.Notifications),
			within(forced.Lost == 0 && forced.Recorded == forced.Notifications)},
		{"its timeline at the end of that", "right", rightness(forced), within(forced.Wrong == "")},
		{"the timeline after losses is right again, with gaps that tell what was lost", "right, all told",
			fmt.Sprintf("%s; %s of %s told, in %s", rightness(plain), whole(plain.Told), whole(plain.Lost), counted(plain.Gaps, "gap", "gaps")),
			within(plain.Wrong == "" && plain.Told == plain.Lost)},
		{"bytes per change, 1,000 routes flap", "70", figure(fl.bytesPerChange()), within(fl.bytesPerChange() <= 70)},
		{"bytes per change, " + forced.Load, "110", figure(forced.bytesPerChange()), within(forced.bytesPerChange() <= 110)},
		{"changes a second to disk, two cores shared with the source", "150,000",
			fmt.Sprintf("%s, on one core of its own %s", figure(shared.perSecond()), figure(forced.perSecond())), within(shared.perSecond() >= 150_000)},
	}
	ratio := forced.cpuPerMillion() / rtm.cpuPerMillion()
	python := runs["NDB"]
	part := runs["nlrec few"].cpuPerMillion() / python.cpuPerMillion()
	return append(goals,
		beside(rtmon, rtm, goal{"notifications lost with default buffers, unprivileged, beside rtmon", "no more",
			fmt.Sprintf("%s, rtmon %s", whole(plain.Lost), whole(rtm.Lost)), within(plain.Lost <= rtm.Lost)}),
		beside(rtmon, rtm, goal{"CPU for a notification, beside rtmon's", "2.5 ×", times(ratio), within(ratio <= 2.5)}),
		beside(ndb, python, goal{"CPU for a notification, part of NDB's", "0.1", fmt.Sprintf("%.3f", part), within(part < 0.1)}))
}

// beside returns a goal, without a verdict where the peer that it names has not run.
func beside(peer contender, run captured, g goal) goal {
	if run.Notifications > 0 {
		return g
	}
	g.Measured, g.Verdict = peer.missing(), skipped
	if g.Measured == "" {
		g.Measured, g.Verdict = "no answer from "+peer.Name, noAnswer
	}
	return g
}

func rightness(c captured) string {
	if c.Wrong == "" {
		return "right"
	}
	return oneLine(c.Wrong)
}

// captureCurves are over the number of changes.
func captureCurves(b *bench, runs map[string]captured) (curves []curve) {
	for _, c := range []contender{nlrec, rtmon, ipMonitor} {
		its := []curve{
			{Name: c.Name, Y: "changes/s", Plot: "throughput"},
			{Name: c.Name, Y: "bytes per change", Plot: "bytes"},
			{Name: c.Name, Y: "CPU s per million changes"},
			{Name: c.Name + ", peak memory", Y: "bytes"},
		}
		for i := range b.scale.Routes {
			run, done := runs[sized(c, i)]
			if !done {
				continue
			}
			for j, y := range []float64{run.perSecond(), run.bytesPerChange(), run.cpuPerMillion(), float64(run.Peak)} {
				its[j].X = "changes"
				its[j].Points = append(its[j].Points, point{float64(run.Notifications), y})
			}
		}
		if len(its[0].Points) > 1 {
			curves = append(curves, its...)
		}
	}
	return curves
}
