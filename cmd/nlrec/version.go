package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	sqlite3 "modernc.org/sqlite/lib"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the versions of nlrec, Go and SQLite",
		Example: "  nlrec version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "nlrec %s, %s, SQLite %s\n", version(), runtime.Version(), sqlite3.SQLITE_VERSION)
			return err
		},
	}
}

// version returns the version of this nlrec, with the commit it was built
// from when that is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	number, revision := info.Main.Version, ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = " " + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			revision += "+dirty"
		}
	}
	if number == "" {
		number = "(devel)"
	}
	return strings.TrimSpace(number + revision)
}
