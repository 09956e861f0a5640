package store

import (
	"fmt"
	"regexp"
	"strings"

	"nlrec/rtnl"
)

// Versions returns a SELECT with the columns of the kind's view for the
// versions that source lists, in its order: a SELECT of
//
//	object, state  what it was like
//	seen           the change right after which other objects are looked at
//	opened         of those that are not there then but were after this one,
//	               the state they had last counts
//	valid_from_us, valid_to_us
//
// So a route that went with its link still has the link's name.
func Versions(k *rtnl.Kind, source string) (string, error) {
	_, body, err := kindSQL(k)
	if err != nil {
		return "", err
	}
	state := "coalesce(nullif(" + stateAfter("v.seen") + ", 0), CASE WHEN " + stateAfter("v.opened") + ` <> 0 THEN
    (SELECT change.was FROM change WHERE change.object = $1 AND change.id <= v.seen ORDER BY change.id DESC LIMIT 1) END)`
	from := "FROM " + k.Name + "_object o\nCROSS JOIN version v ON v.object = o.object"
	if !strings.Contains(body, from) {
		return "", fmt.Errorf("views/%s.sql: it does not begin at its objects", k.Name)
	}
	body = strings.Replace(body, from, "FROM ("+source+") v\nCROSS JOIN "+k.Name+"_object o ON o.object = v.object", 1)
	return rewrite(withoutComments(body), "", state, "NULL"), nil
}

// PlainColumns lists the columns of the kind's view that show what the state
// itself has, whatever other objects are like.
func PlainColumns(k *rtnl.Kind) (names []string, err error) {
	_, body, err := kindSQL(k)
	for _, m := range regexp.MustCompile(`(?m)^  s\.(\w+), *--`).FindAllStringSubmatch(body, -1) {
		names = append(names, m[1])
	}
	return names, err
}
