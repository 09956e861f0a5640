package query

// What is told of an object whose first changes were removed: the version that
// it had where the recording now begins. When that version began is still
// known, but not by which change.

import (
	"context"
	"database/sql"
	"errors"

	"nlrec/rtnl"
)

// keptVersion returns the version of an object that began with a change which
// was removed and held until a given one, as a change without a number; nil when
// there is none.
func (c *Changes) keptVersion(ctx context.Context, k *rtnl.Kind, object, until int64) (*Change, error) {
	if c.pruned == 0 {
		return nil, nil
	}
	before, err := c.number(ctx, `SELECT count(*) FROM change WHERE object = ? AND id < ?`, object, until)
	if before > 0 || err != nil {
		return nil, err
	}
	x := &Change{Kind: k, Object: object, Before: nil, kept: true}
	err = c.QueryRowContext(ctx, `
		SELECT ifnull(was, 0), ifnull(was_since_us, 0) FROM (SELECT * FROM change WHERE object = ?1 ORDER BY id LIMIT 1)
		UNION ALL
		SELECT state, since_us FROM now WHERE object = ?1 AND NOT EXISTS (SELECT 1 FROM change WHERE object = ?1)`, object).Scan(&x.state, &x.At)
	if errors.Is(err, sql.ErrNoRows) || err == nil && x.state == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := c.of(ctx, k)
	if err != nil {
		return nil, err
	}
	rows, err := v.read(ctx, []version{{object, x.state, c.pruned}})
	if err != nil {
		return nil, err
	}
	x.Columns, x.After = v.columns, rows[0]
	return x, nil
}
