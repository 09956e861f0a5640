// Package docs has the questions of queries.md for those who are asked them on
// a terminal.
package docs

import (
	_ "embed"
	"strings"
)

// Queries is the page queries.md.
//
//go:embed queries.md
var Queries string

// A Recipe is a question of the page with the SQL that answers it.
type Recipe struct{ Question, SQL string }

// Recipes lists the questions of a page such as Queries in their order: a
// heading of the third level, and the first block of SQL after it.
func Recipes(page string) (recipes []Recipe) {
	for _, section := range strings.Split(page, "\n### ")[1:] {
		question, rest, _ := strings.Cut(section, "\n")
		_, rest, _ = strings.Cut(rest, "```sql\n")
		sql, _, _ := strings.Cut(rest, "\n```\n")
		if _, text, numbered := strings.Cut(question, ". "); numbered {
			question = text
		}
		recipes = append(recipes, Recipe{question, sql})
	}
	return recipes
}
