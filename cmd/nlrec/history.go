package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"nlrec/query"
)

func historyCommand() *cobra.Command {
	var output string
	var span query.Span
	var clocks clockFlags
	cmd := &cobra.Command{
		Use:   "history [flags] [A..B] KIND NAME [FILTER]",
		Short: "Tell every version of one thing, and how long each lasted",
		Long: `History tells what one thing went through: each of its changes, how long what it
brought about lasted, and in their place the gaps in which others may have been
missed. It is named as nlrec log does. Of a link every name it ever had will do:
it is followed through all of them. Where a name was that of several things,
they are told one after the other; more words, which are those of ip(8), choose
among them.

After - stands how long it was away. What lasts ends in …

Between two instants, it begins with what was at the first.

` + instantHelp,
		Example: `  nlrec history link eth0
  nlrec history route 10.0.0.0/8 table 100
  nlrec history address 192.0.2.1
  nlrec history yesterday..today link eth0
  nlrec history neighbour 192.0.2.7 dev eth0 -o json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			clock, err := clocks.clock()
			if err != nil {
				return err
			}
			if args, err = cutSpan(&span, args, clock.Location); err != nil {
				return err
			}
			if len(args) < 2 {
				return usageError{"a kind and a name are expected", "nlrec history link eth0"}
			}
			f, err := chosen(cmd, args, query.ParseChangeFilter)
			if err != nil {
				return err
			}
			return tellChanges(cmd, output, clock, func(ctx context.Context, c *query.Changes, out *entryWriter) error {
				if err := echoSpan(cmd, c, span, clock); err != nil {
					return err
				}
				return c.History(ctx, f, span, out.title, out.lasting)
			})
		},
	}
	familyFlags(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT`: "+strings.Join(entryFormats, ", "))
	addSpanFlags(cmd, &span)
	addClockFlags(cmd, &clocks)
	addColourFlag(cmd)
	return cmd
}

// title writes what the entries that follow are about.
func (w *entryWriter) title(last *query.Change) error {
	if w.lines == nil {
		return nil
	}
	if w.titled {
		w.lines.WriteString("\n")
	}
	w.titled = true
	return w.lines.line([]query.Piece{{Role: query.Title, Text: last.Kind.Name + " " + last.Name()}})
}

func (w *entryWriter) lasting(l query.Lasting) error {
	if w.lines == nil {
		return w.objects.Write(w.encoder.Lasting(l))
	}
	return w.lines.line(l.Pieces(w.clock))
}
