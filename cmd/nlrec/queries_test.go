package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nlrec/docs"
	"nlrec/internal/recordingtest"
)

const queriesPath = "../../docs/queries.md"

// Every question of docs/queries.md has the answer that stands below it.
func TestQueries(t *testing.T) {
	db := filepath.Join(t.TempDir(), "week.db")
	recordingtest.Week(t, db)
	if code := run(t.Context(), []string{"verify", "--db", db}, strings.NewReader(""), io.Discard, t.Output()); code != 0 {
		t.Fatal("the recording is not right")
	}
	page := docs.Queries
	recipes := docs.Recipes(page)
	if len(recipes) < 30 {
		t.Fatalf("%d questions", len(recipes))
	}
	for _, r := range recipes {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), []string{"query", "--db", db, "-o", "box", r.SQL}, strings.NewReader(""), &stdout, &stderr)
		if code != 0 || stderr.Len() > 0 {
			t.Errorf("%s: exit code %d, %s", r.Question, code, &stderr)
		}
		if strings.Count(stdout.String(), "\n") < 5 {
			t.Errorf("%s: no rows", r.Question)
		}
		if answer := "```sql\n" + r.SQL + "\n```\n```\n" + stdout.String() + "```\n"; !strings.Contains(page, answer) {
			page = withAnswer(page, r.SQL, answer)
		}
	}
	if page == docs.Queries {
		return
	}
	if !*update {
		t.Errorf("docs/queries.md has other answers: go test ./cmd/nlrec -run Queries -update")
	} else if err := os.WriteFile(queriesPath, []byte(page), 0o644); err != nil {
		t.Error(err)
	}
}

// Plain SQLite gives the same answers, but where a question uses a function of
// nlrec.
func TestQueriesInSQLite(t *testing.T) {
	db := filepath.Join(t.TempDir(), "week.db")
	recordingtest.Week(t, db)
	for _, r := range docs.Recipes(docs.Queries) {
		if strings.Contains(r.SQL, "_at('") {
			continue
		}
		var want, stderr bytes.Buffer
		run(t.Context(), []string{"query", "--db", db, "-o", "csv", r.SQL}, strings.NewReader(""), &want, &stderr)
		got, err := exec.Command("sqlite3", "-readonly", "-csv", "-header", db, r.SQL).CombinedOutput()
		if err != nil || plainLines(string(got)) != plainLines(want.String()) {
			t.Errorf("%s: %v\n%s\nnlrec:\n%s%s", r.Question, err, got, &want, &stderr)
		}
	}
}

// plainLines leaves out in CSV what does not matter: quotes that need not be,
// and how lines end.
func plainLines(csv string) string { return strings.NewReplacer("\r", "", `"`, "").Replace(csv) }

// withAnswer puts a question and its answer where the question is, in place of
// the answer that follows it, if there is one.
func withAnswer(page, sql, answer string) string {
	old := regexp.MustCompile("```sql\n" + regexp.QuoteMeta(sql) + "\n```\n(```\n(?s:.*?)\n```\n)?")
	return old.ReplaceAllLiteralString(page, answer)
}
