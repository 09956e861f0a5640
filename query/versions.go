package query

// Rows of the views for chosen versions. What a change ended and began, what
// differs between two instants and what an object was like in turn are all
// lists of versions: an object, its state, and the change right after which
// other objects, such as the link that has a name, are looked at. Their rows
// come from the text of the kind's view, so they read as everywhere else.

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"nlrec/rtnl"
	"nlrec/store"
)

// listed is a SELECT of the versions in a JSON array of [object, state, seen].
// The place of each in the array stands in valid_from_us.
const listed = `SELECT json_extract(j.value, '$[0]') AS object, json_extract(j.value, '$[1]') AS state, json_extract(j.value, '$[2]') AS seen,
  ifnull((SELECT max(p.id) FROM change p WHERE p.object = json_extract(j.value, '$[0]') AND p.id <= json_extract(j.value, '$[2]')), 0) AS opened,
  j.key AS valid_from_us, 0 AS valid_to_us
FROM json_each(?1) j`

// A version is an object in a state, 0 when it is not there, as of a change.
type version struct{ object, state, seen int64 }

// A Row has the values of an object by the columns of its kind's view, but for
// netns, object, gap and the bounds of validity. Nil: it did not exist.
type Row []any

// versions asks for rows of one kind.
type versions struct {
	timeline *timeline
	kind     *rtnl.Kind
	columns  []string // of a Row
	text     string   // of the SELECT, whose parameter is the list
	rows     *sql.Stmt
}

// placeColumns are those of a view that are no value of the object.
var placeColumns = []string{"netns", "object", "gap", "valid_from_us", "valid_to_us"}

func (l *timeline) openVersions(ctx context.Context, k *rtnl.Kind) (*versions, error) {
	text, err := store.Versions(k, listed)
	if err != nil {
		return nil, err
	}
	v := &versions{timeline: l, kind: k, text: text}
	if v.rows, err = l.PrepareContext(ctx, text); err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	return v, nil
}

// read returns the rows of versions, in their order; nil for one that is not
// there.
func (v *versions) read(ctx context.Context, asked []version) ([]Row, error) {
	found := make([]Row, len(asked))
	for start := 0; start < len(asked); start += maxListed {
		part := asked[start:min(start+maxListed, len(asked))]
		if err := v.readPart(ctx, part, found[start:]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// maxListed is how many versions one statement is asked for.
const maxListed = 4096

func (v *versions) readPart(ctx context.Context, asked []version, found []Row) error {
	rows, err := v.rows.QueryContext(ctx, list(asked))
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	place := slices.Index(names, "valid_from_us")
	v.columns = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(placeColumns, name) })
	for rows.Next() {
		values, err := scanValues(rows, len(names))
		if err != nil {
			return err
		}
		at, ok := values[place].(int64)
		if !ok {
			return fmt.Errorf("%s: a version has no place", v.kind.Name)
		}
		row := values[:0]
		for i, value := range values {
			if !slices.Contains(placeColumns, names[i]) {
				row = append(row, value)
			}
		}
		found[at] = row
	}
	return rows.Err()
}

func scanValues(rows *sql.Rows, n int) (Row, error) {
	values, into := make(Row, n), make([]any, n)
	for i := range values {
		into[i] = &values[i]
	}
	return values, rows.Scan(into...)
}

// list writes versions for json_each.
func list(asked []version) string {
	b := []byte{'['}
	for i, v := range asked {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "[%d,%d,%d]", v.object, v.state, v.seen)
	}
	return string(append(b, ']'))
}
