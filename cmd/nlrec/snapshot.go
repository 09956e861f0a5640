package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"nlrec/internal/snapshot"
)

func snapshotCommand() *cobra.Command {
	var o snapshot.Options
	cmd := &cobra.Command{
		Use:   "snapshot [flags] OUT|-",
		Short: "Copy a recording while it goes on, all of it, a part, or without names and addresses",
		Long: `Writes a copy of the recording to the file OUT, or to standard output (-). The
copy holds every change that was recorded when it began, is packed, has nothing
in it of what was deleted, and needs no file beside it: it can be read from
read-only media, by nlrec and by any SQLite tool. A recorder is not kept from
recording meanwhile. OUT appears when it is whole; an interrupt leaves nothing.

--since copies what was at that instant and every change from then on, and nothing
of before. --at makes a file of one instant instead: a plain table of each kind, with the
columns that its view has, a table instant that says whose state it is and as of
when, and a table gap with the gaps that the instant lies in.

--redact hides whose network it is: addresses, link-layer addresses, names of
links and of the machine, and what a person wrote become others, the same one each
time and with the same prefixes in common, so that every question finds what it
found. Loopback, multicast, link-local and private ranges stay recognisable, and
so do times, numbers and process ids. Nothing tells what was what.`,
		Example: `  nlrec snapshot copy.db
  nlrec snapshot --at '10m ago' then.db
  sqlite3 then.db 'SELECT dst, gateway, dev FROM route'
  nlrec snapshot --since yesterday --redact for-the-vendor.db
  nlrec snapshot - | ssh there 'cat >copy.db'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{text: "one file is expected to write the copy to, or -"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			out := args[0]
			switch {
			case o.At == "" && cmd.Flags().Changed("at"):
				return usageError{text: "--at is empty"}
			case o.Since == "" && cmd.Flags().Changed("since"):
				return usageError{text: "--since is empty"}
			case o.At != "" && o.Since != "":
				return usageError{text: "--at is one instant, and --since all from one on: only one of them can be"}
			case out == "-" && isTerminal(cmd.OutOrStdout()):
				return usageError{text: "the copy is no text for a terminal", hint: "nlrec snapshot - >FILE"}
			case out == "-":
				out, o.Stream = "", cmd.OutOrStdout()
			}
			o.Query.Command = "nlrec snapshot OUT"
			if o.Since != "" {
				o.Query.Command += " --db {db} --since {at}"
			}
			o.Query.Warn = func(text string) { fmt.Fprintf(cmd.ErrOrStderr(), "nlrec: warning: %s\n", oneLine(text)) }
			return interrupted(cmd.Context(), snapshot.Write(cmd.Context(), dbPath(cmd), out, o))
		},
	}
	cmd.Flags().StringVar(&o.At, "at", "", "copy only what was at this instant, as plain tables")
	cmd.Flags().StringVarP(&o.Since, "since", "S", "", "copy the state at this instant, and the changes from then on")
	cmd.Flags().BoolVar(&o.Redact, "redact", false, "replace addresses and names")
	cmd.Flags().BoolVarP(&o.Force, "force", "f", false, "replace OUT if it is there")
	return cmd
}

// copyFolder is where a copy is made that is to go to OUT.
func copyFolder(out string) string {
	if out == "-" {
		return os.TempDir()
	}
	return filepath.Dir(out)
}
