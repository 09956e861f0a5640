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
	c, err := query.OpenChanges(ctx, dbPath(cmd), query.Options{Location: clock.Location, Warn: warnOn(cmd), Command: askedSince[cmd.Name()]})
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

// askedSince is how the commands are asked about what there is since an instant.
var askedSince = map[string]string{
	"diff": "nlrec diff --db {db} {at}", "log": "nlrec log --db {db} -S {at}", "top": "nlrec top --db {db} -S {at}",
	"history": "nlrec history --db {db} -S {at} KIND NAME",
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

// clockFlags say in whose time instants are read and written.
type clockFlags struct {
	utc  bool
	zone string
}

// refuseEmptyAt refuses an --at without an instant: now would be the answer to
// another question.
func refuseEmptyAt(cmd *cobra.Command) error {
	if at := cmd.Flag("at"); at.Changed && at.Value.String() == "" {
		return usageError{text: "--at is empty"}
	}
	return nil
}

func addClockFlags(cmd *cobra.Command, f *clockFlags) {
	cmd.Flags().BoolVar(&f.utc, "utc", false, "read and write times in UTC")
	cmd.Flags().StringVar(&f.zone, "tz", "", "read and write times in this `ZONE`, as Europe/Berlin")
}

func (f clockFlags) clock() (query.Clock, error) {
	switch {
	case f.utc && f.zone != "":
		return query.Clock{}, usageError{text: "--utc is a zone, and --tz is one: choose one"}
	case f.utc:
		return query.Clock{Location: time.UTC}, nil
	case f.zone == "":
		return query.Clock{Location: time.Local}, nil
	}
	there, err := time.LoadLocation(f.zone)
	if err != nil {
		return query.Clock{}, usageError{"--tz " + f.zone + ": no such zone", "timedatectl list-timezones; --tz Europe/Berlin"}
	}
	return query.Clock{Location: there, Away: true}, nil
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
