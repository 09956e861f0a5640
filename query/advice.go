package query

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nlrec/rtnl"
)

// advice is what to do about a complaint.
func (c *complaint) advice(catalog []Table) string {
	for _, advise := range []func(*complaint, []Table) string{
		(*complaint).aboutAsOf, (*complaint).aboutQuotes, (*complaint).aboutTable, (*complaint).aboutColumn,
		(*complaint).aboutFunction, (*complaint).aboutValue, (*complaint).aboutDialect,
	} {
		if hint := advise(c, catalog); hint != "" {
			return hint
		}
	}
	return "nlrec tables"
}

// aboutAsOf rewrites what SQL:2011 and others have for an instant:
// route FOR SYSTEM_TIME AS OF x, route AS OF x.
func (c *complaint) aboutAsOf([]Table) string {
	for i := 1; i < len(c.tokens); i++ {
		rest := c.tokens[i:]
		skip := len(matching(rest, "FOR", "SYSTEM_TIME"))
		of := matching(rest[skip:], "AS", "OF")
		if skip == 0 && of == nil {
			continue
		}
		table := c.tokens[i-1]
		if of == nil { // ALL, BETWEEN …, FROM …
			return table.name() + "_history has all versions, with valid_from_us and valid_to_us"
		}
		rest = rest[skip+len(of):]
		for len(rest) > 0 && (rest[0].is("SYSTEM") || rest[0].is("TIME") || rest[0].is("TIMESTAMP")) {
			rest = rest[1:]
		}
		if len(rest) == 0 || !slices.Contains([]tokenKind{textToken, numberToken, paramToken}, rest[0].kind) || !isKind(table.name()) {
			return "nlrec query --at '10m ago' \"SELECT * FROM route\", or SELECT * FROM route_at('10m ago')"
		}
		return "write " + c.replaced(table.at, rest[0].end(), table.name()+"_at("+rest[0].text+")")
	}
	return ""
}

// matching returns as many tokens as there are words, if they are these.
func matching(tokens []token, words ...string) []token {
	if len(tokens) < len(words) {
		return nil
	}
	for i, word := range words {
		if !tokens[i].is(word) {
			return nil
		}
	}
	return tokens[:len(words)]
}

// aboutQuotes is for texts in the quotes of names.
func (c *complaint) aboutQuotes(catalog []Table) string {
	if _, ok := c.has(`no such column: "`); !ok || c.end < 0 {
		return ""
	}
	name := token{kind: nameToken, text: c.statement[c.at:c.end]}.name()
	hint := "texts have single quotes: write " + c.replaced(c.at, c.end, "'"+strings.ReplaceAll(name, "'", "''")+"'")
	if near := nearest(name, columnNames(catalog, c.statement)); near != "" {
		hint += "; or did you mean the column " + near + "?"
	}
	return hint
}

// tableNotions are words that people have for tables which are no kinds.
var tableNotions = map[string]string{
	"changes": "change_log", "log": "change_log", "events": "change_log", "event": "change_log", "history": "change_log", "changelog": "change_log",
	"interface_history": "link_history", "namespace": "netns",
}

func (c *complaint) aboutTable(catalog []Table) string {
	name, ok := c.has("no such table: ")
	if !ok {
		return ""
	}
	name = strings.ToLower(name[strings.LastIndex(name, ".")+1:])
	best := tableNotions[name]
	for _, meaning := range []string{kindWords[name], kindNotions[name], nearest(name, tableNames(catalog))} {
		if best == "" {
			best = meaning
		}
	}
	switch {
	case best == "":
		return "nlrec tables shows what there is"
	case isKind(best):
		return fmt.Sprintf("did you mean %s (what is now), %[1]s_history (every version) or %[1]s_at('10m ago')? nlrec tables shows them all", best)
	}
	return "did you mean " + best + "? nlrec tables shows them all"
}

func (c *complaint) aboutColumn(catalog []Table) string {
	if name, ok := c.has("ambiguous column name: "); ok {
		return "several tables have it: write whose, as in link." + name
	}
	name, ok := c.has("no such column: ")
	if !ok {
		return ""
	}
	of, column := "", name
	if i := strings.LastIndex(name, "."); i >= 0 {
		of, column = name[:i], name[i+1:]
	}
	if near := nearest(column, columnNames(catalog, c.statement)); near != "" {
		return "did you mean " + near + "? nlrec tables shows them all"
	}
	if of == "" && c.comparesTo() {
		return "a text has single quotes: write " + c.replaced(c.at, c.end, "'"+c.statement[c.at:c.end]+"'")
	}
	return "nlrec tables shows what there is"
}

// comparesTo reports whether the place is what something is compared to.
func (c *complaint) comparesTo() bool {
	i := slices.IndexFunc(c.tokens, func(t token) bool { return t.at == c.at })
	return i > 0 && c.end >= 0 && slices.ContainsFunc([]string{"=", "<", ">", "LIKE", "GLOB"}, c.tokens[i-1].is)
}

// functionNotions are what other databases call what SQLite has by another name.
var functionNotions = map[string]string{
	"now": "instant('now'), in microseconds", "to_timestamp": "local_time(at_us)", "from_unixtime": "local_time(at_us)",
	"inet": "covers('10.0.0.0/8', dst), family(dst), host(local), network(local) or address_key(dst)", "len": "length(x)", "isnull": "ifnull(x, y)", "nvl": "ifnull(x, y)",
	"string_agg": "group_concat(x, ', ')", "greatest": "max(x, y)", "least": "min(x, y)", "json_value": "json_extract(x, '$.name')",
}

func (c *complaint) aboutFunction([]Table) string {
	if name, ok := c.has("no such function: "); ok {
		name = strings.ToLower(name)
		if kind, isAt := strings.CutSuffix(name, "_at"); isAt && isKind(kind) {
			return fmt.Sprintf("it is asked like a table: SELECT * FROM %s('10m ago')", name)
		}
		if notion := functionNotions[name]; notion != "" {
			return "write " + notion
		}
		if near := nearest(name, c.functions); near != "" {
			return "did you mean " + near + "? nlrec tables shows those that nlrec adds to SQLite's"
		}
		return "nlrec tables shows those that nlrec adds to SQLite's"
	}
	m := regexp.MustCompile(`^'(\w+)' is not a function$`).FindStringSubmatch(c.message)
	if m == nil || !isKind(strings.ToLower(m[1])) || c.end < 0 {
		return ""
	}
	return "write " + c.replaced(c.at, c.end, m[1]+"_at")
}

// aboutValue is for addresses and spans without quotes.
func (c *complaint) aboutValue([]Table) string {
	if c.end < 0 || !strings.HasPrefix(c.message, "near ") && !strings.HasPrefix(c.message, "unrecognized token") {
		return ""
	}
	from, to := c.around()
	value := c.statement[from:to]
	if ago := regexp.MustCompile(`^\d+\w+\s+ago\b`).FindString(c.statement[from:]); ago != "" {
		value, to = ago, from+len(ago)
	}
	_, err := parsePrefix(value)
	if err != nil && !regexp.MustCompile(`^\d+(us|ms|s|m|h|d|w|min)( ago)?$|^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$|^\d{4}-\d\d-\d\d`).MatchString(value) {
		return ""
	}
	return "a text has single quotes: write " + c.replaced(from, to, "'"+value+"'")
}

// aboutDialect is for what other databases and programs have.
func (c *complaint) aboutDialect(catalog []Table) string {
	if !strings.HasPrefix(c.message, "near ") && !strings.HasPrefix(c.message, "unrecognized token") {
		return ""
	}
	switch c.first() {
	case "SHOW", "DESCRIBE", "DESC", "USE", "HELP", ".", `\`:
		for _, t := range c.tokens[1:] {
			if slices.Contains(tableNames(catalog), t.name()) {
				return "nlrec tables " + t.name()
			}
		}
		return "nlrec tables"
	}
	place := ""
	if c.end >= 0 {
		place = strings.ToUpper(c.statement[c.at:c.end])
	}
	switch {
	case place == "ILIKE":
		return "write LIKE, which does not mind the case of letters"
	case strings.Contains(c.statement, "::"):
		return "write CAST(x AS TEXT) for x::text"
	case place == c.first():
		if near := nearest(place, []string{"select", "with", "values", "explain", "pragma"}); near != "" {
			return "did you mean " + strings.ToUpper(near) + "? nlrec tables shows what can be asked"
		}
		if slices.ContainsFunc(rtnl.Kinds(), func(k *rtnl.Kind) bool { return strings.EqualFold(k.Name, place) }) {
			return "SELECT * FROM " + strings.ToLower(place) + ", or nlrec show " + strings.ToLower(place)
		}
	}
	return ""
}
