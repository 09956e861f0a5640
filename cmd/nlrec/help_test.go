package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nlrec/query"
)

// eachCommand calls f for every command that people can call.
func eachCommand(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			eachCommand(sub, f)
		}
	}
}

// The help of every command begins with an example of it, names all its flags,
// tells how instants are written if it takes any, and fits 80 columns but for
// what stands behind the flags.
func TestHelp(t *testing.T) {
	eachCommand(rootCommand(), func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		var said bytes.Buffer
		if code := run(t.Context(), append(path, "--help"), nil, &said, &said); code != 0 {
			t.Errorf("%s --help: exit code %d\n%s", c.CommandPath(), code, &said)
		}
		text := said.String()
		if first, _, _ := strings.Cut(text, "\n"); !strings.Contains(first, c.CommandPath()) || !strings.HasPrefix(first, "  ") {
			t.Errorf("%s --help begins with %q", c.CommandPath(), first)
		}
		instants := false
		c.Flags().VisitAll(func(f *pflag.Flag) {
			instants = instants || strings.Contains(f.Usage, "`INSTANT")
			if !f.Hidden && !strings.Contains(text, "--"+f.Name) {
				t.Errorf("%s --help: no --%s", c.CommandPath(), f.Name)
			}
		})
		if instants && !strings.Contains(text, instantHelp) {
			t.Errorf("%s --help does not tell how instants are written", c.CommandPath())
		}
		about, _, _ := strings.Cut(text, "\nUsage:")
		for line := range strings.SplitSeq(about, "\n") {
			if len([]rune(line)) > 92 {
				t.Errorf("%s --help has a line of %d characters: %s", c.CommandPath(), len([]rune(line)), line)
			}
		}
	})
}

// What the help says of instants is true.
func TestInstantHelp(t *testing.T) {
	for _, text := range []string{"2026-05-01T12:00:00+02:00", "2026-05-01 12:00:00+02:00", "2026-05-01T12:00:00Z", "2026-05-01 12:00", "2026-05-01 12:00:00.000001", "2026-05-01",
		"2026-05-01 12:00 UTC", "2026-05-01 12:00 Europe/Berlin", "2026-05-01 12:00 CEST", "Fri 2026-05-01 12:00", "12:00", "yesterday 12:00", "today", "tomorrow", "now", "10m ago",
		"-1h30m", "+5min", "1us ago", "1ms ago", "1s ago", "1d ago", "1w ago", "1month ago", "1y ago", "@1700000000", "@1700000000.000001", "#12345", "#12345^", "first", "last", "boot", "boot-1"} {
		if _, err := parseHere(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := parseHere("Mon 2026-05-01 12:00"); err == nil {
		t.Error("Mon 2026-05-01 is a Friday")
	}
}

// Every command and every flag is used in a script, well and wrongly.
func TestScriptsCover(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	uses := func(pattern string) bool { return regexp.MustCompile(`(?m)` + pattern).MatchString(all.String()) }
	eachCommand(rootCommand(), func(c *cobra.Command) {
		name := regexp.QuoteMeta(c.CommandPath())
		if !c.Runnable() || c.Parent().Name() == "completion" { // which TestCompletion tries in the shells
			return
		}
		if !uses(`^(exec .*)?`+name+`\b`) || !uses(`^(exits [1-9]\d*|! exec) `+name+`\b`) {
			t.Errorf("%s: no script calls it well and wrongly", c.CommandPath())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			flag := `--` + f.Name
			if f.Shorthand != "" {
				flag = `(` + flag + `|-[a-z46]*` + f.Shorthand + `[a-z46]*)`
			}
			if f.Name != "help" && !f.Hidden && !uses(`^(exec .*|exits \d+ )?`+name+` .*`+flag+`\b`) {
				t.Errorf("%s: no script uses --%s", c.CommandPath(), f.Name)
			}
		})
	})
}

// parseHere reads an instant in Berlin.
func parseHere(text string) (query.Instant, error) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return query.Instant{}, err
	}
	return query.ParseInstant(text, time.Now(), berlin)
}
