package store

// Views: the public contract, made from the files in migrations/views.
//
// A kind's file says how the rows of a version look. The same text serves
// three purposes, in which two words of it differ:
//
//	                 version v          state_of(object)
//	<kind>           version_now        the state it has now
//	<kind>_history   version_past, and  the state it had when the version began
//	                 version_now
//	as of a change   both, each object  the state it had right after the change
//	                 once
//
// So "the name of the interface at that time" is written once. An object's
// state right after change x is the one that its first change after x ended,
// or else the one it has now: two probes of an index, however long the history.

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"nlrec/migrations"
	"nlrec/rtnl"
)

// View is a view of a recording, and the statement that creates it.
type View struct {
	Name, SQL string
}

// versionViews are what the views of the kinds stand on.
var versionViews = []View{
	{"version_now", `CREATE VIEW version_now AS
SELECT object, state, since_us AS valid_from_us, 9223372036854775807 AS valid_to_us, 9223372036854775807 AS closed
FROM now`},
	{"version_past", `CREATE VIEW version_past AS
SELECT object, was AS state, was_since_us AS valid_from_us, at_us AS valid_to_us, id AS closed
FROM change
WHERE was IS NOT NULL`},
}

// Views returns every view of a recording, in an order in which they can be
// created.
func Views() ([]View, error) {
	views := append([]View{}, versionViews...)
	var labels strings.Builder
	for _, k := range rtnl.Kinds() {
		label, body, err := kindSQL(k)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&labels, "\n    WHEN '%s' THEN (%s)", k.Name, label)
		now := rewrite(body, "CROSS JOIN version_now v", "(SELECT now.state FROM now WHERE now.object = $1)")
		began := stateAfter("coalesce((SELECT p.id FROM change p WHERE p.object = v.object AND p.id < v.closed ORDER BY p.id DESC LIMIT 1), 0)")
		past := rewrite(body, "JOIN version_past v", began)
		lasting := rewrite(body, "JOIN version_now v", began)
		views = append(views,
			View{k.Name, "CREATE VIEW " + k.Name + " AS\n" + now},
			View{k.Name + "_history", "CREATE VIEW " + k.Name + "_history AS\n" +
				strings.Replace(past, "-- "+k.Name+": ", "-- "+k.Name+"_history: every version there ever was of ", 1) +
				"\nUNION ALL\n" + withoutComments(lasting)})
	}
	text, err := fs.ReadFile(migrations.Views, "views/change_log.sql")
	if err != nil {
		return nil, err
	}
	log := strings.Replace(string(text), "label AS label", "CASE k.name"+labels.String()+"\n  END AS label", 1)
	return append(views, View{"change_log", "CREATE VIEW change_log AS\n" + log}), nil
}

// AsOf returns a SELECT with the columns of the kind's view and the objects as
// they were right after a change. The change is an SQL expression: a number or
// a parameter.
func AsOf(k *rtnl.Kind, change string) (string, error) {
	_, body, err := kindSQL(k)
	if err != nil {
		return "", err
	}
	then := stateAfter(change)
	past := rewrite(body, "CROSS JOIN version_past v", then)
	lasting := rewrite(body, "CROSS JOIN version_now v", then)
	return past + `
WHERE v.closed = (SELECT c.id FROM change c WHERE c.object = o.object AND c.id > ` + change + ` ORDER BY c.id LIMIT 1)
UNION ALL
` + withoutComments(lasting) + `
WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.object = o.object AND c.id > ` + change + `)`, nil
}

// stateAfter is the expression for the state of object $1 right after a change.
func stateAfter(change string) string {
	return `coalesce(
    (SELECT ifnull(change.was, 0) FROM change WHERE change.object = $1 AND change.id > ` + change + ` ORDER BY change.id LIMIT 1),
    (SELECT now.state FROM now WHERE now.object = $1))`
}

// kindSQL returns the two statements of a kind's file.
func kindSQL(k *rtnl.Kind) (label, body string, err error) {
	text, err := fs.ReadFile(migrations.Views, "views/"+k.Name+".sql")
	if err != nil {
		return "", "", err
	}
	label, body, ok := strings.Cut(string(text), ";\n\n")
	if !ok {
		return "", "", fmt.Errorf("views/%s.sql: no label before the view", k.Name)
	}
	return strings.TrimSpace(strings.TrimPrefix(label, "-- label\n")), strings.TrimSpace(body), nil
}

func rewrite(body, version, state string) string {
	body = strings.ReplaceAll(body, "CROSS JOIN version v", version)
	return regexp.MustCompile(`state_of\(([a-z.]+)\)`).ReplaceAllString(body, state)
}

func withoutComments(body string) string {
	return regexp.MustCompile(`(?m)[ \t]*--.*$\n?`).ReplaceAllString(body, "\n")
}
