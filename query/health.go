package query

import (
	"context"
	"errors"
	"io/fs"
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

// Consider adds what became of asking the recorder.
func (s *Status) Consider(a health.Answer) {
	if s.Recorder != nil {
		s.Recorder.consider(a, s.noted)
	}
}

// consider draws the conclusion from what became of asking the recorder. It is
// known to have recorded until an instant.
func (r *Runner) consider(a health.Answer, noted int64) {
	r.State, r.From = "stalled", max(noted, r.Since)
	switch {
	case errors.Is(a.Err, health.ErrSilent):
		r.Why = "it has not answered for " + FormatSpan(health.Patience)
		if a.Stopped != "" {
			r.Why += ": " + a.Stopped
		}
	case errors.Is(a.Err, fs.ErrPermission):
		r.State, r.Why = "unknown", "this user may not ask it"
	case a.Err != nil:
		r.State, r.Why = "unknown", a.Err.Error()
	default:
		r.judge(a.Report)
	}
	if a.PID != 0 {
		r.PID = int64(a.PID) // as this process sees it
	}
	if r.Suspended != "" && (r.State == "recording" || r.State == "unknown") {
		r.State, r.Why = "suspended", r.Suspended
	}
}

// judge draws the conclusion from what a recorder says of itself.
func (r *Runner) judge(live health.Report) {
	r.Live, r.State, r.From, r.Why = &live, "recording", 0, live.Busy
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
