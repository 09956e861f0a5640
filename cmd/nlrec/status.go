package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"nlrec/internal/health"
	"nlrec/query"
	"nlrec/store"
)

func statusCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status [flags]",
		Short: "Tell how a recording is: what it covers, its gaps, whether a recorder runs",
		Example: `  nlrec status
  nlrec status -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := time.Now()
			s, err := query.ReadStatus(cmd.Context(), dbPath(cmd), now)
			if err != nil && !errors.Is(err, query.ErrDamaged) || s == nil {
				return interrupted(cmd.Context(), err)
			}
			s.Consider(healthOf(cmd))
			return errors.Join(printAs(cmd, output, s, func(w io.Writer) { printStatus(w, s, now) }), err)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT`: text, json")
	return cmd
}

// healthOf returns what became of asking the recorder. A child that reads the
// file has asked before it was confined.
func healthOf(cmd *cobra.Command) health.Answer {
	if p := programOf(cmd.Context()); p != nil && p.health != nil {
		return *p.health
	}
	return health.Ask(cmd.Context(), dbPath(cmd))
}

func printStatus(out io.Writer, s *query.Status, now time.Time) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	line := func(name, format string, args ...any) {
		if slices.Contains(s.Unreadable, name) {
			format, args = "cannot be read", nil
		}
		fmt.Fprintf(w, "%s\t%s\n", name, query.Visible(fmt.Sprintf(format, args...)))
	}
	line("file", "%s, %s, schema %d", s.Path, size(s.Size), s.Schema)
	if s.Flaw != "" {
		line("flaw", "%s", s.Flaw)
	}
	if text := longLog(s); text != "" {
		line("log", "%s", text)
	}
	if s.Host != "" || slices.Contains(s.Unreadable, "recorded on") { // else there was no session yet
		line("recorded on", "%s, kernel %s", s.Host, s.Kernel)
	}
	line("recorder", "%s", recorderState(s, now))
	line("sessions", "%d", s.Sessions)
	line("covers", "%s", coverage(s))
	line("changes", "%d", s.Changes)
	if s.Pruned > 0 {
		line("removed", "#1 to #%d, to stay within the limits", s.Pruned)
	}
	if s.Changes > 0 || slices.Contains(s.Unreadable, "changes") {
		line("first change", "%s", moment(s.First, now))
		line("last change", "%s, #%d", moment(s.Last, now), s.LastID)
	}
	line("corrections", "%d, found by a dump, not announced", s.Corrections)
	printHealth(line, s, now)
	for _, c := range s.Objects {
		line(c.Kind, "%d now", c.Count)
	}
	line("gaps", "%d, %s in all", s.Gaps, query.FormatSpan(time.Duration(s.Missed)*time.Microsecond))
	for _, g := range s.LastGaps {
		line("", "%s", gap(g))
	}
}

func recorderState(s *query.Status, now time.Time) string {
	switch {
	case s.Recorder == nil:
		return "not running"
	case s.Recorder.PID == 0:
		return "starting"
	}
	text := fmt.Sprintf(", process %d, since %s", s.Recorder.PID, moment(s.Recorder.Since, now))
	switch r := s.Recorder; r.State {
	case "recording":
		return "running" + text
	case "suspended":
		return "running" + text + "; it cannot write the file: " + r.Suspended
	case "unknown":
		return "running" + text + "; whether it records is not known: " + r.Why
	case "starting":
		return r.State + text + ": " + r.Why
	default:
		return fmt.Sprintf("%s since %s, process %d: %s", r.State, moment(r.From, now), r.PID, r.Why)
	}
}

// longLog tells of a write-ahead log that is much longer than it should be, and
// whose doing that is.
func longLog(s *query.Status) string {
	if s.Log <= store.LongLog {
		return ""
	}
	if len(s.Readers) == 0 {
		return size(s.Log) + ", to be folded into the file with the next changes"
	}
	var who []string
	for _, r := range s.Readers {
		who = append(who, strings.TrimSpace(fmt.Sprintf("process %d %s", r.PID, r.Command)))
	}
	return size(s.Log) + ", which grows while these read the file in a transaction: " + strings.Join(who, "; ")
}

// printHealth prints how the last session fares: as its recorder says, or else
// as the file has it.
func printHealth(line func(name, format string, args ...any), s *query.Status, now time.Time) {
	if s.Log <= store.LongLog {
		line("log", "%s not yet folded into the file", size(s.Log))
	}
	if s.Recorder != nil && s.Recorder.Live != nil {
		h := s.Recorder.Live
		if h.LastCommit != 0 {
			line("last commit", "%s", moment(h.LastCommit, now))
		}
		line("lag", "%s, at most %s", lasting(h.Lag), lasting(h.MostLag))
		line("queue", "%s, at most %s", size(h.Queue), size(h.MostQueue))
	}
	if h := s.Health; h != nil {
		line("session", "lost %d notifications, looked at everything again %d times, %d corrections, %d suspensions; noted %s",
			h.Drops, h.Resyncs, h.Corrections, h.Suspensions, moment(h.At, now))
	}
}

func lasting(us int64) string { return query.FormatSpan(time.Duration(us) * time.Microsecond) }

func coverage(s *query.Status) string {
	switch {
	case s.From == 0:
		return "nothing yet: no dump is complete"
	case s.Recorder != nil:
		return "from " + localTime(s.From) + " to now"
	}
	return "from " + localTime(s.From) + " to " + localTime(s.To)
}

func gap(g query.Gap) string {
	kind, until := "", "now"
	if g.Kind != "" {
		kind = " (" + g.Kind + ")"
	}
	if g.To != 0 {
		until = localTime(g.To)
	}
	return localTime(g.From) + " to " + until + ": " + g.Reason + kind
}

func moment(us int64, now time.Time) string {
	return localTime(us) + " (" + query.FormatAge(now.Sub(time.UnixMicro(us))) + ")"
}

func localTime(us int64) string { return query.FormatTime(us, time.Local) }

func size(octets int64) string {
	const unit = 1024
	value, name := float64(octets), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value < unit {
			break
		}
		value, name = value/unit, next
	}
	return fmt.Sprintf("%.4g %s", value, name)
}

// recorderPID returns the process id of the recorder that has a file open, 0
// when there is none or it cannot be told.
func recorderPID(ctx context.Context, path string) int {
	s, err := query.ReadStatus(ctx, path, time.Now())
	if err != nil || s.Recorder == nil {
		return 0
	}
	return int(s.Recorder.PID)
}
