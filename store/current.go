package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nlrec/rtnl"
)

// Current returns the objects of a kind that exist, in any order.
func (s *Store) Current(ctx context.Context, k *rtnl.Kind) (objects []*Object, err error) {
	err = eachRow(ctx, s.w.conn, currentObjects(k), 4+len(k.Key), func(row rtnl.Row) {
		o := &Object{Key: string(rtnl.AppendKey(nil, row[4:])), listed: true}
		o.id, o.Position, o.written, o.since = row[0].(int64), row[1].(int64), row[2].(int64), row[3].(int64)
		objects = append(objects, o)
	})
	if err == nil {
		err = s.readStates(ctx, k, objects)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	return objects, nil
}

// readStates gives objects their states. One that many have is read once.
func (s *Store) readStates(ctx context.Context, k *rtnl.Kind, objects []*Object) error {
	states := map[int64]*State{}
	for part := range slices.Chunk(objects, asked) {
		ids := []byte{'['}
		for _, o := range part {
			if _, known := states[o.written]; !known {
				states[o.written] = nil
				ids = append(strconv.AppendInt(ids, o.written, 10), ',')
			}
		}
		err := eachRow(ctx, s.w.conn, statesOf(k), 1+len(k.Columns)-len(k.Key), func(row rtnl.Row) {
			state := s.Intern(k, row[1:])
			state.id = row[0].(int64)
			states[state.id] = state
		}, strings.TrimSuffix(string(ids), ",")+"]")
		if err != nil {
			return err
		}
		for _, o := range part {
			o.State = states[o.written]
		}
	}
	return nil
}

// asked is of how many objects the states are asked for at once.
const asked = 10_000

func statesOf(k *rtnl.Kind) string {
	return `SELECT id` + listColumns("", k.Columns[len(k.Key):]) + `
		FROM ` + k.Name + `_state
		WHERE id IN (SELECT value FROM json_each(?))`
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
func eachRow(ctx context.Context, conn *sql.Conn, query string, columns int, f func(row rtnl.Row), args ...any) error {
	rows, err := conn.QueryContext(ctx, query, args...)
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
