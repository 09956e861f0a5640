package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"nlrec/query"
)

var update = flag.Bool("update", false, "write docs/schema.md and docs/queries.md anew")

const schemaPath = "../../docs/schema.md"

// schemaHead is what docs/schema.md begins with.
const schemaHead = `# What can be asked

This page is made from the comments in migrations/ by ` + "`go test ./cmd/nlrec -run Schema -update`" + `;
` + "`nlrec tables`" + ` prints the same.

The views are nlrec's contract: they keep their names and columns when the tables under
them change. Plain SQLite since 3.26 answers all of them; the functions only nlrec does.

- For each kind, *kind* is a view of what is now, *kind*` + "`_history`" + ` of every version there ever
  was, and *kind*` + "`_at('10m ago')`" + ` a function for what was at an instant. All three have the same
  columns. With ` + "`nlrec query --at`" + ` the view *kind* means that instant.
- Columns that end in ` + "`_us`" + ` are microseconds since 1970 on the wall clock. A version holds while
  ` + "`valid_from_us <= t AND t < valid_to_us`" + `.
- Names and values are those of ` + "`ip -d -j`" + `, but where SQL has the word for itself: ` + "`table_id`, `link_group`, `nh_group`" + `.
  Nested data is JSON text. NULL is what the kernel did not tell.
- Columns that tell of another object, such as ` + "`dev`" + `, show what held at the instant asked for; in
  *kind*` + "`_history`" + `, what held when the version began. Inside JSON the name of a link stands beside its
  index: ` + "`link`" + ` and ` + "`link_index`" + `.
- ` + "`gap`" + ` says where a row may be wrong, by the id of a row of the table ` + "`gap`" + ` that is of its kind or of
  all. As of an instant that is one with ` + "`from_us < instant AND (to_us IS NULL OR instant < to_us)`" + `, now one
  with ` + "`to_us IS NULL`" + `. In *kind*` + "`_history`" + ` it is the last one in which the version began or ended:
  ` + "`from_us < valid_from_us AND (to_us IS NULL OR valid_from_us <= to_us)`" + `, or the same of ` + "`valid_to_us`" + `.
  NULL: none.
`

func TestSchema(t *testing.T) {
	want := schemaText(t)
	if *update {
		if err := os.WriteFile(schemaPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaPath)
	if err != nil || string(got) != want {
		t.Errorf("docs/schema.md is not what the SQL says (%v): go test ./cmd/nlrec -run Schema -update", err)
	}
}

// schemaText is what docs/schema.md says.
func schemaText(t *testing.T) string {
	tables, err := query.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	return schema(tables)
}

func schema(tables []query.Table) string {
	var b strings.Builder
	b.WriteString(schemaHead)
	cell := strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`)
	for _, t := range tables {
		if t.As != "" {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n", t.Name, cell.Replace(strings.ToUpper(t.Meaning[:1])+t.Meaning[1:]))
		b.WriteString("| column | meaning |\n|---|---|\n")
		for _, c := range t.Columns {
			fmt.Fprintf(&b, "| `%s` | %s |\n", c.Name, cell.Replace(c.Meaning))
		}
	}
	b.WriteString("\n## Functions\n\nThose that nlrec adds to SQLite's. NULL, and what is none of what they take, makes NULL.\n\n| function | meaning |\n|---|---|\n")
	for _, f := range query.Functions() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Call(), cell.Replace(f.Meaning))
	}
	return b.String()
}
