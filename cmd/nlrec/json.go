package main

// The flags -j and -p of ip(8), for every command that can write JSON.

import (
	"bufio"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// addJSONFlags gives them to the commands that have formats.
func addJSONFlags(root *cobra.Command) {
	for _, c := range root.Commands() {
		flag := c.Flags().Lookup("output")
		if flag == nil {
			continue
		}
		c.Flags().BoolP("json", "j", false, "the same as -o "+jsonFormat(flag.Usage))
		c.Flags().BoolP("pretty", "p", false, "write JSON on many lines, indented")
	}
}

// jsonFormat is the format that -j means, of those that -o can have.
func jsonFormat(usage string) string {
	if strings.Contains(usage, "ip-json") {
		return "ip-json"
	}
	return "json"
}

// chooseJSON does what -j and -p say.
func chooseJSON(cmd *cobra.Command) error {
	flag := cmd.Flags().Lookup("output")
	if flag == nil {
		return nil
	}
	wanted, _ := cmd.Flags().GetBool("json") // addJSONFlags made them
	pretty, _ := cmd.Flags().GetBool("pretty")
	format := jsonFormat(flag.Usage)
	switch {
	case wanted && flag.Changed && flag.Value.String() != format:
		return usageError{text: "-j is -o " + format + ", and -o " + flag.Value.String() + " another format: choose one"}
	case wanted:
		if err := flag.Value.Set(format); err != nil {
			return err
		}
	}
	if pretty && !strings.HasSuffix(flag.Value.String(), "json") {
		return usageError{"-p writes JSON on many lines, and -o " + flag.Value.String() + " is none", cmd.CommandPath() + " -j -p"}
	}
	if pretty {
		cmd.Root().SetOut(&indenter{w: cmd.OutOrStdout()})
	}
	return nil
}

// indenter writes JSON on many lines as it comes, however it is cut.
type indenter struct {
	w        io.Writer
	depth    int
	opened   bool // the last was { or [
	inString bool
	escaped  bool
}

// Write writes what JSON there is in b.
func (i *indenter) Write(b []byte) (int, error) {
	out := bufio.NewWriterSize(i.w, 64<<10)
	for _, c := range b {
		if i.inString {
			out.WriteByte(c)
			i.inString = i.escaped || c != '"'
			i.escaped = !i.escaped && c == '\\'
			continue
		}
		i.token(out, c)
	}
	return len(b), out.Flush()
}

// token writes an octet outside of strings.
func (i *indenter) token(out *bufio.Writer, c byte) {
	switch c {
	case ' ', '\n', '\t', '\r':
		return
	case '}', ']':
		i.depth--
		if !i.opened {
			i.newLine(out)
		}
		i.opened = false
		out.WriteByte(c)
		if i.depth == 0 {
			out.WriteByte('\n')
		}
		return
	case ',':
		out.WriteByte(c)
		i.newLine(out)
		return
	case ':':
		out.WriteString(": ")
		return
	}
	if i.opened {
		i.newLine(out)
	}
	out.WriteByte(c)
	i.inString = c == '"'
	if i.opened = c == '{' || c == '['; i.opened {
		i.depth++
	}
}

func (i *indenter) newLine(out *bufio.Writer) {
	out.WriteString("\n" + strings.Repeat("  ", i.depth))
}
