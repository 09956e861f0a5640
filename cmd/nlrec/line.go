package main

import (
	"fmt"
	"strings"
	"time"

	"nlrec/query"
	"nlrec/rtnl"
	"nlrec/store"
)

// changeLines writes each change on a line, as people know it from ip monitor:
// what it is about, then columns and values in turn. Of what came or went it
// shows what has a value, of what changed the values before and after. Names
// of links stand for their indexes. (found) marks what the kernel did not
// announce: it happened a little earlier.
type changeLines struct {
	links map[int64]string // names by index
}

// longest is how many octets of nested data are worth showing whole.
const longest = 100

func (l *changeLines) of(changes []store.Change) string {
	var b strings.Builder
	for _, c := range changes {
		l.learn(c)
		fmt.Fprintf(&b, "%s %c %s%s", time.UnixMicro(c.At).Format("15:04:05.000000"), op(c), c.Kind.Name, l.object(c))
		if c.How == store.Found {
			b.WriteString(" (found)")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func op(c store.Change) rune {
	switch {
	case c.Was == nil:
		return '+'
	case c.State == nil:
		return '-'
	default:
		return '~'
	}
}

// learn keeps the names of links. That of one that is gone stays: others that
// went with it are still to be shown.
func (l *changeLines) learn(c store.Change) {
	if c.Kind != rtnl.Link || c.State == nil {
		return
	}
	index, _ := rtnl.ParseKey(c.Object.Key)[0].(int64)
	l.links[index], _ = value(c, c.State, "ifname").(string)
}

func value(c store.Change, s *store.State, column string) any {
	return c.Kind.StateValue(s.Values, column)
}

func (l *changeLines) object(c store.Change) string {
	var b strings.Builder
	for i, v := range rtnl.ParseKey(c.Object.Key) {
		l.pair(&b, c.Kind.Columns[i], v)
	}
	separator := " "
	for i, column := range c.Kind.Columns[len(c.Kind.Key):] {
		switch op(c) {
		case '+':
			l.pair(&b, column, c.State.Values[i])
		case '-':
			l.pair(&b, column, c.Was.Values[i])
		default:
			for _, text := range l.differences(column, c.Was.Values[i], c.State.Values[i]) {
				b.WriteString(separator + text)
				separator = ", "
			}
		}
	}
	return b.String()
}

// forever is a lifetime that does not end.
const forever = int64(1<<32 - 1)

// pair writes a column and its value, unless that says nothing or too much.
func (l *changeLines) pair(b *strings.Builder, column string, v any) {
	text, isText := v.(string)
	if query.IsNone(column, v) || v == int64(0) || v == forever || isText && strings.HasPrefix(text, "{") && len(text) > longest {
		return
	}
	column, spelt := l.spell(column, v)
	fmt.Fprintf(b, " %s %s", column, spelt)
}

// spell gives a column its word on the line, and its value a harmless text.
func (l *changeLines) spell(column string, v any) (word, text string) {
	index, isIndex := v.(int64)
	word, known := map[string]string{"ifindex": "dev", "oif": "dev", "iif": "iif", "link_index": "link", "master_index": "master"}[column]
	if name := l.links[index]; known && isIndex && name != "" {
		return word, query.Visible(name)
	}
	return column, query.Spell(column, v)
}

// differences writes a column that changed; of nested data what changed in it.
func (l *changeLines) differences(column string, was, is any) []string {
	if was == is {
		return nil
	}
	word, before := l.spell(column, was)
	_, after := l.spell(column, is)
	if word != column {
		return []string{word + " " + before + " → " + after}
	}
	return query.Differences(column, was, is)
}

// paintedChange gives a line that of writes its colours.
func paintedChange(line string) string {
	at, rest, ok := strings.Cut(line, " ")
	role := map[string]query.Role{"+": query.Came, "-": query.Went, "~": query.Became}[rest[:min(1, len(rest))]]
	if !ok || role == query.Plain {
		return line
	}
	what, rest, _ := strings.Cut(rest[2:], " ")
	return colours[query.When] + at + plain + " " + colours[role] + line[len(at)+1:len(at)+3] + what + plain + " " + rest
}
