package query

// Entries as JSON. A change is
//
//	id, at, at_us   its number, and when; at is RFC 3339
//	kind, op        + it came, - it went, ~ it changed; = it was there where the
//	                recording begins, as earlier changes were removed: id is 0
//	object, name    what it is about: the number in the views, and in words
//	before, after   the columns of the kind's view that have a value; null: it
//	                did not exist. Nested data is nested.
//	changed         the columns that differ, when there is before and after
//	how, cause      how it is known; the id of the change that brought it about
//	actor           {"portid"} of who asked for it, null: nobody, or not known
//
// and, where they have a value, not_before, not_after (both with _us) and gap: when
// it happened at all events, and the gap in which it was missed. A gap is
//
//	at, at_us       when it began
//	kind, op        null for all kinds; "gap"
//	gap             its number
//	until, until_us when it ended; null: it lasts
//	reason, lost
//
// Keys may be added; those here stay.

import (
	"encoding/json"
	"strings"
	"time"
)

type changeJSON struct {
	ID          int64          `json:"id"`
	At          string         `json:"at"`
	AtUS        int64          `json:"at_us"`
	Kind        string         `json:"kind"`
	Op          string         `json:"op"`
	Object      int64          `json:"object"`
	Name        string         `json:"name"`
	Before      map[string]any `json:"before"`
	After       map[string]any `json:"after"`
	Changed     []string       `json:"changed"`
	How         string         `json:"how"`
	Cause       *int64         `json:"cause"`
	Actor       *actorJSON     `json:"actor"`
	NotBefore   string         `json:"not_before,omitempty"`
	NotBeforeUS int64          `json:"not_before_us,omitempty"`
	NotAfter    string         `json:"not_after,omitempty"`
	NotAfterUS  int64          `json:"not_after_us,omitempty"`
	Gap         int64          `json:"gap,omitempty"`
	Cursor      string         `json:"cursor,omitempty"`
}

type actorJSON struct {
	Portid int64 `json:"portid"`
}

type gapJSON struct {
	At      string  `json:"at"`
	AtUS    int64   `json:"at_us"`
	Kind    *string `json:"kind"`
	Op      string  `json:"op"`
	Gap     int64   `json:"gap"`
	Until   *string `json:"until"`
	UntilUS *int64  `json:"until_us"`
	Reason  string  `json:"reason"`
	Lost    *int64  `json:"lost"`
}

// An Encoder makes JSON of entries.
type Encoder struct {
	loc    *time.Location
	nested map[string]map[string]bool // columns with JSON text, by kind
}

// NewEncoder makes an Encoder that writes instants in the time of a place.
func NewEncoder(loc *time.Location) (*Encoder, error) {
	catalog, err := Catalog()
	e := &Encoder{loc: loc, nested: map[string]map[string]bool{}}
	for _, t := range catalog {
		e.nested[t.Name] = map[string]bool{}
		for _, c := range t.Columns {
			e.nested[t.Name][c.Name] = strings.HasPrefix(c.Meaning, "JSON")
		}
	}
	return e, err
}

// Entry returns an entry as a value for package json.
func (e *Encoder) Entry(x Entry) any {
	if x.Missed != nil {
		return e.gap(x.Missed)
	}
	j := e.change(x.Change)
	j.Cursor = x.Cursor
	return j
}

func (e *Encoder) change(c *Change) *changeJSON {
	j := &changeJSON{
		ID: c.ID, At: FormatTime(c.At, e.loc), AtUS: c.At, Kind: c.Kind.Name, Op: c.Op(), Object: c.Object, Name: c.Name(),
		Before: e.Row(c.Kind.Name, c.Columns, c.Before), After: e.Row(c.Kind.Name, c.Columns, c.After), Changed: c.Changed(),
		How: c.How, Cause: ifAny(c.Cause), Gap: c.Gap,
	}
	if c.Portid != 0 {
		j.Actor = &actorJSON{c.Portid}
	}
	if c.NotAfter != 0 {
		j.NotBefore, j.NotBeforeUS = FormatTime(c.NotBefore, e.loc), c.NotBefore
		j.NotAfter, j.NotAfterUS = FormatTime(c.NotAfter, e.loc), c.NotAfter
	}
	return j
}

func (e *Encoder) gap(g *LogGap) *gapJSON {
	j := &gapJSON{At: FormatTime(g.From, e.loc), AtUS: g.From, Op: "gap", Gap: g.ID, UntilUS: ifAny(g.To), Reason: g.Reason, Lost: ifAny(g.Lost)}
	if g.Kind != "" {
		j.Kind = &g.Kind
	}
	if g.To != 0 {
		until := FormatTime(g.To, e.loc)
		j.Until = &until
	}
	return j
}

func ifAny(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// Row returns the values of a row by their columns; nil for none.
func (e *Encoder) Row(kind string, columns []string, row Row) map[string]any {
	if row == nil {
		return nil
	}
	values := make(map[string]any, len(row))
	for i, v := range row {
		text, isText := v.(string)
		switch {
		case v == nil:
		case isText && e.nested[kind][columns[i]] && json.Valid([]byte(text)):
			values[columns[i]] = json.RawMessage(unicodeText(text))
		case isText:
			values[columns[i]] = unicodeText(text)
		default:
			values[columns[i]] = v
		}
	}
	return values
}
