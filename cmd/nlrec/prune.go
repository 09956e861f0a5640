package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"nlrec/query"
	"nlrec/store"
)

func pruneCommand() *cobra.Command {
	var limits store.Limits
	var dry bool
	var output string
	cmd := &cobra.Command{
		Use:   "prune [flags]",
		Short: "Remove the oldest changes of a recording, and give their space back",
		Long: `Prune removes the changes that are too old, or the oldest until the recording is
small enough; what the network was like where it then begins stays, and every
answer about later instants is the same. What was removed cannot be brought back.
With several limits the narrowest counts. Without any it removes nothing, but
gives back the space that is free in the file.

The recorder of the recording must not run; while it does, nlrec record takes the
same limits. --dry-run only tells what would go, and works at any time. Space on
the file system counts as in nlrec record, but here the oldest changes also go
when it is others who have filled it.`,
		Example: `  nlrec prune --keep 30d --dry-run
  nlrec prune --max-size 2GiB --db copy.db`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return usageError{text: fmt.Sprintf("-o %s: there are text, json", output)}
			}
			plan, err := planPruning(cmd.Context(), dbPath(cmd), limits)
			if err == nil && !dry {
				plan, err = prune(cmd, plan.Remove, limits)
			}
			if err != nil {
				return interrupted(cmd.Context(), err)
			}
			return printAs(cmd, output, plan, func(w io.Writer) { printPlan(w, plan, dry) })
		},
	}
	limitFlags(cmd, &limits)
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "only tell what would be removed")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT`: text, json")
	return cmd
}

func planPruning(ctx context.Context, path string, limits store.Limits) (plan store.Plan, err error) {
	r, err := store.OpenReadOnly(ctx, path)
	if err != nil {
		return plan, query.WithPath(path, err)
	}
	defer func() { err = withPath(path, errors.Join(err, r.Close())) }()
	return r.PlanPruning(ctx, limits, time.Now().UnixMicro())
}

// errRecorded is a recording that cannot be pruned because it is recorded.
var errRecorded = errors.New("the recording is being recorded")

// recordedError is another error that is errRecorded too.
type recordedError struct{ error }

func (e recordedError) Unwrap() error        { return e.error }
func (e recordedError) Is(target error) bool { return target == errRecorded }

// prune removes about so many changes, and returns what it has done.
func prune(cmd *cobra.Command, about int64, limits store.Limits) (done store.Plan, err error) {
	s, err := store.Open(cmd.Context(), dbPath(cmd))
	if errors.Is(err, store.ErrLocked) {
		err = recordedError{err}
	}
	if err != nil {
		return done, query.WithPath(dbPath(cmd), err)
	}
	defer func() { err = withPath(dbPath(cmd), errors.Join(err, s.Close())) }()
	bar, removed := newProgress(cmd.ErrOrStderr()), int64(0)
	defer bar.end()
	return s.Prune(cmd.Context(), limits, time.Now().UnixMicro(), func(step store.Step) {
		if step.Work == store.Removing {
			removed += step.Rows
		}
		bar.show(string(step.Work), min(1, float64(removed)/float64(max(1, about))))
	})
}

// withPath is as query.WithPath, and nil for no error.
func withPath(path string, err error) error {
	if err == nil {
		return nil
	}
	return query.WithPath(path, err)
}

func printPlan(w io.Writer, p store.Plan, dry bool) {
	verb := "removed"
	if dry {
		verb = "would remove"
	}
	if p.Remove == 0 {
		fmt.Fprintf(w, "%s no change; %d are left\n", verb, p.Left)
	} else {
		fmt.Fprintf(w, "%s %d changes, up to #%d; %d are left, from %s on\n", verb, p.Remove, p.Change, p.Left, localTime(p.At))
	}
	fmt.Fprintf(w, "the recording takes %s\n", size(p.Size))
}
