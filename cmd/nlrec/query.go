package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"nlrec/query"
)

func queryCommand() *cobra.Command {
	var at, output string
	cmd := &cobra.Command{
		Use:   "query [flags] SQL|-",
		Short: "Ask a recording in SQL",
		Long: `Answers one SQL statement about the recording; - reads it from standard input.
nlrec tables shows what can be asked. The statement can read and nothing else.

The views link, address, route, … show what is now. With --at they show what
was at an instant, and route_at('INSTANT') and its like do so within SQL. An
instant is one of
  2026-05-01T12:00:00+02:00         RFC 3339
  2026-05-01 12:00[:00[.000000]]    local time; 2026-05-01 is its midnight
  10m ago, -1h30m, now              us, ms, s, m, h, d, w
  @1700000000[.000000]              seconds since 1970
  #12345                            right after that change`,
		Example: `  nlrec query "SELECT dst, gateway, dev FROM route WHERE table_id = 254"
  nlrec query --at '10m ago' "SELECT ifname, operstate FROM link"
  nlrec query -o csv "SELECT * FROM change_log WHERE kind = 'route'"`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := statement(cmd, args)
			if err != nil {
				return err
			}
			if at == "" && cmd.Flags().Changed("at") {
				return usageError{text: "--at is empty"} // "now" would be the answer to another question
			}
			if !slices.Contains(query.Formats(), output) {
				return usageError{text: fmt.Sprintf("-o %s: there are %s", output, strings.Join(query.Formats(), ", "))}
			}
			return ask(cmd, text, output, query.Options{At: at})
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "the instant that the views show")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "format: "+strings.Join(query.Formats(), ", "))
	return cmd
}

func oneArgument(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%d arguments, where one is expected: put the SQL in quotes", len(args))
	}
	return nil
}

// statement returns the SQL that the arguments name.
func statement(cmd *cobra.Command, args []string) (string, error) {
	if len(args) == 1 && args[0] != "-" {
		return args[0], nil
	}
	if len(args) == 0 && isTerminal(cmd.InOrStdin()) {
		return "", usageError{text: "no SQL"}
	}
	text, err := io.ReadAll(cmd.InOrStdin())
	if err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	if strings.TrimSpace(string(text)) == "" {
		return "", usageError{text: "no SQL on standard input"}
	}
	return string(text), nil
}

func isTerminal(stream any) bool {
	if p, paged := stream.(*pager); paged {
		stream = p.terminal
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ask prints the answer to a statement.
func ask(cmd *cobra.Command, text, output string, o query.Options) (err error) {
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	o.Warn = func(text string) { fmt.Fprintf(stderr, "nlrec: warning: %s\n", oneLine(text)) }
	r, err := query.Open(ctx, dbPath(cmd), o)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if m := r.Moment(); m != nil && isTerminal(stderr) {
		fmt.Fprintf(stderr, "as of %s, change #%d\n", localTime(m.At), m.Change)
	}
	err = r.Query(ctx, text, func(rows *query.Rows) error { return query.Write(cmd.OutOrStdout(), output, rows) })
	return interrupted(ctx, err)
}

// interrupted returns the error of a command that may have been interrupted.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", ctx.Err())
	}
	return err
}
