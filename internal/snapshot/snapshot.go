// Package snapshot makes copies of recordings: whole ones, those that begin
// later, those that hold one instant, and those that do not tell who is who. The
// recorder may go on meanwhile.
package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nlrec/internal/redact"
	"nlrec/query"
	"nlrec/store"
)

// Options say what a copy is to hold. The zero value asks for all.
type Options struct {
	At     string    // the one instant it holds, as plain tables; empty: the timeline
	Since  string    // where the timeline begins; empty: with the recording
	Redact bool      // names and addresses are others
	Force  bool      // a file that is there may be replaced
	Stream io.Writer // gets the copy where there is no path for it
	Query  query.Options
}

// Write makes a copy of the recording at path. It is at out when Write returns
// nil; else nothing is left of it, unless all that failed was to have the disk keep its name. It fails with ErrExists, ErrTarget, or as
// query.Open does.
func Write(ctx context.Context, path, out string, o Options) (err error) {
	t, err := newTarget(out, path, o.Force)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.discard()) }()
	made, err := fill(ctx, path, t, o)
	if err != nil {
		return err
	}
	return t.publish(made, o.Stream)
}

// fill makes the copy beside the target, and returns its path.
func fill(ctx context.Context, path string, t *target, o Options) (made string, err error) {
	m, err := moment(ctx, path, o)
	if err != nil {
		return "", err
	}
	made, err = t.file()
	if err != nil {
		return "", err
	}
	r, err := store.OpenReadOnly(ctx, path)
	if err != nil {
		return "", query.WithPath(path, err)
	}
	if flaw := r.Flaw(); o.At == "" && flaw.Text != "" && o.Query.Warn != nil {
		o.Query.Warn(flaw.String())
	}
	if o.At != "" {
		err = r.Snapshot(ctx, func() error { return flatten(ctx, r, m, rewriter(o), made) })
	} else {
		err = r.CopyTo(ctx, made)
	}
	if err = errors.Join(err, r.Close()); err != nil {
		return "", explain(path, t.path, err)
	}
	if o.At != "" || o.Since == "" && !o.Redact {
		return made, nil
	}
	return repacked(ctx, t, made, func() error {
		if o.Since != "" {
			if err := store.CutCopy(ctx, made, m.Change, m.At); err != nil {
				return err
			}
		}
		if !o.Redact {
			return nil
		}
		return store.Rewrite(ctx, made, rewriter(o))
	})
}

// repacked changes a copy, and returns the path of a copy of that, in which
// nothing is of what was changed.
func repacked(ctx context.Context, t *target, made string, change func() error) (string, error) {
	if err := change(); err != nil {
		return "", err
	}
	packed, err := t.file()
	if err != nil {
		return "", err
	}
	r, err := store.OpenReadOnly(ctx, made)
	if err != nil {
		return "", err
	}
	return packed, errors.Join(r.CopyTo(ctx, packed), r.Close())
}

// rewriter returns what hides what is to be hidden; nil: nothing is.
func rewriter(o Options) store.Rewriter {
	if !o.Redact {
		return nil
	}
	return redact.New()
}

// moment finds the instant that is asked for; nil: none is.
func moment(ctx context.Context, path string, o Options) (*query.Moment, error) {
	if o.Query.At = cmp.Or(o.At, o.Since); o.Query.At == "" {
		return nil, nil
	}
	r, err := query.Open(ctx, path, o.Query)
	if err != nil {
		return nil, err
	}
	return r.Moment(), r.Close()
}

// explain names the file that an error is about.
func explain(path, out string, err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_FULL {
		return fmt.Errorf("%s: %w", out, ErrFull)
	}
	return query.WithPath(path, err)
}
