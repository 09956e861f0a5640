package main

// What people type as arguments and package pflag would take for flags, or for
// no part of one:
//
//	-b -1    the boot before the last, also -b-1: a value that the flag need not have
//	-10m     ten minutes ago, where an instant is expected

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nlrec/query"
)

// respell writes the arguments of the program so that pflag reads them as they
// are meant.
func respell(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd == root {
		return args
	}
	cmd.InheritedFlags() // adds those of the root
	var spelt []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(spelt, args[i:]...)
		}
		hasNext := i+1 < len(args)
		switch flag, value := valued(cmd, arg); {
		case flag != nil && flag.Name == "boot" && query.IsBoot(value):
			spelt = append(spelt, strings.TrimSuffix(arg, value)+"="+value)
		case value != "":
			spelt = append(spelt, arg)
		case flag != nil && flag.Name == "boot" && hasNext && query.IsBoot(args[i+1]):
			spelt = append(spelt, arg+"="+args[i+1])
			i++
		case flag != nil && flag.NoOptDefVal == "" && hasNext:
			spelt = append(spelt, arg, args[i+1])
			i++
		default:
			spelt = append(spelt, ago(arg))
		}
	}
	return spelt
}

// valued returns the flag in an argument that may have a value, nil where there
// is none, and its value if that is in the argument as well.
func valued(cmd *cobra.Command, arg string) (flag *pflag.Flag, value string) {
	if name, long := strings.CutPrefix(arg, "--"); long {
		return cmd.Flag(name), "" // a name with = is none
	}
	letters, short := strings.CutPrefix(arg, "-")
	if !short {
		return nil, ""
	}
	for i, letter := range letters {
		flag := cmd.Flags().ShorthandLookup(string(letter))
		if flag == nil {
			return nil, ""
		}
		if flag.Value.Type() != "bool" {
			return flag, letters[i+1:]
		}
	}
	return nil, ""
}

// span is a span before now, alone or where a range begins; -4 and -6 are flags.
var span = regexp.MustCompile(`^-(\d[\d.]*\s*\pL[\pL\d.\s]*?)(\.\..*)?$`)

// ago words a span before now so that it does not look like a flag.
func ago(arg string) string { return span.ReplaceAllString(arg, "$1 ago$2") }
