package main

// How wide what people read may be: on a terminal as wide as that. Elsewhere a
// record is a line, whole.

import (
	"fmt"
	"io"

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
	cmd.Flags().Int("max-width", 0, "how many columns wide a table may be, 0: any; if not said, as wide as the terminal, any elsewhere")
}

// pageOf returns what a command draws tables on.
func pageOf(cmd *cobra.Command) (query.Page, error) {
	p := query.Page{Width: widthOf(cmd.OutOrStdout()), Note: func(text string) { noteOn(cmd.ErrOrStderr(), text) }}
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
