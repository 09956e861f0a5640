package main

import (
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers are the packages, each with those it may import: further down only.
var layers = map[string][]string{
	"cmd/nlrec":              {"recorder", "internal/snapshot", "query", "query/fib", "store", "rtnl", "docs", "internal/health", "internal/sandbox"},
	"docs":                   {},
	"bench":                  {"query", "store", "rtnl"},
	"recorder":               {"store", "rtnl", "internal/health"},
	"internal/snapshot":      {"internal/redact", "query", "store", "rtnl"},
	"internal/redact":        {"rtnl"},
	"query":                  {"query/fib", "store", "rtnl", "migrations", "internal/health"},
	"query/fib":              {},
	"store":                  {"rtnl", "migrations"},
	"rtnl":                   {},
	"migrations":             {},
	"internal/health":        {},
	"internal/escapetest":    {},
	"internal/iptest":        {"query"},
	"internal/netnstest":     {},
	"internal/powercut":      {},
	"internal/recordingtest": {"store", "rtnl"},
	"internal/sandbox":       {},
	"internal/torture":       {},
}

// TestProgramIsSmall: what only tests need, and is larger than the program, is in none
// of its packages.
func TestProgramIsSmall(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil || !strings.Contains(string(out), "nlrec/store\n") {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	for dependency := range strings.Lines(string(out)) {
		for _, large := range []string{"net/http\n", "github.com/prometheus/", "google.golang.org/protobuf/"} {
			if strings.HasPrefix(dependency, large) {
				t.Errorf("the program depends on %s", dependency)
			}
		}
	}
}

func TestImportsPointDown(t *testing.T) {
	files, err := filepath.Glob("../../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../*/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, more...) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		from, _ := filepath.Rel("../..", filepath.Dir(path))
		allowed, known := layers[from]
		if !known {
			t.Errorf("%s is in no layer", path)
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, i := range f.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			if to, ours := strings.CutPrefix(name, "nlrec/"); ours && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s", path, to)
			}
		}
	}
}
