package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A plot shows curves over the length of a history.
type plot struct {
	Name  string // of the file, and in curve.Plot
	Title string
	Y     string
	Log   bool // the y axis, too
}

// colours is how many gnuplot has; then lines are dashed.
const colours = 8

func plots() []plot {
	return []plot{
		{"throughput", "Changes to disk", "changes/s", false},
		{"bytes", "Size of the file", "bytes per change", false},
		{"questions", "Questions", "seconds", true},
	}
}

// drawPlots lets gnuplot draw into a folder, and returns the names of the files.
func drawPlots(folder string, curves []curve) (files []string, err error) {
	if _, err := exec.LookPath("gnuplot"); err != nil {
		return nil, fmt.Errorf("no plots: gnuplot is not installed")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	for _, p := range plots() {
		var its []curve
		for _, c := range curves {
			if c.Plot == p.Name {
				its = append(its, c)
			}
		}
		if len(its) == 0 {
			continue
		}
		file := p.Name + ".svg"
		c := exec.Command("gnuplot")
		c.Stdin = bytes.NewReader(p.script(filepath.Join(folder, file), its))
		if out, failed := c.CombinedOutput(); failed != nil {
			err = errors.Join(err, fmt.Errorf("draw %s: %w: %s", file, failed, out))
			continue
		}
		files = append(files, file)
	}
	return files, err
}

// script is what gnuplot is told.
func (p plot) script(path string, curves []curve) []byte {
	var b bytes.Buffer
	width, key := 900, "below"
	if len(curves) > colours { // a list below would leave no room for them
		width, key = 1280, "outside right"
	}
	fmt.Fprintf(&b, "set terminal svg size %d,640 font 'sans-serif,13' background 'white'\nset output '%s'\nset title '%s'\n", width, path, p.Title)
	fmt.Fprintf(&b, "set xlabel 'changes'\nset ylabel '%s'\nset logscale x\nset format x '10^{%%L}'\nset grid\nset key %s noenhanced\n", p.Y, key)
	if p.Log {
		b.WriteString("set logscale y\n")
	} else {
		b.WriteString("set yrange [0:*]\n")
	}
	var lines []string
	for i, c := range curves {
		fmt.Fprintf(&b, "$curve%d << end\n", i)
		for _, at := range c.Points {
			fmt.Fprintf(&b, "%g %g\n", at.X, at.Y)
		}
		b.WriteString("end\n")
		lines = append(lines, fmt.Sprintf("$curve%d with linespoints linewidth 2 dashtype %d title '%s'", i, 1+i/colours, strings.NewReplacer("`", "", "'", "’").Replace(c.Name)))
	}
	fmt.Fprintf(&b, "plot %s\n", strings.Join(lines, ", "))
	return b.Bytes()
}
