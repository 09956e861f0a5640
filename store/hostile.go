package store

// What a file may hold beside a recording. A file can be made so that reading it
// runs what its maker wrote: a view that stands in the place of a table or of one
// of nlrec's views, a column or an index that is computed, a trigger, a virtual
// table. So whoever reads refuses what nlrec never makes and what would be
// computed, and has views of its own where those in the file are others. Tables,
// indexes and views that somebody has added to a copy for himself do no harm.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nlrec/migrations"
)

// ErrHostile is a file that is made to do something.
var ErrHostile = errors.New("the file is not only a recording")

// readingLimits bound what the SQL of a file and of those who ask can cost.
var readingLimits = []struct{ limit, most int }{
	{sqlite3.SQLITE_LIMIT_LENGTH, 8 << 20},
	{sqlite3.SQLITE_LIMIT_SQL_LENGTH, 1 << 20},
	{sqlite3.SQLITE_LIMIT_COLUMN, 500},
	{sqlite3.SQLITE_LIMIT_VDBE_OP, 1 << 20},
	{sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1 << 10},
	{sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1},
	{sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0},
}

func limit(conn *sql.Conn) error {
	for _, l := range readingLimits {
		if _, err := sqlite.Limit(conn, l.limit, l.most); err != nil {
			return err
		}
	}
	return nil
}

// suspects selects what nlrec makes nothing like, as the end of the sentence
// "it has". Tables of a recording have the names in ?1, a JSON array.
const suspects = `
SELECT type || ' ' || name FROM %[1]s.sqlite_schema WHERE type NOT IN ('table', 'index', 'view')
UNION ALL
SELECT 'virtual table ' || name FROM %[1]s.sqlite_schema WHERE type = 'table' AND rootpage = 0
UNION ALL
SELECT type || ' ' || name || ', where there should be a table' FROM %[1]s.sqlite_schema
  WHERE type <> 'table' AND lower(name) IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT 'computed column ' || t.name || '.' || c.name FROM %[1]s.sqlite_schema t, pragma_table_xinfo(t.name, '%[1]s') c
  WHERE t.type = 'table' AND t.rootpage > 0 AND c.hidden <> 0
UNION ALL
SELECT 'computed index ' || i.name FROM %[1]s.sqlite_schema i, pragma_index_xinfo(i.name, '%[1]s') c
  WHERE i.type = 'index' AND c.cid = -2
UNION ALL
SELECT 'partial index ' || i.name FROM %[1]s.sqlite_schema t, pragma_index_list(t.name, '%[1]s') i
  WHERE t.type = 'table' AND t.rootpage > 0 AND i.partial
LIMIT 1`

// checkObjects fails with ErrHostile when a file has what it must not have.
func checkObjects(ctx context.Context, conn *sql.Conn, schema string) error {
	names, err := tableNames()
	if err != nil {
		return err
	}
	var suspect string
	err = conn.QueryRowContext(ctx, fmt.Sprintf(suspects, schema), names).Scan(&suspect)
	if err == nil {
		return fmt.Errorf("%w: it has %s", ErrHostile, suspect)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

var createTable = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)

// tableNames returns the names of the tables of a recording as a JSON array.
func tableNames() (string, error) {
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return "", err
	}
	names := "[\"goose_db_version\""
	for _, file := range files {
		text, err := fs.ReadFile(migrations.Files, file)
		if err != nil {
			return "", err
		}
		for _, found := range createTable.FindAllSubmatch(text, -1) {
			names += `,"` + string(found[1]) + `"`
		}
	}
	return names + "]", nil
}
