package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nlrec/query"
)

// shellFormat is how answers are written where nothing else is said.
const shellFormat = "box"

func shellCommand() *cobra.Command {
	var at, mode string
	var clocks clockFlags
	cmd := &cobra.Command{
		Use:   "shell [flags]",
		Short: "Ask a recording in SQL, again and again",
		Long: `Shell reads SQL and answers it. A statement may have several lines and ends with
a semicolon. Tab completes tables, columns, functions, and in quotes the names of
links; the arrow keys and Ctrl-R find what was asked before. .help lists the other
commands and thirty questions to begin with.

Ctrl-C interrupts a statement; once more, or Ctrl-D, leaves. When standard input
is no terminal, statements are read from it until one fails. Nothing here writes a
file or runs a program; to keep an answer, redirect that of nlrec query.

` + instantHelp,
		Example: `  nlrec shell
  nlrec shell --at '2026-05-01 12:00'
  nlrec shell -o csv <questions.sql`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := refuseEmptyAt(cmd); err != nil {
				return err
			}
			if !slices.Contains(query.Formats(), mode) {
				return usageError{text: fmt.Sprintf("-o %s: there are %s", mode, strings.Join(query.Formats(), ", "))}
			}
			clock, err := clocks.clock()
			if err != nil {
				return err
			}
			return runShell(cmd, at, mode, clock)
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "the views show what was at this `INSTANT`; .at changes it")
	addClockFlags(cmd, &clocks)
	cmd.Flags().StringVarP(&mode, "output", "o", shellFormat, "`FORMAT`: "+strings.Join(query.Formats(), ", ")+"; .mode changes it")
	addWidthFlag(cmd)
	addColourFlag(cmd)
	return cmd
}
