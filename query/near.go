package query

import (
	"regexp"
	"strings"
)

// nearMiss returns a hint for an error of SQLite about a statement: the name
// that was probably meant, or where to look it up.
func nearMiss(statement, message string) string {
	catalog, err := Catalog()
	if err != nil {
		return ""
	}
	if name, ok := strings.CutPrefix(message, "no such table: "); ok {
		return DidYouMean(name, tableNames(catalog), "nlrec tables")
	}
	if name, ok := strings.CutPrefix(message, "no such column: "); ok {
		return DidYouMean(name[strings.LastIndex(name, ".")+1:], columnNames(catalog, statement), "nlrec tables")
	}
	if regexp.MustCompile(`(?i)\bas\s+of\b`).MatchString(statement) {
		return "nlrec query --at '10m ago' \"SELECT * FROM route\", or SELECT * FROM route_at('10m ago')"
	}
	return "nlrec tables"
}

func tableNames(catalog []Table) (names []string) {
	for _, t := range catalog {
		names = append(names, t.Name)
	}
	return names
}

// columnNames lists the columns of the tables that a statement speaks of.
func columnNames(catalog []Table, statement string) (names []string) {
	columns := map[string][]Column{}
	for _, t := range catalog {
		columns[t.Name] = append(t.Columns, columns[t.As]...)
	}
	for _, word := range regexp.MustCompile(`\w+`).FindAllString(strings.ToLower(statement), -1) {
		for _, c := range columns[word] {
			names = append(names, c.Name)
		}
	}
	return names
}

// DidYouMean returns a hint that names what a slip was probably meant to be,
// and the command that shows all there is.
func DidYouMean(slip string, names []string, look string) string {
	slip = strings.ToLower(strings.TrimPrefix(slip, "main."))
	best, least := "", 3
	for _, name := range names {
		if plural := name + "s"; slip == plural || slip == name+"es" {
			return "did you mean " + name + "? " + look + " shows them all"
		}
		if d := distance(slip, name); d < least && d < len(name) {
			best, least = name, d
		}
	}
	if best == "" {
		return look + " shows what there is"
	}
	return "did you mean " + best + "? " + look + " shows them all"
}

// distance is the number of letters to change, add, leave out or swap with the
// next to get from one word to another.
func distance(a, b string) int {
	last := make([]int, len(b)+1)
	before := last
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := append(make([]int, 0, len(b)+1), i+1)
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				change = min(change, before[j-1]+1)
			}
			row = append(row, min(change, last[j+1]+1, row[j]+1))
		}
		before, last = last, row
	}
	return last[len(b)]
}
