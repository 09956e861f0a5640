package main

// What the commands that tell of changes have in common.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nlrec/query"
)

// tellChanges opens the recording that a command names, and what its answer is
// written with.
func tellChanges(cmd *cobra.Command, format string, clock query.Clock, f func(context.Context, *query.Changes, *entryWriter) error) error {
	return tellChangesIn(cmd.Context(), cmd, format, clock, f)
}

// tellChangesIn is tellChanges in a context of its own.
func tellChangesIn(ctx context.Context, cmd *cobra.Command, format string, clock query.Clock, f func(context.Context, *query.Changes, *entryWriter) error) (err error) {
	if !slices.Contains(entryFormats, format) {
		return usageError{text: fmt.Sprintf("-o %s: there are %s", format, strings.Join(entryFormats, ", "))}
	}
	c, err := query.OpenChanges(ctx, dbPath(cmd), query.Options{Location: clock.Location, Warn: warnOn(cmd)})
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	out, err := newEntryWriter(cmd, format, clock)
	if err != nil {
		return err
	}
	err = f(ctx, c, out)
	return interrupted(ctx, errors.Join(err, out.close()))
}

// filtersOf reads the words of a filter, and the flags that stand for some. No
// filter at all is nil.
func filtersOf(cmd *cobra.Command, words []string) ([]query.Filter, error) {
	if words = append(words, familyWords(cmd)...); len(words) == 0 {
		return nil, nil
	}
	return query.ParseSelection(words)
}

// warnOn returns what prints the warnings of a command.
func warnOn(cmd *cobra.Command) func(string) {
	return func(text string) { fmt.Fprintf(cmd.ErrOrStderr(), "nlrec: warning: %s\n", oneLine(text)) }
}

// addClockFlag adds the flag that says in which time instants are written.
func addClockFlag(cmd *cobra.Command, utc *bool) {
	cmd.Flags().BoolVar(utc, "utc", false, "read and write times in UTC")
}

func clockOf(utc bool) query.Clock {
	if utc {
		return query.Clock{Location: time.UTC}
	}
	return query.Clock{Location: time.Local}
}

// entryFormats are the ways to write entries.
var entryFormats = []string{"text", "json", "ndjson"}

// entryWriter writes the entries of a log.
type entryWriter struct {
	clock   query.Clock
	lines   *lineWriter // nil: JSON
	objects *query.Objects
	encoder *query.Encoder
	titled  bool // lines have begun
}

func newEntryWriter(cmd *cobra.Command, format string, clock query.Clock) (w *entryWriter, err error) {
	w = &entryWriter{clock: clock}
	if format == "text" {
		w.lines, err = newLineWriter(cmd)
		return w, err
	}
	w.objects = query.NewObjects(cmd.OutOrStdout(), format)
	w.encoder, err = query.NewEncoder(clock.Location)
	return w, err
}

func (w *entryWriter) write(e query.Entry) error {
	if w.lines != nil {
		return w.lines.line(e.Pieces(w.clock))
	}
	return w.objects.Write(w.encoder.Entry(e))
}

func (w *entryWriter) flush() error {
	if w.lines != nil {
		return w.lines.Flush()
	}
	return w.objects.Flush()
}

func (w *entryWriter) close() error {
	if w.lines != nil {
		return w.lines.Flush()
	}
	return w.objects.Close()
}
