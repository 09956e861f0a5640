package main

// What the shell tells of changes, for whoever needs no SQL for it: as the
// commands log and diff do, as far as the instant of the session.

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"nlrec/query"
)

// shellChanges is how many changes are told where no number is said.
const shellChanges = 20

// changesCommand tells the last changes of what a filter chooses.
func (s *shell) changesCommand(words []string) (err error) {
	o := query.LogOptions{Newest: shellChanges, Clock: s.clock, Span: query.Span{Until: s.at}}
	if since, until, rest, found := query.CutRange(words, s.clock.Location); found {
		o.Since, o.Until, words = since, cmp.Or(until, s.at), rest
	}
	if len(words) > 0 {
		if n, err := strconv.ParseInt(words[0], 10, 64); err == nil && n > 0 {
			o.Newest, words = n, words[1:]
		}
	}
	if o.Filters, err = filtersOf(s.cmd, words); err != nil {
		return err
	}
	return s.tell(func(ctx context.Context, c *query.Changes, out *entryWriter) error {
		return c.Log(ctx, o, out.write)
	})
}

// diffCommand tells what is otherwise at a second instant, or that of the
// session, than at a first.
func (s *shell) diffCommand(words []string) error {
	if len(words) == 0 {
		return usageError{".diff: no instant", ".diff '10m ago'"}
	}
	from, to, words := query.CutInstants(words, s.clock.Location)
	if to == "last" {
		to = cmp.Or(s.at, to)
	}
	filters, err := filtersOf(s.cmd, words)
	if err != nil {
		return err
	}
	return s.tell(func(ctx context.Context, c *query.Changes, out *entryWriter) error {
		d, err := c.Diff(ctx, from, to, filters)
		if err != nil {
			return err
		}
		if s.person {
			fmt.Fprintf(s.cmd.ErrOrStderr(), "from %s, change #%d, to %s, change #%d\n", s.clock.Format(d.From.At), d.From.Change, s.clock.Format(d.To.At), d.To.Change)
		}
		return out.diff(d, false)
	})
}

// gapsCommand lists the gaps, in the format of answers.
func (s *shell) gapsCommand([]string) error {
	return s.ask(`SELECT id, local_time(from_us) AS "from", coalesce(duration(to_us - from_us), 'it lasts') AS length,
		coalesce(kind, 'all') AS kind, lost, reason FROM gap ORDER BY id`)
}

// tell opens the recording for a function that tells of changes; Ctrl-C
// interrupts it.
func (s *shell) tell(f func(context.Context, *query.Changes, *entryWriter) error) error {
	ctx, done := s.interruptible()
	defer done()
	return tellChangesIn(ctx, s.cmd, "text", s.clock, f)
}
