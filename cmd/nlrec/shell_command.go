package main

// What the shell knows beside SQL: commands that begin with a dot, as in
// sqlite3, and their names in psql. None writes a file or runs a program; .once
// therefore takes a format for the next answer, and no file.

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"nlrec/docs"
	"nlrec/query"
)

// A dotCommand is one of them.
type dotCommand struct {
	name, argument string
	alias          string // its name in psql
	meaning        string
	run            func(*shell, string) error
	words          func(*query.Completer) []string // that the argument may be; nil: none
}

func dotCommands() []dotCommand {
	formats := func(*query.Completer) []string { return query.Formats() }
	return []dotCommand{
		{".at", "[INSTANT]", "", "show what was then, or now; without one tell which it is", (*shell).atCommand, func(*query.Completer) []string { return query.Instants() }},
		{".help", "[N|WORD]", `\?`, "list all this; show the SQL of question N; find WORD", (*shell).helpCommand, nil},
		{".mode", "[FORMAT]", "", "write answers as " + strings.Join(query.Formats(), ", "), (*shell).modeCommand, formats},
		{".once", "FORMAT", "", "write only the next answer so", (*shell).onceCommand, formats},
		{".quit", "", `\q`, "leave; also Ctrl-D", func(*shell, string) error { return errQuit }, nil},
		{".schema", "[TABLE]", `\d`, "show columns and what they mean", (*shell).schemaCommand, tableWords},
		{".tables", "", `\dt`, "list what can be asked", (*shell).tablesCommand, nil},
		{".timer", "on|off", `\timing`, "tell how long answers take", (*shell).timerCommand, func(*query.Completer) []string { return []string{"on", "off"} }},
	}
}

func tableWords(*query.Completer) (names []string) {
	tables, _ := query.Catalog() // its text is part of the program
	for _, t := range tables {
		names = append(names, t.Name)
	}
	return names
}

// bareWords are commands that people type without a dot.
var bareWords = map[string]string{"exit": ".quit", "quit": ".quit", ".exit": ".quit", "help": ".help", "?": ".help"}

// isShellCommand reports whether a line is a command and no SQL.
func isShellCommand(line string) bool {
	return strings.HasPrefix(line, ".") || strings.HasPrefix(line, `\`) || bareWords[strings.TrimSuffix(line, ";")] != ""
}

// command runs a command.
func (s *shell) command(line string) error {
	line = strings.TrimSuffix(line, ";")
	name, argument, _ := strings.Cut(line, " ")
	if bare := bareWords[name]; bare != "" {
		name = bare
	}
	var names []string
	for _, c := range dotCommands() {
		if c.name == name || c.alias == name {
			return c.run(s, unquote(strings.TrimSpace(argument)))
		}
		names = append(names, c.name)
	}
	return usageError{query.Visible(name) + ": no such command", query.DidYouMean(name, names, ".help")}
}

// unquote takes off the quotes that the command line would need.
func unquote(text string) string {
	if len(text) > 1 && (text[0] == '\'' || text[0] == '"') && text[len(text)-1] == text[0] {
		return text[1 : len(text)-1]
	}
	return text
}

func (s *shell) atCommand(text string) error {
	if text != "" {
		return s.setInstant(text)
	}
	if s.at == "" {
		_, err := fmt.Fprintln(s.cmd.OutOrStdout(), "now")
		return err
	}
	return s.with(s.ctx, func(r *query.Reader) error {
		_, err := fmt.Fprintln(s.cmd.OutOrStdout(), localTime(r.Moment().At))
		return err
	})
}

func (s *shell) modeCommand(text string) error {
	if text == "" {
		_, err := fmt.Fprintln(s.cmd.OutOrStdout(), s.mode)
		return err
	}
	return chooseFormat(&s.mode, ".mode", text)
}

func (s *shell) onceCommand(text string) error { return chooseFormat(&s.once, ".once", text) }

func chooseFormat(format *string, command, text string) error {
	if !slices.Contains(query.Formats(), text) {
		return usageError{command + " " + query.Visible(text) + ": there is no such format", "there are " + strings.Join(query.Formats(), ", ")}
	}
	*format = text
	return nil
}

func (s *shell) timerCommand(text string) error {
	if text != "on" && text != "off" {
		return usageError{".timer " + query.Visible(text) + ": on or off is expected", ".timer on"}
	}
	s.timer = text == "on"
	return nil
}

func (s *shell) schemaCommand(name string) error {
	var names []string
	if name != "" {
		names = []string{name}
	}
	tables, err := chosenTables(names)
	if err == nil {
		printTables(s.cmd.OutOrStdout(), tables)
	}
	return err
}

func (s *shell) tablesCommand(string) error {
	tables, err := query.Catalog()
	width := 0
	for _, t := range tables {
		width = max(width, len(t.Name))
	}
	for _, t := range tables {
		fmt.Fprintf(s.cmd.OutOrStdout(), "%-*s  %s\n", width, t.Name, t.Meaning)
	}
	return err
}

// helpCommand lists commands and questions, shows a question, or finds some.
func (s *shell) helpCommand(text string) error {
	recipes, out := docs.Recipes(docs.Queries), s.cmd.OutOrStdout()
	if n, err := strconv.Atoi(text); err == nil {
		if n < 1 || n > len(recipes) {
			return usageError{fmt.Sprintf("%d: there are %d questions", n, len(recipes)), ".help"}
		}
		s.input.Remember(recipes[n-1].SQL + ";")
		_, err := fmt.Fprintf(out, "-- %s\n%s;\n", recipes[n-1].Question, recipes[n-1].SQL)
		return err
	}
	if text == "" {
		for _, c := range dotCommands() {
			fmt.Fprintf(out, "%-18s %s\n", c.name+" "+c.argument, c.meaning)
		}
		fmt.Fprintln(out, "\nQuestions; .help 1 shows the SQL of the first, the up arrow brings it here:")
	}
	return listRecipes(out, recipes, text)
}

// listRecipes lists the questions that have a word in them or in their SQL.
func listRecipes(out io.Writer, recipes []docs.Recipe, word string) error {
	found := false
	for i, r := range recipes {
		if strings.Contains(strings.ToLower(r.Question+"\n"+r.SQL), strings.ToLower(word)) {
			fmt.Fprintf(out, "%3d  %s\n", i+1, r.Question)
			found = true
		}
	}
	if !found {
		return usageError{query.Visible(word) + ": no question has it", ".help lists them all"}
	}
	return nil
}

// completionTime bounds how long somebody waits who pressed Tab.
const completionTime = time.Second

// complete tells the line editor how a line can go on.
func (s *shell) complete(line string, pos int) (head string, candidates []string, tail string) {
	runes := []rune(line)
	before, tail := string(runes[:pos]), string(runes[pos:])
	ctx, cancel := context.WithTimeout(s.ctx, completionTime)
	defer cancel()
	_ = s.with(ctx, func(r *query.Reader) error { // who is typing a line is told no error
		c, err := r.Completer(ctx)
		if err == nil {
			head, candidates = s.completions(c, before)
		}
		return err
	})
	return head, candidates, tail
}

// completions returns what stays of a line, and what can come after it.
func (s *shell) completions(c *query.Completer, before string) (head string, candidates []string) {
	if s.text != "" || !isShellCommand(before) {
		start, candidates := c.Complete(s.text + before)
		if start < len(s.text) { // in quotes that a line before this one opened
			return before, nil
		}
		return before[:start-len(s.text)], candidates
	}
	name, argument, hasArgument := strings.Cut(before, " ")
	var words []string
	for _, d := range dotCommands() {
		if !hasArgument {
			words = append(words, d.name)
		} else if d.name == name && d.words != nil {
			words = d.words(c)
		}
	}
	if hasArgument {
		head, name = name+" ", argument
	}
	for _, w := range words {
		if strings.HasPrefix(w, name) {
			candidates = append(candidates, w)
		}
	}
	return head, candidates
}
