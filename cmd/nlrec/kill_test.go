package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"nlrec/internal/netnstest"
	"nlrec/internal/torture"
)

// churn changes routes until its process is killed. A single ip would take all
// memory within a quarter of an hour: it gives back nothing of what a line took.
const churn = `ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
while :; do for op in add del; do
  for i in $(seq 200); do echo "route $op 10.0.0.$i dev v0"; done
done | ip -batch -; done`

// killsOfAFile is how often the recorder of one file is killed.
const killsOfAFile = 10

// TestTortureKill kills recorders at random moments of their start and of their
// work, while routes come and go. A reader beside them, in this process, notes
// which changes it saw: those are acknowledged, and must be in the file as they
// were seen. The file must be right after every kill, and the next recorder
// must go on with it, note the gap and have the kernel's state.
func TestTortureKill(t *testing.T) {
	if !netnstest.EnterAlone(t, "kill") {
		return
	}
	run := torture.Start(t, "kill -9 under load")
	chance := rand.New(rand.NewPCG(uint64(firstSeed(t)), 0))
	load := startLoad(t)
	k := killer{t: t, run: run, load: load, chance: chance}
	for i := range torture.Often(150, 5000) {
		if i%killsOfAFile == 0 {
			k.db, k.ready = filepath.Join(t.TempDir(), "a.db"), false
		}
		run.Try()
		if err := k.try(i); err != nil {
			run.Lose("kill %d: %v", i, err)
			k.db, k.ready = filepath.Join(t.TempDir(), "a.db"), false
		}
		if i%killsOfAFile == killsOfAFile-1 {
			_ = os.Remove(k.db)
		}
	}
	t.Logf("%d acknowledged changes were looked for", k.seen)
}

// A loader changes the network whenever it is let.
type loader struct{ group int }

func startLoad(t *testing.T) loader {
	t.Helper()
	c := exec.Command("sh", "-c", churn)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	l := loader{c.Process.Pid}
	t.Cleanup(func() { l.signal(syscall.SIGKILL); _ = c.Wait() })
	return l
}

func (l loader) signal(s syscall.Signal) { _ = syscall.Kill(-l.group, s) }

// killer kills recorders.
type killer struct {
	t      *testing.T
	run    *torture.Run
	load   loader
	chance *rand.Rand
	db     string
	ready  bool // a recorder of the file has been
	killed time.Time
	seen   int
}

// try lets a recorder begin and work, kills it, and looks at what is left. It
// is killed while it begins, or after.
func (k *killer) try(n int) error {
	w := watch(k.db)
	began := time.Now()
	if n%3 == 2 {
		k.killBeginning()
	} else {
		k.load.signal(syscall.SIGSTOP)
		r := startRecording(k.t, k.db)
		took := time.Since(began).Seconds()
		k.run.Worst(took, "recording again after %.2f s", took)
		if err := k.check(began, n); err != nil {
			return err
		}
		k.ready = true
		k.load.signal(syscall.SIGCONT)
		<-time.After(k.moment())
		k.killed = time.Now()
		_ = r.stop(syscall.SIGKILL)
	}
	k.load.signal(syscall.SIGSTOP)
	if n%2 == 0 { // else what readers share is still there when the next one comes
		w.stop()
	}
	defer w.stop()
	return k.compare(w)
}

// moment returns how long a recorder lives.
func (k *killer) moment() time.Duration {
	return 20*time.Millisecond + time.Duration(k.chance.Int64N(int64(130*time.Millisecond)))
}

// killBeginning starts a recorder and kills it, whether it records yet or not.
func (k *killer) killBeginning() {
	k.load.signal(syscall.SIGCONT)
	c := exec.Command("nlrec", "record", "--db", k.db)
	if err := c.Start(); err != nil {
		k.t.Fatal(err)
	}
	<-time.After(k.moment())
	k.killed = time.Now()
	_ = c.Process.Kill()
	_ = c.Wait()
}

// check looks at what a recorder has made of a file that others were killed
// with, before anything changes.
func (k *killer) check(began time.Time, n int) error {
	if n%5 == 0 {
		if out, err := nlrecVerify(k.db, "--live"); err != nil {
			return fmt.Errorf("the next recorder's file: %w\n%s", err, out)
		}
	}
	if !k.ready {
		return nil
	}
	r := readRecording(k.t, k.db)
	defer r.Close()
	gaps := r.number(`SELECT count(*) FROM gap WHERE session = (SELECT max(id) FROM session) AND reason = 'not recording'
		AND from_us <= ? AND ? < to_us`, k.killed.UnixMicro(), began.UnixMicro())
	if gaps != 1 {
		return fmt.Errorf("%d gaps cover the time before the next start", gaps)
	}
	return nil
}

// compare looks at a file whose recorder was killed, and for what was seen.
func (k *killer) compare(w *witness) error {
	seen := w.saw()
	k.seen += len(seen)
	last, err := lastOfRight(k.t, k.db)
	if err != nil {
		return err
	}
	if len(seen) == 0 {
		return nil
	}
	if acknowledged := seen[len(seen)-1].id; last < acknowledged {
		return fmt.Errorf("the last change is #%d, but #%d was seen", last, acknowledged)
	}
	r := readRecording(k.t, k.db)
	defer r.Close()
	for _, s := range seen {
		var now sighting
		if err := now.read(r.conn.QueryRowContext(k.t.Context(), sightings+` WHERE id = ?`, s.id)); err != nil || now != s {
			return fmt.Errorf("change %v was seen as %v: %v", now, s, err)
		}
	}
	return nil
}

// A witness notes which changes it sees in a file.
type witness struct {
	cancel context.CancelFunc
	done   chan struct{}
	seen   []sighting
}

// sighting is a change as it was seen.
type sighting struct{ id, at, object, was, state, how int64 }

const sightings = `SELECT id, at_us, object, coalesce(was, 0), coalesce(state, 0), how FROM change`

func (s *sighting) read(row *sql.Row) error {
	return row.Scan(&s.id, &s.at, &s.object, &s.was, &s.state, &s.how)
}

// watch looks at the last change of a file over and over until it is stopped.
// Where there is no file, or no table, it waits for them.
func watch(path string) *witness {
	ctx, cancel := context.WithCancel(context.Background())
	w := &witness{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		var last sighting
		for ctx.Err() == nil {
			db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
			for err == nil && ctx.Err() == nil {
				var s sighting
				if err = s.read(db.QueryRowContext(ctx, sightings+` ORDER BY id DESC LIMIT 1`)); err == nil && s != last {
					w.seen, last = append(w.seen, s), s
				}
				<-time.After(time.Millisecond)
			}
			_ = db.Close()
		}
	}()
	return w
}

// stop ends watching.
func (w *witness) stop() { w.cancel(); <-w.done }

// saw ends watching and returns what was seen, in order.
func (w *witness) saw() []sighting { w.stop(); return w.seen }
