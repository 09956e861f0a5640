package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nlrec/query"
	"nlrec/rtnl"
)

// showing is how a kind is to be shown.
type showing struct {
	query.ShowOptions
	at     string
	clocks clockFlags
}

func showCommand() *cobra.Command {
	var s showing
	cmd := &cobra.Command{
		Use:   "show [flags] KIND [FILTER]",
		Short: "Show what is, or was at an instant, as ip(8) shows it",
		Long: `Show prints the links, addresses, routes, neighbours, rules or nexthops that there
are, or with --at those that there were: all tables and both families, unless
a filter says otherwise. Filters are those of ip(8):
  dev eth0, table 100, proto bgp, scope link, type blackhole, via 192.0.2.1,
  to 10.0.0.0/8, to root 10.0.0.0/8, to match 10.1.2.3, from 10.0.0.0/8,
  state stale, up, master br0, label eth0:*, pref 100, fwmark 0x10, -4, -6
and every column that nlrec tables KIND lists, with the value it must have. Of
one word that is repeated any value will do.

-o ip-json is what ip -d -j show prints, -o brief what ip -br does (of links,
addresses and neighbours), -o table and the others have every
column, or those that --columns names.

` + instantHelp,
		Example: `  nlrec show route
  nlrec show route dev eth0 --at '10m ago'
  nlrec show route to match 10.1.2.3 --at '2026-05-01 03:12'
  nlrec show address -o brief
  nlrec show neighbour -j | jq '.[].lladdr'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{text: "no kind: there are link, address, route, neighbour, rule, nexthop, netconf"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd, args) },
	}
	familyFlags(cmd)
	addColourFlag(cmd)
	cmd.Flags().StringVar(&s.at, "at", "", "show what was at this `INSTANT`")
	addClockFlags(cmd, &s.clocks)
	cmd.Flags().StringVarP(&s.Format, "output", "o", "ip", "`FORMAT`: "+strings.Join(query.ShowFormats(), ", "))
	addWidthFlag(cmd)
	addRowFlags(cmd)
	cmd.Flags().StringSliceVar(&s.Columns, "columns", nil, "only these `COLUMNS`, with commas between them")
	cmd.Flags().BoolVarP(&s.Details, "details", "d", false, "show in text what ip -d shows")
	return cmd
}

func (s showing) run(cmd *cobra.Command, args []string) error {
	f, err := chosen(cmd, args, query.ParseFilter)
	if err != nil {
		return err
	}
	if err := refuseEmptyAt(cmd); err != nil {
		return err
	}
	if !slices.Contains(query.ShowFormats(), s.Format) {
		return usageError{text: fmt.Sprintf("-o %s: there are %s", s.Format, strings.Join(query.ShowFormats(), ", "))}
	}
	if s.Page, err = rowsOn(cmd, s.Format); err != nil {
		return err
	}
	clock, err := s.clocks.clock()
	if err != nil {
		return err
	}
	asked := query.Options{At: s.at, Location: clock.Location, Command: "nlrec show " + strings.Join(args, " "), Kinds: query.ShownWith(f.Kind)}
	return read(cmd, asked, func(r *query.Reader) error {
		if s.Format != "ip" {
			return r.Show(cmd.Context(), cmd.OutOrStdout(), f, s.ShowOptions)
		}
		out, end, err := ipText(cmd)
		if err != nil {
			return err
		}
		return errors.Join(r.Show(cmd.Context(), out, f, s.ShowOptions), end())
	})
}

// chosen reads a kind and its filter, which parse reads.
func chosen(cmd *cobra.Command, args []string, parse func(*rtnl.Kind, []string) (query.Filter, error)) (query.Filter, error) {
	k, err := query.FindKind(args[0])
	if err != nil {
		return query.Filter{}, err
	}
	return parse(k, append(familyWords(cmd), args[1:]...))
}
