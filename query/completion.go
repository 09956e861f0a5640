package query

// How SQL that is being typed can go on. What the last word may become depends
// on what stands before it: after FROM a table, in quotes after a function of
// an instant an instant, in other quotes the name of a link, and elsewhere a
// column of the tables that the statement speaks of, a function or a keyword.

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"nlrec/rtnl"
)

// A Completer knows the names that a recording can be asked by.
type Completer struct {
	catalog   []Table
	functions []string
	links     []string // names that links have had
}

// Completer reads the names.
func (r *Reader) Completer(ctx context.Context) (*Completer, error) {
	catalog, err := Catalog()
	if err != nil {
		return nil, err
	}
	c := &Completer{catalog: catalog}
	if c.functions, err = r.texts(ctx, `SELECT DISTINCT name FROM pragma_function_list WHERE name GLOB '[a-z]*' AND name NOT GLOB 'nlrec*'`); err != nil {
		return nil, err
	}
	c.functions = slices.DeleteFunc(c.functions, func(name string) bool { return slices.Contains(deniedFunctions, name) })
	links, err := r.LinkNames(ctx)
	for _, name := range links {
		if Visible(name) == name { // others cannot be typed
			c.links = append(c.links, strings.ReplaceAll(name, "'", "''"))
		}
	}
	return c, err
}

// Links lists the names of links that can be typed without quotes.
func (c *Completer) Links() []string {
	return slices.DeleteFunc(slices.Clone(c.links), func(name string) bool { return strings.ContainsAny(name, `'"`) })
}

// texts returns the only column of an answer.
func (r *Reader) texts(ctx context.Context, statement string) (texts []string, err error) {
	err = r.Query(ctx, statement, func(rows *Rows) error {
		for {
			row, err := rows.Next()
			if row == nil || err != nil {
				return err
			}
			if text, ok := row[0].(string); ok {
				texts = append(texts, text)
			}
		}
	})
	return texts, err
}

// keywords are those that questions are made of.
var keywords = []string{"SELECT", "FROM", "WHERE", "JOIN", "LEFT", "USING", "ON", "GROUP", "ORDER", "BY", "HAVING", "LIMIT", "OFFSET", "DISTINCT", "AS",
	"AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "GLOB", "BETWEEN", "EXISTS", "CASE", "WHEN", "THEN", "ELSE", "END", "DESC", "ASC",
	"UNION", "EXCEPT", "INTERSECT", "WITH", "RECURSIVE", "OVER", "PARTITION", "VALUES", "EXPLAIN", "PRAGMA"}

// instants are examples of what ParseInstant reads.
var instants = []string{"now", "10m ago", "1h ago", "today", "yesterday", "boot", "first", "last"}

// Instants lists words that an instant can be written with.
func Instants() []string { return slices.Clone(instants) }

// Complete returns where the last word of a text begins, and what it may become.
func (c *Completer) Complete(text string) (start int, candidates []string) {
	if quote := openQuote(text); quote >= 0 {
		return quote + 1, startingWith(text[quote+1:], c.quoted(text[:quote]), "'")
	}
	start = len(text)
	for start > 0 && isWord(text[start-1]) {
		start--
	}
	word, before := text[start:], strings.TrimRight(text[:start], " \t\n\r")
	switch {
	case strings.HasSuffix(text[:start], "."):
		return start, startingWith(word, columnNames(c.catalog, text), "")
	case regexp.MustCompile(`(?i)\b(from|join)$`).MatchString(before):
		return start, startingWith(word, c.tables(), "")
	case before == "":
		return start, matchingCase(word, []string{"SELECT", "WITH", "EXPLAIN"})
	}
	columns := columnNames(c.catalog, text)
	if len(columns) == 0 && word != "" { // FROM is still to come
		columns = columnNames(c.catalog, strings.Join(tableNames(c.catalog), " "))
	}
	candidates = startingWith(word, columns, "")
	if word == "" {
		return start, candidates
	}
	candidates = append(candidates, startingWith(word, c.functions, "(")...)
	candidates = append(candidates, startingWith(word, c.tables(), "")...)
	return start, append(candidates, matchingCase(word, keywords)...)
}

// openQuote returns where a text in single quotes begins that does not end, or -1.
func openQuote(text string) int {
	for i := 0; i < len(text); {
		switch next := skipComment(text, i); {
		case next > i:
			i = next
		case strings.IndexByte("'\"`", text[i]) >= 0:
			end := skipQuoted(text, i+1, text[i])
			if end == len(text) && (end == i+1 || text[end-1] != text[i]) {
				if text[i] == '\'' {
					return i
				}
				return -1
			}
			i = end
		default:
			i++
		}
	}
	return -1
}

// quoted lists what may stand in quotes after a text.
func (c *Completer) quoted(before string) []string {
	switch before = strings.ToLower(strings.TrimRight(before, " ")); {
	case strings.HasSuffix(before, "_at("):
		return instants
	case regexp.MustCompile(`\bkind\s*(=|<>|in\s*\()$`).MatchString(before):
		return KindNames()
	}
	return c.links
}

// KindNames lists the kinds by the names of their views.
func KindNames() (names []string) {
	for _, k := range rtnl.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// tables lists what can stand after FROM; functions begin their argument.
func (c *Completer) tables() (names []string) {
	for _, t := range c.catalog {
		name := t.Name
		if strings.HasSuffix(name, "_at") {
			name += "('"
		}
		names = append(names, name)
	}
	return names
}

// startingWith returns the names that begin as a word does, each once, with an end.
func startingWith(word string, names []string, end string) (found []string) {
	for _, name := range names {
		if len(name) >= len(word) && strings.EqualFold(name[:len(word)], word) && !slices.Contains(found, name+end) {
			found = append(found, name+end)
		}
	}
	return found
}

// matchingCase returns keywords in the case of the word.
func matchingCase(word string, names []string) []string {
	found := startingWith(word, names, "")
	if word != "" && word == strings.ToLower(word) {
		for i, name := range found {
			found[i] = strings.ToLower(name)
		}
	}
	return found
}

// NextWords lists what may stand behind the words of a filter, and tells whether
// the name of a link may. Of what is several words it lists the one that comes next.
func NextWords(k *rtnl.Kind, words []string) (next []string, link bool, err error) {
	v, err := vocabularyOf(k)
	for len(words) > 0 {
		known, rest := v.find(words)
		switch {
		case known == nil:
			words = words[1:]
		case known.read == nil:
			words = rest
		case len(rest) == 0:
			return v.behind(words), slices.Contains(namingLinks, known.name), err
		default:
			words = rest[1:]
		}
		if len(words) == 0 {
			return v.behind(nil), false, err
		}
	}
	return v.behind(nil), takesBareLink(k), err
}

// namingLinks are the words behind which links are named.
var namingLinks = append([]string{"oif", "ifname", "link", "interface"}, linkWords...)

// behind lists the words that begin with some, without these, up to the next.
func (v *vocabulary) behind(words []string) (next []string) {
	for _, name := range v.all() {
		parts := strings.Fields(name)
		if len(parts) > len(words) && slices.Equal(parts[:len(words)], words) && !slices.Contains(next, parts[len(words)]) {
			next = append(next, parts[len(words)])
		}
	}
	return next
}

// A Mark is an instant, in microseconds since 1970, that people may look for.
type Mark struct {
	At      int64
	Meaning string
}

// Marks lists where recording began and ended, where it has gaps, and its last
// changes, the latest first of each.
func (r *Reader) Marks(ctx context.Context) (marks []Mark, err error) {
	for _, text := range []string{
		`SELECT at_us, 'change #' || id || ': ' || op || ' ' || kind || ' ' || label FROM change_log ORDER BY id DESC LIMIT 5`,
		`SELECT from_us, 'a gap begins: ' || reason FROM gap ORDER BY id DESC LIMIT 3`,
		`SELECT to_us, 'a gap ends: ' || reason FROM gap WHERE to_us IS NOT NULL ORDER BY id DESC LIMIT 3`,
		`SELECT ready_us, 'recording begins' FROM session WHERE ready_us IS NOT NULL ORDER BY id DESC LIMIT 3`,
	} {
		err = errors.Join(err, r.Query(ctx, text, func(rows *Rows) error {
			for {
				row, err := rows.Next()
				if row == nil || err != nil {
					return err
				}
				at, _ := row[0].(int64)
				meaning, _ := row[1].(string)
				marks = append(marks, Mark{at, Visible(meaning)})
			}
		}))
	}
	return marks, err
}
