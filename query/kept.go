package query

import (
	"strconv"
	"strings"

	"modernc.org/sqlite/vtab"
)

// kept is an answer of a function in memory, with an index on the columns that
// a join compares.
type kept struct {
	rows  map[string][][]any
	equal []int // places in a row
}

// keep reads a whole answer.
func (t *function) keep(p plan, moments []*Moment) (*kept, error) {
	k := &kept{rows: map[string][][]any{}}
	for _, column := range p.equal {
		for i, used := range p.used {
			if used == column {
				k.equal = append(k.equal, i+1)
			}
		}
	}
	for i, of := range t.recordings {
		if err := t.keepOf(k, p, of, moments[i]); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (t *function) keepOf(k *kept, p plan, of *recording, m *Moment) error {
	rows, err := t.query(p, of, m)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		row, err := scanRow(rows)
		if row == nil || err != nil {
			return err
		}
		values := make([]vtab.Value, len(k.equal))
		for i, place := range k.equal {
			values[i] = row[place]
		}
		key := indexKey(values)
		k.rows[key] = append(k.rows[key], row)
	}
}

// find returns the rows that may equal the values; SQLite looks at each again.
func (k *kept) find(values []vtab.Value) [][]any { return k.rows[indexKey(values)] }

// indexKey is the same for all values that SQLite may call equal, whatever
// affinity or collation it compares by.
func indexKey(values []vtab.Value) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(loosely(v))
		b.WriteByte(0)
	}
	return b.String()
}

func loosely(v vtab.Value) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case int64:
		return strconv.FormatFloat(float64(v), 'g', -1, 64)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []byte:
		return loosely(string(v))
	case string:
		text := strings.TrimSpace(v)
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return strconv.FormatFloat(n, 'g', -1, 64)
		}
		return strings.ToLower(text)
	}
	return ""
}
