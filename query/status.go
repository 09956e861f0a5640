package query

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"nlrec/internal/health"
	"nlrec/rtnl"
	"nlrec/store"
)

// Status says how a recording is. Instants are microseconds since 1970; 0
// means that there was none.
type Status struct {
	Path     string  `json:"path"`
	Size     int64   `json:"size"`           // octets, with the write-ahead log
	Log      int64   `json:"log"`            // octets of the write-ahead log
	Flaw     string  `json:"flaw,omitempty"` // what is wrong with the file as it lies there
	Schema   int64   `json:"schema"`
	Recorder *Runner `json:"recorder"` // nil: none is running
	Sessions int64   `json:"sessions"`
	Host     string  `json:"host"` // of the last session
	Kernel   string  `json:"kernel"`
	Changes  int64   `json:"changes"`
	Pruned   int64   `json:"pruned_changes"` // the first ones, which were removed
	LastID   int64   `json:"last_change"`
	First    int64   `json:"first_change_us"`
	Last     int64   `json:"last_change_us"`
	From     int64   `json:"covered_from_us"`
	To       int64   `json:"covered_to_us"`
	Objects  []Count `json:"objects"`
	Gaps     int64   `json:"gaps"`
	Missed   int64   `json:"gaps_us"`   // time covered by gaps, counted once
	LastGaps []Gap   `json:"last_gaps"` // latest last
	noted    int64   // until when the last session is known to have watched

	// Readers are the processes that keep a long log from being folded.
	Readers []store.Reader `json:"readers"`

	// Corrections counts the changes that a dump found outside of any gap:
	// nothing had announced them, and nothing let them be inferred.
	Corrections int64 `json:"corrections"`

	Health *Health `json:"health"` // of the last session, as the file has it; nil: it has not noted it

	// Unreadable lists what of this cannot be read, because the file is damaged.
	Unreadable []string `json:"unreadable,omitempty"`
}

// Runner is a recorder that has the file open.
type Runner struct {
	PID   int64          `json:"pid"` // 0: not noted yet
	Since int64          `json:"since_us"`
	State string         `json:"state"`            // "": it was not asked; recording, suspended, starting, busy, stalled or unknown
	Why   string         `json:"why,omitempty"`    // it is not recording, or that is unknown
	From  int64          `json:"state_since_us"`   // of a recorder that does not record, as far as is known
	Live  *health.Report `json:"health,omitempty"` // what it says of itself; nil: it could not be asked

	// Suspended is why it cannot write to the file for now; empty: it can.
	Suspended string `json:"suspended"`
}

// Count is the number of objects of a kind that exist.
type Count struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
}

// shownGaps is how many gaps a Status tells of one by one.
const shownGaps = 3

// ReadStatus reads the status of the recording at path, without asking its
// recorder. It fails as Open does; with ErrDamaged it also returns what can be
// read.
func ReadStatus(ctx context.Context, path string, now time.Time) (*Status, error) {
	suspended, err := store.Suspended(path)
	if err != nil {
		return nil, WithPath(path, err)
	}
	l, err := openTimeline(ctx, path, Options{Now: now})
	if err != nil {
		return nil, err
	}
	s := &Status{Path: path, From: l.first, To: l.last, Pruned: l.pruned, LastGaps: []Gap{}, Readers: []store.Reader{}}
	if l.flaw.Text != "" {
		s.Flaw = l.flaw.String()
	}
	s.Log = sizeOf(store.Beside(path, "-wal"))
	s.Size = sizeOf(path) + s.Log
	err = errors.Join(s.readNumbers(ctx, l), s.readable("recorded on", s.readSession(ctx, l)), s.readObjects(ctx, l), s.readable("gaps", s.readGaps(ctx, l)), s.readable("session", s.readHealth(ctx, l)))
	if s.Recorder != nil {
		s.Recorder.Suspended = suspended
	}
	if s.Log > store.LongLog && err == nil {
		err = s.readReaders(path)
	}
	if err != nil {
		err = WithPath(path, err)
	}
	if err = errors.Join(err, l.Close()); err == nil && len(s.Unreadable) > 0 {
		err = fmt.Errorf("%s: %w: not all of it can be read", path, ErrDamaged)
	}
	return s, err
}

// readable notes what cannot be read because the file is damaged, and returns
// every other error.
func (s *Status) readable(what string, err error) error {
	if errors.Is(sorted(err), ErrDamaged) {
		s.Unreadable = append(s.Unreadable, what)
		return nil
	}
	return err
}

// sizeOf returns the size of a file; 0 when there is none.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// readReaders finds who reads, but for this process and the recorder.
func (s *Status) readReaders(path string) error {
	others := []int{os.Getpid()}
	if s.Recorder != nil {
		others = append(others, int(s.Recorder.PID))
	}
	readers, err := store.Readers(path, others...)
	s.Readers = append(s.Readers, readers...)
	return err
}

func (s *Status) readNumbers(ctx context.Context, l *timeline) error {
	for _, q := range []struct {
		into *int64
		what string
		sql  string
	}{
		{&s.Schema, "schema", `SELECT max(version_id) FROM goose_db_version WHERE is_applied`},
		{&s.Sessions, "sessions", `SELECT count(*) FROM session`},
		{&s.LastID, "last change", `SELECT max(id) FROM change`},
		{&s.Changes, "changes", `SELECT (SELECT max(id) FROM change) - (SELECT min(id) FROM change) + 1`}, // ids have no holes
		{&s.Corrections, "corrections", `SELECT sum(last_change - first_change + 1) FROM dating WHERE gap IS NULL`},
		{&s.First, "first change", `SELECT at_us FROM change ORDER BY id LIMIT 1`},
		{&s.Last, "last change", `SELECT at_us FROM change ORDER BY id DESC LIMIT 1`},
	} {
		var err error
		*q.into, err = l.number(ctx, q.sql)
		if err = s.readable(q.what, err); err != nil {
			return fmt.Errorf("%s: %w", q.sql, err)
		}
	}
	return nil
}

func (s *Status) readSession(ctx context.Context, l *timeline) error {
	rows, err := l.QueryContext(ctx, `SELECT host, kernel, pid, started_us, ended_us IS NULL FROM session ORDER BY id DESC LIMIT 1`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var r Runner
	open := false
	for rows.Next() {
		if err := rows.Scan(&s.Host, &s.Kernel, &r.PID, &r.Since, &open); err != nil {
			return err
		}
	}
	if l.recording && open {
		s.Recorder = &r
	} else if l.recording {
		s.Recorder = &Runner{}
	}
	return rows.Err()
}

func (s *Status) readObjects(ctx context.Context, l *timeline) error {
	for _, k := range rtnl.Kinds() {
		n, err := l.number(ctx, `SELECT count(*) FROM now WHERE object & 63 = ?`, k.Number)
		if err = s.readable(k.Name, err); err != nil {
			return err
		}
		s.Objects = append(s.Objects, Count{k.Name, n})
	}
	return nil
}

func (s *Status) readGaps(ctx context.Context, l *timeline) error {
	rows, err := l.QueryContext(ctx, `SELECT coalesce(kind, ''), from_us, coalesce(to_us, 0), reason FROM gap ORDER BY from_us, id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	counted := int64(0)
	for rows.Next() {
		var g Gap
		if err := rows.Scan(&g.Kind, &g.From, &g.To, &g.Reason); err != nil {
			return err
		}
		end := g.To
		if end == 0 {
			end = l.last
		}
		s.Missed += max(0, end-max(g.From, counted))
		counted = max(counted, end)
		s.Gaps++
		s.LastGaps = append(s.LastGaps, g)[max(0, len(s.LastGaps)+1-shownGaps):]
	}
	return rows.Err()
}
