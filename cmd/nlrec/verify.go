package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nlrec/query"
	"nlrec/recorder"
	"nlrec/rtnl"
	"nlrec/store"
)

// Errors of a recording that is not right.
var (
	errChecks  = errors.New("the recording is not right")
	errDiffers = errors.New("the recording is not what the kernel has")
)

// verdict is what verify says.
type verdict struct {
	Path   string          `json:"path"`
	OK     bool            `json:"ok"`
	Checks []store.Finding `json:"checks"`
	Live   *comparison     `json:"live,omitempty"`
}

// comparison is how the file compares with the kernel.
type comparison struct {
	OK          bool         `json:"ok"`
	Recording   bool         `json:"recording"` // a recorder has the file open
	Unsettled   bool         `json:"unsettled"` // there was no comparing: all changed too fast
	Differences []difference `json:"differences"`
}

func verifyCommand() *cobra.Command {
	var output string
	var live bool
	cmd := &cobra.Command{
		Use:   "verify [flags]",
		Short: "Check that a recording is whole, and with --live that it is what the kernel has",
		Long: `Verify reads the whole recording and checks what must hold in it. With --live
it also compares what is now in the recording with the network namespace it runs
in, for every kind, and prints each difference. What counts down is not compared.
While a recorder runs, a difference counts when it lasts for two seconds.

Its exit code is 0 when all is right and 1 when it is not.`,
		Example: `  nlrec verify
  nlrec verify --live -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return usageError{text: fmt.Sprintf("-o %s: there are text, json", output)}
			}
			return interrupted(cmd.Context(), verify(cmd, output, live))
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT`: text, json")
	cmd.Flags().BoolVar(&live, "live", false, "compare with the running kernel too")
	return cmd
}

// verify prints what is found, and fails with errChecks or errDiffers when
// something is.
func verify(cmd *cobra.Command, output string, live bool) error {
	path := dbPath(cmd)
	p := newProgress(cmd.ErrOrStderr())
	v, flaw, err := inspect(cmd.Context(), path, live, p)
	p.end()
	if flaw.Text != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "nlrec: warning: %s\n", oneLine(flaw.String()))
	}
	if err != nil {
		return query.WithPath(path, err)
	}
	if err := printAs(cmd, output, v, func(w io.Writer) { printVerdict(w, v) }); err != nil {
		return err
	}
	return v.err()
}

func inspect(ctx context.Context, path string, live bool, p *progress) (v *verdict, flaw store.Flaw, err error) {
	if err := store.CheckRecording(path); err != nil {
		return nil, flaw, err
	}
	recording, err := store.Recording(path) // before SQLite has the file open
	if err != nil {
		return nil, flaw, err
	}
	file, err := store.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, flaw, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	v, flaw = &verdict{Path: path}, file.Flaw()
	if v.Checks, err = file.Verify(ctx, p.show); err != nil {
		return nil, flaw, err
	}
	if live {
		p.show("live", 1)
		if v.Live, err = compare(ctx, file, recording); err != nil {
			return nil, flaw, err
		}
	}
	v.OK = v.err() == nil
	return v, flaw, nil
}

func compare(ctx context.Context, file *store.ReadOnly, recording bool) (*comparison, error) {
	found, err := recorder.Compare(ctx, file, recording)
	if errors.Is(err, recorder.ErrUnsettled) {
		return &comparison{Recording: recording, Unsettled: true, Differences: []difference{}}, nil
	}
	if err != nil {
		return nil, err
	}
	lines := &changeLines{links: map[int64]string{}}
	err = file.Current(ctx, rtnl.Link, func(row rtnl.Row) {
		index, _ := rtnl.Link.Value(row, "ifindex").(int64)
		lines.links[index], _ = rtnl.Link.Value(row, "ifname").(string)
	})
	c := &comparison{OK: len(found) == 0, Recording: recording, Differences: make([]difference, len(found))}
	for i, d := range found {
		c.Differences[i] = describe(d, lines)
	}
	return c, err
}

// err returns what is wrong with a recording as an error, nil when all is
// right.
func (v *verdict) err() error {
	failed := 0
	for _, f := range v.Checks {
		if !f.OK {
			failed++
		}
	}
	switch {
	case failed > 0:
		return fmt.Errorf("%s: %w: %d of %d checks failed", v.Path, errChecks, failed, len(v.Checks))
	case v.Live != nil && v.Live.Unsettled:
		return fmt.Errorf("%s: %w", v.Path, recorder.ErrUnsettled)
	case v.Live != nil && !v.Live.OK:
		return fmt.Errorf("%s: %w: %d differences", v.Path, errDiffers, len(v.Live.Differences))
	}
	return nil
}

func printVerdict(w io.Writer, v *verdict) {
	for _, f := range v.Checks {
		printCheck(w, f.OK, f.Check, f.Meaning)
		for _, sentence := range f.Found {
			fmt.Fprintf(w, "          %s\n", query.Visible(sentence))
		}
		if f.More {
			fmt.Fprintln(w, "          and others")
		}
	}
	if v.Live == nil {
		return
	}
	printCheck(w, v.Live.OK, "live", "what is now is what the kernel has")
	for _, d := range v.Live.Differences {
		fmt.Fprintf(w, "          %s\n", query.Visible(d.String()))
	}
}

func printCheck(w io.Writer, ok bool, name, meaning string) {
	word := "ok"
	if !ok {
		word = "failed"
	}
	fmt.Fprintf(w, "%-6s  %-8s  %s\n", word, name, meaning)
}
