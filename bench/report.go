package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A report is the page.
type report struct {
	About    [][2]string // what was measured where
	Sections []section
	Plots    []string // files, as seen from the page
	Notes    []string
}

// A section is what a subject found.
type section struct {
	Name   string
	How    string // it was measured, in a few sentences
	Goals  []goal
	Tables []table
	Curves []curve
	Notes  []string

	Figures map[string]float64 // that other sections compute with
}

// A goal is one with what was measured.
type goal struct {
	Text     string
	Limit    string
	Measured string
	Verdict  verdict
}

// A verdict says whether a goal is met.
type verdict string

const (
	met      verdict = "met"
	missed   verdict = "**not met**"
	notYet   verdict = "not yet"
	skipped  verdict = "skipped"
	noAnswer verdict = "not measured"
)

// within returns the verdict on a goal.
func within(ok bool) verdict {
	if ok {
		return met
	}
	return missed
}

// A table has a head and rows of as many cells.
type table struct {
	Title string
	Head  []string
	Rows  [][]string
}

func newReport(b *bench) (*report, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return nil, err
	}
	version, err := b.nlrec("version")
	if err != nil {
		return nil, err
	}
	return &report{About: [][2]string{
		{"date", time.Now().UTC().Format(time.DateOnly)},
		{"scale", b.scale.Name},
		{"machine", machine()},
		{"load when it began", load1()},
		{"kernel", unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:]) + " " + unix.ByteSliceToString(name.Machine[:])},
		{"nlrec", oneLine(version)},
		{"iproute2", said("ip", "-V")},
		{"pyroute2", packaged("python3-pyroute2")},
		{"gnuplot", said("gnuplot", "--version")},
	}}, nil
}

// machine says what the processor and the memory are.
func machine() string {
	model, cores := "", 0
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "processor":
			cores++
		case "model name":
			model = strings.TrimSpace(value)
		}
	}
	return fmt.Sprintf("%s, %s, %s GiB of memory, shared with others", model, counted(cores, "core", "cores"),
		figure(float64(field("/proc/meminfo", "MemTotal"))/(1<<20)))
}

// load1 returns how many processes wanted to run in the last minute.
func load1() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first + " processes that wanted to run"
}

// said returns what a program prints; where there is none, that.
func said(program string, args ...string) string {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		return "not installed"
	}
	return oneLine(string(out))
}

// packaged returns the version of a package of Debian.
func packaged(name string) string {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", name).Output()
	if err != nil {
		return "not installed"
	}
	return string(out)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// write writes the page.
func (r *report) write(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(head)
	for _, a := range r.About {
		fmt.Fprintf(&b, "- %s: %s\n", a[0], a[1])
	}
	b.WriteString("\n## Goals\n\n")
	goals := table{Head: []string{"subject", "goal", "limit", "measured", ""}}
	for _, s := range r.Sections {
		for _, g := range s.Goals {
			goals.Rows = append(goals.Rows, []string{s.Name, g.Text, g.Limit, g.Measured, string(g.Verdict)})
		}
	}
	goals.write(&b)
	for _, file := range r.Plots {
		fmt.Fprintf(&b, "\n![%s](%s)\n", strings.TrimSuffix(filepath.Base(file), ".svg"), file)
	}
	for _, s := range r.Sections {
		s.write(&b)
	}
	r.writeGrowth(&b)
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "\n%s\n", n)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeGrowth writes how everything grows, and what that means for others.
func (r *report) writeGrowth(b *bytes.Buffer) {
	if t := growthTable(r.Sections); len(t.Rows) > 0 {
		b.WriteString("\n## Growth\n\nThe exponent is e of the power law y = c·xᵉ that fits best: 0 is flat, 1 is in proportion.\n\n")
		t.write(b)
	}
	figures := map[string]float64{}
	for _, s := range r.Sections {
		maps.Copy(figures, s.Figures)
	}
	if t, ok := paper(figures); ok {
		b.WriteString("\n## On paper\n\nWhat larger installations make, from the bytes per change measured above.\n\n")
		t.write(b)
	}
}

const head = `# Benchmarks

` + "`make bench`" + ` wrote this page. Absolute times are of one machine that others use too; what counts
are ratios and counts from one run, side by side.

`

func (s section) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n## %s\n", s.Name)
	if s.How != "" {
		fmt.Fprintf(b, "\n%s\n", s.How)
	}
	for _, t := range s.Tables {
		fmt.Fprintf(b, "\n%s\n\n", t.Title)
		t.write(b)
	}
	for _, n := range s.Notes {
		fmt.Fprintf(b, "\n%s\n", n)
	}
}

func (t table) write(b *bytes.Buffer) {
	line := func(cells []string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.Head)
	line(strings.Split(strings.Repeat("---,", len(t.Head)-1)+"---", ","))
	for _, row := range t.Rows {
		line(row)
	}
}

// writeTo writes the page to a file, and its plots to a folder beside it. That
// there are none it says.
func (r *report) writeTo(path string) error {
	folder := strings.TrimSuffix(path, ".md")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var curves []curve
	for _, s := range r.Sections {
		curves = append(curves, s.Curves...)
	}
	files, err := drawPlots(folder, curves)
	if err != nil {
		r.Notes = append(r.Notes, err.Error())
	}
	for _, f := range files {
		r.Plots = append(r.Plots, filepath.Base(folder)+"/"+f)
	}
	var page bytes.Buffer
	if err := r.write(&page); err != nil {
		return err
	}
	return os.WriteFile(path, page.Bytes(), 0o644)
}
