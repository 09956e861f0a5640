package main

// What answers are written on, and how wide that is: on a terminal as wide as
// that. Elsewhere a record is a line, whole.

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"nlrec/query"
)

// widthOf returns how many columns a stream has; 0: it is no terminal, or does
// not tell.
func widthOf(stream any) int {
	f, ok := stream.(interface{ Fd() uintptr })
	if !ok || !isTerminal(stream) {
		return 0
	}
	width, _, _ := term.GetSize(int(f.Fd())) // 0 when it cannot tell
	return width
}

// addWidthFlag adds the flag that pageOf looks at.
func addWidthFlag(cmd *cobra.Command) {
	cmd.Flags().Int("max-width", 0, "a table may be `N` columns wide, 0: any; if not said, as wide as the terminal, any elsewhere")
}

// addRowFlags adds the flags that rowsOn looks at.
func addRowFlags(cmd *cobra.Command) {
	cmd.Flags().String("null", "", "the `TEXT` that is written for NULL, but in JSON; if not said, none")
	cmd.Flags().Bool("no-header", false, "no names of columns before csv and tsv")
}

// rowsOn returns what a command writes rows on in a format.
func rowsOn(cmd *cobra.Command, format string) (query.Page, error) {
	p, err := pageOf(cmd)
	p.Null, _ = cmd.Flags().GetString("null") // addRowFlags made them
	p.Unnamed, _ = cmd.Flags().GetBool("no-header")
	if p.Unnamed && !slices.Contains([]string{"csv", "tsv"}, format) {
		return p, usageError{"--no-header: -o " + format + " has no header that can be left out", cmd.CommandPath() + " --no-header -o tsv"}
	}
	return p, err
}

// pageOf returns what a command draws tables on.
func pageOf(cmd *cobra.Command) (query.Page, error) {
	out := cmd.OutOrStdout()
	p := query.Page{Width: widthOf(out), Terminal: isTerminal(out), Note: func(text string) { noteOn(cmd.ErrOrStderr(), text) }}
	if flag := cmd.Flags().Lookup("max-width"); flag.Changed {
		p.Width, _ = cmd.Flags().GetInt("max-width") // it is there
	}
	if p.Width < 0 {
		return p, usageError{text: "--max-width cannot be negative"}
	}
	return p, nil
}

// noteOn tells something about an answer.
func noteOn(stderr io.Writer, text string) { fmt.Fprintf(stderr, "nlrec: %s\n", oneLine(text)) }
