package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// A contender is a way to record.
type contender struct {
	Name    string
	Package string // of Debian, where it is from
	// start starts it, and returns once it follows what happens.
	start func(*world) (*process, error)
	files []string // what it writes, in the world's folder
	// missing tells why it cannot run here; empty: it can.
	missing func() string
	// judge tells what is not right in what it has written; nil: it keeps
	// nothing that could be.
	judge func(*world, *captured) error
}

// paths returns what the contender writes.
func (c contender) paths(w *world) (paths []string) {
	for _, f := range c.files {
		paths = append(paths, w.path(f))
	}
	return paths
}

// wrote returns when the contender wrote last.
func (c contender) wrote(w *world) (last time.Time) {
	for _, path := range c.paths(w) {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

//go:embed ndb.py
var ndbScript string

// python is Debian's, whose packages Debian's pyroute2 is among.
const python = "/usr/bin/python3"

var (
	rtmon = contender{
		Name: "rtmon", Package: "iproute2", files: []string{"rtmon.log"}, missing: lacks("rtmon"),
		start: func(w *world) (*process, error) {
			return w.listening(exec.Command("rtmon", "file", w.path("rtmon.log")), "")
		},
		judge: judgeRtmon,
	}
	ipMonitor = contender{
		Name: "ip -ts monitor", Package: "iproute2", files: []string{"monitor.log"}, missing: lacks("ip"),
		start: func(w *world) (*process, error) {
			return w.listening(exec.Command("ip", "-ts", "monitor", "all"), "monitor.log")
		},
	}
	ndb = contender{
		Name: "NDB", Package: "python3-pyroute2", files: []string{"ndb.db", "ndb.db-journal", "ndb.db-wal"},
		missing: func() string {
			if exec.Command(python, "-c", "import pyroute2").Run() != nil {
				return "python3-pyroute2 is not installed"
			}
			return ""
		},
		start: func(w *world) (*process, error) {
			p, err := w.start(exec.Command(python, "-c", ndbScript, w.path("ndb.db")), nil)
			if err != nil {
				return nil, err
			}
			if err := p.until("ready", patience); err != nil {
				p.kill()
				return nil, err
			}
			return p, nil
		},
		judge: judgeNDB,
	}
)

// judgeRtmon compares what its file leaves whoever believes it with what there is.
func judgeRtmon(w *world, done *captured) error {
	n, err := routesIn(w.path("rtmon.log"))
	if err == nil && n != done.Left {
		done.Wrong = fmt.Sprintf("%s routes at the end, where there are %s", whole(n), whole(done.Left))
	}
	return err
}

// judgeNDB counts what its log has. NDB stops at the first loss, sometimes with
// its socket, and the kernel's count with that.
func judgeNDB(w *world, done *captured) error {
	logged, err := count(w.path("ndb.db"), `SELECT count(*) FROM routes_log WHERE f_RTA_PRIORITY = 20`)
	if err == nil && logged < done.Notifications {
		done.Lost, done.Wrong = done.Notifications-logged, "it has stopped"
	}
	return err
}

// lacks tells that a program is missing.
func lacks(program string) func() string {
	return func() string {
		if _, err := exec.LookPath(program); err != nil {
			return program + " is not installed"
		}
		return ""
	}
}

// listening starts a process, with its output in a file if it has a name, and
// waits until it has joined its groups and begun to write.
func (w *world) listening(c *exec.Cmd, output string) (p *process, err error) {
	var f *os.File
	if output != "" {
		if f, err = os.Create(w.path(output)); err != nil {
			return nil, err
		}
		defer f.Close() // the process has its own
	}
	if p, err = w.start(c, f); err != nil {
		return nil, err
	}
	if err := p.untilListening(patience); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}
