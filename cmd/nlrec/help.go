package main

// What --help prints: what most people look for first, which is an example.

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// printHelp tells about a command, in lines that fit the terminal.
func printHelp(c *cobra.Command, _ []string) {
	width := widthOf(c.OutOrStdout())
	out, end := wrapped(c.OutOrStdout(), width)
	defer func() { _ = end() }() // who cannot be told gets no help
	if c.Example != "" {
		fmt.Fprintf(out, "%s\n\n", c.Example)
	}
	text := c.Long
	if text == "" {
		text = c.Short
	}
	usage := c.UseLine()
	if !c.Runnable() {
		usage = c.CommandPath() + " COMMAND"
	}
	fmt.Fprintf(out, "%s\n\nUsage:\n  %s\n\n", flowing(text, width), usage)
	printCommands(out, c)
	printFlags(out, c)
}

func printCommands(out io.Writer, c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	fmt.Fprintln(out, "Commands:")
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			fmt.Fprintf(out, "  %-*s  %s\n", sub.NamePadding(), sub.Name(), sub.Short)
		}
	}
	fmt.Fprintln(out)
}

func printFlags(out io.Writer, c *cobra.Command) {
	var names, meanings []string
	width := 0
	c.Flags().VisitAll(func(f *pflag.Flag) {
		value, meaning := pflag.UnquoteUsage(f)
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		if value != "" && f.Value.Type() != "bool" {
			name += " " + value
		}
		if !slices.Contains([]string{"", "0", "0s", "false", "[]"}, f.DefValue) {
			meaning += " (default " + f.DefValue + ")"
		}
		names, meanings = append(names, name), append(meanings, meaning)
		width = max(width, len(name))
	})
	fmt.Fprintln(out, "Flags:")
	for i, name := range names {
		fmt.Fprintf(out, "  %-*s  %s\n", width, name, meanings[i])
	}
}

// flowing lets the paragraphs of a text flow anew where one is wider than that,
// 0: any. Indented lines are none of a paragraph.
func flowing(text string, width int) string {
	var lines, paragraph []string
	flush := func() {
		if slices.ContainsFunc(paragraph, func(line string) bool { return width > 0 && lineWidth(line) > width }) {
			paragraph = []string{broken(strings.Join(paragraph, " "), width, 0)}
		}
		lines, paragraph = append(lines, paragraph...), nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" && line[0] != ' ' {
			paragraph = append(paragraph, line)
			continue
		}
		flush()
		lines = append(lines, line)
	}
	flush()
	return strings.Join(lines, "\n")
}
