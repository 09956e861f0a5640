package main

// Who reads a recording. It may be a stranger's, so the commands that read one
// run themselves again as a child that can do little else (package sandbox). The
// parent shows the pager, passes on that somebody wants an end, and says it in
// plain words when the child crashes.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nlrec/internal/health"
	"nlrec/internal/sandbox"
	"nlrec/store"
)

// readingCommands are those that read a recording and write to nothing but
// their output, which that of snapshot is beside.
var readingCommands = []string{"show", "get", "log", "diff", "history", "top", "query", "shell", "status", "verify", "snapshot",
	cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}

func readsRecording(cmd *cobra.Command) bool { return slices.Contains(readingCommands, cmd.Name()) }

func isCompletion(cmd *cobra.Command) bool { return strings.HasPrefix(cmd.Name(), "__") }

// aloneFlag is for systems on which the child does not work.
const aloneFlag = "no-sandbox"

func isAlone(cmd *cobra.Command) bool {
	alone, _ := cmd.Flags().GetBool(aloneFlag) // the root has it
	return alone
}

// programKey is where a context has the program.
type programKey struct{}

func programOf(ctx context.Context) *program {
	p, _ := ctx.Value(programKey{}).(*program)
	return p
}

// outermost is the context that is over when the process is to end, however
// many interrupts there have been.
func outermost(ctx context.Context) context.Context {
	if p := programOf(ctx); p != nil {
		return p.outer
	}
	return ctx
}

// Errors of a child.
var (
	errCrash       = errors.New("the file is damaged or hostile")
	errCrashMemory = errors.New("the answer takes too much memory")
	errCrashTime   = errors.New("the answer takes too long")
	errKilled      = errors.New("the reading process was killed")
)

// crashes words what becomes of a child.
var crashes = map[sandbox.Cause]error{sandbox.Fault: errCrash, sandbox.Memory: errCrashMemory, sandbox.Time: errCrashTime, sandbox.Killed: errKilled}

// delegated is the exit code of a child, which has said why.
type delegated struct{ code int }

func (d delegated) Error() string { return fmt.Sprintf("exit code %d", d.code) }

// delegate has a child run the command, and returns what became of it. Where
// there can be no child it returns nil, and the command runs here.
func (p *program) delegate(cmd *cobra.Command, paged *pager, left <-chan struct{}) error {
	parent := sandbox.Parent{Leave: left, CPU: computing(cmd)}
	parent.Typed = cmd.Name() == "shell" && isTerminal(p.stdin) && isTerminal(p.stdout)
	if paged != nil {
		parent.Stdout, parent.Terminal = paged, paged.terminal
	}
	code, err := sandbox.Run(parent)
	var crash *sandbox.Crash
	switch {
	case errors.Is(err, sandbox.ErrUnavailable):
		return nil
	case errors.As(err, &crash):
		return fmt.Errorf("%s: %w: %s", dbPath(cmd), crashes[crash.Cause], crash.Text)
	case err != nil:
		return err
	}
	return delegated{code}
}

// shown is the standard output of a child whose parent shows it on a terminal.
type shown struct {
	*os.File
	terminal *os.File
}

// Fd is the terminal's, which says how wide it is.
func (s shown) Fd() uintptr { return s.terminal.Fd() }

// become makes the program the child that it was started as.
func (p *program) become(ctx context.Context, child *sandbox.Child) context.Context {
	p.child, p.stderr = child, child.Stderr
	os.Stderr = child.Stderr
	if child.Terminal != nil {
		p.stdout = shown{os.Stdout, child.Terminal}
	}
	ctx, end := context.WithCancel(ctx)
	go func() {
		<-child.Ended
		end()
	}()
	return ctx
}

// confine leaves the process able to read the recordings that a command names,
// and what else it needs.
func (p *program) confine(cmd *cobra.Command) error {
	if isCompletion(cmd) { // what is completed is not known yet
		return nil
	}
	a := sandbox.Allowance{CPU: computing(cmd), Memory: memory(cmd), Netlink: flagIsSet(cmd, "live"), Read: machineFiles()}
	for _, path := range dbPaths(cmd) {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if absolute, err := filepath.Abs(path); err == nil {
			path = absolute
		}
		store.Share(path, flagIsSet(cmd, "follow"))
		a.Read = append(a.Read, filepath.Dir(path))
		a.Change = append(a.Change, path+"-shm") // where readers tell a recorder what they read
	}
	if p.child.Temp != "" {
		a.Write = append(a.Write, p.child.Temp)
	}
	if file := cmd.Flag("cursor-file"); file != nil && file.Value.String() != "" {
		a.Write = append(a.Write, filepath.Dir(file.Value.String()))
	}
	if cmd.Name() == "snapshot" {
		a.Write = append(a.Write, copyFolder(cmd.Flags().Arg(0)))
	}
	if cmd.Name() == "shell" {
		history := historyPath(os.Getenv)
		if _, err := readHistory(history); err == nil { // makes it; the shell says why it cannot
			a.Change = append(a.Change, history)
		}
	}
	if cmd.Name() == "status" { // which names those that read; memory and environment of others stay closed
		a.Read = append(a.Read, "/proc")
		answer := health.Ask(cmd.Context(), dbPath(cmd))
		p.health = &answer
	}
	check, err := checkOf(cmd)
	if err != nil {
		return err
	}
	seen := openSeen(os.Getenv)
	endOnLimit(cmd)
	if _, err := sandbox.Restrict(a); err != nil {
		return fmt.Errorf("%w; --%s reads without it", err, aloneFlag)
	}
	p.damaged = examine(cmd, check, seen)
	return nil
}

// examineAlone looks for damage where no child reads.
func (p *program) examineAlone(cmd *cobra.Command) error {
	if isCompletion(cmd) {
		return nil
	}
	check, err := checkOf(cmd)
	if err != nil {
		return err
	}
	endOnLimit(cmd)
	p.damaged = examine(cmd, check, openSeen(os.Getenv))
	return nil
}

// machineFiles are what names of time zones, routing tables, protocols and users
// are read from.
func machineFiles() []string {
	files := []string{"/proc/self/statm", "/etc/localtime", "/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo",
		"/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2", "/etc/protocols", "/etc/passwd", "/etc/group"}
	for _, name := range []string{os.Getenv("ZONEINFO"), strings.TrimPrefix(os.Getenv("TZ"), ":")} {
		if filepath.IsAbs(name) {
			files = append(files, name)
		}
	}
	return files
}

// mostComputing bounds what an answer may cost, so that a file that is made to
// have no end has one.
const mostComputing = time.Hour

// computing is how much a command may compute; 0: it lasts as long as somebody
// sits before it.
func computing(cmd *cobra.Command) time.Duration {
	if cmd.Name() == "shell" || flagIsSet(cmd, "follow") {
		return 0
	}
	return mostComputing
}

// mostData bounds the data of a process, whatever it is asked.
const mostData = 4 << 30

// memory is how many octets a command may take; 0: any.
func memory(cmd *cobra.Command) uint64 {
	asked, err := cmd.Flags().GetInt64("max-memory") // in MiB
	if err == nil && asked == 0 {
		return 0
	}
	return max(mostData, 2*uint64(max(0, asked))<<20)
}

func flagIsSet(cmd *cobra.Command, name string) bool {
	set, _ := cmd.Flags().GetBool(name) // false where there is no such flag
	return set
}

// confineForCompletion does so for a command that is only being typed.
func confineForCompletion(cmd *cobra.Command) error {
	if p := programOf(cmd.Context()); p != nil && p.child != nil {
		return p.confine(cmd)
	}
	return nil
}
