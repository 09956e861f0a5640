package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"nlrec/internal/health"
	"nlrec/query"
	"nlrec/recorder"
	"nlrec/rtnl"
	"nlrec/store"
)

func recordCommand() *cobra.Command {
	var quiet bool
	var metricsAt string
	var config recorder.Config
	c := &cobra.Command{
		Use:   "record",
		Short: "Record the network state of this machine until stopped",
		Long: `Record dumps the links, addresses, routes, neighbours, rules and nexthop
objects of the network namespace it runs in, and then writes every change to
the recording until it is interrupted (Ctrl-C, SIGTERM). It needs no privilege;
with CAP_NET_ADMIN it can ask for a larger receive buffer and loses less when
very much changes at once. What the kernel never announces, such as a changed
sysctl, is looked for once a minute (--poll).

The recording grows until it leaves no more than a tenth of the file system to
others (--keep-free); then, or when it meets --keep or --max-size, the oldest
changes go. A recording of less than 16 MiB does not give way to --keep-free; 0
takes it away. By age nothing goes until the wall clock has run for ten minutes
without being set.

On a terminal it prints each change on a line. nlrec status asks it how it fares,
over a socket beside the file; --metrics serves the same for Prometheus.`,
		Example: `  nlrec record
  nlrec record --keep 30d --max-size 2GiB
  nlrec record --metrics localhost:9812
  nlrec record --db /srv/net.db -q`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config.Health = &recorder.Health{}
			if metricsAt != "" {
				stop, err := serveMetrics(metricsAt, func() health.Report { return config.Health.Report().Sized(dbPath(c)) })
				if err != nil {
					return err
				}
				defer stop()
			}
			return record(c.Context(), dbPath(c), quiet, !isAlone(c), config, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing but errors")
	c.Flags().DurationVar(&config.Poll, "poll", time.Minute, "each `SPAN` look for what the kernel never announces; 0: never")
	c.Flags().StringVar(&metricsAt, "metrics", "", "serve metrics for Prometheus at an `ADDRESS`: host:port, or unix:PATH")
	c.Flags().IntVar(&config.SocketBuffer, "socket-buffer", recorder.DefaultSocketBuffer, "receive buffer of `N` octets: a small one shows what an overrun does")
	config.Limits.FreeShare = 0.1
	limitFlags(c, &config.Limits)
	_ = c.Flags().MarkHidden("socket-buffer") // fails for an unknown flag only
	return c
}

// record records into the file at path, restricted as soon as it has begun. It says on stderr what it does, and
// prints changes to stdout if that is a terminal.
func record(ctx context.Context, path string, quiet, restricted bool, config recorder.Config, stdout, stderr io.Writer) (err error) {
	s, err := store.Open(ctx, path)
	if err != nil {
		return query.WithPath(path, err)
	}
	defer func() {
		if closeErr := s.Close(); err == nil {
			err = withPath(path, closeErr)
		}
		sayLog(path, stderr)
	}()
	config.Version = version()
	stopServing, err := health.Serve(path, func() health.Report { return config.Health.Report().Sized(path) })
	if err != nil {
		fmt.Fprintf(stderr, "nlrec: nlrec status cannot ask this recorder how it fares: %v\n", err)
	} else {
		defer func() { err = errors.Join(err, stopServing()) }()
	}
	manager := newManager()
	defer manager.stopping()
	config.Alive, config.Beat = manager.alive, manager.beat
	config.Log = slog.New(slog.NewTextHandler(stderr, nil))
	lines := changeLines{}
	config.Ready = func(found recorder.Summary) {
		if restricted {
			if err := restrictRecorder(path); err != nil {
				config.Log.Warn("the recorder has more rights than it needs", "error", err)
			}
		}
		manager.ready(found)
		lines.links = found.Links
		if !quiet {
			fmt.Fprint(stderr, summary(path, found))
		}
	}
	if !quiet {
		if f, ok := stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			p := newPrinter(changesOn(f))
			defer p.close()
			config.Committed = func(changes []store.Change) { p.print(lines.of(changes), len(changes)) }
		}
	}
	return recorder.Run(ctx, s, config)
}

// sayLog says it when the write-ahead log stays beside a recording that has ended:
// the disk was full, or somebody reads what was before it.
func sayLog(path string, stderr io.Writer) {
	if log, err := os.Lstat(path + "-wal"); err == nil && log.Size() > 0 {
		fmt.Fprintf(stderr, "nlrec: warning: %s\nnlrec: hint: %s\n",
			oneLine(fmt.Sprintf("%s-wal could not be folded into the recording and is a part of it: a copy of %s alone lacks what it holds", path, path)),
			oneLine("nlrec snapshot --db "+path+" COPY makes one file of both; the next nlrec record folds it"))
	}
}

// changesOn returns what writes changes to a terminal.
func changesOn(terminal *os.File) io.Writer {
	w := &wrapper{w: terminal, width: widthOf(terminal)}
	if coloured, _ := wantsColour("auto", true, os.Getenv); coloured {
		w.paint = paintedChange
	}
	return w
}

// counts says how many objects there are of each kind.
func counts(found recorder.Summary) string {
	var counts []string
	for _, k := range rtnl.Kinds() {
		name := k.Name
		switch n := found.Objects[k]; {
		case n != 1 && strings.HasSuffix(name, "s"):
			name += "es"
		case n != 1:
			name += "s"
		}
		counts = append(counts, fmt.Sprintf("%d %s", found.Objects[k], name))
	}
	return strings.Join(counts, ", ")
}

// summary says what is recorded and where to.
func summary(path string, found recorder.Summary) string {
	text := fmt.Sprintf("nlrec: recording %s to %s\n", counts(found), path)
	if found.SocketBuffer < recorder.DefaultSocketBuffer {
		text += fmt.Sprintf("nlrec: the receive buffer is %d KiB, not %d: bursts of more than %d changes may be lost, which a gap will tell\n"+
			"nlrec: hint: give it CAP_NET_ADMIN, or sysctl net.core.rmem_max=%d\n",
			found.SocketBuffer>>10, recorder.DefaultSocketBuffer>>10, found.SocketBuffer/rtnl.RouteCharge, recorder.DefaultSocketBuffer/2)
	}
	return text
}
