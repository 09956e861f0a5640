package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"nlrec/query"
)

func topCommand() *cobra.Command {
	var o query.TopOptions
	var output string
	var clocks clockFlags
	cmd := &cobra.Command{
		Use:   "top [flags] [A..B] [KIND] [FILTER]",
		Short: "Tell what changed most: how often, and how long it was down or away",
		Long: `Top ranks what changed between two instants, or in all the recording. An outage is
a time in which it was not there or, of a link, was down or had no carrier, or, of
a neighbour, could not be reached (FAILED). Of outages only what lies within the
time asked for counts; * is one that lasts at its end. A link that is removed is
no outage: one that comes back is another.

` + instantHelp,
		Example: `  nlrec top link -S '1 week ago'
  nlrec top yesterday..today link --by longest
  nlrec top route proto bgp -n 20`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if !slices.Contains(query.Measures(), o.By) {
				return usageError{text: fmt.Sprintf("--by %s: there are %s", o.By, strings.Join(query.Measures(), ", "))}
			}
			clock, err := clocks.clock()
			if err != nil {
				return err
			}
			if args, err = cutSpan(&o.Span, args, clock.Location); err != nil {
				return err
			}
			if o.Filters, err = filtersOf(cmd, args); err != nil {
				return err
			}
			return tellChanges(cmd, output, clock, func(ctx context.Context, c *query.Changes, out *entryWriter) error {
				if err := echoSpan(cmd, c, o.Span, clock); err != nil {
					return err
				}
				ranked, err := c.Top(ctx, o)
				if err != nil {
					return err
				}
				return out.ranked(ranked)
			})
		},
	}
	f := cmd.Flags()
	addSpanFlags(cmd, &o.Span)
	f.StringVar(&o.By, "by", "changes", "sort by this `MEASURE`: "+strings.Join(query.Measures(), ", "))
	f.IntVarP(&o.Most, "lines", "n", 10, "only the first `N`; 0: all")
	familyFlags(cmd)
	f.StringVarP(&output, "output", "o", "text", "`FORMAT`: "+strings.Join(entryFormats, ", "))
	addClockFlags(cmd, &clocks)
	addColourFlag(cmd)
	return cmd
}

// ranked writes a ranking.
func (w *entryWriter) ranked(ranked []query.Ranked) error {
	if w.lines == nil {
		for _, r := range ranked {
			if err := w.objects.Write(w.encoder.Ranked(r)); err != nil {
				return err
			}
		}
		return nil
	}
	out := &wrapper{w: w.lines, width: w.lines.width, paint: w.lines.titled()}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "changes\toutages\tout\tlongest\tlast change\tobject")
	for _, r := range ranked {
		mark := ""
		if r.OutNow {
			mark = "*"
		}
		fmt.Fprintf(t, "%d\t%d\t%s%s\t%s\t%s\t%s %s\n", r.Changes, r.Outages, spanOf(r.OutUS), mark, spanOf(r.LongestUS), w.clock.Format(r.LastUS), r.Kind.Name, r.Name)
	}
	return errors.Join(t.Flush(), out.end())
}

func spanOf(us int64) string { return query.FormatSpan(time.Duration(us) * time.Microsecond) }
