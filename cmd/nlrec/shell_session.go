package main

// How the shell works. Every statement opens the recording anew and closes it
// with the answer: what is now is now, an interrupted statement leaves nothing
// behind, and while somebody thinks no read transaction keeps the recorder from
// its checkpoints. So an instant is resolved once, when it is chosen.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"nlrec/query"
)

// A shell is one session.
type shell struct {
	cmd    *cobra.Command
	ctx    context.Context
	clock  query.Clock
	input  lineSource
	person bool   // sits before it: errors do not end it
	text   string // read, and not yet run
	at     string // the instant that the views show, as for query.Options; empty: now
	shown  string // the instant as the prompt has it
	mode   string // format of answers
	once   string // of the next answer; empty: mode
	before string // mode before .lines; empty: none was
	timer  bool
	plan   bool
	params []query.Param
	warned []string // what has been warned of at this instant

	interrupts chan os.Signal // from the keyboard, while no line is typed
}

// Errors that end a session.
var (
	errQuit  = errors.New("quit")
	errStuck = errors.New("SQLite cannot be interrupted in this statement, so the shell ends")
)

func runShell(cmd *cobra.Command, at, mode string, clock query.Clock) (err error) {
	s := &shell{cmd: cmd, ctx: cmd.Context(), clock: clock, mode: mode, interrupts: make(chan os.Signal, 1)}
	s.person = isTerminal(cmd.InOrStdin()) && isTerminal(cmd.OutOrStdout())
	if s.person { // an interrupt ends no more than what runs
		ctx, stop := signal.NotifyContext(context.WithoutCancel(s.ctx), syscall.SIGTERM, syscall.SIGHUP)
		defer stop()
		defer context.AfterFunc(outermost(s.ctx), stop)()
		s.ctx = ctx
		cmd.SetContext(ctx)
		signal.Notify(s.interrupts, os.Interrupt)
		defer signal.Stop(s.interrupts)
	}
	if err := s.setInstant(at); err != nil {
		return err
	}
	if s.input, err = s.openInput(); err != nil {
		return err
	}
	defer s.input.Close()
	if s.person {
		fmt.Fprintf(cmd.OutOrStdout(), "nlrec %s, %s\n.help lists commands and questions to begin with; Ctrl-D leaves\n", version(), query.Visible(dbPath(cmd)))
	}
	return s.run()
}

func (s *shell) openInput() (lineSource, error) {
	if !s.person {
		return newStreamSource(s.cmd.InOrStdin()), nil
	}
	path := historyPath(os.Getenv)
	history, err := readHistory(path)
	if err != nil {
		warnOn(s.cmd)(fmt.Sprintf("what is typed is not remembered: %v", query.WithPath(path, err)))
		path = ""
	}
	return newTerminalSource(s.complete, history, path), nil
}

// run reads and runs until the input ends, and without a person until
// something fails.
func (s *shell) run() error {
	interrupts := 0 // in a row
	for {
		select {
		case <-s.interrupts: // it came too late for the last statement, and is not for the next
		default:
		}
		line, err := s.input.Line(s.ctx, s.prompt())
		switch {
		case errors.Is(err, errInterrupt):
			s.text = ""
			if interrupts++; interrupts > 1 {
				return nil
			}
			fmt.Fprintln(s.cmd.ErrOrStderr(), "Ctrl-C once more, or Ctrl-D, leaves")
			continue
		case err == io.EOF:
			return s.rest()
		case err != nil:
			return fmt.Errorf("standard input: %w", err)
		}
		interrupts = 0
		err = s.take(line)
		if errors.Is(err, errQuit) {
			return nil
		}
		if err != nil && (!s.person || errors.Is(err, errStuck)) {
			return err
		}
		if errors.Is(err, context.Canceled) {
			interrupts = 1
		}
		if err != nil {
			s.text = ""
			report(s.cmd.ErrOrStderr(), s.cmd, err)
		}
	}
}

// rest runs what the input ends with, for which no semicolon is needed.
func (s *shell) rest() error {
	if s.person {
		fmt.Fprintln(s.cmd.OutOrStdout())
		return nil
	}
	if query.IsBlank(s.text) {
		return nil
	}
	return s.ask(s.text)
}

// take runs what is complete with a line.
func (s *shell) take(line string) error {
	if s.text == "" {
		if word := strings.TrimSpace(line); isShellCommand(word) {
			s.input.Remember(word)
			return s.command(word)
		}
	}
	s.text += line + "\n"
	for {
		statement, rest, found := query.CutStatement(s.text)
		if !found {
			if query.IsBlank(s.text) {
				s.text = ""
			}
			return nil
		}
		s.text = rest
		s.input.Remember(strings.TrimSpace(statement) + ";")
		if err := s.ask(statement); err != nil {
			return err
		}
	}
}

// prompt says as of when answers are, and whether a statement goes on.
func (s *shell) prompt() string {
	prompt := "nlrec> "
	if s.at != "" {
		prompt = "nlrec@" + s.shown + "> "
	}
	if s.text != "" {
		return strings.Repeat(" ", len(prompt)-len("...> ")) + "...> "
	}
	return prompt
}

// setInstant makes the views show an instant; empty or now is what is now.
func (s *shell) setInstant(text string) error {
	s.warned = nil
	o := query.Options{Location: s.clock.Location, Warn: s.warn, Command: "nlrec shell"}
	if text != "now" {
		o.At = text
	}
	r, err := query.Open(s.ctx, dbPath(s.cmd), o)
	if err != nil {
		return interrupted(s.ctx, err)
	}
	m := r.Moment()
	if m == nil {
		s.at, s.shown = "", ""
		return errors.Join(r.WarnOfPresent(s.ctx), r.Close())
	}
	s.at, s.shown = fmt.Sprintf("@%d.%06d", m.At/1e6, m.At%1e6), shortTime(m.At, time.Now().In(s.clock.Location))
	if strings.HasPrefix(strings.TrimSpace(text), "#") {
		s.at, s.shown = strings.TrimSpace(text), strings.TrimSpace(text)
	}
	if s.person {
		echo(s.cmd.ErrOrStderr(), r)
	}
	return r.Close()
}

// shortTime writes an instant for a prompt: no more than it needs.
func shortTime(us int64, now time.Time) string {
	t := time.UnixMicro(us).In(now.Location())
	text := t.Format(time.TimeOnly)
	if us%1e6 != 0 {
		text = t.Format("15:04:05.000000")
	}
	if t.Format(time.DateOnly) != now.Format(time.DateOnly) {
		text = t.Format(time.DateOnly) + " " + text
	}
	return text
}

// ask prints the answer to a statement.
func (s *shell) ask(statement string) (err error) {
	ctx, done := s.interruptible()
	defer done()
	mode, began := s.mode, time.Now()
	if s.once != "" {
		mode, s.once = s.once, ""
	}
	page, err := pageOf(s.cmd) // the terminal may be another size now
	if err == nil {
		err = s.with(ctx, func(r *query.Reader) error {
			return s.answer(ctx, r, statement, page, mode)
		})
	}
	if s.timer && err == nil {
		fmt.Fprintf(s.cmd.ErrOrStderr(), "took %s\n", time.Since(began).Round(100*time.Microsecond))
	}
	if errors.Is(err, errStuck) {
		return fmt.Errorf("interrupted: %w", err)
	}
	return interrupted(ctx, err)
}

// answer asks a statement with what it has of the parameters.
func (s *shell) answer(ctx context.Context, r *query.Reader, statement string, page query.Page, mode string) error {
	params := query.ParamsOf(statement, s.params)
	if s.plan {
		if err := s.printPlan(ctx, r, statement, params); err != nil {
			return err
		}
	}
	return r.QueryParams(ctx, statement, params, func(rows *query.Rows) error { return query.Write(s.cmd.OutOrStdout(), page, mode, rows) })
}

// with opens the recording for a function that asks it.
func (s *shell) with(ctx context.Context, f func(*query.Reader) error) (err error) {
	r, err := query.Open(ctx, dbPath(s.cmd), query.Options{At: s.at, Location: s.clock.Location, Warn: s.warn})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err = f(r); r.Stuck() {
		err = errors.Join(err, errStuck)
	}
	return err
}

// warn warns of a thing once for each instant.
func (s *shell) warn(text string) {
	if !slices.Contains(s.warned, text) {
		s.warned = append(s.warned, text)
		warnOn(s.cmd)(text)
	}
}

// interruptible returns a context that an interrupt from the keyboard ends. A
// second one ends the process, if the first did not help.
func (s *shell) interruptible() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(s.ctx)
	answered, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-s.interrupts:
				if ctx.Err() != nil {
					s.input.Close()
					os.Exit(130)
				}
				cancel()
				wakeTerminal(s.cmd.OutOrStdout())
			case <-answered:
				return
			}
		}
	}()
	return ctx, func() {
		close(answered)
		<-ended // so that it takes no interrupt that is for the next statement
		cancel()
	}
}
