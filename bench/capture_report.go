package main

import (
	"fmt"
)

// capture lets everybody record the same loads.
func capture(b *bench) (section, error) {
	s := section{Name: "Capture", How: `A thread on one core makes the requests over one socket, 128 in a message; who records is
on another core, alone. Lost is what the kernel counts as dropped at the socket. CPU is of the process, from
the first request until nothing is left to do, for each million of notifications that were received. Bytes are those
added to the files. NDB is slow: it gets a smaller load, and nlrec the same beside it.`}
	runs := map[string]captured{}
	for _, r := range b.captureRuns() {
		if why := r.who.missing(); why != "" {
			s.Notes = append(s.Notes, r.who.Name+" was skipped: "+why+".")
			continue
		}
		done, err := b.under(r.who, r.on)
		if err != nil {
			return s, err
		}
		runs[r.key] = done
	}
	s.Goals = captureGoals(runs)
	s.Tables = []table{captureTable(b.captureRuns(), runs)}
	s.Curves = captureCurves(b, runs)
	return s, nil
}

// A captureRun is a contender with a load.
type captureRun struct {
	key string
	who contender
	on  load
}

func (b *bench) captureRuns() (runs []captureRun) {
	var many load
	for _, n := range b.scale.Routes {
		many = comingAndGoing(n)
		runs = append(runs, captureRun{fmt.Sprint("nlrec ", n), nlrec, many})
	}
	runs[len(runs)-1].key = "nlrec"
	few, flaps := comingAndGoing(b.scale.NDB), flappingRoutes(b.scale.Flaps)
	return append(runs, captureRun{"unprivileged", unprivileged, many}, captureRun{"rtmon", rtmon, many}, captureRun{"monitor", ipMonitor, many},
		captureRun{"nlrec flaps", nlrec, flaps}, captureRun{"rtmon flaps", rtmon, flaps},
		captureRun{"nlrec few", nlrec, few}, captureRun{"NDB", ndb, few})
}

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
func captureGoals(runs map[string]captured) []goal {
	forced, plain, rtm, fl := runs["nlrec"], runs["unprivileged"], runs["rtmon"], runs["nlrec flaps"]
	whole3 := fmt.Sprintf("of %s", whole(forced.Notifications))
	goals := []goal{
		{"notifications lost, receive buffer forced, queue of 512 MB", "0", whole(forced.Lost) + " " + whole3,
			within(forced.Lost == 0 && forced.Recorded == forced.Notifications)},
		{"its timeline at the end of that", "right", rightness(forced), within(forced.Wrong == "")},
		{"the timeline after losses is right again, with gaps that tell what was lost", "right, all told",
			fmt.Sprintf("%s, %s tell of %s of %s lost", rightness(plain), counted(plain.Gaps, "gap", "gaps"), whole(plain.Told), whole(plain.Lost)),
			within(plain.Wrong == "" && plain.Told == plain.Lost)},
		{"bytes per change, 1,000 routes flap", "70", figure(fl.bytesPerChange()), within(fl.bytesPerChange() <= 70)},
		{"bytes per change, " + forced.Load, "110", figure(forced.bytesPerChange()), within(forced.bytesPerChange() <= 110)},
		{"changes a second to disk, two cores", "150,000", figure(forced.perSecond()), within(forced.perSecond() >= 150_000)},
	}
	if rtm.Notifications > 0 {
		ratio := forced.cpuPerMillion() / rtm.cpuPerMillion()
		goals = append(goals,
			goal{"lost with default buffers, unprivileged, beside rtmon", "no more", fmt.Sprintf("%s, rtmon %s", whole(plain.Lost), whole(rtm.Lost)), within(plain.Lost <= rtm.Lost)},
			goal{"CPU for a notification, beside rtmon's", "2.5 ×", times(ratio), within(ratio <= 2.5)})
	}
	if n := runs["NDB"]; n.Notifications > 0 {
		part := runs["nlrec few"].cpuPerMillion() / n.cpuPerMillion()
		goals = append(goals, goal{"CPU for a notification, part of NDB's", "0.1", fmt.Sprintf("%.3f", part), within(part < 0.1)})
	}
	return goals
}

func rightness(c captured) string {
	if c.Wrong == "" {
		return "right"
	}
	return oneLine(c.Wrong)
}

// captureCurves are over the number of routes that come and go.
func captureCurves(b *bench, runs map[string]captured) []curve {
	const x = "routes that come and go"
	curves := []curve{
		{Name: "changes/s", X: x, Y: "changes/s", Plot: "throughput"},
		{Name: "bytes per change", X: x, Y: "bytes per change", Plot: "bytes"},
		{Name: "CPU s per million", X: x, Y: "CPU s per million"},
		{Name: "peak memory, bytes", X: x, Y: "bytes"},
	}
	for i, n := range b.scale.Routes {
		c := runs[fmt.Sprint("nlrec ", n)]
		if i == len(b.scale.Routes)-1 {
			c = runs["nlrec"]
		}
		for j, y := range []float64{c.perSecond(), c.bytesPerChange(), c.cpuPerMillion(), float64(c.Peak)} {
			curves[j].Points = append(curves[j].Points, point{float64(n), y})
		}
	}
	return curves
}
