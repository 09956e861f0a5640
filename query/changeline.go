package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nlrec/rtnl"
)

// row is what tells most of the object: what began, or else what ended.
func (c *Change) row() Row {
	if c.After != nil {
		return c.After
	}
	return c.Before
}

// shown is row without what an object that went only showed of its link.
func (c *Change) shown() Row {
	i := slices.Index(c.Columns, "flags")
	if c.After != nil || i < 0 {
		return c.row()
	}
	row := slices.Clone(c.Before)
	flags, isList := members("flags", row[i])
	if isList {
		flags = slices.DeleteFunc(flags, func(flag string) bool { return flag == "linkdown" || flag == "dead" })
		row[i] = jsonText(anys(flags))
	}
	return row
}

// Name is what the object is called, in the words of ip(8).
func (c *Change) Name() string { return objectName(c.Kind, c.Columns, c.row()) }

func objectName(k *rtnl.Kind, columns []string, row Row) string {
	name := say(wordings[k.Name].name, columns, row)
	if ofEither(k) && valueOf(columns, row, "family") == "inet6" {
		for _, column := range []string{"local", "dst", "src"} {
			if text, _ := valueOf(columns, row, column).(string); strings.Contains(text, ":") {
				return name
			}
		}
		return "-6 " + name
	}
	return name
}

// ofEither reports whether objects of a kind that differ in their family may
// have one name. An address shows its family.
func ofEither(k *rtnl.Kind) bool {
	named := slices.ContainsFunc(wordings[k.Name].name, func(p part) bool { return p.column == "family" })
	return slices.Contains(k.Key, "family") && !named
}

// Changed lists the columns whose values differ between Before and After, nil
// unless both are. Countdowns that go on are the same.
func (c *Change) Changed() []string {
	if c.Before == nil || c.After == nil {
		return nil
	}
	var names []string
	for i, name := range c.Columns {
		if !sameValue(c.Kind, name, c.Before[i], c.After[i]) {
			names = append(names, name)
		}
	}
	return names
}

// sameValue is for columns of a view as rtnl.Kind.Same is for states.
func sameValue(k *rtnl.Kind, column string, was, is any) bool {
	const forever = int64(1<<32 - 1)
	if was == is {
		return true
	}
	return slices.Contains(k.Volatile, column) && was != nil && is != nil && was != forever && is != forever
}

// nameBeside has the columns beside which stands the name of the link they are an
// index of.
var nameBeside = map[string]string{"ifindex": "dev", "oif": "dev", "iif": "iif_dev", "link_index": "link", "master_index": "master", "via_index": "via"}

// Detail tells what came or went, or what each column that changed was and is.
func (c *Change) Detail() string {
	if c.Before == nil || c.After == nil {
		return say(wordings[c.Kind.Name].detail, c.Columns, c.shown())
	}
	changed := c.Changed()
	var words []string
	for _, name := range changed {
		if twin := nameBeside[name]; twin != "" && slices.Contains(changed, twin) {
			continue
		}
		for _, d := range leaves(name, valueOf(c.Columns, c.Before, name), valueOf(c.Columns, c.After, name)) {
			words = append(words, d.String())
		}
	}
	return strings.Join(words, ", ")
}

// String writes old and new value; of a list of flags those that differ.
func (d difference) String() string {
	before, wasList := members(d.name, d.was)
	after, isList := members(d.name, d.is)
	if !wasList || !isList || len(before) < 2 && len(after) < 2 {
		return Visible(d.name) + " " + spelledOrNone(d.name, d.was) + " → " + spelledOrNone(d.name, d.is)
	}
	text := Visible(d.name)
	for _, flag := range before {
		if !slices.Contains(after, flag) {
			text += " -" + Visible(flag)
		}
	}
	for _, flag := range after {
		if !slices.Contains(before, flag) {
			text += " +" + Visible(flag)
		}
	}
	return text
}

// Differences tells where two values of a column differ, with old and new value:
// of nested data what in it does, of a list of flags which.
func Differences(column string, was, is any) (texts []string) {
	for _, d := range leaves(column, was, is) {
		texts = append(texts, d.String())
	}
	return texts
}

// Spell writes a value of a column as words.
func Spell(column string, v any) string {
	if IsNone(column, v) {
		return "none"
	}
	return words(column, v)
}

func spelledOrNone(column string, v any) string {
	if IsNone(column, v) {
		return "none"
	}
	return spell(column, v)
}

// why tells how the change is known, where it was not simply announced, and
// who asked for it.
func (c *Change) why(clock Clock) string {
	var words []string
	switch {
	case c.How == "dumped":
		words = append(words, "there already")
	case c.How == "inferred" && c.Cause != 0:
		words = append(words, "because "+c.cause())
	case c.How == "found" && c.Cause != 0:
		words = append(words, "found after "+c.cause())
	case c.How == "found":
		words = append(words, "found")
	}
	if c.NotAfter != 0 {
		words = append(words, "between "+clock.Format(c.NotBefore)+" and "+clock.Format(c.NotAfter))
	}
	if c.Portid != 0 {
		words = append(words, fmt.Sprintf("by portid %d", c.Portid))
	}
	if len(words) == 0 {
		return ""
	}
	return "(" + strings.Join(words, ", ") + ")"
}

// cause names the cause. One that was removed has but a number.
func (c *Change) cause() string {
	return strings.TrimSuffix(fmt.Sprintf("#%d %s", c.Cause, c.CauseName), " ")
}

// A Role is what a piece of a line is for.
type Role int

// The roles.
const (
	Plain  Role = iota
	When        // an instant, or how long something lasted
	Came        // + and what came
	Went        // - and what went
	Became      // ~ and what changed
	Blind       // a gap
	Aside       // how it is known
	Title       // what the lines that follow are about
)

// A Piece is a piece of a line.
type Piece struct {
	Role Role
	Text string
}

// Line joins the pieces of a line.
func Line(pieces []Piece) string {
	var texts []string
	for _, p := range pieces {
		texts = append(texts, p.Text)
	}
	return strings.Join(texts, " ")
}

// Pieces returns the line that tells of an entry.
func (e Entry) Pieces(clock Clock) []Piece {
	if e.Missed != nil {
		return []Piece{{When, clock.Format(e.Missed.From)}, {Blind, "! " + e.Missed.text(clock)}}
	}
	number := fmt.Sprintf("#%d", e.ID)
	if e.kept {
		number = "removed"
	}
	return append([]Piece{{When, clock.Format(e.At)}, {Plain, number}}, e.Change.pieces(clock)...)
}

// pieces tells of a change without its instant and its number.
func (c *Change) pieces(clock Clock) []Piece {
	role := map[string]Role{"+": Came, "-": Went, "~": Became, "=": Plain}[c.Op()]
	pieces := []Piece{{role, c.Op() + " " + c.Kind.Name + " " + c.Name()}}
	if detail := c.Detail(); detail != "" {
		pieces = append(pieces, Piece{Plain, detail})
	}
	if why := c.why(clock); why != "" {
		pieces = append(pieces, Piece{Aside, why})
	}
	return pieces
}

// text tells of a gap, but for when it began.
func (g *LogGap) text(clock Clock) string {
	text := "gap that lasts"
	if g.To != 0 {
		text = "gap until " + clock.Format(g.To)
	}
	if g.Kind != "" {
		text += " (" + g.Kind + ")"
	}
	text += ": " + g.Reason
	if g.Lost > 0 {
		text += fmt.Sprintf(", %d notifications lost", g.Lost)
	}
	return Visible(text)
}

// A Clock writes instants for people as short as ParseInstant reads them back.
type Clock struct {
	Location *time.Location
	Away     bool // it is not that of the place where nlrec runs
}

// Format writes the date and the time to the microsecond, and the distance from
// UTC where the place does not tell, or the clocks showed that time twice.
func (c Clock) Format(us int64) string {
	t := time.UnixMicro(us).In(c.Location)
	layout := "2006-01-02 15:04:05.000000"
	if c.Away || c.Location == time.UTC || shownTwice(t) {
		layout += "Z07:00"
	}
	return t.Format(layout)
}

// shownTwice reports whether the clocks of a place show the same time before or
// after they are set back.
func shownTwice(t time.Time) bool {
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		_, before := start.Add(-1).Zone()
		if t.Sub(start) < time.Duration(before-offset)*time.Second {
			return true
		}
	}
	if !end.IsZero() {
		_, after := end.Zone()
		return end.Sub(t) <= time.Duration(offset-after)*time.Second
	}
	return false
}
