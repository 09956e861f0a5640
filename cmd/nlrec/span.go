package main

// Which part of the timeline a command tells of: the flags of journalctl(1), or
// A..B among its arguments.

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"nlrec/query"
)

// addSpanFlags adds the flags that say which part is meant.
func addSpanFlags(cmd *cobra.Command, span *query.Span) {
	f := cmd.Flags()
	f.StringVarP(&span.Since, "since", "S", "", "begin at this `INSTANT`")
	f.StringVarP(&span.Until, "until", "U", "", "end at this `INSTANT`")
	f.StringVar(&span.Around, "around", "", "`INSTANT[,SPAN]`: so far before and after it, one minute if not said")
	f.StringVarP(&span.Boot, "boot", "b", "", "only this `BOOT` of the machine: -1 the one before the last, 1 the first, or its id")
	f.Lookup("boot").NoOptDefVal = "0"
}

// cutSpan reads the part that is meant, and returns the other arguments.
func cutSpan(span *query.Span, args []string, loc *time.Location) (words []string, err error) {
	since, until, words, found := query.CutRange(args, loc)
	switch given := span.Since != "" || span.Until != ""; {
	case found && (given || span.Around != ""):
		return nil, usageError{text: "A..B says where to begin and to end: choose it, or --since, --until and --around"}
	case span.Around != "" && given:
		return nil, usageError{text: "--around says where to begin and to end: choose it, or --since and --until"}
	case found:
		span.Since, span.Until = since, until
	}
	return words, refuseInstant(words, loc)
}

// refuseInstant fails when a filter begins with an instant, which would be taken
// for a name.
func refuseInstant(words []string, loc *time.Location) error {
	if len(words) == 0 {
		return nil
	}
	if _, _, _, isRange := query.CutRange(words[:1], loc); !isRange {
		if _, err := query.ParseInstant(words[0], time.Now(), loc); err != nil {
			return nil
		}
	}
	return usageError{words[0] + ": an instant, where a kind is expected", "A..B, with both instants in it"}
}

// echoSpan says on a terminal which part was found.
func echoSpan(cmd *cobra.Command, c *query.Changes, span query.Span, clock query.Clock) error {
	if span == (query.Span{}) || !isTerminal(cmd.ErrOrStderr()) {
		return nil
	}
	r, err := c.Range(cmd.Context(), span)
	if err != nil {
		return err
	}
	from, to, changes := "the beginning", "the end", "no changes"
	if r.From != 0 {
		from = clock.Format(r.From)
	}
	if r.To != 0 {
		to = clock.Format(r.To)
	}
	if r.First != 0 {
		changes = fmt.Sprintf("changes #%d to #%d", r.First, r.Last)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "from %s to %s, %s\n", from, to, changes)
	return nil
}
