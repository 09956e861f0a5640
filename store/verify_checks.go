package store

import (
	"fmt"
	"strings"

	"nlrec/rtnl"
)

// checks returns every check. In the SQL of a part
//
//	{kind}, {number}  are the kind's, of which each has a part of its own
//	{key}, {state}    say that rows a and b of <kind>_object or <kind>_state
//	                  have the same values
//	{steps}           are the times that the wall clock may have shown twice
func checks() []check {
	all := []check{
		{"pages", "SQLite finds the file whole", []part{
			{sql: `PRAGMA quick_check(6)`, judge: judgePages},
		}},
		{"ids", "the numbers of changes have no holes", []part{
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d follows on #%d', c.id, (SELECT max(p.id) FROM change p WHERE p.id < c.id))
				FROM change c
				WHERE c.id > ?1 AND c.id <= ?2 AND c.id > (SELECT min(id) FROM change)
				  AND NOT EXISTS (SELECT 1 FROM change p WHERE p.id = c.id - 1)`},
			{sql: `
				SELECT printf('the first change is #%d, but those up to #%d were removed', (SELECT min(id) FROM change), change)
				FROM pruned
				WHERE change <> (SELECT min(id) FROM change) - 1`},
		}},
		{"chain", "each change ends the state that the object's change before it brought about, and since when", []part{
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d of object %d ends %s, but %s', c.id, c.object,
					` + spell("c.was", "c.was_since_us") + `,
					CASE WHEN p.id IS NULL THEN 'there is no change before it'
					ELSE printf('change #%d left %s', p.id, ` + left("p") + `) END)
				FROM change c
				LEFT JOIN change p ON p.id = (SELECT max(q.id) FROM change q WHERE q.object = c.object AND q.id < c.id)
				LEFT JOIN arrival a ON p.id IS NULL AND a.object = c.object
				WHERE c.id > ?1 AND c.id <= ?2 AND CASE WHEN a.came IS NOT NULL THEN c.was IS NULL OR c.was_since_us IS NULL
				  ELSE c.was IS NOT p.state OR c.was_since_us IS NOT CASE WHEN p.state IS NOT NULL THEN p.at_us END END`},
		}},
		{"effect", "each change leaves another state than it found", []part{
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d of object %d changes nothing: ', id, object) ||
					CASE WHEN was IS NULL THEN 'the object neither was there nor is' ELSE printf('it is in state %d before and after', was) END
				FROM change
				WHERE id > ?1 AND id <= ?2 AND was IS state`},
		}},
		{"order", "times do not go back from one change to the next, nor does a version end before it began, unless the clock was set back", []part{
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d of object %d ends at %d what began at %d, %d µs later', c.id, c.object, c.at_us, c.was_since_us, c.was_since_us - c.at_us)
				FROM change c
				WHERE c.id > ?1 AND c.id <= ?2 AND c.was_since_us > c.at_us
				  AND EXISTS (SELECT 1 FROM change p WHERE p.object = c.object AND p.id < c.id)
				  AND NOT EXISTS (SELECT 1 FROM ({steps}) s WHERE s.after_us <= c.was_since_us AND s.before_us >= c.at_us)`},
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d is of %d, %d µs before the change before it, and the clock was not set between', c.id, c.at_us, p.at_us - c.at_us)
				FROM change c JOIN change p ON p.id = c.id - 1
				WHERE c.id > ?1 AND c.id <= ?2 AND c.at_us < p.at_us AND c.id > (SELECT min(change) FROM clock_place) + 1
				  AND NOT EXISTS (SELECT 1 FROM clock_place k WHERE k.change = p.id)`},
		}},
		{"now", "what is now is what the last change of each object left", []part{
			{table: "now", key: "object", sql: `
				SELECT printf('object %d is now %s, but ', n.object, ` + spell("n.state", "n.since_us") + `) ||
					CASE WHEN c.id IS NULL THEN 'it never came'
					ELSE printf('its last change, #%d, left %s', c.id, ` + left("c") + `) END
				FROM now n
				LEFT JOIN change c ON c.id = (SELECT max(q.id) FROM change q WHERE q.object = n.object)
				WHERE n.object > ?1 AND n.object <= ?2 AND (c.state IS NOT n.state OR c.at_us IS NOT n.since_us)
				  AND NOT (c.id IS NULL AND EXISTS (SELECT 1 FROM arrival a WHERE a.object = n.object AND a.came IS NOT NULL))`},
			{table: "{kind}_object", key: "object", sql: `
				SELECT printf('{kind} %d is not there now, but its last change, #%d, left %s', o.object, c.id, ` + left("c") + `)
				FROM {kind}_object o
				JOIN change c ON c.id = (SELECT max(q.id) FROM change q WHERE q.object = o.object)
				WHERE o.object > ?1 AND o.object <= ?2 AND c.state IS NOT NULL
				  AND NOT EXISTS (SELECT 1 FROM now n WHERE n.object = o.object)`},
			{table: "now", key: "object", sql: `
				SELECT printf('object %d is now in state %d, of which there is nothing', c.object, c.state)
				FROM now c
				WHERE c.object > ?1 AND c.object <= ?2 AND NOT EXISTS (SELECT 1 FROM change p WHERE p.object = c.object)
				  AND NOT ` + ofKind(`EXISTS (SELECT 1 FROM {kind}_state s WHERE s.id = c.state)`, `1`)},
			{table: "arrival", key: "object", sql: `
				SELECT printf('object %d is not there now, but change #%d, which was removed, brought it, and none took it away', a.object, a.came)
				FROM arrival a
				WHERE a.object > ?1 AND a.object <= ?2 AND a.came IS NOT NULL
				  AND NOT EXISTS (SELECT 1 FROM now n WHERE n.object = a.object) AND NOT EXISTS (SELECT 1 FROM change c WHERE c.object = a.object)`},
		}},
		{"objects", "each change is of an object that is known, and of a kind that is", []part{
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d is of object %d, of which there is nothing', c.id, c.object)
				FROM change c
				WHERE c.id > ?1 AND c.id <= ?2 AND NOT ` + ofKind(`EXISTS (SELECT 1 FROM {kind}_object o WHERE o.object = c.object)`, `0`)},
			{table: "{kind}_object", key: "object", sql: `
				SELECT printf('{kind} %d has a number of another kind', o.object)
				FROM {kind}_object o
				WHERE o.object > ?1 AND o.object <= ?2 AND o.object & 63 <> {number}`},
			{table: "{kind}_object", key: "object", sql: `
				SELECT printf('{kind} %d is in network namespace %d, which is unknown', o.object, o.netns)
				FROM {kind}_object o
				WHERE o.object > ?1 AND o.object <= ?2 AND NOT EXISTS (SELECT 1 FROM netns n WHERE n.id = o.netns)`},
			{table: "arrival", key: "object", sql: `
				SELECT printf('object %d came with change #%d, which was removed, but of it there is nothing', c.object, c.came)
				FROM arrival c
				WHERE c.object > ?1 AND c.object <= ?2 AND NOT ` + ofKind(`EXISTS (SELECT 1 FROM {kind}_object o WHERE o.object = c.object)`, `0`)},
			{sql: `SELECT '{kind} is not kind {number}' WHERE NOT EXISTS (SELECT 1 FROM kind WHERE id = {number} AND name = '{kind}')`},
		}},
		{"states", "each change leads from and to a state that is known", []part{
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d of object %d leads to state %d, of which there is nothing', c.id, c.object, c.state)
				FROM change c
				WHERE c.id > ?1 AND c.id <= ?2 AND c.state IS NOT NULL AND NOT ` + ofKind(`EXISTS (SELECT 1 FROM {kind}_state s WHERE s.id = c.state)`, `1`)},
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d of object %d ends state %d, of which there is nothing', c.id, c.object, c.was)
				FROM change c
				WHERE c.id > ?1 AND c.id <= ?2 AND c.was IS NOT NULL AND NOT EXISTS (SELECT 1 FROM change p WHERE p.object = c.object AND p.id < c.id)
				  AND NOT ` + ofKind(`EXISTS (SELECT 1 FROM {kind}_state s WHERE s.id = c.was)`, `1`)},
		}},
		{"hashes", "each object and state has the hash of its values", hashParts()},
		{"once", "each object and each state is written once", []part{
			{table: "{kind}_state", key: "id", sql: `
				SELECT printf('{kind} states %d and %d are the same', b.id, a.id)
				FROM {kind}_state a
				JOIN {kind}_state b ON b.hash = a.hash AND b.id < a.id
				WHERE a.id > ?1 AND a.id <= ?2 AND {state}`},
			{table: "{kind}_object", key: "object", sql: `
				SELECT printf('{kind} %d and %d are the same', b.object, a.object)
				FROM {kind}_object a
				JOIN {kind}_object b ON b.hash = a.hash AND b.object < a.object
				WHERE a.object > ?1 AND a.object <= ?2 AND a.netns = b.netns AND a.position = b.position AND {key}`},
		}},
		{"causes", "each cause is an earlier change", []part{
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d has change #%d as its cause, which is no earlier one', c.id, c.cause)
				FROM change c
				WHERE c.id > ?1 AND c.id <= ?2 AND c.cause IS NOT NULL
				  AND (c.cause NOT BETWEEN 1 AND c.id - 1 OR c.cause > ifnull((SELECT change FROM pruned), 0) AND NOT EXISTS (SELECT 1 FROM change p WHERE p.id = c.cause))`},
		}},
		{"sources", "each change says how it is known, and by whose doing, in words that exist", []part{
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d is known in way %d, which is none', c.id, c.how)
				FROM change c
				WHERE c.id > ?1 AND c.id <= ?2 AND c.how NOT IN (SELECT id FROM how)`},
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d was brought about by actor %d, of whom there is nothing', c.id, c.actor)
				FROM change c
				WHERE c.id > ?1 AND c.id <= ?2 AND c.actor IS NOT NULL
				  AND NOT EXISTS (SELECT 1 FROM actor a WHERE a.id = c.actor)`},
		}},
		{"datings", "each change that a dump found says in which interval it happened, once", []part{
			{table: "dating", key: "first_change", sql: `
				SELECT printf('the dating of changes #%d to #%d is from %d to %d', d.first_change, d.last_change, d.not_before_us, d.not_after_us)
				FROM dating d
				WHERE d.first_change > ?1 AND d.first_change <= ?2
				  AND (d.last_change < d.first_change OR d.not_before_us > d.not_after_us AND NOT EXISTS (
					SELECT 1 FROM ({steps}) s WHERE s.after_us <= d.not_before_us AND s.before_us >= d.not_after_us))`},
			{table: "dating", key: "first_change", sql: `
				SELECT printf('changes #%d to #%d have a dating, and so has change #%d', d.first_change, d.last_change, n.first_change)
				FROM dating d
				JOIN dating n ON n.first_change = (SELECT min(x.first_change) FROM dating x WHERE x.first_change > d.first_change)
				WHERE d.first_change > ?1 AND d.first_change <= ?2 AND n.first_change <= d.last_change`},
			{table: "dating", key: "first_change", sql: `
				SELECT printf('the dating of change #%d is by gap %d, of which there is nothing', d.first_change, d.gap)
				FROM dating d
				WHERE d.first_change > ?1 AND d.first_change <= ?2 AND d.gap IS NOT NULL AND d.gap NOT IN (SELECT id FROM gap)`},
			{table: "change", key: "id", sql: `
				SELECT printf('change #%d was found, but there is no interval for it', c.id)
				FROM change c
				WHERE c.id > ?1 AND c.id <= ?2 AND c.how = 4 AND c.id >= (SELECT min(first_change) FROM dating)
				  AND NOT EXISTS (SELECT 1 FROM dating d WHERE d.last_change >= c.id AND d.first_change = (
					SELECT max(x.first_change) FROM dating x WHERE x.first_change <= c.id))`},
		}},
		{"sessions", "each session begins, is ready and ends in this order, unless the clock was set back", []part{
			{table: "session", key: "id", sql: `
				SELECT printf('session %d began at %d, was ready at %s and ended at %s', id, started_us, ifnull(ready_us, 'no time'), ifnull(ended_us, 'no time'))
				FROM session
				WHERE id > ?1 AND id <= ?2
				  AND max(started_us, ifnull(ready_us, started_us)) > min(ifnull(ready_us, started_us), ifnull(ended_us, 9223372036854775807))
				  AND NOT EXISTS (SELECT 1 FROM ({steps}) s
					WHERE s.after_us <= max(started_us, ifnull(ready_us, started_us)) AND s.before_us >= min(ifnull(ready_us, started_us), ifnull(ended_us, started_us)))`},
			{table: "gap", key: "id", sql: missingSession("gap")},
			{table: "clock", key: "id", sql: missingSession("clock")},
			{table: "actor", key: "id", sql: missingSession("actor")},
		}},
		{"gaps", "each gap ends after it began, and only those of the last session may be open", []part{
			{table: "gap", key: "id", sql: `
				SELECT printf('gap %d ends at %d, %d µs before it began', id, to_us, from_us - to_us)
				FROM gap
				WHERE id > ?1 AND id <= ?2 AND from_us > to_us
				  AND NOT EXISTS (SELECT 1 FROM ({steps}) s WHERE s.after_us <= from_us AND s.before_us >= to_us)`},
			{table: "gap", key: "id", sql: `
				SELECT printf('gap %d of session %d never ended, though there was a session after it', id, session)
				FROM gap
				WHERE id > ?1 AND id <= ?2 AND to_us IS NULL AND session < (SELECT max(id) FROM session)`},
			{table: "gap", key: "id", sql: `
				SELECT printf('gap %d is one of kind %s, which is none', id, kind)
				FROM gap
				WHERE id > ?1 AND id <= ?2 AND kind IS NOT NULL AND kind NOT IN (SELECT name FROM kind)`},
		}},
	}
	for i := range all {
		all[i].parts = expand(all[i].parts)
	}
	return all
}

// steps selects the times that the wall clock may have shown twice, because it
// was set back: while a session ran, or between two. What it showed between is
// not known if the earlier session was killed. A step is noted with the first
// changes after it, so up to a minute later.
const steps = `
	SELECT at_us - 60000000 AS after_us, at_us - step_us AS before_us FROM clock WHERE step_us < 0
	UNION ALL
	SELECT s.started_us, ifnull((SELECT p.ended_us FROM session p WHERE p.id < s.id ORDER BY p.id DESC LIMIT 1), 9223372036854775807)
	FROM session s JOIN gap g ON g.session = s.id AND g.reason = 'not recording' AND g.from_us = s.started_us`

// spell is the SQL expression for a state and since when.
func spell(state, since string) string {
	return fmt.Sprintf(`CASE WHEN %[1]s IS NULL AND %[2]s IS NULL THEN 'nothing'
		ELSE printf('state %%s since %%s', ifnull(%[1]s, 'none'), ifnull(%[2]s, 'no time')) END`, state, since)
}

// left is the SQL expression for what a change left.
func left(change string) string {
	return fmt.Sprintf(`CASE WHEN %[1]s.state IS NULL THEN 'nothing' ELSE printf('state %%d since %%d', %[1]s.state, %[1]s.at_us) END`, change)
}

// ofKind is the SQL expression for a condition about change c that says {kind},
// and for what holds when the object's kind is unknown.
func ofKind(condition, otherwise string) string {
	var b strings.Builder
	b.WriteString("CASE c.object & 63")
	for _, k := range rtnl.Kinds() {
		fmt.Fprintf(&b, " WHEN %d THEN %s", k.Number, strings.ReplaceAll(condition, "{kind}", k.Name))
	}
	return b.String() + " ELSE " + otherwise + " END"
}

func missingSession(table string) string {
	return `
		SELECT printf('` + table + ` %d is of session %d, of which there is nothing', t.id, t.session)
		FROM ` + table + ` t
		WHERE t.id > ?1 AND t.id <= ?2 AND NOT EXISTS (SELECT 1 FROM session s WHERE s.id = t.session)`
}

// judgePages judges what SQLite says.
func judgePages(_ *rtnl.Kind, row []any) string {
	if row[0] == "ok" {
		return ""
	}
	return fmt.Sprint(row[0])
}

// hashParts read every object and state of every kind.
func hashParts() (parts []part) {
	for _, k := range rtnl.Kinds() {
		key, state := strings.Join(k.Columns[:len(k.Key)], ", "), strings.Join(k.Columns[len(k.Key):], ", ")
		parts = append(parts,
			part{table: k.Name + "_object", key: "object", kind: k, judge: judgeHash("%s %d"),
				sql: `SELECT object, hash, netns, position, ` + key + ` FROM ` + k.Name + `_object WHERE object > ?1 AND object <= ?2`},
			part{table: k.Name + "_state", key: "id", kind: k, judge: judgeHash("%s state %d"),
				sql: `SELECT id, hash, ` + state + ` FROM ` + k.Name + `_state WHERE id > ?1 AND id <= ?2`})
	}
	return parts
}

// judgeHash judges rows of an id, a hash, and what it is the hash of.
func judgeHash(name string) func(*rtnl.Kind, []any) string {
	return func(k *rtnl.Kind, row []any) string {
		for _, v := range row[2:] {
			switch v.(type) {
			case nil, int64, string:
			default:
				return fmt.Sprintf(name+" has a value of type %T, which no recorder writes", k.Name, row[0], v)
			}
		}
		if want := hash(rtnl.AppendKey(nil, row[2:])); row[1] != want {
			return fmt.Sprintf(name+" has the hash %v, but its values have %d", k.Name, row[0], row[1], want)
		}
		return ""
	}
}

// expand makes of each part that names {kind} one for each kind, and replaces
// the words in braces. Mortal kinds have objects with the same key.
func expand(parts []part) (expanded []part) {
	for _, p := range parts {
		p.sql = strings.ReplaceAll(p.sql, "{steps}", steps)
		if !strings.Contains(p.sql, "{kind}") {
			expanded = append(expanded, p)
			continue
		}
		for _, k := range rtnl.Kinds() {
			if k.Mortal && strings.Contains(p.sql, "{key}") {
				continue
			}
			words := strings.NewReplacer("{kind}", k.Name, "{number}", fmt.Sprint(k.Number),
				"{key}", same(k.Columns[:len(k.Key)]), "{state}", same(k.Columns[len(k.Key):]))
			expanded = append(expanded, part{table: words.Replace(p.table), key: p.key, sql: words.Replace(p.sql), judge: p.judge, kind: k})
		}
	}
	return expanded
}

// same is the SQL condition that rows a and b agree in some columns.
func same(columns []string) string {
	var terms []string
	for _, c := range columns {
		terms = append(terms, "a."+c+" IS b."+c)
	}
	return strings.Join(terms, " AND ")
}
