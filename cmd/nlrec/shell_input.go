package main

// Where the shell's lines come from. The line editor is liner: it is kept, it is
// small, and unlike larger ones it starts no editor and reads no file of its own,
// so nothing that is typed runs a program.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/peterh/liner"
	"golang.org/x/sys/unix"
)

// A lineSource is what lines come from.
type lineSource interface {
	// Line returns the next line. It fails with io.EOF, and with errInterrupt
	// when somebody does not want to go on with this one.
	Line(ctx context.Context, prompt string) (string, error)
	// Remember keeps a statement for the next time.
	Remember(statement string)
	Close()
}

var errInterrupt = errors.New("interrupted")

// A streamSource reads lines that nobody types.
type streamSource struct{ lines *bufio.Reader }

func newStreamSource(r io.Reader) streamSource { return streamSource{bufio.NewReader(r)} }

func (s streamSource) Line(context.Context, string) (string, error) {
	line, err := s.lines.ReadString('\n')
	if err == io.EOF && line != "" {
		err = nil
	}
	return strings.TrimSuffix(line, "\n"), err
}

func (streamSource) Remember(string) {}
func (streamSource) Close()          {}

// A terminalSource reads what somebody types.
type terminalSource struct {
	editor  *liner.State
	history string // path of the file; empty: nothing is kept
}

func newTerminalSource(complete liner.WordCompleter, history []string, path string) *terminalSource {
	s := &terminalSource{liner.NewLiner(), path}
	s.editor.SetCtrlCAborts(true)
	s.editor.SetMultiLineMode(true)
	s.editor.SetTabCompletionStyle(liner.TabPrints)
	s.editor.SetBeep(false)
	s.editor.SetWordCompleter(complete)
	for _, line := range history {
		s.editor.AppendHistory(line)
	}
	return s
}

// Line waits for a line, or for the context: a terminal that stays open would
// keep a shell that is to end.
func (s *terminalSource) Line(ctx context.Context, prompt string) (string, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := s.editor.Prompt(prompt)
		answers <- answer{line, err}
	}()
	select {
	case a := <-answers:
		if errors.Is(a.err, liner.ErrPromptAborted) {
			a.err = errInterrupt
		}
		return a.line, a.err
	case <-ctx.Done():
		return "", io.EOF
	}
}

// Remember keeps a statement on one line, since that is what can be edited. One
// with a comment that the end of its line ends is kept line by line.
func (s *terminalSource) Remember(statement string) {
	lines := []string{onOneLine(statement)}
	if strings.Contains(statement, "--") {
		lines = strings.Split(statement, "\n")
	}
	for _, line := range lines {
		s.editor.AppendHistory(line)
	}
	if s.history != "" {
		_ = appendHistory(s.history, lines) // it could be opened a moment ago; what is typed now is still at hand
	}
}

// onOneLine returns a statement with one space between words. In quotes spaces
// count.
func onOneLine(statement string) string {
	var b strings.Builder
	quote, space := rune(0), false
	for _, r := range strings.TrimSpace(statement) {
		switch {
		case quote == 0 && unicode.IsSpace(r):
			space = true
			continue
		case r == quote:
			quote = 0
		case quote == 0 && strings.ContainsRune("'\"`", r):
			quote = r
		case r == '\n': // in quotes, where an editor of lines has no better
			r = ' '
		}
		if space {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		space = false
	}
	return b.String()
}

func (s *terminalSource) Close() { _ = s.editor.Close() }

// wakeTerminal wakes whoever waits to write to a terminal. An interrupt from the
// keyboard takes away what a pseudo-terminal has not shown yet, and Linux does
// not tell who waits for room that there is some.
func wakeTerminal(stream any) {
	if f, ok := stream.(*os.File); ok {
		_ = unix.IoctlSetInt(int(f.Fd()), unix.TCXONC, unix.TCOOFF) // fails where nobody waits: on what is no terminal
		_ = unix.IoctlSetInt(int(f.Fd()), unix.TCXONC, unix.TCOON)
	}
}

// historyPath is where what is typed is kept.
func historyPath(getenv func(string) string) string {
	state := getenv("XDG_STATE_HOME")
	if state == "" {
		state = filepath.Join(getenv("HOME"), ".local", "state")
	}
	return filepath.Join(state, "nlrec", "history")
}

// readHistory returns the last lines that were typed. It makes the file if need
// be, and lets nobody else read it. From time to time it leaves out what is old.
func readHistory(path string) ([]string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%w: no regular file", fs.ErrInvalid))
	}
	if err := f.Chmod(0o600); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) <= 2*liner.HistoryLimit {
		return lines, nil
	}
	lines = lines[len(lines)-liner.HistoryLimit:]
	return lines, replaceHistory(path, lines)
}

func replaceHistory(path string, lines []string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "history")
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

func appendHistory(path string, lines []string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}
