package main

import (
	"cmp"
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nlrec/query"
)

// logFlags are the flags of nlrec log.
type logFlags struct {
	span            query.Span
	lines, grep     string
	reverse, follow bool
	showCursor      bool
	cursorFile      cursorFile
	listBoots       bool
	output          string
	clock           clockFlags
}

func logCommand() *cobra.Command {
	var flags logFlags
	cmd := &cobra.Command{
		Use:   "log [flags] [A..B] [KIND] [FILTER]",
		Short: "Tell what changed, in order: what came (+), went (-) and became another (~)",
		Long: `Log tells every change, the oldest first, and in their place the gaps in which
changes may have been missed. FILTER is in the words of ip(8), and speaks of what
an object was before the change or after it.

-S, -U, -b, -n, -r, -f, -g and the cursors are those of journalctl(1). A range may
also be written A..B; both ends belong to what is told. A line is
the time, the number of the change, what happened to which object, and in
parentheses how it is known, if the kernel did not simply announce it: because of
another change, or found by a later dump, and between which instants it happened
then. With -g, REGEXP is looked for in the whole line. With --cursor-file, each call
tells what came since the last.

` + instantHelp,
		Example: `  nlrec log -S '10m ago'
  nlrec log --around '2026-05-01 03:12,30s'
  nlrec log yesterday..today link eth0
  nlrec log -b -1 -n 50
  nlrec log -f route dev eth0
  nlrec log -n 20 -o json link state down | jq '.[].after.ifname'`,
		RunE: func(cmd *cobra.Command, args []string) error { return runLog(cmd, flags, args) },
	}
	f := cmd.Flags()
	addSpanFlags(cmd, &flags.span)
	f.BoolVar(&flags.listBoots, "list-boots", false, "list the boots of the machine, for -b, and no changes")
	f.StringVarP(&flags.lines, "lines", "n", "", "only the last `N`, +N: only the first N, all")
	f.BoolVarP(&flags.reverse, "reverse", "r", false, "the newest first")
	f.BoolVarP(&flags.follow, "follow", "f", false, "go on with what changes from now on, after the last 10")
	f.StringVarP(&flags.grep, "grep", "g", "", "only lines that match `REGEXP`; in any case if it has no capitals")
	f.StringVar(&flags.span.Cursor, "cursor", "", "begin at the change that `CURSOR` names")
	f.StringVar(&flags.span.AfterCursor, "after-cursor", "", "begin after the change that `CURSOR` names")
	f.StringVar((*string)(&flags.cursorFile), "cursor-file", "", "begin after the change that this `FILE` names, and note the last one told in it")
	f.BoolVar(&flags.showCursor, "show-cursor", false, "tell the cursor of the last change at the end, in JSON of each")
	f.StringVarP(&flags.output, "output", "o", "text", "`FORMAT`: text, json, ndjson")
	familyFlags(cmd)
	addClockFlags(cmd, &flags.clock)
	addColourFlag(cmd)
	return cmd
}

// followInterval is how often a log that is followed looks for more.
const followInterval = 200 * time.Millisecond

func runLog(cmd *cobra.Command, flags logFlags, args []string) error {
	clock, err := flags.clock.clock()
	if err != nil {
		return err
	}
	if flags.listBoots {
		if len(args) > 0 {
			return usageError{text: "--list-boots takes no arguments"}
		}
		return listBoots(cmd, flags.output, clock)
	}
	if args, err = cutSpan(&flags.span, args, clock.Location); err != nil {
		return err
	}
	o, err := flags.options(clock)
	if err != nil {
		return err
	}
	if o.Filters, err = filtersOf(cmd, args); err != nil {
		return err
	}
	return tellChanges(cmd, flags.output, clock, func(ctx context.Context, c *query.Changes, out *entryWriter) error {
		if err := echoSpan(cmd, c, o.Span, clock); err != nil {
			return err
		}
		return tellLog(cmd, c, flags, o, out)
	})
}

// tellLog writes the log, and notes how far it came.
func tellLog(cmd *cobra.Command, c *query.Changes, flags logFlags, o query.LogOptions, out *entryWriter) error {
	ctx, cursor, noted := cmd.Context(), "", ""
	note := func() error {
		err := out.flush()
		if err == nil && cursor != noted {
			err, noted = flags.cursorFile.write(cursor), cursor
		}
		return err
	}
	if flags.follow {
		o.Idle, o.Interval = note, followInterval
		if !c.Recording() {
			warnOn(cmd)("no recorder runs; there is nothing new until one does")
		}
	}
	err := c.Log(ctx, o, func(e query.Entry) error {
		cursor = cmp.Or(e.Cursor, cursor)
		if !flags.showCursor {
			e.Cursor = ""
		}
		return out.write(e)
	})
	if flags.follow && ctx.Err() != nil {
		err = nil // that is how following ends
	}
	if flags.showCursor && cursor != "" && out.lines != nil {
		out.lines.WriteString("-- cursor: " + cursor + "\n")
	}
	if err == nil {
		err = note()
	}
	return err
}

// options reads the flags.
func (f logFlags) options(clock query.Clock) (o query.LogOptions, err error) {
	o = query.LogOptions{Span: f.span, Reverse: f.reverse, Cursors: f.showCursor || f.cursorFile != "", Clock: clock}
	switch {
	case f.follow && f.reverse:
		return o, usageError{text: "-f goes on and -r goes back: choose one"}
	case f.follow && (f.span.Until != "" || f.span.Around != ""):
		return o, usageError{text: "-f goes on, where --until, --around and A..B end: choose one"}
	case f.follow && f.span.Boot != "" && f.span.Boot != "0" && f.span.Boot != "all":
		return o, usageError{text: "-f goes on, where an earlier boot has ended: choose one, or -b alone"}
	case f.cursorFile != "" && f.reverse:
		return o, usageError{text: "--cursor-file goes on and -r goes back: choose one"}
	case f.cursorFile != "" && (f.span.Cursor != "" || f.span.AfterCursor != ""):
		return o, usageError{text: "--cursor-file has a cursor: choose it, or --cursor or --after-cursor"}
	}
	if o.AfterCursor == "" {
		if o.AfterCursor, err = f.cursorFile.read(); err != nil {
			return o, err
		}
	}
	if f.grep != "" {
		pattern := f.grep
		if pattern == strings.ToLower(pattern) {
			pattern = "(?i)" + pattern
		}
		if o.Grep, err = regexp.Compile(pattern); err != nil {
			return o, usageError{text: "--grep " + f.grep + ": " + err.Error()}
		}
	}
	return o, f.count(&o)
}

// count reads how many lines are wanted.
func (f logFlags) count(o *query.LogOptions) error {
	oldest, isOldest := strings.CutPrefix(f.lines, "+")
	n, err := strconv.ParseInt(oldest, 10, 64)
	switch {
	case f.lines == "" && f.follow && f.span == (query.Span{}):
		o.Newest = 10
	case f.lines == "" || f.lines == "all":
	case err != nil || n < 0:
		return usageError{text: "--lines " + f.lines + ": a number, + and a number, or all are expected"}
	case isOldest && f.follow:
		return usageError{text: "-f goes on, where --lines +N ends: choose one"}
	case isOldest && f.reverse:
		return usageError{text: "-r begins with the newest, and --lines +N counts from the oldest: choose one"}
	case isOldest:
		o.Oldest = n
	default:
		o.Newest = n
	}
	o.None = err == nil && n == 0 && f.lines != ""
	return nil
}
