package snapshot

// One instant, flattened: a file that needs nothing of nlrec to be understood.
// It has a table of each kind with the columns of the kind's view, a table
// instant that says whose state it is and as of when, and a table gap with the
// gaps that the instant lies in. What a column means stands beside it in the
// schema, as in nlrec tables.

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nlrec/query"
	"nlrec/rtnl"
	"nlrec/store"
)

// flatTable is a table of a flattened instant.
type flatTable struct {
	name, meaning string
	columns       []flatColumn
}

type flatColumn struct {
	name, declared, meaning string
}

// instantTable says what the file is.
var instantTable = flatTable{"instant", "the instant whose state the other tables have", []flatColumn{
	{"at", "TEXT", "the instant, RFC 3339"},
	{"at_us", "INTEGER", "the same, microseconds since 1970"},
	{"change", "INTEGER", "id of the last change until then; 0: before all of them"},
	{"host", "TEXT", "the machine's name"},
	{"kernel", "TEXT", "the kernel's release"},
	{"boot_id", "TEXT", "/proc/sys/kernel/random/boot_id"},
	{"version", "TEXT", "of the nlrec that recorded"},
	{"session", "INTEGER", "the run of nlrec record that recorded it"},
	{"gaps", "INTEGER", "rows of gap: 0: nothing was missed around the instant"},
}}

// flatten writes the state at an instant into the empty file at made, as w
// rewrites it, if it is not nil.
func flatten(ctx context.Context, r *store.ReadOnly, m *query.Moment, w store.Rewriter, made string) (err error) {
	tables, err := flatTables(ctx, r)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", writingDSN(made))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	for _, t := range tables {
		if _, err := tx.ExecContext(ctx, t.create()); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d`, store.InstantID)); err != nil {
		return err
	}
	for _, t := range tables {
		if err := t.fill(ctx, r, m, w, tx); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
	}
	return tx.Commit()
}

// flatTables lists the tables: those of the kinds, gap, and instant.
func flatTables(ctx context.Context, r *store.ReadOnly) (tables []flatTable, err error) {
	catalog, err := query.Catalog()
	if err != nil {
		return nil, err
	}
	for _, t := range catalog {
		if t.Name != "gap" && !slices.ContainsFunc(rtnl.Kinds(), func(k *rtnl.Kind) bool { return k.Name == t.Name }) {
			continue
		}
		types, err := columnTypes(ctx, r, t.Name)
		if err != nil {
			return nil, err
		}
		flat := flatTable{name: t.Name, meaning: t.Meaning}
		for _, c := range t.Columns {
			flat.columns = append(flat.columns, flatColumn{c.Name, cmp.Or(types[c.Name], "INTEGER"), strings.ReplaceAll(c.Meaning, "; in "+t.Name+"_history, of the last in which the version began or ended", "")})
		}
		tables = append(tables, flat)
	}
	return append(tables, instantTable), nil
}

// derivedNames are the columns of views that name a link where the tables have
// no column of that name.
const derivedNames = `SELECT 'link', 'TEXT' UNION ALL SELECT 'interface', 'TEXT'`

// columnTypes finds what the columns of a table or view are declared as, or,
// where a view derives one from others, the column of that name under it. It
// takes no other words from a file that may be a stranger's.
func columnTypes(ctx context.Context, r *store.ReadOnly, name string) (map[string]string, error) {
	types := map[string]string{}
	err := r.Select(ctx, `
		SELECT name, type FROM pragma_table_info(?1)
		UNION ALL SELECT name, type FROM pragma_table_info(?1 || '_object')
		UNION ALL SELECT name, type FROM pragma_table_info(?1 || '_state')
		UNION ALL `+derivedNames, func(row rtnl.Row) error {
		column, _ := row[0].(string)
		declared, _ := row[1].(string)
		if types[column] == "" && (declared == "INTEGER" || declared == "TEXT") {
			types[column] = declared
		}
		return nil
	}, name)
	return types, err
}

// create is the statement that makes a table, with what its columns mean.
func (t flatTable) create() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s ( -- %s\n", t.name, t.meaning)
	for i, c := range t.columns {
		comma := ","
		if i == len(t.columns)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "  %s%s -- %s\n", strings.TrimSpace(`"`+c.name+`" `+c.declared), comma, c.meaning)
	}
	b.WriteString(")")
	return b.String()
}

// fill copies the rows of a table.
func (t flatTable) fill(ctx context.Context, r *store.ReadOnly, m *query.Moment, w store.Rewriter, tx *sql.Tx) (err error) {
	text, args, err := t.source(m)
	if err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO `+t.name+` VALUES (`+strings.TrimSuffix(strings.Repeat("?, ", len(t.columns)), ", ")+`)`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	return r.Select(ctx, text, func(row rtnl.Row) error {
		if w != nil {
			t.rewrite(w, row)
		}
		_, err := insert.ExecContext(ctx, row...)
		return err
	}, args...)
}

// rewrite rewrites a row of the table.
func (t flatTable) rewrite(w store.Rewriter, row rtnl.Row) {
	for _, k := range rtnl.Kinds() {
		if k.Name == t.name {
			w.Row(k, t.names(), row)
			return
		}
	}
	for i, c := range t.columns {
		if text, ok := row[i].(string); ok {
			row[i] = w.Text(store.TextContent(t.name, c.name), text)
		}
	}
}

func (t flatTable) names() (names []string) {
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	return names
}

// source is the question to the recording whose answer the table holds.
func (t flatTable) source(m *query.Moment) (text string, args []any, err error) {
	for _, k := range rtnl.Kinds() {
		if k.Name == t.name {
			text, err = store.AsOf(k, fmt.Sprint(m.Change), fmt.Sprint(m.At))
			return text, nil, err
		}
	}
	const around = `from_us < ?1 AND (to_us IS NULL OR ?1 < to_us)`
	if t.name == "gap" {
		return `SELECT * FROM gap WHERE ` + around + ` ORDER BY id`, []any{m.At}, nil
	}
	return `
		SELECT ?2, ?1, ?3, host, kernel, boot_id, version, id, (SELECT count(*) FROM gap WHERE ` + around + `)
		FROM session
		ORDER BY (started_us <= ?1) DESC, id DESC LIMIT 1`,
		[]any{m.At, time.UnixMicro(m.At).UTC().Format("2006-01-02T15:04:05.000000Z07:00"), m.Change}, nil
}
