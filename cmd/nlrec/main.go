// Command nlrec records the network state of a Linux machine over rtnetlink
// into one SQLite file, and answers SQL about any past instant of it.
//
// Answers go to standard output; all talk goes to standard error. An error is
// one line that says what and why, and one with what to do next; between them an
// error in SQL shows where it is.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"nlrec/internal/health"
	"nlrec/internal/sandbox"
	"nlrec/internal/snapshot"
	"nlrec/query"
	"nlrec/recorder"
	"nlrec/store"
)

func main() {
	p := &program{args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, delegates: true}
	ctx := context.Background()
	if child := sandbox.Inherited(); child != nil {
		ctx = p.become(ctx, child)
	}
	os.Exit(p.run(ctx))
}

// A program is one run of nlrec.
type program struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	delegates      bool            // a child of it reads recordings
	child          *sandbox.Child  // what it was handed as such a child; nil: it is none
	outer          context.Context // that signals do not end
	damaged        bool            // what was read is
	health         *health.Answer  // of the recorder, to a child; nil: it was not asked
}

// run runs one command and returns its exit code: 0 done, 1 failed, 2 usage,
// 3 not a readable recording, 4 outside the recording or, if that matters, in a
// gap, 5 refused, 6 cut by a limit, 130 interrupted.
// A first interrupt, SIGTERM or SIGHUP cancels the command, a second, which is not
// the same once more, ends the process.
func (p *program) run(ctx context.Context) int {
	p.outer = ctx
	left, leave := context.WithCancel(context.WithValue(ctx, programKey{}, p))
	defer leave()
	ctx, stop := signal.NotifyContext(left, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(sandbox.Impatience, stop) })

	root, began := rootCommand(), false
	p.stderr = talkTo(p.stderr)
	var paged *pager // nil: there is none
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		began = true
		if wantsPager(cmd) && p.child == nil {
			if paged = newPager(p.stdout, leave); paged != nil {
				root.SetOut(paged)
			}
		}
		if err := errors.Join(checkDatabases(cmd), chooseJSON(cmd)); err != nil || !readsRecording(cmd) {
			return err
		}
		if p.child != nil {
			return p.confine(cmd)
		}
		if p.delegates && !isAlone(cmd) {
			stop() // signals are for the child
			if err := p.delegate(cmd, paged, left.Done()); err != nil {
				return err
			}
		}
		if p.delegates {
			return p.examineAlone(cmd)
		}
		return nil
	}
	root.SetArgs(respell(root, p.args))
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if paged != nil {
		gone, failed := paged.finish()
		if err = errors.Join(err, failed); gone {
			err = nil // whoever leaves the pager has seen enough
		}
	}
	var done delegated
	switch {
	case err == nil && p.damaged:
		return 3
	case err == nil:
		return 0
	case errors.As(err, &done):
		return done.code
	case !began: // cobra's own errors are about flags and arguments
		err = misuse(cmd, p.args, err)
	}
	return report(p.stderr, cmd, err)
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "nlrec",
		Short: "Record the network state of a machine, and ask about any past instant",
		Long: `nlrec record follows the kernel's network state into a file: links, addresses,
routes, neighbours, rules, nexthops. nlrec show prints what it was at any instant,
as ip does; nlrec query asks the file in SQL, also for what changed since.`,
		Example: `  nlrec record &
  nlrec show route to match 10.1.2.3 --at '10m ago'
  nlrec query "SELECT dst, gateway, dev FROM route WHERE table_id = 254"
  nlrec query --at '10m ago' "SELECT ifname, operstate FROM link"`,
		SilenceErrors: true, SilenceUsage: true,
		DisableSuggestions: true, // misuse makes them
	}
	root.PersistentFlags().Var(&databases{paths: []string{defaultPath(os.Getenv, os.Geteuid())}}, "db", "the recording is this `FILE`; $NLREC_DB changes the default; query takes several")
	root.AddCommand(
		recordCommand(),
		showCommand(),
		getCommand(),
		logCommand(),
		diffCommand(),
		historyCommand(),
		topCommand(),
		queryCommand(),
		shellCommand(),
		tablesCommand(),
		statusCommand(),
		snapshotCommand(),
		verifyCommand(),
		pruneCommand(),
		doctorCommand(),
		versionCommand(),
	)
	addJSONFlags(root)
	root.PersistentFlags().Bool(aloneFlag, false, "read the recording in this process, unprotected from what a damaged or hostile file does")
	addCheckFlag(root)
	root.PersistentFlags().Bool("no-pager", false, "show long answers without a pager; $NLREC_PAGER names one")
	root.SetHelpFunc(printHelp)
	addCompletion(root)
	addCompletionCommand(root)
	return root
}

// defaultPath is where the recording is when no flag says so.
func defaultPath(getenv func(string) string, uid int) string {
	if path := getenv("NLREC_DB"); path != "" {
		return path
	}
	if uid == 0 {
		return "/var/lib/nlrec/nlrec.db"
	}
	state := getenv("XDG_STATE_HOME")
	if state == "" {
		state = filepath.Join(getenv("HOME"), ".local", "state")
	}
	return filepath.Join(state, "nlrec", "nlrec.db")
}

// errUsage is what a command is called wrongly with.
var errUsage = errors.New("usage")

// usageError is an errUsage with a text, and a hint if there is a good one.
type usageError struct{ text, hint string }

func (e usageError) Error() string        { return e.text }
func (e usageError) Is(target error) bool { return target == errUsage }

// misuse words an error of cobra. What is no command and what is no argument
// it calls alike.
func misuse(cmd *cobra.Command, args []string, err error) error {
	if errors.Is(err, errUsage) {
		return err
	}
	if !strings.HasPrefix(err.Error(), "unknown command ") {
		return usageError{text: err.Error()}
	}
	if cmd.HasParent() {
		return usageError{text: cmd.CommandPath() + " takes no arguments"}
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	slip := args[slices.IndexFunc(args, func(arg string) bool { return strings.Contains(err.Error(), fmt.Sprintf("%q", arg)) })]
	return usageError{slip + ": no such command", query.DidYouMean(slip, names, "nlrec --help")}
}

// outcomes are the errors that people can do something about: the exit code,
// and what to do, where {db} is the recording and {command} what was called.
var outcomes = []struct {
	err  error
	code int
	hint string
}{
	{errUsage, 2, "{command} --help"},
	{query.ErrParam, 2, "{command} --help"},
	{query.ErrNoSQL, 2, `nlrec query "SELECT * FROM link"`},
	{query.ErrNoLink, 2, "nlrec show link --db {db}, with the same --at"},
	{query.ErrFilter, 2, "nlrec tables"},
	{query.ErrCursor, 2, "nlrec log -n 1 --show-cursor --db {db}"},
	{query.ErrInstant, 2, "write '2026-05-01 12:00', 2026-05-01T12:00:00+02:00, '10m ago', -1h30m, @1700000000 or '#12345'"},
	{errRecorded, 1, "nlrec record takes the same limits: stop it and start it with them; or stop it for as long as {command} runs"},
	{store.ErrLocked, 1, "nlrec status --db {db}"},
	{store.ErrFlat, 3, "sqlite3 {db} .schema"},
	{store.ErrLink, 1, "nlrec record --db $(realpath {db}), if you trust who made the link, or with a copy of the file"},
	{store.ErrNotRecording, 3, "nlrec status --db FILE, with a file that nlrec record made"},
	{store.ErrNewerSchema, 3, "nlrec version; ask it with the nlrec that recorded it, or upgrade this one"},
	{store.ErrDamaged, 3, "keep a copy of {db}; nlrec verify --db {db} tells what is wrong with it"},
	{recorder.ErrUnwritten, 1, "df -h {db}; once there is room, nlrec record --db {db}"},
	{unix.ENOSPC, 1, "df -h {db}; make room there, or name another disk with --db"},
	{unix.EDQUOT, 1, "quota; make room, or name another disk with --db"},
	{unix.EROFS, 1, "name a file that can be written with --db; nlrec snapshot --db {db} COPY makes one"},
	{unix.EIO, 1, "dmesg tells of the disk; then nlrec verify --db {db}, or name another disk with --db"},
	{errCrash, 3, "nothing was written; sqlite3 {db} .recover saves what can be read"},
	{errCrashTime, 6, "ask for less: fewer columns, a shorter time"},
	{errCrashMemory, 6, "--max-memory, or ask for less: fewer columns, a shorter time"},
	{store.ErrForeignSchema, 3, "{command} --db FILE with another file; sqlite3 -readonly {db} .schema shows what is in this one"},
	{store.ErrHostile, 3, "nlrec makes no such thing: do not trust whoever did; sqlite3 -readonly {db} .schema shows it"},
	{store.ErrBeside, 3, "ls -l {db}-*; nlrec makes no such thing: remove it, or copy the file alone to another folder"},
	{store.ErrWritten, 1, "ask again"},
	{query.ErrDamaged, 3, "nlrec verify --db {db} says where; nlrec status --db {db} what can be read; sqlite3 {db} .recover saves rows"},
	{query.ErrBusy, 1, "nlrec status --db {db}, in a moment"},
	{query.ErrOutside, 4, "nlrec status --db {db}"},
	{query.ErrSeveral, 2, "nlrec query --db {db}, one after another"},
	{query.ErrGap, 4, "nlrec status --db {db}"},
	{query.ErrRows, 6, "--max-rows, or ORDER BY and LIMIT in the SQL"},
	{query.ErrLength, 6, "ask for rows instead of one long value, or for a part of it with substr()"},
	{query.ErrMemory, 6, "--max-memory, or ask for less: fewer columns, a shorter time"},
	{errTimeout, 6, "--timeout, or ask for less: fewer columns, a shorter time"},
	{query.ErrRefused, 5, "nlrec tables"},
	{errChecks, 1, "keep a copy of {db} and record anew; sqlite3 {db} .recover saves what SQLite cannot read"},
	{errLacks, 1, "run what stands behind run: above, as root where it says so"},
	{errDiffers, 1, "nlrec status --db {db}: does a recorder run, and in this network namespace?"},
	{recorder.ErrUnsettled, 1, "{command} --db {db}, when it is calmer"},
	{snapshot.ErrExists, 5, "{command} --force, or name another file"},
	{snapshot.ErrTarget, 5, "name another file"},
	{snapshot.ErrFull, 1, "df -h; there must be as much space as the recording takes, or more: nlrec status --db {db}"},
	{fs.ErrNotExist, 3, "nlrec record --db {db}, or name another recording with --db"},
	{fs.ErrPermission, 3, "ls -l {db}; then become the user or the group that may, or sudo {command} --db {db}"},
	{context.Canceled, 130, ""},
}

// hintMark begins a line that tells what to do.
const hintMark = "nlrec: hint: "

// report prints an error with a hint, and returns the exit code.
func report(stderr io.Writer, cmd *cobra.Command, err error) int {
	if errors.Is(err, errDifference) { // an answer, which is printed
		return 1
	}
	code, hint := 1, query.Hint(err)
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			code = o.code
			if hint == "" {
				hint = strings.NewReplacer("{db}", dbPath(cmd), "{command}", cmd.CommandPath()).Replace(o.hint)
			}
			break
		}
	}
	var usage usageError
	if errors.As(err, &usage) && usage.hint != "" {
		hint = usage.hint
	}
	fmt.Fprintf(stderr, "nlrec: %s%s\n", oneLine(err.Error()), holder(cmd, err))
	if excerpt := query.Excerpt(err); excerpt != "" {
		fmt.Fprintln(stderr, excerpt)
	}
	if hint != "" {
		fmt.Fprintf(stderr, hintMark+"%s\n", oneLine(hint))
	}
	return code
}

func oneLine(text string) string {
	return query.Visible(strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
}

// holder tells which process has the file, if it is why a command failed.
func holder(cmd *cobra.Command, err error) string {
	pid := 0
	switch path := dbPath(cmd); {
	case errors.Is(err, query.ErrBusy):
		pid, _ = store.Holder(path) // 0: not known
	case errors.Is(err, store.ErrLocked):
		pid = recorderPID(cmd.Context(), path)
	}
	if pid == 0 {
		return ""
	}
	return fmt.Sprintf(": process %d", pid)
}
