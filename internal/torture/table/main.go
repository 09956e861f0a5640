// Command table reads the output of `go test -v` and prints the results of the
// reliability tests in it as one table. With -o it also writes them into a page:
// each replaces the row that the page has of that test. It fails on a loss, on a
// test that failed or was skipped, and when there is no result at all.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/internal/torture"
)

func main() {
	page := flag.String("o", "", "the page to write the results into")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *page); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, page string) error {
	results, problems, err := read(in)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "test\ttries\tlosses\trefused\tworst case")
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", r.Test, r.Tries, r.Losses, r.Refused, r.Worst)
		if r.Losses > 0 {
			problems = append(problems, fmt.Sprintf("%s: %d losses", r.Test, r.Losses))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(results) == 0 {
		problems = append(problems, "no test has told a result")
	}
	if page != "" && len(results) > 0 {
		if err := update(page, results); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "\ntorture: "))
	}
	return nil
}

// read finds the results, and what did not run to its end.
func read(in io.Reader) (results []torture.Result, problems []string, err error) {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\n")
		if r, ok := torture.ParseLine(line); ok {
			results = append(results, r)
		} else if bad(line) {
			problems = append(problems, strings.TrimSpace(line))
		}
		if errors.Is(err, io.EOF) {
			return results, problems, nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

// bad reports whether go test says here that something failed or was skipped.
func bad(line string) bool {
	for _, begin := range []string{"--- FAIL", "--- SKIP", "FAIL\t", "panic:"} {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	return false
}

// update writes the results into the table of a page.
func update(path string, results []torture.Result) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return err
	}
	kernel, _, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), "-")
	page := string(text)
	for _, r := range results {
		if page, err = replaceRow(page, r, time.Now().Format(time.DateOnly), kernel); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

// rule ends the head of the table that replaceRow looks for.
const rule = "| --- | ---: | ---: | ---: | --- | --- | --- |\n"

// replaceRow replaces the row of a test in the table, or adds one.
func replaceRow(page string, r torture.Result, date, kernel string) (string, error) {
	before, rows, found := strings.Cut(page, rule)
	if !found {
		return "", errors.New("there is no table of results in it")
	}
	row := fmt.Sprintf("| %s | %d | %d | %d | %s | %s | %s |\n", r.Test, r.Tries, r.Losses, r.Refused, r.Worst, date, kernel)
	var table strings.Builder
	for strings.HasPrefix(rows, "|") {
		line, rest, _ := strings.Cut(rows, "\n")
		rows = rest
		if strings.HasPrefix(line, "| "+r.Test+" |") {
			line, row = strings.TrimSuffix(row, "\n"), ""
		}
		table.WriteString(line + "\n")
	}
	return before + rule + table.String() + row + rows, nil
}
