package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// patience bounds every wait: it ends what hangs, it measures nothing.
const patience = 10 * time.Minute

// build builds nlrec as make build does.
func build(ctx context.Context, program string) error {
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "nlrec/cmd/nlrec")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build nlrec: %w: %s", err, out)
	}
	return nil
}

// nobody has no privilege.
const nobody = 65534

// recording is the name of a recording in a world's folder.
const recording = "nlrec.db"

// nlrec as root forces a large receive buffer; unprivileged it has what the
// system allows everybody.
var (
	nlrec        = recorderAs("nlrec", false)
	unprivileged = recorderAs("nlrec, unprivileged", true)
	onBothCores  = spreading(recorderAs("nlrec, both cores", false))
)

// spreading lets a contender and the source use all cores.
func spreading(c contender) contender {
	start := c.start
	c.start = func(w *world) (*process, error) {
		if err := w.spread(); err != nil {
			return nil, err
		}
		return start(w)
	}
	return c
}

func recorderAs(name string, unprivileged bool) contender {
	return contender{
		Name: name, files: []string{recording}, missing: func() string { return "" }, judge: judgeRecording,
		start: func(w *world) (*process, error) { return w.record(w.path(recording), unprivileged) },
	}
}

// judgeRecording compares what is now in a recording with the kernel, and
// counts what is in it.
func judgeRecording(w *world, done *captured) (err error) {
	if out, failed := w.nlrec("verify", "--live", "--db", w.path(recording)); failed != nil {
		done.Wrong = strings.TrimSpace(out + failed.Error())
	}
	for _, q := range []struct {
		into *int64
		sql  string
	}{
		{&done.Recorded, `SELECT count(*) FROM change_log JOIN route_object USING (object)
			WHERE table_id = 254 AND metric = 20 AND how <> 'dumped'`},
		{&done.Told, `SELECT coalesce(sum(lost), 0) FROM gap WHERE reason = 'overrun'`},
		{&done.Gaps, `SELECT count(*) FROM gap WHERE reason = 'overrun'`},
	} {
		if *q.into, err = count(w.path(recording), q.sql); err != nil {
			return err
		}
	}
	return nil
}

// record starts a recorder and waits until its first dump is in the file.
func (w *world) record(db string, unprivileged bool, flags ...string) (*process, error) {
	c := exec.Command(w.program, append([]string{"record", "--db", db}, flags...)...)
	if unprivileged {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chown(filepath.Dir(db), nobody, nobody); err != nil {
			return nil, err
		}
	}
	p, err := w.start(c, nil)
	if err != nil {
		return nil, err
	}
	if err := p.until("nlrec: recording", patience); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// nlrec runs a command and returns what it prints.
func (b *bench) nlrec(args ...string) (string, error) {
	out, err := exec.CommandContext(b.ctx, b.program, args...).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%w: %s", err, failed.Stderr)
	}
	if err != nil {
		return string(out), fmt.Errorf("nlrec %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}

// itsCommands returns the commands that nlrec has.
func (b *bench) itsCommands() (names []string, err error) {
	help, err := b.nlrec("--help")
	_, list, _ := strings.Cut(help, "Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for line := range strings.Lines(list) {
		names = append(names, strings.Fields(line)[0])
	}
	return names, err
}

// A watcher reads a recording while it is made.
type watcher struct {
	db   *sql.DB
	last *sql.Stmt
}

func watch(path string) (*watcher, error) {
	db, err := readOnly(path)
	if err != nil {
		return nil, err
	}
	last, err := db.Prepare(`SELECT coalesce(max(id), 0) FROM change`)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &watcher{db, last}, nil
}

func (w *watcher) close() error { return errors.Join(w.last.Close(), w.db.Close()) }

// lastChange returns the id of the last change that can be read.
func (w *watcher) lastChange() (id int64, err error) {
	return id, w.last.QueryRow().Scan(&id)
}

// readOnly opens a file of SQLite.
func readOnly(path string) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "mode=ro"}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// count asks a file of SQLite for one number.
func count(path, query string) (n int64, err error) {
	db, err := readOnly(path)
	if err != nil {
		return 0, err
	}
	err = db.QueryRow(query).Scan(&n)
	return n, errors.Join(err, db.Close())
}

// fileSize returns the bytes of a file; 0: there is none.
func fileSize(paths ...string) (n int64) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			n += info.Size()
		}
	}
	return n
}
