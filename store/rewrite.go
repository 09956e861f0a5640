package store

// Rewriting: making of a copy that nobody else has open one that holds other
// values. What a file may hold beside a recording, it loses: a trigger would run
// while it is rewritten, and in a table of others nobody knows what there is.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"nlrec/migrations"
	"nlrec/rtnl"
)

// A Rewriter gives other values to what a recording holds.
type Rewriter interface {
	// Row changes a row of a kind, whose values are those of the columns.
	Row(k *rtnl.Kind, columns []string, row rtnl.Row)
	// Text returns what becomes of a text.
	Text(c rtnl.Content, text string) string
}

// textContents are the contents of texts in the tables that are no kind's.
// Texts in others are rtnl.FreeText.
var textContents = map[string]map[string]rtnl.Content{
	"session": {"host": rtnl.HostName, "boot_id": rtnl.MachineID, "kernel": rtnl.Plain, "version": rtnl.Plain},
	"gap":     {"kind": rtnl.Plain, "reason": rtnl.Plain},
	"kind":    {"name": rtnl.Plain},
	"how":     {"name": rtnl.Plain, "meaning": rtnl.Plain},
}

// TextContent returns what a text in a table that is no kind's tells. The table
// instant of a flattened one has columns of session.
func TextContent(table, column string) rtnl.Content {
	if table == "instant" {
		if column == "at" {
			return rtnl.Plain
		}
		table = "session"
	}
	return textContents[table][column]
}

// A private is a copy that nobody else has open, and that is thrown away when
// something fails.
type private struct {
	db *sql.DB
}

// openPrivate opens a copy, takes from it what is no part of a recording, and
// brings its schema up to date.
func openPrivate(ctx context.Context, path string) (*private, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"_pragma": {"synchronous(OFF)", "cache_size(-65536)", "trusted_schema(0)", "cell_size_check(1)", "temp_store(MEMORY)"}, "_dqs": {"0"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	p := &private{db}
	if err := p.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

func (p *private) prepare(ctx context.Context) error {
	if err := p.dropForeign(ctx); err != nil {
		return err
	}
	if err := (&Store{db: p.db}).migrate(ctx); err != nil {
		return err
	}
	_, err := p.db.ExecContext(ctx, `PRAGMA journal_mode = OFF`)
	return err
}

// close leaves the file in rollback mode, and nothing beside it.
func (p *private) close() error {
	_, err := p.db.Exec(`PRAGMA journal_mode = DELETE`)
	return errors.Join(err, p.db.Close())
}

// dropForeign drops all triggers and views, and the tables that no migration
// makes. The views are made anew by migrate.
func (p *private) dropForeign(ctx context.Context) error {
	ours, err := ourTables()
	if err != nil {
		return err
	}
	rows, err := p.db.QueryContext(ctx, `SELECT type, name FROM sqlite_schema WHERE type <> 'index' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY type = 'table'`)
	if err != nil {
		return err
	}
	var drops []string
	for rows.Next() {
		var what, name string
		if err := rows.Scan(&what, &name); err != nil {
			return errors.Join(err, rows.Close())
		}
		if what != "table" || !slices.Contains(ours, name) {
			drops = append(drops, fmt.Sprintf(`DROP %s "%s"`, strings.ToUpper(what), strings.ReplaceAll(name, `"`, `""`)))
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, drop := range drops {
		if _, err := p.db.ExecContext(ctx, drop); err != nil {
			return err
		}
	}
	return nil
}

// ourTables lists the tables of a recording.
func ourTables() ([]string, error) {
	names := []string{"goose_db_version"}
	statements, err := newerTables(0)
	for _, s := range statements {
		names = append(names, regexp.MustCompile(`^CREATE TEMP TABLE (\w+)`).FindStringSubmatch(s)[1])
	}
	return names, err
}

// Rewrite gives other values to all that a copy holds, which nobody else may have
// open. What it held is still in the file, where nothing is: see CopyTo.
func Rewrite(ctx context.Context, path string, w Rewriter) (err error) {
	p, err := openPrivate(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	indexes, err := dropIndexes(ctx, tx)
	if err != nil {
		return err
	}
	kinds := []string{}
	for _, k := range rtnl.Kinds() {
		key, state := k.Columns[:len(k.Key)], k.Columns[len(k.Key):]
		if err := rewriteKind(ctx, tx, k.Name+"_object", "object", append([]string{"netns", "position"}, key...), k, w); err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		if err := rewriteKind(ctx, tx, k.Name+"_state", "id", state, k, w); err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		kinds = append(kinds, k.Name+"_object", k.Name+"_state")
	}
	names, err := ourTables()
	for _, name := range names {
		if err == nil && !slices.Contains(kinds, name) {
			err = rewriteTexts(ctx, tx, name, w)
		}
	}
	for _, statement := range indexes {
		if err == nil {
			_, err = tx.ExecContext(ctx, statement)
		}
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

// indexLine is a statement of a migration that makes an index.
var indexLine = regexp.MustCompile(`(?m)^CREATE INDEX (\w+) ON (\w+) .*$`)

// dropIndexes drops the indexes that would be written for each row, and those of
// others. It returns the statements that make the former again.
func dropIndexes(ctx context.Context, tx *sql.Tx) (statements []string, err error) {
	keep := []string{}
	files, err := fs.Glob(migrations.Files, "*.sql")
	for _, name := range files {
		text, failed := fs.ReadFile(migrations.Files, name)
		err = errors.Join(err, failed)
		for _, m := range indexLine.FindAllStringSubmatch(string(text), -1) {
			if strings.HasSuffix(m[2], "_object") || strings.HasSuffix(m[2], "_state") {
				statements = append(statements, m[0])
			} else {
				keep = append(keep, m[1])
			}
		}
	}
	if err != nil {
		return nil, err
	}
	have, err := readTexts(ctx, tx, `SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`)
	for _, name := range have {
		if err == nil && !slices.Contains(keep, name) {
			_, err = tx.ExecContext(ctx, `DROP INDEX "`+strings.ReplaceAll(name, `"`, `""`)+`"`)
		}
	}
	return statements, err
}

// readTexts reads the only column of all rows.
func readTexts(ctx context.Context, tx *sql.Tx, query string, args ...any) (texts []string, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}

// rewritten is how many rows are held at once while they are rewritten.
const rewritten = 5_000

// rewriteKind rewrites the objects or states of a kind, and their hashes, which
// would tell what they are of.
func rewriteKind(ctx context.Context, tx *sql.Tx, table, id string, columns []string, k *rtnl.Kind, w Rewriter) error {
	return rewriteRows(ctx, tx, table, id, columns, []string{"hash"}, func(row rtnl.Row) rtnl.Row {
		w.Row(k, columns, row)
		return append(row, hash(rtnl.AppendKey(nil, row)))
	})
}

// rewriteTexts rewrites the texts of another table.
func rewriteTexts(ctx context.Context, tx *sql.Tx, table string, w Rewriter) error {
	columns, err := readTexts(ctx, tx, `SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'`, table)
	if err != nil || len(columns) == 0 {
		return err
	}
	return rewriteRows(ctx, tx, table, "rowid", columns, nil, func(row rtnl.Row) rtnl.Row {
		for i, v := range row {
			if text, ok := v.(string); ok {
				row[i] = w.Text(TextContent(table, columns[i]), text)
			}
		}
		return row
	})
}

// rewriteRows reads the columns of each row of a table and writes what f makes
// of them, and of the further columns.
func rewriteRows(ctx context.Context, tx *sql.Tx, table, id string, columns, further []string, f func(rtnl.Row) rtnl.Row) error {
	read := fmt.Sprintf(`SELECT %s%s FROM %s WHERE %[1]s > ? ORDER BY %[1]s LIMIT %[4]d`, id, quoted(columns), table, rewritten)
	sets := strings.TrimPrefix(strings.ReplaceAll(quoted(slices.Concat(columns, further)), `",`, `" = ?,`), ", ") + " = ?"
	write, err := tx.PrepareContext(ctx, fmt.Sprintf(`UPDATE %s SET %s WHERE %s = ?`, table, sets, id))
	if err != nil {
		return err
	}
	defer write.Close()
	for last, more := int64(-1<<63), true; more; {
		batch, err := readBatch(ctx, tx, read, last, 1+len(columns))
		if err != nil {
			return err
		}
		for _, row := range batch {
			number, ok := row[0].(int64)
			if !ok {
				return fmt.Errorf("%s: %v is no %s", table, row[0], id)
			}
			last = number
			if _, err := write.ExecContext(ctx, append(f(row[1:]), number)...); err != nil {
				return err
			}
		}
		more = len(batch) == rewritten
	}
	return nil
}

func readBatch(ctx context.Context, tx *sql.Tx, query string, after int64, columns int) (batch []rtnl.Row, err error) {
	rows, err := tx.QueryContext(ctx, query, after)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		row, into := make(rtnl.Row, columns), make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for _, v := range row {
			if _, blob := v.([]byte); blob {
				return nil, errors.New("a value is of bytes, which no recorder writes")
			}
		}
		batch = append(batch, row)
	}
	return batch, rows.Err()
}

// quoted lists names for a query, each in quotes and after a comma.
func quoted(names []string) string {
	var list strings.Builder
	for _, name := range names {
		list.WriteString(`, "` + name + `"`)
	}
	return list.String()
}
