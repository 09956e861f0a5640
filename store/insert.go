package store

import (
	"context"
	"database/sql/driver"
	"strings"
)

// inserter collects rows for one table and writes many with one statement,
// which is what makes SQLite fast here: 50 rows cost about 20 times one.
type inserter struct {
	columns   int
	one, many string
	rows      []driver.NamedValue // room for many
	used      int
}

const manyRows = 50

func newInserter(table string, columns ...string) *inserter {
	return newBatcher("INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES ",
		"(?"+strings.Repeat(", ?", len(columns)-1)+")", "", len(columns))
}

// newReplacer writes rows in place of those with the same key.
func newReplacer(table string, columns ...string) *inserter {
	i := newInserter(table, columns...)
	i.one, i.many = strings.Replace(i.one, "INSERT", "INSERT OR REPLACE", 1), strings.Replace(i.many, "INSERT", "INSERT OR REPLACE", 1)
	return i
}

// newDeleter deletes the rows with the keys given.
func newDeleter(table, key string) *inserter {
	return newBatcher("DELETE FROM "+table+" WHERE "+key+" IN (", "?", ")", 1)
}

func newBatcher(head, row, tail string, columns int) *inserter {
	i := &inserter{columns: columns, one: head + row + tail, many: head + row + strings.Repeat(", "+row, manyRows-1) + tail,
		rows: make([]driver.NamedValue, manyRows*columns)}
	for n := range i.rows {
		i.rows[n].Ordinal = n + 1
	}
	return i
}

// add writes a row at once or with later ones; flush writes what is left.
func (i *inserter) add(ctx context.Context, w *writer, row ...any) error {
	for n, v := range row {
		i.rows[i.used+n].Value = v
	}
	i.used += len(row)
	if i.used < len(i.rows) {
		return nil
	}
	i.used = 0
	return w.insert(ctx, i.many, i.rows)
}

func (i *inserter) flush(ctx context.Context, w *writer) error {
	one := i.rows[:i.columns]
	for first := 0; first < i.used; first += i.columns {
		for n := range one {
			one[n].Value = i.rows[first+n].Value
		}
		if err := w.insert(ctx, i.one, one); err != nil {
			return err
		}
	}
	i.used = 0
	return nil
}
