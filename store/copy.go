package store

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"

	"nlrec/rtnl"
)

// CopyTo writes what the file holds at this moment, and nothing of what was
// deleted from it, to the file at path, which must be empty or not there. The
// copy is packed, and in rollback mode (journal_mode DELETE), so that it can be
// read where nothing can be written. It reads in one transaction, which keeps no
// recorder from writing. When it fails, what it wrote is to be thrown away.
func (r *ReadOnly) CopyTo(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	target := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
	_, err = r.conn.ExecContext(ctx, `VACUUM main INTO ?`, target)
	if err != nil && ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// Select calls f for every row of a SELECT of this program's, which it must not
// keep: the values of the columns, as they are in the file.
func (r *ReadOnly) Select(ctx context.Context, query string, f func(row rtnl.Row) error, args ...any) (err error) {
	rows, err := r.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	row, into := make(rtnl.Row, len(names)), make([]any, len(names))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
	return rows.Err()
}
