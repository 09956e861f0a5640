package query

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nlrec/rtnl"
)

// Changes asks a recording what changed. It is not safe for concurrent use.
type Changes struct {
	*timeline
	began    int64 // when the first session did, by which this recording is known
	versions map[*rtnl.Kind]*versions
	causes   map[int64]string // what the causes are called, by id
}

// OpenChanges opens the recording at path; At of the options does not matter.
// It fails as Open does.
func OpenChanges(ctx context.Context, path string, o Options) (*Changes, error) {
	line, err := openTimeline(ctx, path, o)
	if err != nil {
		return nil, err
	}
	began, err := line.number(ctx, `SELECT coalesce((SELECT began_us FROM pruned), (SELECT started_us FROM session ORDER BY id LIMIT 1))`)
	if err != nil {
		return nil, errors.Join(WithPath(path, err), line.Close())
	}
	return &Changes{timeline: line, began: began, versions: map[*rtnl.Kind]*versions{}, causes: map[int64]string{}}, nil
}

// Recording reports whether a recorder had the file open when it was opened.
func (c *Changes) Recording() bool { return c.recording }

// Close closes the file. A statement that stayed open would keep it.
func (c *Changes) Close() (err error) {
	for _, v := range c.versions {
		if v != nil {
			err = errors.Join(err, v.rows.Close())
		}
	}
	return errors.Join(err, c.timeline.Close())
}

// of returns what asks for rows of a kind.
func (c *Changes) of(ctx context.Context, k *rtnl.Kind) (v *versions, err error) {
	if v = c.versions[k]; v == nil {
		v, err = c.openVersions(ctx, k)
		c.versions[k] = v
	}
	return v, err
}

// A Change closes one version of an object and opens the next. Instants are
// microseconds since 1970; 0 stands for what there is none of.
type Change struct {
	ID, At    int64
	Kind      *rtnl.Kind
	Object    int64
	Columns   []string // of Before and After
	Before    Row      // as the version was that it ended
	After     Row      // as the one was that it began
	WasSince  int64    // when that which ended began
	How       string   // as in the table how
	Cause     int64    // id of the change that brought it about
	CauseName string   // what that one was about: "- link eth0"
	Portid    int64    // of who asked for it
	NotBefore int64    // it happened after this instant
	NotAfter  int64    // and no later than this one
	Gap       int64    // id of the gap in which it was missed or came late

	was, state int64
	kept       bool // it stands for changes that were removed, and has no ID
}

// Op tells in a character what happened: + it came, - it went, ~ it changed,
// = it was there where the recording begins, as earlier changes were removed.
func (c *Change) Op() string {
	switch {
	case c.kept:
		return "="
	case c.was == 0:
		return "+"
	case c.state == 0:
		return "-"
	}
	return "~"
}

// changeRows is the beginning of a question for rows of the table change; the
// placeholder stands for how it is to be searched.
const changeRows = `SELECT c.id, c.at_us, c.object, ifnull(c.was, 0), ifnull(c.was_since_us, 0), ifnull(c.state, 0), h.name,
  ifnull(c.cause, 0), ifnull(a.portid, 0), ifnull(d.not_before_us, 0), ifnull(d.not_after_us, 0), ifnull(d.gap, 0)
FROM change c %s
CROSS JOIN how h ON h.id = c.how
LEFT JOIN actor a ON a.id = c.actor
LEFT JOIN dating d ON d.last_change >= c.id AND d.first_change = (
  SELECT x.first_change FROM dating x WHERE x.first_change <= c.id ORDER BY x.first_change DESC LIMIT 1)
`

func (c *Changes) readChanges(ctx context.Context, text string, args ...any) (found []*Change, err error) {
	rows, err := c.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		x := &Change{}
		if err := rows.Scan(&x.ID, &x.At, &x.Object, &x.was, &x.WasSince, &x.state, &x.How,
			&x.Cause, &x.Portid, &x.NotBefore, &x.NotAfter, &x.Gap); err != nil {
			return nil, err
		}
		if x.Kind = kindNumbered(x.Object & (rtnl.ObjectKinds - 1)); x.Kind == nil {
			return nil, fmt.Errorf("%w: change #%d is of no kind", ErrDamaged, x.ID)
		}
		found = append(found, x)
	}
	return found, rows.Err()
}

func kindNumbered(n int64) *rtnl.Kind {
	i := slices.IndexFunc(rtnl.Kinds(), func(k *rtnl.Kind) bool { return k.Number == n })
	if i < 0 {
		return nil
	}
	return rtnl.Kinds()[i]
}

// complete reads what the changes ended and began, and what their causes are
// called.
func (c *Changes) complete(ctx context.Context, changes []*Change) error {
	if err := c.readSides(ctx, changes); err != nil {
		return err
	}
	if err := c.nameCauses(ctx, changes); err != nil {
		return err
	}
	for _, x := range changes {
		x.CauseName = c.causes[x.Cause]
	}
	return nil
}

// readSides reads what the changes ended and began.
func (c *Changes) readSides(ctx context.Context, changes []*Change) error {
	for k, of := range byKind(changes) {
		v, err := c.of(ctx, k)
		if err != nil {
			return err
		}
		rows, err := v.read(ctx, sides(of))
		if err != nil {
			return err
		}
		for i, x := range of {
			x.Columns, x.Before, x.After = v.columns, rows[2*i], rows[2*i+1]
		}
	}
	return nil
}

// maxCauses bounds what is remembered of causes.
const maxCauses = 10_000

// nameCauses learns what the causes of changes are called.
func (c *Changes) nameCauses(ctx context.Context, changes []*Change) error {
	if len(c.causes) > maxCauses {
		clear(c.causes)
	}
	var unknown []int64
	for _, x := range changes {
		if x.Cause != 0 && c.causes[x.Cause] == "" && !slices.Contains(unknown, x.Cause) {
			unknown = append(unknown, x.Cause)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	causes, err := c.readChanges(ctx, fmt.Sprintf(changeRows, "")+`WHERE c.id IN (SELECT value FROM json_each(?))`, "["+join(unknown)+"]")
	if err != nil {
		return err
	}
	if err := c.readSides(ctx, causes); err != nil {
		return err
	}
	for _, x := range causes {
		c.causes[x.ID] = x.Op() + " " + x.Kind.Name + " " + x.Name()
	}
	return nil
}
