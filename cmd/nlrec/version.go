package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	sqlite3 "modernc.org/sqlite/lib"
)

func versionCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the versions of nlrec, Go and SQLite",
		Example: "  nlrec version\n  nlrec version -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{version(), runtime.Version(), sqlite3.SQLITE_VERSION}
			return printAs(cmd, output, v, func(w io.Writer) { fmt.Fprintf(w, "nlrec %s, %s, SQLite %s\n", v.Nlrec, v.Go, v.SQLite) })
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`FORMAT`: text, json")
	return cmd
}

// versions are those of what this program is made of.
type versions struct {
	Nlrec  string `json:"nlrec"`
	Go     string `json:"go"`
	SQLite string `json:"sqlite"`
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
