package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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
	return pages
}

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
