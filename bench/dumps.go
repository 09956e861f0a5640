package main

import (
	"fmt"
	"os/exec"
	"time"
)

// A dumped is how long it takes to learn of routes that are there already.
type dumped struct {
	Routes       int
	IP           time.Duration // ip route show table all
	CPUJSON      time.Duration // CPU of ip -j route show table all
	First, Again time.Duration // until all is in the file; at a restart on that file
	Peak         int64
	PeakAgain    int64
	Bytes        int64 // of the file
	Recorded     int64
	Found        int64 // changes that the restart wrote
}

// dumps measures the first dump of many routes, and a restart.
func dumps(b *bench) (section, error) {
	s := section{Name: "Dumps", How: `The routes are there before the recorder starts. Times are from the start of the process until it says that
the dump is in the file, and until ` + "`ip route show table all > /dev/null`" + ` ends; both may use all cores. Nothing changes between
the first start and the second.`}
	var all []dumped
	for _, n := range b.scale.Routes {
		b.say("dumps: %s routes", whole(n))
		d, err := b.dump(n)
		if err != nil {
			return s, err
		}
		all = append(all, d)
	}
	t := table{Title: "From nothing to all in the file:", Head: []string{"routes", "ip route", "nlrec, first", "restart", "peak memory", "at the restart",
		"bytes per route", "CPU of one `ip -j route`, as cron runs it"}}
	for _, d := range all {
		t.Rows = append(t.Rows, []string{whole(d.Routes), span(d.IP), span(d.First), span(d.Again), megabytes(d.Peak), megabytes(d.PeakAgain),
			figure(float64(d.Bytes) / float64(d.Routes)), span(d.CPUJSON)})
	}
	s.Tables, s.Goals, s.Curves = []table{t}, dumpGoals(all), dumpCurves(all)
	most := all[len(all)-1]
	s.Figures = map[string]float64{perRoute: float64(most.Bytes) / float64(most.Routes)}
	return s, nil
}

func (b *bench) dump(n int) (d dumped, err error) {
	d.Routes = n
	err = b.inWorld(func(w *world) error {
		if err := w.spread(); err != nil {
			return err
		}
		s, err := openSource()
		if err != nil {
			return err
		}
		defer s.close()
		if err := s.all(addRoute, 0, n); err != nil {
			return err
		}
		if err := w.ipRoute(&d); err != nil {
			return err
		}
		if d.First, d.Peak, err = w.startOnce(); err != nil {
			return err
		}
		d.Bytes = fileSize(w.path(recording))
		if d.Recorded, err = w.changes(); err != nil {
			return err
		}
		if d.Again, d.PeakAgain, err = w.startOnce(); err != nil {
			return err
		}
		d.Found, err = w.changes()
		d.Found -= d.Recorded
		return err
	})
	if err == nil && (d.Recorded < int64(n) || d.Found != 0) {
		err = fmt.Errorf("%s routes: the first start wrote %s changes, the second %s", whole(n), whole(d.Recorded), whole(d.Found))
	}
	return d, err
}

// startOnce starts a recorder, and stops it once its first dump is in the file.
func (w *world) startOnce() (took time.Duration, peak int64, err error) {
	began := time.Now()
	p, err := nlrec.start(w)
	if err != nil {
		return 0, 0, err
	}
	defer p.kill()
	took, peak = time.Since(began), p.peak()
	return took, peak, p.stop()
}

// ipRoute measures what ip(8) takes for it.
func (w *world) ipRoute(d *dumped) error {
	var took []time.Duration
	for range 3 {
		c := exec.Command("ip", "route", "show", "table", "all") // to /dev/null
		began := time.Now()
		if err := c.Run(); err != nil {
			return fmt.Errorf("ip route: %w", err)
		}
		took = append(took, time.Since(began))
	}
	d.IP = median(took)
	c := exec.Command("ip", "-j", "route", "show", "table", "all")
	if err := c.Run(); err != nil {
		return fmt.Errorf("ip -j route: %w", err)
	}
	d.CPUJSON = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	return nil
}

func dumpGoals(all []dumped) []goal {
	most := all[len(all)-1]
	first, again := most.First.Seconds()/most.IP.Seconds(), most.Again.Seconds()/most.IP.Seconds()
	goals := []goal{
		{fmt.Sprintf("first dump of %s routes committed, beside `ip route show table all`", whole(most.Routes)), "4 ×", times(first), within(first <= 4)},
		{"restart on that file and reconcile", "4 ×", times(again), within(again <= 4)},
	}
	for _, d := range all {
		if limit := map[int]int64{1_000_000: 400e6, 100_000: 100e6}[d.Routes]; limit != 0 {
			peak := max(d.Peak, d.PeakAgain)
			goals = append(goals, goal{"peak memory, " + whole(d.Routes) + " routes", megabytes(limit), megabytes(peak), within(peak < limit)})
		}
	}
	return goals
}

func dumpCurves(all []dumped) []curve {
	const x = "routes"
	curves := []curve{{Name: "first dump", X: x, Y: "s"}, {Name: "restart", X: x, Y: "s"}, {Name: "`ip route show table all`", X: x, Y: "s"},
		{Name: "peak memory of a first dump", X: x, Y: "bytes"}, {Name: "file after a first dump", X: x, Y: "bytes"}}
	for _, d := range all {
		for i, y := range []float64{d.First.Seconds(), d.Again.Seconds(), d.IP.Seconds(), float64(d.Peak), float64(d.Bytes)} {
			curves[i].Points = append(curves[i].Points, point{float64(d.Routes), y})
		}
	}
	return curves
}
