package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"nlrec/rtnl"
)

// Current calls f for every object of a kind that exists, in any order. A state
// that many have is read once.
func (s *Store) Current(ctx context.Context, k *rtnl.Kind, f func(o *Object)) error {
	if err := s.current(ctx, k, f); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	return nil
}

func (s *Store) current(ctx context.Context, k *rtnl.Kind, f func(o *Object)) error {
	states := map[int64]*State{}
	err := eachRow(ctx, s.w.conn, currentStates(k), 1+len(k.Columns)-len(k.Key), func(row rtnl.Row) {
		state := s.Intern(k, row[1:])
		state.id = row[0].(int64)
		states[state.id] = state
	})
	if err != nil {
		return err
	}
	return eachRow(ctx, s.w.conn, currentObjects(k), 4+len(k.Key), func(row rtnl.Row) {
		o := &Object{Key: string(rtnl.AppendKey(nil, row[4:])), listed: true}
		o.id, o.Position, o.written, o.since = row[0].(int64), row[1].(int64), row[2].(int64), row[3].(int64)
		o.State = states[o.written]
		f(o)
	})
}

func currentStates(k *rtnl.Kind) string {
	return `SELECT id` + listColumns("", k.Columns[len(k.Key):]) + `
		FROM ` + k.Name + `_state
		WHERE id IN (SELECT now.state FROM ` + k.Name + `_object o CROSS JOIN now ON now.object = o.object)`
}

func currentObjects(k *rtnl.Kind) string {
	return `SELECT o.object, o.position, now.state, now.since_us` + listColumns("o.", k.Columns[:len(k.Key)]) + `
		FROM ` + k.Name + `_object o
		CROSS JOIN now ON now.object = o.object`
}

// currentRows selects the objects with all their values, in the order of their
// positions.
func currentRows(k *rtnl.Kind) string {
	return `SELECT ` + strings.TrimPrefix(listColumns("o.", k.Columns[:len(k.Key)])+listColumns("s.", k.Columns[len(k.Key):]), ", ") + `
		FROM ` + k.Name + `_object o
		CROSS JOIN now ON now.object = o.object
		JOIN ` + k.Name + `_state s ON s.id = now.state
		ORDER BY o.position`
}

// listColumns lists names for a query, each after a comma.
func listColumns(prefix string, names []string) string {
	var list strings.Builder
	for _, name := range names {
		list.WriteString(", " + prefix + name)
	}
	return list.String()
}

// eachRow calls f for every row of a query, which it must not keep.
func eachRow(ctx context.Context, conn *sql.Conn, query string, columns int, f func(row rtnl.Row)) error {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	row, into := make(rtnl.Row, columns), make([]any, columns)
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		f(row)
	}
	return rows.Err()
}
