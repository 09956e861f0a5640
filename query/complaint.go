package query

// What SQLite has against a statement, for people: where it is, and what to
// write instead. The driver does not tell the place, so it is found by what the
// message names. Nothing that is suggested is ever run.

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// A complaint is an error about a statement.
type complaint struct {
	statement string
	tokens    []token
	message   string
	at, end   int // the place; end < 0: it is not known
	functions []string
}

// complain returns an error with its place and with a hint.
func (l *timeline) complain(ctx context.Context, statement string, err error) error {
	c := complaint{statement: statement, tokens: tokens(statement), message: err.Error(), end: -1}
	c.locate(func(prefix string) bool { return l.rejects(ctx, prefix, c.message) })
	if strings.HasPrefix(c.message, "no such function: ") {
		c.functions = l.functionNames(ctx)
	}
	catalog, failed := Catalog()
	if failed != nil {
		return errors.Join(err, failed)
	}
	advised := hinted{err, c.advice(catalog)}
	if c.end < 0 {
		return advised
	}
	return placed{advised, c.excerpt()}
}

// rejects reports whether the beginning of a statement is rejected with a
// message.
func (l *timeline) rejects(ctx context.Context, prefix, message string) bool {
	rows, err := l.QueryContext(ctx, "EXPLAIN "+prefix)
	if err == nil {
		return rows.Close() != nil
	}
	return sorted(err).Error() == message
}

func (l *timeline) functionNames(ctx context.Context) (names []string) {
	rows, err := l.QueryContext(ctx, `SELECT DISTINCT name FROM pragma_function_list WHERE name GLOB '[a-z]*' ORDER BY name`)
	if err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if rows.Scan(&name) == nil {
			names = append(names, name)
		}
	}
	return names
}

// places tell by what a message names how its place is found.
var places = []struct {
	pattern *regexp.Regexp
	find    func(c *complaint, named string) []token
}{
	{regexp.MustCompile(`^near "(?s:(.*))": syntax error$`), (*complaint).written},
	{regexp.MustCompile(`^unrecognized token: "(?s:(.*))"$`), (*complaint).written},
	{regexp.MustCompile(`^no such column: "(?s:(.*))" - should this be`), (*complaint).quoted},
	{regexp.MustCompile(`^no such (?:table|column|function): (?s:(.*))$`), (*complaint).named},
	{regexp.MustCompile(`^ambiguous column name: (.*)$`), (*complaint).named},
	{regexp.MustCompile(`^'(.*)' is not a function$`), (*complaint).named},
	{regexp.MustCompile(`^(?:wrong number of arguments to function|misuse of aggregate(?: function)?:?|misuse of window function) (.*)\(\)$`), (*complaint).named},
	{regexp.MustCompile(`^no such table-valued function: (.*)$`), (*complaint).named},
}

// locate finds the place. Of several that come into question it is the one up
// to which SQLite says the same.
func (c *complaint) locate(rejects func(prefix string) bool) {
	if c.message == "incomplete input" {
		c.at, c.end = len(c.statement), len(c.statement)
		return
	}
	for _, p := range places {
		m := p.pattern.FindStringSubmatch(c.message)
		if m == nil {
			continue
		}
		found := p.find(c, m[1])
		isSyntax := strings.HasPrefix(c.message, "near ")
		i := slices.IndexFunc(found, func(t token) bool { return !isSyntax || len(found) == 1 || rejects(c.statement[:t.end()]) })
		if i >= 0 {
			c.at, c.end = found[i].at, found[i].end()
		}
		return
	}
}

// written finds tokens as they are written, or else a piece of one.
func (c *complaint) written(text string) (found []token) {
	for _, t := range c.tokens {
		if t.text == text {
			found = append(found, t)
		}
	}
	if i := strings.Index(c.statement, text); len(found) == 0 && i >= 0 {
		found = append(found, token{text: text, at: i})
	}
	return found
}

// quoted finds names in double quotes.
func (c *complaint) quoted(name string) (found []token) {
	for _, t := range c.tokens {
		if t.kind == nameToken && t.name() == name {
			found = append(found, t)
		}
	}
	return found
}

// named finds names, which may have those of what they are in before them.
func (c *complaint) named(name string) (found []token) {
	parts := strings.Split(name, ".")
	for i := range c.tokens {
		rest := c.tokens[i:]
		if len(rest) < 2*len(parts)-1 || i > 0 && len(parts) == 1 && c.tokens[i-1].is("AS") {
			continue
		}
		fits := true
		for j, part := range parts {
			fits = fits && rest[2*j].kind != textToken && strings.EqualFold(rest[2*j].name(), part) && (j == 0 || rest[2*j-1].is("."))
		}
		if last := rest[2*len(parts)-2]; fits {
			found = append(found, token{text: c.statement[rest[0].at:last.end()], at: rest[0].at})
		}
	}
	return found
}

// excerptWidth is how much of a line of SQL is shown.
const excerptWidth = 76

// excerpt shows the place.
func (c *complaint) excerpt() string {
	start := strings.LastIndexByte(c.statement[:c.at], '\n') + 1
	stop := len(c.statement)
	if i := strings.IndexByte(c.statement[c.at:], '\n'); i >= 0 {
		stop = c.at + i
	}
	end := min(c.end, stop)
	before, place, after := Visible(c.statement[start:c.at]), Visible(c.statement[c.at:end]), Visible(c.statement[end:stop])
	room := excerptWidth / 2
	if twwidth.Width(before+place+after) > excerptWidth && twwidth.Width(before) > room {
		runes := []rune(before)
		before = "…" + string(runes[max(0, len(runes)-room):])
	}
	if room = max(excerptWidth-twwidth.Width(before+place), 10); twwidth.Width(after) > room {
		runes := []rune(after)
		after = string(runes[:min(room, len(runes))]) + "…"
	}
	return fmt.Sprintf("  %s%s%s\n  %s%s", before, place, after,
		strings.Repeat(" ", twwidth.Width(before)), strings.Repeat("^", max(1, twwidth.Width(place))))
}

// replaced is the line of the statement that holds a piece of it, with another
// text in its place.
func (c *complaint) replaced(from, to int, text string) string {
	start := strings.LastIndexByte(c.statement[:from], '\n') + 1
	rest, _, _ := strings.Cut(c.statement[to:], "\n")
	return strings.TrimSpace(c.statement[start:from] + text + rest)
}

// has reports whether the message begins with a text, and returns the rest.
func (c *complaint) has(prefix string) (rest string, ok bool) {
	return strings.CutPrefix(c.message, prefix)
}

// first is the first word of the statement.
func (c *complaint) first() string {
	if len(c.tokens) == 0 {
		return ""
	}
	return strings.ToUpper(c.tokens[0].text)
}

// around is what stands at the place between blanks and signs that end a value.
func (c *complaint) around() (from, to int) {
	isEnd := func(b byte) bool { return slices.Contains([]byte(" \t\n\r(),;=<>"), b) }
	from, to = c.at, c.end
	for from > 0 && !isEnd(c.statement[from-1]) {
		from--
	}
	for to < len(c.statement) && !isEnd(c.statement[to]) {
		to++
	}
	return from, to
}
