package main

// What the shell knows beside SQL: commands that begin with a dot, as in
// sqlite3, and their names in psql. None writes a file or runs a program; .once
// therefore takes a format for the next answer, and no file.

import (
	"context"
	"errors"
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
	run            func(*shell, []string) error
	words          func(c *query.Completer, before []string) []string // that may come next in the argument; nil: none
}

func dotCommands() []dotCommand {
	formats, switches := oneOf(query.Formats()...), oneOf("on", "off")
	return []dotCommand{
		{".at", "[INSTANT]", "", "show what was then, or now; without one tell which it is", (*shell).atCommand, oneOf(query.Instants()...)},
		{".changes", "[A..B] [N] [KIND]", "", "tell the last N changes, 20 if not said, as nlrec log does; a filter may follow", (*shell).changesCommand, filterWords},
		{".diff", "A [B] [KIND]", "", "tell what is otherwise at B than at A, as nlrec diff does; a filter may follow", (*shell).diffCommand, diffWords},
		{".eqp", "on|off", "", "tell how SQLite finds answers", (*shell).planCommand, switches},
		{".gaps", "", "", "list when changes may have been missed", (*shell).gapsCommand, nil},
		{".help", "[N|WORD]", `\?`, "list all this; show the SQL of question N; find WORD", (*shell).helpCommand, nil},
		{".lines", "", `\x`, "write answers as lines, or as before", (*shell).linesCommand, nil},
		{".mode", "[FORMAT]", "", "write answers as " + strings.Join(query.Formats(), ", "), (*shell).modeCommand, formats},
		{".once", "FORMAT", "", "write only the next answer so", (*shell).onceCommand, formats},
		{".param", "[NAME=VALUE]", "", "let :NAME be VALUE in statements; list them; unset NAME, clear", (*shell).paramCommand, oneOf("list", "unset", "clear")},
		{".quit", "", `\q`, "leave; also Ctrl-D", func(*shell, []string) error { return errQuit }, nil},
		{".schema", "[TABLE]", `\d`, "show columns and what they mean", (*shell).schemaCommand, oneOf(tableWords()...)},
		{".tables", "", `\dt`, "list what can be asked; so does .views", (*shell).tablesCommand, nil},
		{".timer", "on|off", `\timing`, "tell how long answers take", (*shell).timerCommand, switches},
	}
}

// oneOf are words of which an argument has one.
func oneOf(words ...string) func(*query.Completer, []string) []string {
	return func(_ *query.Completer, before []string) []string {
		if len(before) > 0 {
			return nil
		}
		return words
	}
}

// filterWords are those of a filter, and the names of links.
func filterWords(c *query.Completer, before []string) []string {
	if !hasKind(before) {
		return query.KindNames()
	}
	words, link := nextWords(before)
	if link {
		words = append(c.Links(), words...)
	}
	return words
}

// diffWords are instants, and then those of a filter.
func diffWords(c *query.Completer, before []string) []string {
	words := filterWords(c, before)
	if !hasKind(before) && len(before) < 2 {
		words = append(slices.DeleteFunc(query.Instants(), func(word string) bool { return strings.Contains(word, " ") }), words...)
	}
	return words
}

func tableWords() (names []string) {
	tables, _ := query.Catalog() // its text is part of the program
	for _, t := range tables {
		names = append(names, t.Name)
	}
	return names
}

// bareWords are commands that people type without a dot.
var bareWords = map[string]string{"exit": ".quit", "quit": ".quit", ".exit": ".quit", "help": ".help", "?": ".help",
	".views": ".tables", `\dv`: ".tables", ".parameter": ".param", `\h`: ".help"}

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
			words, err := splitWords(argument)
			if err != nil {
				return err
			}
			return c.run(s, words)
		}
		names = append(names, c.name)
	}
	return usageError{query.Visible(name) + ": no such command", query.DidYouMean(name, names, ".help")}
}

// splitWords parts words, which may stand in quotes as on a command line.
func splitWords(text string) (words []string, err error) {
	var word strings.Builder
	begun := false
	for text += " "; text != ""; {
		switch c := text[:1]; {
		case strings.ContainsAny(c, " \t"):
			if begun {
				words = append(words, word.String())
				word.Reset()
			}
			begun, text = false, text[1:]
		case strings.ContainsAny(c, `'"`):
			quoted, rest, closed := strings.Cut(text[1:], c)
			if !closed {
				return nil, usageError{query.Visible(text) + ": the quote does not end", ".help"}
			}
			word.WriteString(quoted)
			begun, text = true, rest
		default:
			word.WriteString(c)
			begun, text = true, text[1:]
		}
	}
	return words, nil
}

func (s *shell) atCommand(words []string) error {
	if text := strings.Join(words, " "); text != "" {
		return s.setInstant(text)
	}
	if s.at == "" {
		_, err := fmt.Fprintln(s.cmd.OutOrStdout(), "now")
		return err
	}
	return s.with(s.ctx, func(r *query.Reader) error {
		_, err := fmt.Fprintln(s.cmd.OutOrStdout(), query.FormatTime(r.Moment().At, s.clock.Location))
		return err
	})
}

func (s *shell) modeCommand(words []string) error {
	text := strings.Join(words, " ")
	if text == "" {
		_, err := fmt.Fprintln(s.cmd.OutOrStdout(), s.mode)
		return err
	}
	return chooseFormat(&s.mode, ".mode", text)
}

func (s *shell) onceCommand(words []string) error {
	return chooseFormat(&s.once, ".once", strings.Join(words, " "))
}

func chooseFormat(format *string, command, text string) error {
	if !slices.Contains(query.Formats(), text) {
		return usageError{command + " " + query.Visible(text) + ": there is no such format", "there are " + strings.Join(query.Formats(), ", ")}
	}
	*format = text
	return nil
}

func (s *shell) schemaCommand(names []string) error {
	tables, err := chosenTables(names)
	if err != nil {
		return err
	}
	out, end := s.wrapped()
	printTables(out, tables)
	return end()
}

// wrapped is where texts go that people read.
func (s *shell) wrapped() (io.Writer, func() error) {
	return wrapped(s.cmd.OutOrStdout(), widthOf(s.cmd.OutOrStdout()))
}

func (s *shell) tablesCommand([]string) error {
	tables, err := query.Catalog()
	out, end := s.wrapped()
	width := 0
	for _, t := range tables {
		width = max(width, len(t.Name))
	}
	for _, t := range tables {
		fmt.Fprintf(out, "%-*s  %s\n", width, t.Name, t.Meaning)
	}
	return errors.Join(err, end())
}

// helpCommand lists commands and questions, shows a question, or finds some.
func (s *shell) helpCommand(words []string) (err error) {
	recipes, text := docs.Recipes(docs.Queries), strings.Join(words, " ")
	out, end := s.wrapped()
	defer func() { err = errors.Join(err, end()) }()
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
			meaning := c.meaning
			if c.alias != "" {
				meaning += " (" + c.alias + ")"
			}
			fmt.Fprintf(out, "%-24s  %s\n", c.name+" "+c.argument, meaning)
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
	if !hasArgument {
		for _, d := range dotCommands() {
			candidates = append(candidates, d.name)
		}
		return "", beginningWith(name, candidates)
	}
	written := strings.Fields(argument)
	word := ""
	if len(written) > 0 && strings.HasSuffix(argument, written[len(written)-1]) {
		written, word = written[:len(written)-1], written[len(written)-1]
	}
	for _, d := range dotCommands() {
		if d.name == name && d.words != nil {
			candidates = d.words(c, written)
		}
	}
	return strings.TrimSuffix(before, word), beginningWith(word, candidates)
}
