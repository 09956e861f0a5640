package store

// Older recordings, and those whose maker was stopped before its schema was
// whole. A recorder brings a file up to date when it opens it, but who reads a
// copy may not write to it. So the tables that it lacks are made empty for the
// connection alone, and with them the views of this nlrec, which then stand
// before those in the file.

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"nlrec/migrations"
	"nlrec/rtnl"
)

// complete makes what a recording lacks of what this nlrec asks. It fails with
// ErrHostile when the file has what it must not have, and with ErrNewerSchema
// when this nlrec does not know it.
func complete(ctx context.Context, conn *sql.Conn) error {
	err := checkObjects(ctx, conn, "main")
	if err != nil {
		return err
	}
	var have sql.NullInt64
	err = conn.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&have)
	if err != nil {
		return nil // it is for others to say that it is no recording, or damaged
	}
	if have.Int64 == 0 {
		return fmt.Errorf("%w: it has no tables yet", ErrNotRecording) // whoever made it was stopped
	}
	known, err := SchemaVersion()
	if err == nil && have.Int64 > known {
		err = fmt.Errorf("%w: its schema is version %d, this nlrec knows %d", ErrNewerSchema, have.Int64, known)
	}
	if err != nil {
		return err
	}
	views, err := Views()
	if err != nil {
		return err
	}
	if have.Int64 == known {
		if same, err := hasViews(ctx, conn, "main", views); same || err != nil {
			return err
		}
	}
	statements, err := overlay(have.Int64, views)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("a recording of schema %d: %w", have.Int64, err)
		}
	}
	return nil
}

// hasViews reports whether a file has these views. A recorder makes them last.
func hasViews(ctx context.Context, conn *sql.Conn, schema string, views []View) (bool, error) {
	rows, err := conn.QueryContext(ctx, `SELECT name, sql FROM `+schema+`.sqlite_schema WHERE type = 'view'`)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	have := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return false, err
		}
		have[name] = strings.TrimSpace(text) // some nlrec ended them with a new line
	}
	for _, v := range views {
		if have[v.Name] != v.SQL {
			return false, rows.Err()
		}
	}
	return true, rows.Err()
}

// overlay returns statements that make what a recording of a version lacks.
func overlay(version int64, views []View) ([]string, error) {
	statements, err := newerTables(version)
	if err != nil {
		return nil, err
	}
	statements = append(statements, `CREATE TEMP TABLE kind AS SELECT * FROM main.kind`)
	for _, k := range rtnl.Kinds() {
		statements = append(statements, fmt.Sprintf(`INSERT INTO temp.kind SELECT %d, '%s' WHERE %[1]d NOT IN (SELECT id FROM temp.kind)`, k.Number, k.Name))
	}
	for _, v := range views {
		statements = append(statements, strings.Replace(v.SQL, "CREATE VIEW", "CREATE TEMP VIEW", 1))
	}
	return statements, nil
}

// newerTables returns statements that make the tables of the migrations after
// a version.
func newerTables(version int64) (statements []string, err error) {
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		var number int64
		if _, err := fmt.Sscanf(name, "%05d_", &number); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			return nil, err
		}
		if number <= version {
			continue
		}
		for _, table := range regexp.MustCompile(`(?ms)^CREATE TABLE .*?^\);`).FindAllString(string(text), -1) {
			statements = append(statements, strings.Replace(table, "CREATE TABLE", "CREATE TEMP TABLE", 1))
		}
	}
	return statements, nil
}
