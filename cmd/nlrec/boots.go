package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nlrec/query"
)

// listBoots lists the boots of the machine that are recorded.
func listBoots(cmd *cobra.Command, format string, clock query.Clock) error {
	return tellChanges(cmd, format, clock, func(ctx context.Context, c *query.Changes, out *entryWriter) error {
		boots, err := c.Boots(ctx)
		if err != nil {
			return err
		}
		return out.boots(boots)
	})
}

// boots writes a list of boots, as journalctl(1) does.
func (w *entryWriter) boots(boots []query.Boot) error {
	if w.lines == nil {
		for _, b := range boots {
			if err := w.objects.Write(w.encoder.Boot(b)); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(w.lines, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "IDX\tBOOT ID\tFROM\tTO")
	for _, b := range boots {
		fmt.Fprintf(t, "%3d\t%s\t%s\t%s\n", b.Index, query.Visible(b.ID), w.clock.Format(b.From), w.clock.Format(b.To))
	}
	return t.Flush()
}
