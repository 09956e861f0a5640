package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"nlrec/query"
)

// A question is asked of a history.
type question struct {
	Name string
	// ask returns how many rows or lines the answer has, and when the first was there.
	ask func(*bench, history) (answer, error)
}

// An answer is what asking took.
type answer struct {
	Rows  int
	First time.Duration
	All   time.Duration
}

// Names of questions that goals speak of.
const (
	stateNow     = "whole state now"
	logOf100     = "`nlrec log -n 100`"
	getNow       = "`nlrec get`"
	oneObject    = "one object's history"
	historyOf    = "`nlrec history` of one object"
	hourOfLog    = "an hour's log"
	weekOfFlaps  = "flap counts of a week"
	replayOfAll  = "`ip monitor file` of all"
	processStart = "`nlrec version`"
)

// positions are the parts of a history before the instants asked for.
var positions = []float64{0.01, 0.25, 0.5, 0.75, 0.99}

func stateAt(part float64) string { return fmt.Sprintf("whole state as of %.0f %%", part*100) }

// questions are asked through package query in this process, or of a process
// where they are commands.
func questions() []question {
	all := []question{{stateNow, inSQL(`SELECT * FROM route`, nil)}}
	for _, part := range positions {
		all = append(all, question{stateAt(part), asOf(`SELECT * FROM route`, part)})
	}
	window := func(span time.Duration) func(history) []any {
		return func(h history) []any {
			middle := h.at(0.5)
			return []any{middle - span.Microseconds(), middle}
		}
	}
	return append(all,
		question{oneObject, func(b *bench, h history) (answer, error) {
			return ask(b, h, query.Options{}, `SELECT * FROM route_history WHERE family = 'inet' AND table_id = 254 AND dst = '`+prefixText(h.objects/2)+`'`)
		}},
		question{hourOfLog, inSQL(`SELECT * FROM change_log WHERE at_us BETWEEN %d AND %d ORDER BY id`, window(time.Hour))},
		question{weekOfFlaps, inSQL(`SELECT label, count(*) FROM change_log WHERE kind = 'route' AND at_us BETWEEN %d AND %d
			GROUP BY object ORDER BY count(*) DESC LIMIT 20`, window(week))},
		question{processStart, command("version")},
		question{logOf100, command("log", "-n", "100")},
		question{"`nlrec show route` as of the middle", func(b *bench, h history) (answer, error) {
			return command("show", "route", "--at", instant(h.at(0.5)))(b, h)
		}},
		question{historyOf, func(b *bench, h history) (answer, error) {
			return command("history", "route", prefixText(h.objects/2))(b, h)
		}},
		question{"`nlrec log` of an hour", inWindow("log", time.Hour)},
		question{"`nlrec top` of a week", inWindow("top", week)},
		question{getNow, func(b *bench, h history) (answer, error) { return command("get", host(h.objects/2))(b, h) }},
		question{"`nlrec get --at` the middle", func(b *bench, h history) (answer, error) {
			return command("get", host(h.objects/2), "--at", instant(h.at(0.5)))(b, h)
		}},
	)
}

// host is an address that the i-th route leads to.
func host(i int) string {
	p := prefixOf(i)
	return fmt.Sprintf("%d.%d.%d.7", p[0], p[1], p[2])
}

func instant(at int64) string { return fmt.Sprintf("@%d.%06d", at/1e6, at%1e6) }

func asOf(sql string, part float64) func(*bench, history) (answer, error) {
	return func(b *bench, h history) (answer, error) {
		return ask(b, h, query.Options{At: instant(h.at(part))}, sql)
	}
}

// inSQL asks a statement, with numbers that depend on the history.
func inSQL(sql string, numbers func(history) []any) func(*bench, history) (answer, error) {
	return func(b *bench, h history) (answer, error) {
		text := sql
		if numbers != nil {
			text = fmt.Sprintf(sql, numbers(h)...)
		}
		return ask(b, h, query.Options{}, text)
	}
}

// ask opens the recording, reads all of an answer, and closes it.
func ask(b *bench, h history, o query.Options, sql string) (a answer, err error) {
	began := time.Now()
	r, err := query.Open(b.ctx, h.path, o)
	if err != nil {
		return a, err
	}
	err = r.Query(b.ctx, sql, func(rows *query.Rows) error {
		for {
			row, err := rows.Next()
			if row == nil || err != nil {
				return err
			}
			if a.Rows++; a.Rows == 1 {
				a.First = time.Since(began)
			}
		}
	})
	err = errors.Join(err, r.Close())
	a.All = time.Since(began)
	return a, err
}

// errNoCommand says that this nlrec lacks a command.
var errNoCommand = errors.New("no such command yet")

// command runs one of nlrec.
func command(args ...string) func(*bench, history) (answer, error) {
	return func(b *bench, h history) (answer, error) {
		if !slices.Contains(b.commands, args[0]) {
			return answer{}, errNoCommand
		}
		return lines(exec.CommandContext(b.ctx, b.program, append(slices.Clone(args), "--db", h.path)...))
	}
}

// inWindow runs a command over a span in the middle of the history.
func inWindow(name string, span time.Duration) func(*bench, history) (answer, error) {
	return func(b *bench, h history) (answer, error) {
		middle := h.at(0.5)
		return command(name, "--since", instant(middle-span.Microseconds()), "--until", instant(middle))(b, h)
	}
}

// lines runs a process and reads what it prints.
func lines(c *exec.Cmd) (a answer, err error) {
	var said strings.Builder
	c.Stderr = &said
	out, err := c.StdoutPipe()
	if err != nil {
		return a, err
	}
	began := time.Now()
	if err := c.Start(); err != nil {
		return a, err
	}
	in := bufio.NewReaderSize(out, 1<<16)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 0 && a.First == 0 {
			a.First = time.Since(began)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			a.Rows++
		} else if !errors.Is(err, bufio.ErrBufferFull) {
			return a, errors.Join(err, c.Wait())
		}
	}
	err = c.Wait()
	a.All = time.Since(began)
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, said.String())
	}
	return a, err
}

// replayed returns how long ip(8) takes to show what rtmon would have written.
func (b *bench) replayed(file string) (answer, error) {
	a, err := lines(exec.CommandContext(b.ctx, "ip", "-ts", "monitor", "file", file))
	return a, errors.Join(err, os.Remove(file))
}
