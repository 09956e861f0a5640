package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const good = `=== RUN   TestTortureKill
    torture.go:100: in a network namespace:
            torture.go:101: torture: {"test":"kill","tries":3,"losses":0,"refused":1,"worst":"7 ms"}
--- PASS: TestTortureKill (0.00s)
`

func TestTable(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	const before = "# a\n\n| test | tries | losses | refused | worst case | date | kernel |\n" + rule
	if err := os.WriteFile(page, []byte(before+"| cut | 1 | 0 | 0 | none | d | k |\n| kill | 1 | 9 | 0 | old | d | k |\n\nend\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(strings.NewReader(good), &out, page); err != nil {
		t.Error(err)
	}
	if fields := strings.Fields(out.String()); strings.Join(fields, " ") != "test tries losses refused worst case kill 3 0 1 7 ms" {
		t.Errorf("the table is\n%s", &out)
	}
	text, _ := os.ReadFile(page)
	if got := string(text); !strings.HasPrefix(got, before+"| cut | 1 | 0 | 0 | none | d | k |\n| kill | 3 | 0 | 1 | 7 ms | 20") || !strings.HasSuffix(got, " |\n\nend\n") {
		t.Errorf("the page is\n%s", got)
	}
}

func TestTableFails(t *testing.T) {
	for what, in := range map[string]string{
		"a loss":         strings.Replace(good, `"losses":0`, `"losses":2`, 1),
		"a failure":      good + "--- FAIL: TestTortureKill (0.00s)\n",
		"a skipped test": good + "--- SKIP: TestTortureKill (0.00s)\n",
		"no build":       good + "FAIL\tnlrec/store [build failed]\n",
		"nothing":        "ok  \tnlrec/store\t0.1s\n",
	} {
		if err := run(strings.NewReader(in), &strings.Builder{}, ""); err == nil {
			t.Errorf("%s is no error", what)
		}
	}
}
