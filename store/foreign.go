package store

// What a writer does not touch. A file with a trigger, a view in the place of a
// table or a column that is computed has whoever writes to it do what its maker
// wrote; and migrations suppose the tables of those before them. So a file is
// opened for writing only if it has the tables and indexes that the migrations
// have made up to its version, as they made them. What somebody has added beside
// them, a table, a view, an index that refuses no row, runs nothing and may stay:
// a recorder that did not start again for it would do more harm.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"nlrec/migrations"
)

// ErrForeignSchema is a file whose tables or indexes nlrec has not made so.
var ErrForeignSchema = errors.New("nlrec does not write to a file whose tables are not those that it makes")

// checkSchema fails with ErrForeignSchema or ErrHostile unless the file is empty or
// has the schema of a recording.
func checkSchema(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := checkObjects(ctx, conn, "main"); err != nil {
		return err
	}
	have, err := schemaOf(ctx, conn)
	if err != nil || len(have) == 0 {
		return err
	}
	var version int64
	if have[versions] != "" {
		if err := conn.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version); err != nil {
			return fmt.Errorf("%w: it says no version: %w", ErrForeignSchema, err)
		}
	}
	known, err := SchemaVersion()
	if err != nil || version > known {
		return err // migrate refuses it
	}
	want, err := schemaAt(ctx, version)
	if err != nil {
		return err
	}
	latest := want
	if version < known {
		if latest, err = schemaAt(ctx, known); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if want[name] == "" && (latest[name] != "" || refusing.MatchString(have[name])) {
			return fmt.Errorf("%w: it has %s", ErrForeignSchema, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if have[name] == "" {
			return fmt.Errorf("%w: it lacks %s", ErrForeignSchema, name)
		}
		if have[name] != want[name] && name != versions { // which goose makes
			return fmt.Errorf("%w: it has another %s", ErrForeignSchema, name)
		}
	}
	return nil
}

// refusing begins an index that may refuse a row, or has one of a collation do so.
var refusing = regexp.MustCompile(`(?is)^CREATE\s+(UNIQUE\s|INDEX\s.*\bCOLLATE\b)`)

const versions = "table goose_db_version"

// remark is a comment in SQL; versions of nlrec differ in them.
var remark = regexp.MustCompile(`--[^\n]*`)

// schemaOf returns the SQL of the tables and indexes of a file, by kind and name,
// but for those that SQLite makes.
func schemaOf(ctx context.Context, conn *sql.Conn) (map[string]string, error) {
	rows, err := conn.QueryContext(ctx, `SELECT type || ' ' || name, sql FROM sqlite_schema WHERE type <> 'view' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	schema := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		schema[name] = strings.Join(strings.Fields(remark.ReplaceAllString(text, "")), " ")
	}
	return schema, rows.Err()
}

// schemaAt returns the schema that the migrations up to a version make.
func schemaAt(ctx context.Context, version int64) (map[string]string, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection has a memory of its own
	provider, err := newMigrations(db)
	if err != nil {
		return nil, err
	}
	if _, err := provider.GetDBVersion(ctx); err != nil { // makes the table of goose
		return nil, err
	}
	if version > 0 {
		if _, err := provider.UpTo(ctx, version); err != nil {
			return nil, err
		}
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return schemaOf(ctx, conn)
}

func newMigrations(db *sql.DB) (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectSQLite3, db, fs.FS(migrations.Files), goose.WithSlog(slog.New(slog.DiscardHandler)))
}
