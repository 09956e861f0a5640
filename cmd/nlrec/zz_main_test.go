package main

import (
	"context"
	"io"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nlrec": main, "probe": probe})
}

// run runs one command in this process.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return (&program{args: args, stdin: stdin, stdout: stdout, stderr: stderr}).run(ctx)
}
