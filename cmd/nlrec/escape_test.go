package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nlrec/internal/recordingtest"
)

// bombs take all the time or memory there is, if they may.
var bombs = []string{
	"SELECT length(zeroblob(1000000000))",
	"SELECT length(zeroblob(250000000) || zeroblob(250000000))",
	"SELECT length(printf('%.*c', 1000000000, 'x'))",
	"SELECT length(printf('%.*c', 250000000, 'x'))",
	"SELECT length(hex(zeroblob(120000000)))",
	"SELECT length(hex(hex(hex(hex(zeroblob(10000000))))))",
	"SELECT length(replace(hex(zeroblob(100000)), '00', hex(zeroblob(100000))))",
	"SELECT length(group_concat(x)) FROM (WITH RECURSIVE n(i, x) AS (SELECT 1, hex(zeroblob(1000000)) UNION ALL SELECT i+1, x FROM n) SELECT x FROM n)",
	"SELECT count(*) FROM (WITH RECURSIVE n(i, x) AS (SELECT 1, hex(randomblob(1000)) UNION ALL SELECT i+1, hex(randomblob(1000)) FROM n LIMIT 2000000) SELECT DISTINCT x FROM n ORDER BY x)",
	"WITH RECURSIVE n(x) AS (SELECT 'a' UNION ALL SELECT x || x FROM n) SELECT max(length(x)) FROM n",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT json_group_array(i) FROM n",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT json_group_object(i, hex(zeroblob(1000))) FROM n",
	"SELECT json(printf('%.*c', 100000000, '['))",
	"SELECT json_extract(replace(printf('%.*c', 100000, 'x'), 'x', '['), '$')",
	"SELECT count(*) FROM json_each('[' || replace(printf('%.*c', 20000000, 'x'), 'x', '1,') || '1]')",
	"SELECT count(*) FROM json_tree('[' || replace(printf('%.*c', 50000000, 'x'), 'x', '1,') || '1]')",
	"SELECT zeroblob(200000000), zeroblob(200000000), zeroblob(200000000)",
	"SELECT zeroblob(100000000)",
	"WITH RECURSIVE n(i, x) AS (SELECT 1, zeroblob(100000000) UNION ALL SELECT i+1, zeroblob(100000000) FROM n LIMIT 20) SELECT * FROM n ORDER BY i DESC",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i+1 FROM n) SELECT count(*) FROM n",
	"SELECT a.* FROM change a, change b, change c, change d, change e, change f, change g, change h, change i, change j, change k, change l ORDER BY random()",
	"SELECT sum(i) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n)",
	"SELECT printf('%1000000000d', 1)",
	"SELECT length(printf('%200000000s%200000000s', 'a', 'b'))",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n, link_at('#1')",
	"SELECT length(quote(zeroblob(120000000)))",
	"SELECT group_concat(hex(randomblob(1000000)), '') OVER (ORDER BY 1) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n)",
	"SELECT zeroblob(16000000)",
	"WITH RECURSIVE n(i, x) AS (SELECT 1, zeroblob(16000000) UNION ALL SELECT i+1, zeroblob(16000000) FROM n LIMIT 40) SELECT x, i FROM n",
	"WITH b(x) AS (SELECT zeroblob(16000000)) SELECT x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x FROM b",
	"SELECT json(replace(printf('%.*c', 5000, 'x'), 'x', '[') || replace(printf('%.*c', 5000, 'x'), 'x', ']'))",
	`SELECT json_extract(replace(printf('%.*c', 2000000, 'x'), 'x', '{"a":'), '$.a')`,
	"SELECT count(*) FROM json_tree(replace(printf('%.*c', 1500, 'x'), 'x', '[') || replace(printf('%.*c', 1500, 'x'), 'x', ']'))",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT * FROM n ORDER BY i",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n), m(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM m) SELECT count(*) FROM n, m",
	"SELECT zeroblob(8000000), zeroblob(8000000), zeroblob(8000000)",
	"SELECT group_concat(zeroblob(1000000)) FROM change a, change b, change c, change d",
	"SELECT hex(randomblob(1000000000))",
	"SELECT " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000),
}

// attempts are one of each way to write or to get out; package query has more.
var attempts = []string{
	"VACUUM INTO 'out.db'", "ATTACH 'out.db' AS x", "CREATE TABLE x (y)", "CREATE TEMP TABLE x (y)", "DELETE FROM change", "WITH x AS (SELECT 1) DELETE FROM change",
	"PRAGMA journal_mode = DELETE", "PRAGMA query_only = 0", "PRAGMA temp_store_directory = '.'", "SELECT load_extension('./x.so')", "SELECT writefile('out.txt', 'x')",
	"SELECT readfile('/etc/passwd')", "SELECT 1; VACUUM INTO 'out.db'", "SELECT * FROM pragma_journal_mode('DELETE')", ".shell touch out.txt", ".output out.txt", "SELECT edit('x', 'touch out.txt')",
}

const mostMemory = 512 << 10 // KiB, as getrusage(2) has it

// TestEscapes: whatever is asked, nothing comes to be beside the recording, and
// the answer is refused, or cut by a limit.
func TestEscapes(t *testing.T) {
	dir := t.TempDir()
	db, here := filepath.Join(dir, "x.db"), filepath.Join(dir, "here")
	recordingtest.Sample(t, db)
	if err := os.Mkdir(here, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, text := range append(bombs, attempts...) {
		format := []string{"json", "box", "tsv"}[i%3]
		c := exec.Command("nlrec", "query", "--db", db, "-o", format, "--timeout", "1s", "-")
		c.Stdin, c.Dir, c.Env = strings.NewReader(text), here, append(os.Environ(), "TMPDIR="+here)
		said := &strings.Builder{}
		c.Stderr = said
		err := c.Run()
		text = text[:min(len(text), 100)]
		var failed *exec.ExitError
		if !errors.As(err, &failed) || failed.ExitCode() != 1 && failed.ExitCode() < 5 || !strings.HasPrefix(said.String(), "nlrec: ") {
			t.Errorf("%s: %v\n%s", text, err, said)
		}
		if most := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; most > mostMemory {
			t.Errorf("%s: %d MiB of memory", text, most>>10)
		}
	}
	if left, err := os.ReadDir(here); err != nil || len(left) > 0 {
		t.Errorf("files came to be: %v, %v", left, err)
	}
}
