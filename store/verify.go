package store

// Verifying: whether a file is what a recorder would have written.
//
// A check is a name, a sentence about what must hold, and parts. A part walks
// one table by its key, some thousand rows at a time, and its SQL selects from
// those rows the ones that offend, each as a sentence. So a file of any size
// takes little memory, the walk can be told how far it is, and it ends soon
// after it is told to. All parts see the file as it was when they began.
//
// In SQL, ?1 and ?2 bound the key: above ?1, up to ?2. A part that names
// {kind} is one for each kind; verify_checks.go says what else is replaced.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nlrec/rtnl"
)

// A Finding is what one check found.
type Finding struct {
	Check   string   `json:"check"`
	Meaning string   `json:"meaning"` // what must hold
	OK      bool     `json:"ok"`
	Found   []string `json:"found"` // sentences about the first that offend
	More    bool     `json:"more"`  // there are others
}

// shownOffenders is how many sentences a Finding has at most.
const shownOffenders = 5

// stride is how many rows of a table one statement looks at.
const stride = 20_000

// check is one entry of the table of checks.
type check struct {
	name, meaning string
	parts         []part
}

// part is one walk. Its SQL selects sentences, or what judge makes sentences
// of.
type part struct {
	table, key string // what it walks; no table: it runs once
	sql        string
	judge      func(k *rtnl.Kind, row []any) string // "": the row is right
	kind       *rtnl.Kind                           // the one of this part; nil: all
	weight     int64                                // the rows of its table, roughly
}

// Verify checks what must hold in a recording, and calls progress with the
// name of the check that runs and how much of all is done, from 0 to 1. It
// fails only when the file cannot be read at all.
func (r *ReadOnly) Verify(ctx context.Context, progress func(check string, done float64)) (findings []Finding, err error) {
	err = r.Snapshot(ctx, func() error {
		v := &verification{ReadOnly: r, progress: progress}
		all := checks()
		if err := v.weigh(ctx, all); err != nil {
			return err
		}
		for _, c := range all {
			f, err := v.check(ctx, c)
			if err != nil {
				return err
			}
			findings = append(findings, f)
		}
		return nil
	})
	return findings, err
}

// verification is one run of all checks.
type verification struct {
	*ReadOnly
	progress           func(check string, done float64)
	walked, limit, all int64 // rows: so far, when the part has ended, when all have
}

// weigh counts, roughly, the rows that are to be walked.
func (v *verification) weigh(ctx context.Context, all []check) error {
	weights := map[string]int64{}
	for _, c := range all {
		for i, p := range c.parts {
			if _, ok := weights[p.table]; !ok || p.table == "" {
				n, err := v.rows(ctx, p)
				if _, err = damage(err); err != nil {
					return err
				}
				weights[p.table] = n
			}
			c.parts[i].weight = weights[p.table]
			v.all += weights[p.table]
		}
	}
	return nil
}

// rows returns how many rows a table has at most, from its keys alone. Where
// SQLite reads the whole file, a page takes as long as a hundred rows.
func (v *verification) rows(ctx context.Context, p part) (int64, error) {
	if p.table == "" {
		pages, err := v.number(ctx, `PRAGMA page_count`)
		if p.judge == nil {
			return 0, err
		}
		return 100 * pages, err
	}
	// Apart each of them is one probe, together they would read the whole table.
	n, err := v.number(ctx, `SELECT CAST((SELECT max(`+p.key+`) FROM `+p.table+`) - (SELECT min(`+p.key+`) FROM `+p.table+`) AS INTEGER)`)
	if p.key == "object" {
		n /= rtnl.ObjectKinds
	}
	return n, err
}

// check runs one check. Where the file is so damaged that it cannot be run,
// that is what it finds.
func (v *verification) check(ctx context.Context, c check) (Finding, error) {
	f := Finding{Check: c.name, Meaning: c.meaning, Found: []string{}}
	for _, p := range c.parts {
		v.limit = v.walked + p.weight
		problem, err := damage(v.walk(ctx, c.name, p, &f))
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		if err != nil {
			return f, err
		}
		if problem != "" {
			f.add("it cannot be checked: " + problem)
		}
		v.walked = v.limit
	}
	f.OK = len(f.Found) == 0
	return f, nil
}

// add notes an offender and reports whether others are still of interest.
func (f *Finding) add(sentence string) bool {
	if len(f.Found) == shownOffenders {
		f.More = true
		return false
	}
	f.Found = append(f.Found, sentence)
	return true
}

// walk runs a part over its table.
func (v *verification) walk(ctx context.Context, name string, p part, f *Finding) error {
	if p.table == "" {
		v.tell(name)
		return v.find(ctx, p, f)
	}
	next := `SELECT max(k) FROM (SELECT ` + p.key + ` AS k FROM ` + p.table + ` WHERE ` + p.key + ` > ? ORDER BY ` + p.key + ` LIMIT ` + strconv.Itoa(stride) + `)`
	from, err := v.number(ctx, `SELECT max(min(`+p.key+`), -9223372036854775807) - 1 FROM `+p.table)
	for err == nil && !f.More {
		v.tell(name)
		var to sql.NullInt64
		if err = v.conn.QueryRowContext(ctx, next, from).Scan(&to); err != nil || !to.Valid {
			return err
		}
		err = v.find(ctx, p, f, from, to.Int64)
		from = to.Int64
		v.walked = min(v.walked+stride, v.limit)
	}
	return err
}

func (v *verification) tell(name string) {
	if v.progress != nil {
		v.progress(name, float64(v.walked)/float64(max(1, v.all)))
	}
}

// find runs the SQL of a part once, and adds what offends to a finding.
func (v *verification) find(ctx context.Context, p part, f *Finding, bounds ...any) error {
	rows, err := v.conn.QueryContext(ctx, p.sql, bounds...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		sentence := ""
		if p.judge != nil {
			sentence = p.judge(p.kind, row)
		} else {
			sentence = fmt.Sprint(row[0])
		}
		if sentence != "" && !f.add(sentence) {
			return nil
		}
	}
	return rows.Err()
}

// damage tells an error that comes from what is in the file, as a text, from
// others.
func damage(err error) (string, error) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return "", err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_NOTADB: // ERROR: no such table
		return strings.TrimSuffix(e.Error(), " ("+strconv.Itoa(e.Code())+")"), nil
	}
	return "", err
}
