package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nlrec/internal/health"
	"nlrec/internal/sandbox"
	"nlrec/query"
	"nlrec/recorder"
)

// errLacks is that something is not as lossless recording needs it.
var errLacks = errors.New("not all is as it should be")

func doctorCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "doctor [flags]",
		Short: "Tell what is missing for a recording that loses nothing",
		Long: `Doctor looks at what recording needs on this machine: a recorder that runs, what
the kernel lets it hear and read, its receive buffer, the folder, the file and the
disk, the clock. For what is missing it prints the command that mends it. It
changes nothing.

Its exit code is 0 when nothing is missing and 1 when something is.`,
		Example: `  nlrec doctor
  nlrec doctor -o json | jq -r '.[] | select(.lacks).mend'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return usageError{text: fmt.Sprintf("-o %s: there are text, json", output)}
			}
			path := dbPath(cmd)
			fares := health.Ask(cmd.Context(), path)
			found := append(recorder.Examine(path, recorderPID(cmd.Context(), path), fares.Buffer), examineRestrictions())
			if err := printAs(cmd, output, found, func(w io.Writer) { printFindings(w, found) }); err != nil {
				return err
			}
			for _, f := range found {
				if f.Lacks {
					return errLacks
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT`: text, json")
	return cmd
}

// examineRestrictions tells whether the kernel lets a process give up what it
// does not need.
func examineRestrictions() recorder.Finding {
	missing := sandbox.Missing()
	if len(missing) == 0 {
		return recorder.Finding{Subject: "restrictions", Says: "Landlock and seccomp, for the recorder and for who reads files of others"}
	}
	return recorder.Finding{Subject: "restrictions", Lacks: true, Says: "the kernel lacks " + strings.Join(missing, ", ")}
}

func printFindings(out io.Writer, found []recorder.Finding) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	for _, f := range found {
		mark := "ok"
		if f.Lacks {
			mark = "missing"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", mark, query.Visible(f.Subject), query.Visible(f.Says))
		if f.Mend != "" {
			fmt.Fprintf(w, "\t\trun: %s\n", query.Visible(f.Mend))
		}
	}
}
