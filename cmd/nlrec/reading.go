package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nlrec/query"
)

// familyFlags gives a command the flags -4 and -6 of ip(8).
func familyFlags(cmd *cobra.Command) {
	cmd.Flags().BoolP("ipv4", "4", false, "IPv4 only")
	cmd.Flags().BoolP("ipv6", "6", false, "IPv6 only")
}

// familyWords are the words of a filter that the flags -4 and -6 stand for.
func familyWords(cmd *cobra.Command) (words []string) {
	four, _ := cmd.Flags().GetBool("ipv4") // familyFlags made them
	six, _ := cmd.Flags().GetBool("ipv6")
	switch {
	case four && !six:
		return []string{"-4"}
	case six && !four:
		return []string{"-6"}
	}
	return nil
}

// echo says on a terminal what instant an answer is about.
func echo(stderr io.Writer, r *query.Reader) {
	if !isTerminal(stderr) {
		return
	}
	for _, line := range r.Echoes() {
		fmt.Fprintln(stderr, line)
	}
}

// read opens the recording for a function that asks it. On a terminal it says
// as of when the answer is; and anywhere, that it touches a gap, or is older
// than now because nothing records.
func read(cmd *cobra.Command, o query.Options, f func(*query.Reader) error) (err error) {
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	o.Warn = func(text string) { fmt.Fprintf(stderr, "nlrec: warning: %s\n", oneLine(text)) }
	r, err := query.Open(ctx, dbPath(cmd), o)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if echo(stderr, r); r.Moment() == nil {
		err = r.WarnOfPresent(ctx)
	}
	if err == nil {
		err = f(r)
	}
	return interrupted(ctx, err)
}
