package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nlrec/query"
)

// errDifference is what nlrec diff --exit-code fails with.
var errDifference = errors.New("there are differences")

// comparing is how two instants are to be compared.
type comparing struct {
	output         string
	stat, exitCode bool
	clocks         clockFlags
}

func diffCommand() *cobra.Command {
	var c comparing
	cmd := &cobra.Command{
		Use:   "diff [flags] INSTANT [INSTANT] [KIND] [FILTER]",
		Short: "Tell the difference between two instants, or between one and now",
		Long: `Diff tells what was otherwise at the second instant than at the first: what had
come (+), what was gone (-), and what was another (~), with what it was and
became. What changed in between and changed back is not told; nlrec log does.
What only shows that something else changed, such as the name of its link, is no
difference.

Two instants may also be written A..B. FILTER is in the words of ip(8), and speaks
of what an object was at either.

` + instantHelp,
		Example: `  nlrec diff '10m ago'
  nlrec diff '2026-05-01 03:00' '2026-05-01 03:30' route
  nlrec diff '#27^..#27' --stat
  nlrec diff --exit-code yesterday today link || echo "links changed"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{"no instant", "nlrec diff '10m ago'"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	familyFlags(cmd)
	cmd.Flags().BoolVar(&c.stat, "stat", false, "only how many of each kind")
	cmd.Flags().BoolVar(&c.exitCode, "exit-code", false, "end with exit code 1 when there are differences")
	cmd.Flags().StringVarP(&c.output, "output", "o", "text", "`FORMAT`: "+strings.Join(entryFormats, ", "))
	addClockFlags(cmd, &c.clocks)
	addColourFlag(cmd)
	return cmd
}

func (c comparing) run(cmd *cobra.Command, args []string) error {
	clock, err := c.clocks.clock()
	if err != nil {
		return err
	}
	from, to, words := query.CutInstants(args, clock.Location)
	if err := refuseInstant(words, clock.Location); err != nil {
		return err
	}
	filters, err := filtersOf(cmd, words)
	if err != nil {
		return err
	}
	differs := false
	err = tellChanges(cmd, c.output, clock, func(ctx context.Context, changes *query.Changes, out *entryWriter) error {
		d, err := changes.Diff(ctx, from, to, filters)
		if err != nil {
			return err
		}
		differs = len(d.Groups) > 0
		if isTerminal(cmd.ErrOrStderr()) {
			fmt.Fprintf(cmd.ErrOrStderr(), "from %s\nto   %s\n", d.From.Text(clock.Location), d.To.Text(clock.Location))
		}
		return out.diff(d, c.stat)
	})
	if err == nil && differs && c.exitCode {
		return errDifference
	}
	return err
}

// diff writes what differs.
func (w *entryWriter) diff(d *query.Diff, stat bool) error {
	if stat && w.lines != nil {
		return printStat(w.lines, d)
	}
	for i, g := range d.Groups {
		if err := w.group(g, stat, i == 0); err != nil {
			return err
		}
	}
	return nil
}

func (w *entryWriter) group(g query.Group, stat, first bool) error {
	if stat {
		return w.objects.Write(query.StatOf(g))
	}
	if w.lines != nil {
		if !first {
			w.lines.WriteString("\n")
		}
		if err := w.lines.line([]query.Piece{{Role: query.Title, Text: g.Kind.Name}}); err != nil {
			return err
		}
	}
	for _, x := range g.Changes {
		var err error
		if w.lines != nil {
			err = w.lines.line(x.Pieces())
		} else {
			err = w.objects.Write(w.encoder.Difference(x))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func printStat(out io.Writer, d *query.Diff) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(d.Groups) > 0 {
		fmt.Fprintln(w, "\tcame\twent\tchanged\t")
	}
	for _, g := range d.Groups {
		s := query.StatOf(g)
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", s.Kind, s.Came, s.Went, s.Changed)
	}
	return w.Flush()
}
