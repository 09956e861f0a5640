package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nlrec/query"
	"nlrec/query/fib"
)

func getCommand() *cobra.Command {
	var at, output string
	var clocks clockFlags
	var verbose bool
	cmd := &cobra.Command{
		Use:   "get [flags] ADDRESS [from A] [iif I] [oif O] [mark M] [uid U] [ipproto P] [sport N] [dport N] [tos T]",
		Short: "Tell where packets to an address went, as ip route get would have",
		Long: `Get answers what "ip route get" would have said, now or at an instant: by the rules,
tables, routes, nexthops, links and addresses that there were. -v tells how the
answer came about, step by step.

Where a hash over the packet chooses between several legs, all that are possible
are printed, one after the other. That there is no way is an answer too: it is
printed as ip prints it, and the exit code is 0.

` + instantHelp,
		Example: `  nlrec get 192.0.2.1
  nlrec get --at '10m ago' -v 192.0.2.1
  nlrec get --at '2026-05-01 12:00' 2001:db8::1 from 2001:db8:1::1 mark 0x10`,
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := query.ParseRouteQuestion(args, int64(os.Getuid()))
			if err != nil {
				return usageError{text: err.Error(), hint: query.Hint(err)}
			}
			if err := refuseEmptyAt(cmd); err != nil {
				return err
			}
			if !slices.Contains([]string{"text", "json"}, output) {
				return usageError{text: fmt.Sprintf("-o %s: there are text, json", output)}
			}
			clock, err := clocks.clock()
			if err != nil {
				return err
			}
			return read(cmd, query.Options{At: at, Location: clock.Location, Command: "nlrec get " + strings.Join(args, " ")}, func(r *query.Reader) error {
				answers, err := r.RouteGet(cmd.Context(), q)
				if err != nil {
					return err
				}
				return printRoutes(cmd, answers, output, verbose)
			})
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "tell what was at this `INSTANT`")
	addClockFlags(cmd, &clocks)
	addColourFlag(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT`: text, json")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "tell how the answer came about")
	return cmd
}

func printRoutes(cmd *cobra.Command, answers []fib.Answer, output string, verbose bool) error {
	stderr := cmd.ErrOrStderr()
	if len(answers) > 1 {
		fmt.Fprintf(stderr, "nlrec: one of these %d: which one, the kernel decides for each flow of packets\n", len(answers))
	}
	for _, note := range answers[0].Notes {
		fmt.Fprintf(stderr, "nlrec: %s\n", oneLine(note))
	}
	if output == "json" {
		return query.WriteRoutesJSON(cmd.OutOrStdout(), answers, verbose)
	}
	out, end, err := ipText(cmd)
	if err != nil {
		return err
	}
	if verbose {
		for _, step := range answers[0].Steps {
			fmt.Fprintf(out, "# %s\n", query.Visible(step))
		}
	}
	return errors.Join(query.WriteRoutes(out, answers), end())
}
