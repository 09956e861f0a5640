package query

// Several recordings asked as one. The files are attached to one connection, and
// what nlrec tables lists is a view over all of them, with the column host
// before the others: the name of the machine, or the path of the file where two
// have one name. Every id is one of its recording, so that host and id together
// name a thing, and a join of two tables compares host as well.
//
// An instant is found on the timeline of each file, for --at and for the functions
// of tables, such as route_at, alike.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nlrec/rtnl"
	"nlrec/store"
)

// ErrSeveral is a recording that cannot be asked together with others.
var ErrSeveral = store.ErrAlone

// maxFiles is how many files one connection of SQLite can have.
const maxFiles = 11

// A recording is one of several.
type recording struct {
	path, schema, host string
	timeline           *timeline
	moment             *Moment
}

// OpenSeveral opens recordings to be asked as one. It fails as Open does, or
// with ErrSeveral.
func OpenSeveral(ctx context.Context, paths []string, o Options) (*Reader, error) {
	if len(paths) == 1 {
		return Open(ctx, paths[0], o)
	}
	if len(paths) > maxFiles {
		return nil, fmt.Errorf("%d recordings: %w: no more than %d can", len(paths), ErrSeveral, maxFiles)
	}
	r := &Reader{path: paths[0], stage: &stage{}, maxRows: o.MaxRows, maxBytes: o.MaxBytes, uses: uses{}}
	for i, path := range paths {
		m, err := openRecording(ctx, path, o)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		m.schema = "main"
		if i > 0 {
			m.schema = fmt.Sprintf("other_%d", i)
		}
		r.recordings = append(r.recordings, m)
	}
	first := r.recordings[0]
	r.timeline, r.moment = first.timeline, first.moment
	r.nameHosts()
	r.functions = &functions{recordings: r.recordings, uses: r.uses}
	for _, m := range r.recordings {
		m.timeline.shared = true
	}
	if err := r.connect(ctx, r.defineSeveral); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func openRecording(ctx context.Context, path string, o Options) (*recording, error) {
	if warn := o.Warn; warn != nil {
		o.Warn = func(text string) { warn(path + ": " + text) }
	}
	line, err := openTimeline(ctx, path, o)
	if err != nil {
		return nil, err
	}
	m := &recording{path: path, timeline: line}
	if err := m.prepare(ctx, o.At); err != nil {
		return nil, errors.Join(WithPath(path, err), line.Close())
	}
	return m, nil
}

func (m *recording) prepare(ctx context.Context, at string) error {
	have, err := m.timeline.number(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`)
	if err != nil {
		return err
	}
	if known, err := store.SchemaVersion(); err != nil || have < known {
		return errors.Join(err, hinted{fmt.Errorf("%w: an older nlrec made it", ErrSeveral), "nlrec query --db " + m.path + ", alone"})
	}
	err = m.timeline.QueryRowContext(ctx, `SELECT host FROM session ORDER BY id DESC LIMIT 1`).Scan(&m.host)
	if err != nil || at == "" {
		return err
	}
	if isChange(at) {
		return noSharedChange(at)
	}
	m.moment, err = m.timeline.resolve(ctx, at)
	return err
}

// isChange reports whether an instant is written as the number of a change.
func isChange(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), "#") }

func noSharedChange(text string) error {
	return hinted{noInstant(text, "every recording numbers its changes by itself; a time means the same in all"),
		"nlrec query tells when it was: SELECT local_time(at_us) FROM change_log WHERE id = …, with one --db"}
}

// nameHosts tells recordings of one host apart.
func (r *Reader) nameHosts() {
	count := map[string]int{}
	for _, m := range r.recordings {
		count[m.host]++
	}
	for _, m := range r.recordings {
		if count[m.host] > 1 {
			m.host = m.path
		}
	}
}

// defineSeveral attaches the other files and makes the views over all.
func (r *Reader) defineSeveral(ctx context.Context) error {
	if err := r.hasOwnViews(ctx); err != nil {
		return WithPath(r.path, err)
	}
	for _, m := range r.recordings[1:] {
		if err := store.Attach(ctx, r.conn.Conn, m.path, m.schema); err != nil {
			return WithPath(m.path, err)
		}
	}
	views, err := store.Views()
	if err != nil {
		return err
	}
	names := slices.Clone(plainTables)
	for _, v := range views {
		if !strings.HasPrefix(v.Name, "version_") {
			names = append(names, v.Name)
		}
	}
	if err := r.defineFunctions(ctx); err != nil {
		return err
	}
	for _, name := range names {
		if err := r.defineOver(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// hasOwnViews fails with ErrSeveral when the views of this nlrec stand in for those
// of the first file, as store.Attach does for the others: they would be in the way.
func (r *Reader) hasOwnViews(ctx context.Context) error {
	var others int
	err := r.conn.QueryRowContext(ctx, `SELECT count(*) FROM temp.sqlite_schema WHERE type = 'view'`).Scan(&others)
	if err == nil && others > 0 {
		err = hinted{fmt.Errorf("%w: its views are not those of this nlrec", ErrSeveral), "nlrec query --db " + r.path + ", alone; nlrec record brings them up to date"}
	}
	return err
}

// defineOver makes one view over what all files have by a name.
func (r *Reader) defineOver(ctx context.Context, name string) error {
	columns, err := r.columnsBut(ctx, name, "host")
	if err != nil {
		return err
	}
	var parts []string
	for _, m := range r.recordings {
		source, err := m.source(name)
		if err != nil {
			return err
		}
		parts = append(parts, "SELECT "+literal(m.host)+" AS host, "+columns+" FROM "+source)
	}
	_, err = r.conn.ExecContext(ctx, "CREATE TEMP VIEW "+name+" AS\n"+strings.Join(parts, "\nUNION ALL\n"))
	return err
}

func (r *Reader) columnsBut(ctx context.Context, table, column string) (string, error) {
	rows, err := r.conn.QueryContext(ctx, `SELECT name FROM pragma_table_info(?, 'main') WHERE name <> ? ORDER BY cid`, table, column)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return "", err
		}
		names = append(names, name)
	}
	return strings.Join(names, ", "), rows.Err()
}

// source is what a file has by a name: what is there, or was at the instant.
func (m *recording) source(name string) (string, error) {
	if m.moment == nil || !isKind(name) {
		return m.schema + "." + name, nil
	}
	i := slices.IndexFunc(rtnl.Kinds(), func(k *rtnl.Kind) bool { return k.Name == name })
	text, err := store.AsOf(rtnl.Kinds()[i], fmt.Sprint(m.moment.Change), fmt.Sprint(m.moment.At))
	return "(" + inSchema(text, m.schema) + ")", err
}

// inSchema has a statement of nlrec's own read the tables of one file.
func inSchema(text, schema string) string {
	var b strings.Builder
	last, all := 0, tokens(text)
	for i := 1; i < len(all); i++ {
		isTable := (all[i-1].is("FROM") || all[i-1].is("JOIN")) && all[i].kind == wordToken && (i+1 == len(all) || !all[i+1].is("("))
		if isTable {
			b.WriteString(text[last:all[i].at] + schema + ".")
			last = all[i].at
		}
	}
	return b.String() + text[last:]
}
