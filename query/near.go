package query

import (
	"regexp"
	"strings"
)

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
	if best := nearest(slip, names); best != "" {
		return "did you mean " + best + "? " + look + " shows them all"
	}
	return look + " shows what there is"
}

// nearest returns the name that a slip was probably meant to be, or "".
func nearest(slip string, names []string) (best string) {
	slip = strings.ToLower(strings.TrimPrefix(slip, "main."))
	least := 3
	for _, name := range names {
		if slip == name+"s" || slip == name+"es" {
			return name
		}
		if d := distance(slip, name); d < least && d < len(name) && 2*d <= len(slip) {
			best, least = name, d
		}
	}
	return best
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
