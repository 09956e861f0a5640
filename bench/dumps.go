package main

import (
	"fmt"
	"os"
	"os/exec"
	"time"
)

// A dumped is how long it takes to learn of routes that are there already.
type dumped struct {
	Routes       int
	IP           took          // ip route show table all
	JSON         time.Duration // CPU of ip -j route show table all
	First, Again took          // until all is in the file; at a restart on that file
	Bytes        int64         // of the file
}

// took is what a process has taken until it was done.
type took struct {
	Time, CPU time.Duration
	Peak      int64
}

// shorter returns the one that took less time, and the most memory.
func (t took) shorter(other took) took {
	if t.Time == 0 || other.Time < t.Time {
		t.Time, t.CPU = other.Time, other.CPU
	}
	t.Peak = max(t.Peak, other.Peak)
	return t
}

// dumps measures the first dump of many routes, and a restart.
func dumps(b *bench) (section, error) {
	s := section{Name: "Dumps", How: fmt.Sprintf(`The routes are there before the recorder starts. Times are from the start of the process until it says that
the dump is in the file, and until `+"`ip route show table all > /dev/null`"+` ends, the shortest of %d in turns; all cores may be used. Nothing
changes between the first start and the second.`, b.scale.Dumps)}
	var all []dumped
	for _, n := range b.scale.Routes {
		b.say("dumps: %s routes", whole(n))
		d, err := b.dump(n)
		if err != nil {
			return s, err
		}
		all = append(all, d)
	}
	t := table{Title: "From nothing to all in the file:", Head: []string{"routes", "`ip route`", "its CPU", "nlrec, first", "its CPU", "peak memory", "restart", "its CPU",
		"peak memory", "bytes per route", "CPU of one `ip -j route`, as cron runs it"}}
	for _, d := range all {
		t.Rows = append(t.Rows, []string{whole(d.Routes), span(d.IP.Time), span(d.IP.CPU), span(d.First.Time), span(d.First.CPU), megabytes(d.First.Peak),
			span(d.Again.Time), span(d.Again.CPU), megabytes(d.Again.Peak), figure(float64(d.Bytes) / float64(d.Routes)), span(d.JSON)})
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
		for range b.scale.Dumps {
			if err := w.dumpOnce(&d); err != nil {
				return err
			}
		}
		return nil
	})
	return d, err
}

// dumpOnce lets ip(8) show the routes, nlrec record them, and start again.
func (w *world) dumpOnce(d *dumped) error {
	ip, err := w.ipRoute()
	if err != nil {
		return err
	}
	json, err := w.ipRoute("-j")
	if err != nil {
		return err
	}
	if err := os.RemoveAll(w.path(recording)); err != nil {
		return err
	}
	first, err := w.startOnce()
	if err != nil {
		return err
	}
	d.Bytes = fileSize(w.path(recording))
	recorded, err := w.changes()
	if err != nil {
		return err
	}
	again, err := w.startOnce()
	if err != nil {
		return err
	}
	d.IP, d.JSON, d.First, d.Again = d.IP.shorter(ip), json.CPU, d.First.shorter(first), d.Again.shorter(again)
	after, err := w.changes()
	if err == nil && (recorded < int64(d.Routes) || after != recorded) {
		err = fmt.Errorf("%s routes: the first start wrote %s changes, the second %s", whole(d.Routes), whole(recorded), whole(after-recorded))
	}
	return err
}

// startOnce starts a recorder, and stops it once its first dump is in the file.
func (w *world) startOnce() (t took, err error) {
	began := time.Now()
	p, err := nlrec.start(w)
	if err != nil {
		return t, err
	}
	defer p.kill()
	t = took{time.Since(began), p.cpu(), p.peak()}
	return t, p.stop()
}

// ipRoute measures what ip(8) takes for it, with its output to /dev/null.
func (w *world) ipRoute(flags ...string) (t took, err error) {
	c := exec.Command("ip", append(flags, "route", "show", "table", "all")...)
	began := time.Now()
	if err := c.Run(); err != nil {
		return t, fmt.Errorf("ip route: %w", err)
	}
	return took{Time: time.Since(began), CPU: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}, nil
}

func dumpGoals(all []dumped) []goal {
	most := all[len(all)-1]
	beside := func(text string, t took) goal {
		ratio, cpu := t.Time.Seconds()/most.IP.Time.Seconds(), t.CPU.Seconds()/most.IP.CPU.Seconds()
		return goal{text, "4 ×", fmt.Sprintf("%s, in CPU time %s", times(ratio), times(cpu)), within(ratio <= 4)}
	}
	goals := []goal{
		beside(fmt.Sprintf("first dump of %s routes committed, beside `ip route show table all`", whole(most.Routes)), most.First),
		beside("restart on that file and reconcile, beside the same", most.Again),
	}
	for _, d := range all {
		if limit := map[int]int64{1_000_000: 400e6, 100_000: 100e6}[d.Routes]; limit != 0 {
			peak := max(d.First.Peak, d.Again.Peak)
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
		for i, y := range []float64{d.First.Time.Seconds(), d.Again.Time.Seconds(), d.IP.Time.Seconds(), float64(d.First.Peak), float64(d.Bytes)} {
			curves[i].Points = append(curves[i].Points, point{float64(d.Routes), y})
		}
	}
	return curves
}
