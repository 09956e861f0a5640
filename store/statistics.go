package store

// Statistics: what SQLite is told of how many rows there are.
//
// Without, it takes every table for equally long, and reads all changes to find
// the versions of one object. What ANALYZE would find differs from file to
// file and from day to day, and so would the plans. These figures are the same
// in every file: many changes of few objects. The two that matter are weighed so
// that a condition on what identifies an object starts from the objects, and
// all else from the changes: the objects times the changes of one must be more
// than the changes, and a quarter of that, for a condition, less.

import (
	"context"
	"database/sql"

	"nlrec/rtnl"
)

const (
	changeRows = `'10000000 1000'` // and for each object
	objectRows = `'25000 1'`       // and for each hash
	stateRows  = `'50000 1'`       // more than objects: a state is found by its object
)

// statistics are the rows of sqlite_stat1, see fileformat2.html#stat1tab.
func statistics() string {
	rows := `('change', 'change_object', ` + changeRows + `), ('change', 'change_at', '10000000 10'), ('now', NULL, '1000'), ('gap', NULL, '10')`
	for _, k := range rtnl.Kinds() {
		rows += `, ('` + k.Name + `_object', '` + k.Name + `_object_hash', ` + objectRows + `), ('` + k.Name + `_state', '` + k.Name + `_state_hash', ` + stateRows + `)`
	}
	return rows
}

// tellStatistics writes them where they differ.
func tellStatistics(ctx context.Context, tx *sql.Tx) error {
	var differ bool
	if _, err := tx.ExecContext(ctx, `ANALYZE sqlite_schema`); err != nil { // makes the table
		return err
	}
	err := tx.QueryRowContext(ctx, `
		WITH wanted (tbl, idx, stat) AS (VALUES `+statistics()+`)
		SELECT EXISTS (SELECT * FROM wanted EXCEPT SELECT tbl, idx, stat FROM sqlite_stat1)`).Scan(&differ)
	if err != nil || !differ {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM sqlite_stat1; INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES `+statistics())
	return err
}
