package main

// A quiet host: what recording it for a day costs. Two things do: that time
// passes, since nlrec polls once a minute, and that something happens. The first
// is measured over minutes in which nothing does, the second while a day's events
// are played one after another, with pauses that are long enough for each to be
// written on its own, as it would be.

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// spent is what a process has taken up to an instant.
type spent struct {
	CPU     time.Duration
	Wakeups int64
	Calls   int64 // bytes handed to write(2)
	Disk    int64 // bytes that made pages dirty
}

func (p *process) spent() spent {
	s := spent{CPU: p.cpu(), Wakeups: p.wakeups()}
	s.Calls, s.Disk = p.written()
	return s
}

// plus returns the sum.
func (s spent) plus(t spent) spent {
	return spent{s.CPU + t.CPU, s.Wakeups + t.Wakeups, s.Calls + t.Calls, s.Disk + t.Disk}
}

// since returns the difference.
func (s spent) since(t spent) spent { return s.plus(t.times(-1)) }

// times returns so much more or less.
func (s spent) times(f float64) spent {
	return spent{time.Duration(float64(s.CPU) * f), int64(float64(s.Wakeups) * f), int64(float64(s.Calls) * f), int64(float64(s.Disk) * f)}
}

// A quietRun is what each contender has spent on something.
type quietRun struct {
	Spent   map[string]spent
	Bytes   map[string]int64 // that its files grew by
	Changes int64            // in nlrec's timeline
	Took    time.Duration
}

// quietly lets contenders record side by side in one world while f runs.
func (b *bench) quietly(who []contender, f func(*world) error) (run quietRun, err error) {
	run = quietRun{Spent: map[string]spent{}, Bytes: map[string]int64{}}
	err = b.inWorld(func(w *world) error {
		var running []*process
		for _, c := range who {
			p, err := c.start(w)
			if err != nil {
				return err
			}
			defer p.kill()
			running = append(running, p)
		}
		if err := calm(running); err != nil {
			return err
		}
		changes, err := w.changes()
		if err != nil {
			return err
		}
		for i, p := range running {
			run.Spent[who[i].Name] = p.spent()
			run.Bytes[who[i].Name] = fileSize(who[i].paths(w)...)
		}
		began := time.Now()
		if err := errors.Join(f(w), calm(running)); err != nil {
			return err
		}
		run.Took = time.Since(began)
		for i, p := range running {
			run.Spent[who[i].Name] = p.spent().since(run.Spent[who[i].Name])
			if err := p.stop(); err != nil {
				return err
			}
			run.Bytes[who[i].Name] = fileSize(who[i].paths(w)...) - run.Bytes[who[i].Name]
		}
		run.Changes, err = w.changes()
		run.Changes -= changes
		return err
	})
	return run, err
}

func calm(all []*process) error {
	for _, p := range all {
		if err := p.untilCalm(patience, func() {}); err != nil {
			return err
		}
	}
	return nil
}

// changes returns how many nlrec has recorded.
func (w *world) changes() (int64, error) {
	return count(w.path(recording), `SELECT count(*) FROM change`)
}

// nothing happens for a while.
func (b *bench) nothing(*world) error {
	<-time.After(b.scale.Idle)
	return nil
}

// oneASecond is a change each second.
func (b *bench) oneASecond(*world) error {
	s, err := openSource()
	if err != nil {
		return err
	}
	defer s.close()
	for n := range b.seconds() {
		r := [2]request{replaceRoute, restoreRoute}[n%2]
		if n == 0 {
			r = addRoute
		}
		if err := s.one(r, 0); err != nil {
			return err
		}
		<-time.After(time.Second)
	}
	return s.refused()
}

// seconds is how many changes oneASecond makes.
func (b *bench) seconds() int { return int(b.scale.Idle / time.Second) }

// aDay plays the events of a day, or the first part of them.
func (b *bench) aDay(w *world) error {
	pod := exec.Command("sleep", "infinity")
	pod.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := errors.Join(pod.Start(), shell(forDay)); err != nil {
		return err
	}
	defer func() { _, _ = pod.Process.Kill(), pod.Wait() }()
	var said bytes.Buffer
	player := exec.Command("sh", "-e")
	player.Env = append(os.Environ(), fmt.Sprint("c=", pod.Process.Pid))
	player.Stdout, player.Stderr = &said, &said
	lines, err := player.StdinPipe()
	if err != nil {
		return err
	}
	if err := player.Start(); err != nil {
		return err
	}
	for _, line := range b.someEvents() {
		if _, err := fmt.Fprintln(lines, line); err != nil {
			break // the player has failed, and tells why
		}
		<-time.After(b.scale.Step)
	}
	if err := errors.Join(lines.Close(), player.Wait()); err != nil {
		return fmt.Errorf("play a day: %w: %s", err, said.Bytes())
	}
	return nil
}

func (b *bench) someEvents() []string {
	all := events()
	return all[:len(all)/b.scale.Day]
}
