package store

// Folding: what is in the write-ahead log goes into the file.
//
// SQLite would do it within a commit, and keep it to itself when that fails. A
// sync that has failed must not be repeated as if nothing had happened, so the
// store folds, and sees.

import (
	"context"

	"modernc.org/sqlite"
)

// foldPages is how many pages are written to the log before it is folded. Many,
// since an index that grows in the middle writes the same page often; on a small
// disk fewer, see reserve.go.
const foldPages = 4000

// fold folds the log if that is long, as far as no reader needs it. What it
// costs where there is nothing to fold is to look at a counter. A log that is
// folded begins anew with the next commit unless somebody reads it at that
// moment, so it is tried again until it has.
func (w *writer) fold(ctx context.Context) error {
	err := w.conn.Raw(func(c any) error {
		pages, _, err := c.(sqlite.DBStatus).Status(sqlite.DBStatusCacheWrite, true)
		w.unfolded += int64(pages)
		return err
	})
	if err != nil || w.unfolded < w.limit {
		return err
	}
	st, err := w.prepare(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
	if err != nil {
		return err
	}
	var busy, pages, folded int64
	if err := st.QueryRowContext(ctx).Scan(&busy, &pages, &folded); err != nil {
		return err
	}
	w.unfolded, w.kept = pages, max(0, pages-folded)*pageSize
	return nil
}

// foldAll folds the whole log, and gives its space back.
func (w *writer) foldAll(ctx context.Context) error {
	return w.exec(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
}

// Unfolded returns how many octets of the log could not be folded into the
// file when that was tried last, because somebody reads what was before them.
func (s *Store) Unfolded() int64 {
	if s.w == nil {
		return 0
	}
	return s.w.kept
}
