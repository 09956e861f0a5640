package query

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"nlrec/migrations"
	"nlrec/rtnl"
	"nlrec/store"
)

// A Table is something that can be asked: a view, a table or a function.
type Table struct {
	Name    string   `json:"name"`
	Meaning string   `json:"meaning"`
	As      string   `json:"as,omitempty"` // a table that has the same columns; Columns is empty then
	Columns []Column `json:"columns,omitempty"`
}

// A Column is a column of a table; its meaning says the unit.
type Column struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
}

// plainTables are the tables under the views that people ask as they are.
var plainTables = []string{"gap", "session", "clock", "clock_place", "sleep", "health", "actor", "dating", "pruned", "how", "netns"}

// Catalog lists all that can be asked: the kinds, their history and functions,
// the change log, and the tables that tell about the recording. It is read
// from the comments in the SQL that makes them.
func Catalog() ([]Table, error) {
	var kinds, others, rest []Table
	views, err := store.Views()
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		switch kind, isHistory := strings.CutSuffix(v.Name, "_history"); {
		case isHistory:
			t := describe(v.Name, v.SQL)
			others = append(others, Table{Name: t.Name, Meaning: t.Meaning, As: kind})
		case isKind(v.Name):
			t := describe(v.Name, v.SQL)
			kinds = append(kinds, t)
			rest = append(rest, Table{Name: v.Name + "_at", Meaning: "as " + v.Name + ", at an instant: SELECT * FROM " + v.Name + "_at('10m ago')", As: v.Name})
		case !strings.HasPrefix(v.Name, "version_"):
			rest = append([]Table{describe(v.Name, v.SQL)}, rest...)
		}
	}
	plain, err := describePlain()
	return append(append(kinds, others...), append(rest, plain...)...), err
}

func isKind(name string) bool {
	for _, k := range rtnl.Kinds() {
		if k.Name == name {
			return true
		}
	}
	return false
}

// describe reads a view. Its columns are the names before a comment at the end
// of a line.
func describe(name, sql string) Table {
	t := Table{Name: name, Meaning: meaning(name, sql)}
	for _, m := range regexp.MustCompile(`(?m)([a-z0-9_]+),?[ \t]*-- (.*)$`).FindAllStringSubmatch(sql, -1) {
		t.Columns = append(t.Columns, Column{m[1], m[2]})
	}
	return t
}

// meaning finds the comment that tells what a view or a table is.
func meaning(name, sql string) string {
	m := regexp.MustCompile(`(?m)^-- ` + name + `: (.*?)\.?$`).FindStringSubmatch(sql)
	if m == nil {
		return ""
	}
	return m[1]
}

// describePlain reads the tables. Every line of one is a column, and every
// line that adds one.
func describePlain() ([]Table, error) {
	text, err := migrationText()
	if err != nil {
		return nil, err
	}
	var tables []Table
	for _, name := range plainTables {
		_, body, _ := strings.Cut(text, "\nCREATE TABLE "+name+" (\n")
		body, _, ok := strings.Cut(body, "\n);")
		if !ok {
			return nil, fmt.Errorf("no migration makes a table %s", name)
		}
		for _, m := range regexp.MustCompile(`(?m)^ALTER TABLE `+name+` ADD COLUMN (.*); (-- .*)$`).FindAllStringSubmatch(text, -1) {
			body += "\n  " + m[1] + " " + m[2]
		}
		t := Table{Name: name, Meaning: meaning(name, text)}
		for _, m := range regexp.MustCompile(`(?m)^  ([a-z0-9_]+) ([^-\n]*)(?:-- (.*))?$`).FindAllStringSubmatch(body, -1) {
			t.Columns = append(t.Columns, Column{m[1], cmp.Or(m[3], impliedMeaning(m[2]))})
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// migrationText returns the text of all migrations in their order.
func migrationText() (string, error) {
	var all strings.Builder
	err := fs.WalkDir(migrations.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.Files, path)
		all.Write(text)
		return err
	})
	return all.String(), err
}

// impliedMeaning is that of a column whose declaration says it all.
func impliedMeaning(declaration string) string {
	if strings.Contains(declaration, "PRIMARY KEY") {
		return "its number"
	}
	if _, table, ok := strings.Cut(declaration, "REFERENCES "); ok {
		return "id in " + strings.TrimRight(table, ", ")
	}
	return ""
}
