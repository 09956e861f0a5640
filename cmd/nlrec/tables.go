package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nlrec/query"
)

func tablesCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "tables [flags] [TABLE]",
		Short: "Show what can be asked: every view with its columns, meanings and units; and the functions",
		Example: `  nlrec tables
  nlrec tables route
  nlrec tables covers`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			tables, err := chosenTables(args)
			if err != nil {
				return err
			}
			return printAs(cmd, output, tables, func(w io.Writer) { printTables(w, tables) })
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT`: text, json")
	return cmd
}

// printAs prints a value as JSON, or by a function.
func printAs(cmd *cobra.Command, output string, value any, text func(io.Writer)) error {
	switch output {
	case "text":
		out, end := wrapped(cmd.OutOrStdout(), widthOf(cmd.OutOrStdout()))
		text(out)
		return end()
	case "json":
		e := json.NewEncoder(cmd.OutOrStdout())
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(value)
	}
	return usageError{text: fmt.Sprintf("-o %s: there are text, json", output)}
}

// chosenTables returns all tables and functions, or the one that is named, with
// its columns.
func chosenTables(args []string) ([]query.Table, error) {
	tables, err := query.Catalog()
	for _, f := range query.Functions() {
		tables = append(tables, query.Table{Name: f.Call(), Meaning: f.Meaning})
	}
	if err != nil || len(args) == 0 {
		return tables, err
	}
	var names []string
	for _, t := range tables {
		name, _, _ := strings.Cut(t.Name, "(")
		names = append(names, name)
		if name == args[0] {
			for _, as := range tables {
				if as.Name == t.As {
					t.Columns = as.Columns
				}
			}
			return []query.Table{t}, nil
		}
	}
	return nil, usageError{args[0] + ": no such table", query.DidYouMean(args[0], names, "nlrec tables")}
}

func printTables(w io.Writer, tables []query.Table) {
	for i, t := range tables {
		if i > 0 && (len(t.Columns) > 0 || len(tables[i-1].Columns) > 0) {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s: %s", t.Name, t.Meaning)
		if t.As != "" {
			fmt.Fprintf(w, "; columns as %s", t.As)
		}
		fmt.Fprintln(w)
		for _, c := range t.Columns {
			fmt.Fprintf(w, "  %-*s  %s\n", columnWidth(t), c.Name, c.Meaning)
		}
	}
}

func columnWidth(t query.Table) (width int) {
	for _, c := range t.Columns {
		width = max(width, len(c.Name))
	}
	return width
}
