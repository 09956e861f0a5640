package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

const manFolder = "../../docs/man"

// The man pages are what the commands say of themselves; -update writes them.
func TestMan(t *testing.T) {
	want := manPages(t)
	if *update {
		for name, page := range want {
			if err := os.WriteFile(filepath.Join(manFolder, name), page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	have, err := filepath.Glob(filepath.Join(manFolder, "*"))
	if err != nil || len(have) != len(want) {
		t.Errorf("docs/man/ has %d pages of %d (%v): make man", len(have), len(want), err)
	}
	for name, page := range want {
		if got, err := os.ReadFile(filepath.Join(manFolder, name)); err != nil || !bytes.Equal(got, page) {
			t.Errorf("docs/man/%s is not what the command says (%v): make man", name, err)
		}
	}
}

// manPages makes the pages, as they are on every machine and every day.
func manPages(t *testing.T) map[string][]byte {
	root := rootCommand()
	root.DisableAutoGenTag = true
	root.PersistentFlags().Lookup("db").DefValue = "/var/lib/nlrec/nlrec.db"
	pages := map[string][]byte{}
	dated := regexp.MustCompile(`(?m)^(\.TH "[^"]*" "1") "[^"]*"`)
	var add func(c *cobra.Command)
	add = func(c *cobra.Command) {
		var page bytes.Buffer
		c.Long = withLists(c.Long)
		if err := doc.GenMan(c, &doc.GenManHeader{Section: "1", Source: "nlrec", Manual: "nlrec"}, &page); err != nil {
			t.Fatal(err)
		}
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		pages[name] = dated.ReplaceAll(page.Bytes(), []byte(`$1 ""`))
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() && c == root {
				add(sub)
			}
		}
	}
	add(root)
	pages["nlrec-time.7"] = manual("nlrec-time", "7", "how instants are written", withLists(instantPage))
	pages["nlrec-schema.5"] = manual("nlrec-schema", "5", "what can be asked in SQL", listed(schemaText(t)))
	return pages
}

// manual makes a page that is no command's of text in Markdown.
func manual(name, section, meaning, text string) []byte {
	title := fmt.Sprintf("%% %q %q \"\" \"nlrec\" \"nlrec\"\n", strings.ToUpper(name), section)
	return md2man.Render([]byte(title + "# NAME\n" + name + " \\- " + meaning + "\n\n# DESCRIPTION\n" + text))
}

// listed makes lists of the tables of docs/schema.md, and sections of a manual
// of its headings.
func listed(text string) string {
	text = text[strings.Index(text, "\nThe views "):] // after the title, and how the page is made
	text = regexp.MustCompile(`(?m)^\| (column|function) \| meaning \|\n\|---\|---\|\n`).ReplaceAllString(text, "")
	text = regexp.MustCompile("(?m)^\\| (`.*?`) \\| (.*) \\|$").ReplaceAllString(text, "$1\n: $2\n")
	return strings.ReplaceAll(text, "\n## ", "\n# ")
}

// instantPage is what nlrec-time(7) says.
const instantPage = instantHelp + `

Every time that nlrec prints can be pasted back as an INSTANT, and every change
that it prints with its number.

What has no zone is in the time of the machine, of $TZ, or of --tz or --utc.
A time that a clock shows twice, when it is set back, is refused, and both readings
are offered; one that it never shows is refused as well. A time of day without a
date is of today, and so in the future until it has come.

Commands that take one say on a terminal which instant they found, after which
change, and whether it lies in a gap. An instant outside what is recorded is
refused, with exit code 4.

# SPANS

A length of time (--around, --keep) has the same units, as 90s, 1h30m or 2 weeks.

# EXAMPLE
` + "```" + `
nlrec show route --at '2026-05-01 03:12'
nlrec log '#27^..#30'
nlrec log --around 'yesterday 03:12,30s'
nlrec diff boot now link
` + "```" + `

# SEE ALSO
**nlrec-log(1)**, **nlrec-show(1)**, **systemd.time(7)**
`

// withLists makes of indented lines what the pages show as they are.
func withLists(text string) string {
	var lines []string
	listed := false
	for line := range strings.SplitSeq(text, "\n") {
		indented := strings.HasPrefix(line, "  ")
		if indented != listed {
			lines = append(lines, "")
		}
		if listed = indented; indented {
			line = "  " + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
