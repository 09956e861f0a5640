package main

// What the shells of the operating system complete: cobra makes the scripts
// (nlrec completion bash), which ask nlrec itself for the words. Names and times
// are those of the recording that --db names.

import (
	"context"
	_ "embed"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"nlrec/query"
)

// completionPatience bounds how long somebody waits who pressed Tab.
const completionPatience = 5 * time.Second

// addCompletion tells what the arguments and flags of the commands may be.
func addCompletion(root *cobra.Command) {
	arguments := map[string]cobra.CompletionFunc{
		"show": completeFilter, "log": completeFilter, "diff": completeFilter, "history": completeFilter, "top": completeFilter,
		"get": completeQuestion, "tables": completeTable, "snapshot": completeFile,
	}
	for _, c := range root.Commands() {
		c.ValidArgsFunction = cobra.NoFileCompletions
		if f := arguments[c.Name()]; f != nil {
			c.ValidArgsFunction = f
		}
		for _, name := range []string{"at", "since", "until", "around"} {
			addFlagCompletion(c, name, completeInstant)
		}
		addFlagCompletion(c, "color", fixed("auto", "always", "never"))
		addFlagCompletion(c, "by", fixed(query.Measures()...))
		if flag := c.Flags().Lookup("output"); flag != nil {
			addFlagCompletion(c, "output", fixed(formatsIn(flag.Usage)...))
		}
	}
}

// installing says how each script is used, which the help of a command begins with.
var installing = map[string]string{
	"completion": "  source <(nlrec completion bash)",
	"bash":       "  nlrec completion bash >/etc/bash_completion.d/nlrec",
	"zsh":        `  nlrec completion zsh >"${fpath[1]}/_nlrec"`,
	"fish":       "  nlrec completion fish >~/.config/fish/completions/nlrec.fish",
	"powershell": "  nlrec completion powershell | Out-String | Invoke-Expression",
}

// addCompletionCommand adds the command that prints the scripts.
func addCompletionCommand(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Short = "Print what makes a shell complete commands, kinds, and names and times of the recording"
			c.Long = "Completion prints a script for a shell, after which Tab knows commands, kinds, the\nwords of filters, and the names and times of the recording that --db names."
			c.Example = installing[c.Name()]
			for _, script := range c.Commands() {
				script.Example = installing[script.Name()]
				if script.Name() == "bash" {
					script.RunE = withoutPackage(script.RunE)
				}
			}
		}
	}
}

// bareBash makes the script for bash do without the package bash-completion,
// which a server seldom has.
//
//go:embed completion.bash
var bareBash string

func withoutPackage(script func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := script(cmd, args); err != nil {
			return err
		}
		_, err := io.WriteString(cmd.OutOrStdout(), bareBash)
		return err
	}
}

// addFlagCompletion tells what a flag may be, if the command has it.
func addFlagCompletion(c *cobra.Command, name string, f cobra.CompletionFunc) {
	if c.Flags().Lookup(name) != nil {
		_ = c.RegisterFlagCompletionFunc(name, f) // fails for flags that are not there
	}
}

func fixed(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// formatsIn reads the formats from what is said of the flag -o.
func formatsIn(usage string) []string {
	_, list, _ := strings.Cut(usage, ": ")
	list, _, _ = strings.Cut(list, ";")
	return strings.Split(list, ", ")
}

// completeFilter completes a kind and the words of a filter, and the names of
// links where these may stand.
func completeFilter(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if cmd.Name() == "diff" && !hasKind(args) && len(args) < 2 {
		instants, directive := completeInstant(cmd, args, word)
		return append(instants, beginningWith(word, query.KindNames())...), directive
	}
	if !hasKind(args) {
		return beginningWith(word, query.KindNames()), cobra.ShellCompDirectiveNoFileComp
	}
	words, link := nextWords(args)
	if link {
		words = append(linkNames(cmd), words...)
	}
	return beginningWith(word, words), cobra.ShellCompDirectiveNoFileComp
}

// completeFile leaves it to the shell to complete a path.
func completeFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func hasKind(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		_, err := query.FindKind(arg)
		return err == nil
	})
}

// nextWords lists what may stand behind a kind and the words of its filter, and
// tells whether the name of a link may.
func nextWords(args []string) (words []string, link bool) {
	for i, arg := range args {
		if k, err := query.FindKind(arg); err == nil {
			words, link, _ = query.NextWords(k, args[i+1:]) // the views are part of the program
			break
		}
	}
	return words, link
}

// completeQuestion completes what nlrec get is asked.
func completeQuestion(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	words := []string{"from", "iif", "oif", "mark", "uid", "ipproto", "sport", "dport", "tos"}
	switch {
	case len(args) == 0:
		words = nil
	case args[len(args)-1] == "iif" || args[len(args)-1] == "oif":
		words = linkNames(cmd)
	}
	return beginningWith(word, words), cobra.ShellCompDirectiveNoFileComp
}

func completeTable(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	var names []string
	if tables, err := query.Catalog(); err == nil && len(args) == 0 {
		for _, t := range tables {
			names = append(names, t.Name+"\t"+t.Meaning)
		}
	}
	return beginningWith(word, names), cobra.ShellCompDirectiveNoFileComp
}

// completeInstant offers words, and instants at which something happened.
func completeInstant(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	words := []string{"now", "today", "yesterday", "boot", "first", "last", "-10m\tten minutes ago", "-1h\tan hour ago"}
	askForCompletion(cmd, func(ctx context.Context, r *query.Reader) error {
		marks, err := r.Marks(ctx)
		for _, m := range marks {
			at := time.UnixMicro(m.At).Format("2006-01-02T15:04:05.000000Z07:00") + "\t"
			if i := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, at) }); i >= 0 {
				words[i] += "; " + m.Meaning // bash takes two of one word for two beginnings
				continue
			}
			words = append(words, at+m.Meaning)
		}
		return err
	})
	return beginningWith(word, words), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// linkNames lists the names that links have had, but those that a shell may take
// for something else: bash asks with what it has put on the line itself, unquoted.
func linkNames(cmd *cobra.Command) (names []string) {
	askForCompletion(cmd, func(ctx context.Context, r *query.Reader) (err error) {
		names, err = r.LinkNames(ctx)
		return err
	})
	return slices.DeleteFunc(names, func(name string) bool { return !isShellWord(name) })
}

// isShellWord reports whether a text stands for itself in every shell, and for no flag.
func isShellWord(text string) bool {
	special := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.:@+,/%", r)
	}
	return text != "" && text[0] != '-' && text[0] != '%' && strings.IndexFunc(text, special) < 0
}

// askForCompletion asks the recording. Who presses Tab is told no error, and
// does not wait for long.
func askForCompletion(cmd *cobra.Command, f func(context.Context, *query.Reader) error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	if confineForCompletion(cmd) != nil {
		return
	}
	r, err := query.Open(ctx, dbPath(cmd), query.Options{})
	if err != nil {
		return
	}
	_ = f(ctx, r)
	_ = r.Close()
}

// beginningWith returns the words that begin with one, each once.
func beginningWith(word string, words []string) (found []string) {
	for _, w := range words {
		if strings.HasPrefix(w, word) && !slices.Contains(found, w) {
			found = append(found, w)
		}
	}
	return found
}
