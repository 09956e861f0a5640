package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"nlrec/query"
)

// questioning is a question in the words of the command line.
type questioning struct {
	question
	at, format         string
	named              []string // parameters
	maxRows, maxMemory int64    // memory in MiB
	clocks             clockFlags
}

func queryCommand() *cobra.Command {
	var q questioning
	cmd := &cobra.Command{
		Use:   "query [flags] SQL|-",
		Short: "Ask a recording in SQL",
		Long: `Query answers one SQL statement about the recording; - reads it from standard input.
nlrec tables shows what can be asked. The statement can read and nothing else.

The views link, address, route, … show what is now. With --at they show what
was at an instant, and route_at('INSTANT') and its like do so within SQL.

Several --db are asked as one: every table has a column host first. All ids are
those of one recording, so a join compares host as well, and a change like #12345
is no instant.

` + instantHelp,
		Example: `  nlrec query "SELECT dst, gateway, dev FROM route WHERE table_id = 254"
  nlrec query --at '10m ago' "SELECT ifname, operstate FROM link"
  nlrec query -o csv "SELECT * FROM change_log WHERE kind = 'route'"
  nlrec query --strict --timeout 10s --max-rows 1000 -o json "SELECT * FROM neighbour"
  nlrec query --emit-sql --at '10m ago' "SELECT dst FROM route" | sqlite3 copy.db
  nlrec query --db a.db --db b.db "SELECT host, count(*) FROM route GROUP BY host"
  nlrec query --param dev=eth0 "SELECT dst FROM route WHERE dev = :dev"`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error { return q.run(cmd, args) },
	}
	cmd.Flags().StringVar(&q.at, "at", "", "the views show what was at this `INSTANT`")
	addClockFlags(cmd, &q.clocks)
	cmd.Flags().StringVarP(&q.format, "output", "o", autoFormat, "`FORMAT`: "+strings.Join(query.Formats(), ", ")+"; auto: box on a terminal, tsv elsewhere")
	addWidthFlag(cmd)
	addRowFlags(cmd)
	cmd.Flags().StringArrayVar(&q.named, "param", nil, "`NAME=VALUE`: the value of :NAME in the SQL")
	cmd.Flags().DurationVar(&q.timeout, "timeout", 0, "the answer may take this `SPAN`, as 30s; then exit code 6")
	cmd.Flags().Int64Var(&q.maxRows, "max-rows", 0, "`N` rows may be printed; if there are more, exit code 6")
	cmd.Flags().Int64Var(&q.maxMemory, "max-memory", 256, "the answer may take `N` MiB to find, 0: any; then exit code 6")
	cmd.Flags().BoolVar(&q.emit, "emit-sql", false, "print SQL that sqlite3 answers alike on the file, and no answer")
	cmd.Flags().BoolVar(&q.strict, "strict", false, "exit code 4 when the answer touches a gap, or nothing records the present it is about")
	return cmd
}

func (q questioning) run(cmd *cobra.Command, args []string) (err error) {
	if q.text, err = statement(cmd, args); err != nil {
		return err
	}
	if err := refuseEmptyAt(cmd); err != nil {
		return err
	}
	if q.timeout < 0 || q.maxRows < 0 || q.maxMemory < 0 {
		return usageError{text: "--timeout, --max-rows and --max-memory cannot be negative"}
	}
	if q.output, err = queryFormat(cmd, q.format); err != nil {
		return err
	}
	if q.params, err = parseParams(q.named); err != nil {
		return err
	}
	if q.page, err = rowsOn(cmd, q.output); err != nil {
		return err
	}
	clock, err := q.clocks.clock()
	if err != nil {
		return err
	}
	return ask(cmd, q.question, query.Options{At: q.at, Location: clock.Location, MaxRows: q.maxRows, MaxBytes: q.maxMemory << 20})
}

// autoFormat is the format that people read on a terminal, and programs
// elsewhere.
const autoFormat = "auto"

// queryFormat returns the format that a name means.
func queryFormat(cmd *cobra.Command, name string) (string, error) {
	unnamed, _ := cmd.Flags().GetBool("no-header")
	switch {
	case name == autoFormat && isTerminal(cmd.OutOrStdout()) && !unnamed:
		return "box", nil
	case name == autoFormat:
		return "tsv", nil
	case !slices.Contains(query.Formats(), name):
		return "", usageError{text: fmt.Sprintf("-o %s: there are %s, %s", name, autoFormat, strings.Join(query.Formats(), ", "))}
	}
	return name, nil
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

// isTerminal reports whether a stream is a terminal, or leads to one.
func isTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

func parseParams(texts []string) (params []query.Param, err error) {
	for _, text := range texts {
		p, err := query.ParseParam(text)
		if err != nil {
			return nil, err
		}
		params = append(params, p)
	}
	return params, nil
}

// A question is a statement, and how its answer is to be printed.
type question struct {
	text    string
	params  []query.Param
	output  string
	page    query.Page
	timeout time.Duration // 0: none
	strict  bool
	emit    bool // print what plain SQLite is to be asked, and no answer
}

// ask prints the answer to a question.
func ask(cmd *cobra.Command, q question, o query.Options) (err error) {
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	if q.timeout > 0 {
		var cancel context.CancelFunc
		late := fmt.Errorf("%w: the answer is not whole after %s", errTimeout, q.timeout)
		ctx, cancel = context.WithTimeoutCause(ctx, q.timeout, late)
		defer cancel()
	}
	if o.MaxBytes > 0 {
		debug.SetMemoryLimit(o.MaxBytes / 4 * 3) // collect garbage before it counts
	}
	o.Warn = func(text string) { fmt.Fprintf(stderr, "nlrec: warning: %s\n", oneLine(text)) }
	r, err := query.OpenSeveral(ctx, dbPaths(cmd), o)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	echo(stderr, r)
	if q.emit {
		text, err := r.Plain(ctx, q.text, q.params)
		if err == nil {
			_, err = io.WriteString(cmd.OutOrStdout(), text)
		}
		return interrupted(ctx, err)
	}
	err = r.QueryParams(ctx, q.text, q.params, func(rows *query.Rows) error {
		return query.Write(cmd.OutOrStdout(), q.page, q.output, rows)
	})
	if err == nil && q.strict {
		err = r.Certain(ctx)
	}
	return interrupted(ctx, err)
}

// errTimeout is an answer that took too long.
var errTimeout = errors.New("timeout")

// interrupted returns the error of a command that may have been interrupted.
func interrupted(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case errors.Is(context.Cause(ctx), errTimeout):
		return context.Cause(ctx)
	}
	return interruption{ctx.Err()}
}

// An interruption is what somebody wanted, who needs to be told no reason.
type interruption struct{ error }

func (interruption) Error() string   { return "interrupted" }
func (i interruption) Unwrap() error { return i.error }
