// Command bench measures nlrec beside what people would run otherwise: rtmon,
// ip -ts monitor, pyroute2's NDB, ip -j route from cron. It makes network
// namespaces of its own for everything, and writes a page with every goal, its
// measured value, and whether it is met.
//
//	go run ./bench                      all of it, the page to standard output
//	go run ./bench -only capture        one subject
//	go run ./bench -scale small         in a minute, for a look
//	go run ./bench -o docs/benchmarks.md
//
// It must be root, to make the namespaces and to force a receive buffer, and it
// needs the Go toolchain, to build nlrec. What peers are missing it says.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// subjects are what can be measured, in the order of the page.
func subjects() []subject {
	return []subject{
		{"program", program},
		{"capture", capture},
		{"quiet", quiet},
		{"latency", latency},
		{"dumps", dumps},
		{"questions", questionsOf},
	}
}

// A subject is one thing to measure.
type subject struct {
	name    string
	measure func(*bench) (section, error)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	size := flags.String("scale", "full", "how much of everything: small, full")
	only := flags.String("only", "", "subjects, separated by commas; empty: all")
	page := flags.String("o", "", "the page to write, with its plots beside it; empty: only to standard output, without plots")
	scratch := flags.String("scratch", "", "folder for recordings; empty: a temporary one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	sizes, known := scales()[*size]
	if !known {
		return fmt.Errorf("-scale %s: there are small, full", *size)
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	b, err := newBench(ctx, sizes, *scratch, stderr)
	if err != nil {
		return err
	}
	defer b.close()
	defer context.AfterFunc(ctx, func() { // what it started dies with it
		b.close()
		os.Exit(1)
	})()
	r, err := b.measure(chosen)
	if *page != "" {
		err = errors.Join(err, r.writeTo(*page))
	}
	return errors.Join(err, r.write(stdout))
}

// choose returns the subjects that a list names.
func choose(list string) (chosen []subject, err error) {
	if list == "" {
		return subjects(), nil
	}
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(subjects(), func(s subject) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only %s: no such subject", name)
		}
		chosen = append(chosen, subjects()[i])
	}
	return chosen, nil
}

// A bench is one run of the benchmarks.
type bench struct {
	ctx      context.Context
	scale    scale
	dir      string   // for recordings; everybody may enter it
	program  string   // nlrec, built stripped
	commands []string // that it has
	cores    cores
	log      io.Writer
}

// newBench builds nlrec and makes room for recordings.
func newBench(ctx context.Context, s scale, scratch string, log io.Writer) (*bench, error) {
	dir, err := os.MkdirTemp(scratch, "nlrec-bench")
	if err != nil {
		return nil, err
	}
	b := &bench{ctx: ctx, scale: s, dir: dir, program: filepath.Join(dir, "nlrec"), log: log}
	if b.cores, err = twoCores(); err == nil {
		err = errors.Join(os.Chmod(dir, 0o755), build(ctx, b.program))
	}
	if err != nil {
		b.close()
		return nil, err
	}
	if b.commands, err = b.itsCommands(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) close() {
	if err := os.RemoveAll(b.dir); err != nil {
		b.say("%v", err)
	}
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, "bench: "+format+"\n", args...) }

// measure measures the subjects. It goes on after one that fails.
func (b *bench) measure(chosen []subject) (*report, error) {
	r, err := newReport(b)
	if err != nil {
		return nil, err
	}
	var failed error
	for _, s := range chosen {
		b.say("%s", s.name)
		part, err := s.measure(b)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", s.name, err))
			part.Notes = append(part.Notes, fmt.Sprintf("This could not be measured to its end: %v.", err))
		}
		r.Sections = append(r.Sections, part)
	}
	return r, failed
}
