package store

// Views: the public contract, made from the files in migrations/views.
//
// A kind's file says how the rows of a version look. The same text serves
// three purposes, in which three words of it differ:
//
//	                 version v          state_of(object)       this_gap()
//	<kind>           version_now        the state it has now   one that lasts
//	<kind>_history   version_past, and  the state it had when  the last in which the
//	                 version_now        the version began      version began or ended
//	as of a change   both, each object  the state it had       one that the instant
//	                 once               right after it         lies in
//
// So "the name of the interface at that time" is written once. An object's
// state right after change x is the one that its first change after x ended,
// or else the one it has now: two probes of an index, however long the history.
//
// Other words stand for what several files say, see words.

import (
	"fmt"
	"io/fs"
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
SELECT object, state, since_us AS valid_from_us, 9223372036854775807 AS valid_to_us, 9223372036854775807 AS closed,
  ifnull((SELECT max(p.id) FROM change p WHERE p.object = now.object), 0) AS opened
FROM now`},
	{"version_past", `CREATE VIEW version_past AS
SELECT object, was AS state, was_since_us AS valid_from_us, at_us AS valid_to_us, id AS closed,
  ifnull((SELECT max(p.id) FROM change p WHERE p.object = c.object AND p.id < c.id), 0) AS opened
FROM change c
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
		now := rewrite(body, "CROSS JOIN version_now v", "(SELECT now.state FROM now WHERE now.object = $1)", gap(k, "g.to_us IS NULL"))
		began := stateAfter("v.opened")
		touched := gap(k, "("+endsIn("v.valid_from_us")+" OR "+endsIn("v.valid_to_us")+")")
		past := rewrite(body, "JOIN version_past v", began, touched)
		lasting := rewrite(body, "JOIN version_now v", began, touched)
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
	return append(views, View{"change_log", "CREATE VIEW change_log AS\n" + strings.TrimSpace(log)}), nil
}

// AsOf returns a SELECT with the columns of the kind's view and the objects as
// they were right after a change, which is the last one until the instant at.
// Both are SQL expressions: a number or a parameter.
func AsOf(k *rtnl.Kind, change, at string) (string, error) {
	_, body, err := kindSQL(k)
	if err != nil {
		return "", err
	}
	then, around := stateAfter(change), gap(k, "g.from_us < "+at+" AND (g.to_us IS NULL OR "+at+" < g.to_us)")
	past := rewrite(body, "CROSS JOIN version_past v", then, around)
	lasting := rewrite(body, "CROSS JOIN version_now v", then, around)
	return past + `
WHERE v.closed = (SELECT c.id FROM change c WHERE c.object = o.object AND c.id > ` + change + ` ORDER BY c.id LIMIT 1)
UNION ALL
` + withoutComments(lasting) + `
WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.object = o.object AND c.id > ` + change + `)`, nil
}

// ViewText returns the statement of a kind's view as its file has it, with the
// comments that say what the columns are, and with words.
func ViewText(k *rtnl.Kind) (string, error) {
	_, body, err := kindSQL(k)
	return body, err
}

// gap is the expression for the number of the last gap of a kind of which a
// condition about g holds.
func gap(k *rtnl.Kind, condition string) string {
	return "(SELECT max(g.id) FROM gap g WHERE (g.kind IS NULL OR g.kind = '" + k.Name + "') AND " + condition + ")"
}

// endsIn is the condition that a bound of a version lies in gap g, at whose
// beginning all was known, and at whose end what was missed was found.
func endsIn(bound string) string {
	return "g.from_us < " + bound + " AND (g.to_us IS NULL OR " + bound + " <= g.to_us)"
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

// words are what the files may say for longer expressions. $1, $2 … are the
// arguments. The meaning of one may contain those that follow it.
var words = []struct{ name, means string }{
	// hop_flags(flags, ifindex, told): the flags of a hop over that link, and
	// linkdown when it has no carrier or, for IPv6, does not run, and dead when
	// it is told to mind or, for IPv6, is down. A hop that is dead by itself is as
	// it is; where told is not NULL, linkdown is only shown of one of which the
	// kernel told it.
	{"hop_flags", `ifnull(of_link(o.netns, $2, CASE WHEN $1 LIKE '%"dead"%' THEN $1
    WHEN $3 IS NOT NULL AND $1 NOT LIKE '%"linkdown"%' THEN $1
    WHEN l.carrier <> 0 AND (o.family = 'inet' OR l.flags NOT LIKE '%"NO-CARRIER"%' AND l.flags LIKE '%"UP"%') THEN but_linkdown($1)
    ELSE with_linkdown(but_linkdown($1), CASE WHEN ignored() OR o.family = 'inet6' AND l.flags NOT LIKE '%"UP"%' THEN '"dead"' ELSE '' END) END), $1)`},
	// with_linkdown(flags, dead): flags, after dead and before linkdown. That
	// ip(8) has those of hardware after it, is not minded.
	{"with_linkdown", `replace(replace('[' || $2 || ',' || substr($1, 2, length($1) - 2) || ',"linkdown"]', ',,', ','), '[,', '[')`},
	// but_linkdown(flags): without linkdown.
	{"but_linkdown", `replace(replace(replace($1, '"linkdown",', ''), ',"linkdown"', ''), '"linkdown"', '')`},
	// ignored(): whether routes over the link k without carrier are not used:
	// it is told so, or for IPv4 all are.
	{"ignored", `EXISTS (SELECT 1 FROM netconf_object n JOIN netconf_state c ON c.id = state_of(n.object)
      WHERE n.netns = o.netns AND n.family = o.family AND (n.ifindex = k.ifindex OR n.ifindex = -1 AND n.family = 'inet') AND c.ignore_routes_with_linkdown > 0)`},
	// flags_with(flags, others): both, in the order of ip(8).
	{"flags_with", `(SELECT json_group_array(value) FROM (
      SELECT value FROM (SELECT value FROM json_each($1) UNION SELECT value FROM json_each($2))
      ORDER BY instr(' dead onlink pervasive offload trap notify linkdown unresolved rt_offload rt_trap rt_offload_failed ', ' ' || value || ' ')))`},
	// named(name): whether a link has it, as its name or an alternative one.
	{"named", `EXISTS (SELECT 1 FROM link_object k JOIN link_state l ON l.id = state_of(k.object)
    WHERE k.netns = o.netns AND (l.ifname = $1 OR l.altnames IS NOT NULL AND $1 IN (SELECT value FROM json_each(l.altnames))))`},
	// with_names(object): with the name of a link as "x" beside "x_index".
	{"with_names", `CASE WHEN $1 LIKE '%\_index":%' ESCAPE '\' THEN json_patch($1, (
      SELECT json_group_object(substr(j.key, 1, length(j.key) - length('_index')), of_link(o.netns, j.value, l.ifname))
      FROM json_each($1) j WHERE j.key LIKE '%\_index' ESCAPE '\' AND j.key <> 'erspan_index')) ELSE $1 END`},
	// of_link(netns, ifindex, what): of the link l with that index.
	{"of_link", `(SELECT $3 FROM link_object k JOIN link_state l ON l.id = state_of(k.object)
    WHERE k.netns = $1 AND k.ifindex = $2)`},
}

// rewrite puts in what the words of a body mean.
func rewrite(body, version, state, gap string) string {
	body = strings.ReplaceAll(body, "CROSS JOIN version v", version)
	for _, w := range words {
		body = replaceCalls(body, w.name, w.means)
	}
	body = strings.ReplaceAll(body, "this_gap()", gap)
	return replaceCalls(body, "state_of", state)
}

// replaceCalls replaces each name(arguments) in a text.
func replaceCalls(text, name, means string) string {
	if !strings.Contains(text, name+"(") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, name+"(")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		var args []string
		args, text = arguments(rest)
		pairs := []string{}
		for i, arg := range args {
			pairs = append(pairs, fmt.Sprintf("$%d", i+1), replaceCalls(arg, name, means))
		}
		b.WriteString(strings.NewReplacer(pairs...).Replace(means))
	}
}

// arguments parts what follows an opening parenthesis into the arguments up to
// the closing one, and the rest.
func arguments(text string) (args []string, rest string) {
	depth, start, quoted := 0, 0, false
	for i, r := range text {
		switch {
		case r == '\'':
			quoted = !quoted
		case quoted:
		case r == '(':
			depth++
		case r == ')' && depth == 0:
			return append(args, strings.TrimSpace(text[start:i])), text[i+1:]
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			args, start = append(args, strings.TrimSpace(text[start:i])), i+1
		}
	}
	return args, ""
}

func withoutComments(body string) string {
	var b strings.Builder
	for line := range strings.Lines(body) {
		code, _, found := strings.Cut(line, "--")
		if found {
			code = strings.TrimRight(code, " \t") + "\n"
		}
		b.WriteString(code)
	}
	return b.String()
}
