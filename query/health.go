package query

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"nlrec/internal/health"
)

// Health is how a session fares, as the file has it; the table health says what
// the numbers are.
type Health struct {
	At          int64 `json:"at_us"`
	Changes     int64 `json:"changes"`
	Commits     int64 `json:"commits"`
	Drops       int64 `json:"drops"`
	Resyncs     int64 `json:"resyncs"`
	Corrections int64 `json:"corrections"`
	Suspensions int64 `json:"suspensions"`
	MostQueue   int64 `json:"most_queue"`
	MostLag     int64 `json:"most_lag_us"`
}

func (s *Status) readHealth(ctx context.Context, l *timeline) (err error) {
	if s.noted, err = l.number(ctx, `
		SELECT max(ifnull((SELECT at_us FROM health WHERE session = (SELECT max(id) FROM session)), 0),
			ifnull((SELECT at_us FROM change ORDER BY id DESC LIMIT 1), 0))`); err != nil {
		return err
	}
	rows, err := l.QueryContext(ctx, `
		SELECT at_us, changes, commits, drops, resyncs, corrections, suspensions, most_queue, most_lag_us
		FROM health WHERE session = (SELECT max(id) FROM session)`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		h := Health{}
		if err := rows.Scan(&h.At, &h.Changes, &h.Commits, &h.Drops, &h.Resyncs, &h.Corrections, &h.Suspensions, &h.MostQueue, &h.MostLag); err != nil {
			return err
		}
		s.Health = &h
	}
	return rows.Err()
}

// ask finds out whether the recorder records. It is known to have until an
// instant.
func (r *Runner) ask(ctx context.Context, path string, noted int64) {
	live, err := health.Ask(ctx, path)
	r.State, r.From = "stalled", max(noted, r.Since)
	switch {
	case errors.Is(err, health.ErrSilent):
		r.Why = "it has not answered for " + FormatSpan(health.Patience) + r.stopped()
	case err != nil && strings.Contains(r.stopped(), "signal"):
		r.Why = strings.TrimPrefix(r.stopped(), ": ")
	case errors.Is(err, fs.ErrPermission):
		r.State, r.Why = "unknown", "this user may not ask it"
	case err != nil:
		r.State, r.Why = "unknown", err.Error()
	default:
		r.judge(live)
	}
}

// judge draws the conclusion from what a recorder says of itself.
func (r *Runner) judge(live health.Report) {
	r.Live, r.State, r.From, r.Why = &live, "recording", 0, live.Busy
	if live.PID != 0 {
		r.PID = int64(live.PID)
	}
	late := live.Late(time.Now())
	switch {
	case !live.Ready:
		r.State = "starting"
	case late && strings.HasPrefix(live.Busy, "looking"):
		r.State, r.From = "busy", live.BusySince
	case late:
		r.State, r.From = "stalled", live.BusySince
	}
}

// stopped says what keeps the process from running, if that can be seen.
func (r *Runner) stopped() string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.PID))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may have anything in it
	switch rest[:min(1, len(rest))] {
	case "T":
		return ": it was stopped by a signal; kill -CONT " + fmt.Sprint(r.PID) + " lets it go on"
	case "t":
		return ": it is being debugged"
	case "D":
		return ": it waits for a disk"
	}
	return ""
}
