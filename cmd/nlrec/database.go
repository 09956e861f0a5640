package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// databases is the value of the flag --db: the default, or what is given, which
// may be several.
type databases struct {
	paths []string
	given bool
}

func (d *databases) String() string {
	if len(d.paths) == 0 {
		return ""
	}
	return d.paths[0]
}

func (d *databases) Type() string { return "string" }

// Set takes one more path.
func (d *databases) Set(path string) error {
	if !d.given {
		d.paths, d.given = nil, true
	}
	d.paths = append(d.paths, path)
	return nil
}

// dbPath returns the recording that the flag --db names, of several the first.
func dbPath(cmd *cobra.Command) string { return cmd.Flag("db").Value.String() }

// dbPaths returns all recordings that the flag --db names.
func dbPaths(cmd *cobra.Command) []string {
	d, ok := cmd.Flag("db").Value.(*databases)
	if !ok {
		return []string{dbPath(cmd)}
	}
	return d.paths
}

// checkDatabases finds whether a command can ask as many recordings as it is
// given.
func checkDatabases(cmd *cobra.Command) error {
	if n := len(dbPaths(cmd)); n > 1 && cmd.Name() != "query" {
		return usageError{fmt.Sprintf("%d recordings, where one is expected", n), "nlrec query takes several, with a column host"}
	}
	return nil
}
