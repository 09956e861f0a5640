package main

import (
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"modernc.org/sqlite"

	"nlrec/internal/netnstest"
	"nlrec/internal/powercut"
	"nlrec/internal/torture"
	"nlrec/rtnl"
	"nlrec/store"
)

// mayLose is how much of the time before a power cut may be lost.
const mayLose = time.Second

// TestTorturePowerCut traces recorders while they begin a file, follow changes
// that come alone and in bursts, are idle, end and are killed. Then the power
// goes at instants of that, and the disk keeps more or less of what it need not:
// what is left must be a recording that lacks at most the last second, and the
// next recorder must go on with it.
func TestTorturePowerCut(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	if !netnstest.EnterAlone(t, "cut") {
		return
	}
	run := torture.Start(t, "power cut")
	folder := t.TempDir()
	c := cutter{t: t, run: run, folder: folder, db: filepath.Join(folder, "made", "too", "a.db"), chance: rand.New(rand.NewPCG(uint64(firstSeed(t)), 0))}
	c.ops = c.traced()
	c.reference = c.read(c.db)
	defer c.reference.Close()
	disk, done := powercut.NewDisk(folder), 0
	for _, p := range c.points(torture.Often(100, 2000)) {
		for ; done < p.after; done++ {
			disk.Do(c.ops[done])
		}
		run.Try()
		if err := c.cut(disk, p); err != nil {
			run.Lose("cut after %d of %d operations, %v: %v", p.after, len(c.ops), p.loss, err)
		}
	}
	t.Logf("%d operations, longest loss %v", len(c.ops), c.longest)
}

// cutter cuts the power.
type cutter struct {
	t          *testing.T
	run        *torture.Run
	folder, db string
	chance     *rand.Rand
	ops        []powercut.Op
	reference  *reading // of the file as it ended
	longest    time.Duration
}

// point is a moment and what is lost then.
type point struct {
	after int // how many operations
	loss  powercut.Loss
}

// traced records under strace and returns what was done to the files.
func (c *cutter) traced() (ops []powercut.Op) {
	netnstest.Run(c.t, "ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up")
	for n, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGTERM} {
		trace := filepath.Join(c.folder, fmt.Sprint("trace", n))
		r := startRecording(c.t, c.db, func(cmd *exec.Cmd) {
			cmd.Args = append(powercut.Strace(trace), cmd.Args...)
			cmd.Path, _ = exec.LookPath("strace")
		})
		c.change(n)
		r.agrees("the changes")
		c.settleDown()
		signalRecorder(c.t, c.db, signal)
		<-r.end
		_ = r.cmd.Wait()
		ops = append(ops, c.parse(trace)...)
	}
	return ops
}

// change makes changes: single ones, as fast as somebody can type whose every
// key starts ip, a burst, and single ones again.
func (c *cutter) change(session int) {
	single := fmt.Sprintf(`for i in $(seq %d); do ip route add 10.%d.$i.0/24 dev v0; done;`, torture.Often(30, 200), 1+session)
	burst := fmt.Sprintf(`for n in $(seq %d); do for op in add del; do for i in $(seq 2000); do
		echo "route $op 10.9.$((i / 250)).$((i %% 250)) dev v0"; done; done; done | ip -batch -;`, torture.Often(2, 8))
	netnstest.Run(c.t, single+burst+strings.ReplaceAll(single, "add", "del"))
}

// settleDown waits until the log has been synced after the last change.
func (c *cutter) settleDown() {
	last := func() int64 {
		info, err := os.Stat(c.db + "-wal")
		if err != nil {
			c.t.Fatal(err)
		}
		return info.ModTime().UnixMicro()
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if time.Since(time.UnixMicro(last())) > mayLose {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
}

func (c *cutter) parse(trace string) []powercut.Op {
	f, err := os.Open(trace)
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	ops, err := powercut.Parse(f, c.folder)
	if err != nil {
		c.t.Fatal(err)
	}
	return ops
}

// points returns where to cut, in order: before and after every sync, and
// between, each with every loss; of them so many.
func (c *cutter) points(n int) (points []point) {
	for i, o := range c.ops {
		if o.Do == powercut.BeginSync || o.Do == powercut.EndSync {
			for _, l := range powercut.Losses {
				points = append(points, point{i, l}, point{i + 1, l})
			}
		}
	}
	c.chance.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	points = points[:min(len(points), n*2/3)]
	for len(points) < n {
		points = append(points, point{c.chance.IntN(len(c.ops)), powercut.Losses[c.chance.IntN(len(powercut.Losses))]})
	}
	slices.SortStableFunc(points, func(a, b point) int { return a.after - b.after })
	return points
}

// cut cuts the power and looks at what is left, and at what the next recorder
// makes of it.
func (c *cutter) cut(disk *powercut.Disk, p point) error {
	whole, left := filepath.Join(c.folder, "whole"), filepath.Join(c.folder, "left")
	defer os.RemoveAll(whole)
	defer os.RemoveAll(left)
	acknowledged, err := c.last(c.lay(whole, disk.Cut(powercut.Nothing, c.chance)))
	if err != nil {
		return fmt.Errorf("with nothing lost: %w", err)
	}
	db := c.lay(left, disk.Cut(p.loss, c.chance))
	kept, err := c.last(db)
	if err != nil {
		return err
	}
	if err := c.reference.begins(db, kept); err != nil {
		return err
	}
	at := c.when(p.after)
	firstLost := int64(0)
	if kept < acknowledged {
		firstLost = c.reference.number(`SELECT at_us FROM change WHERE id = ?`, kept+1)
		lost := at.Sub(time.UnixMicro(firstLost))
		c.run.Worst(lost.Seconds(), "the last %.2f s lost", lost.Seconds())
		if lost > mayLose {
			if err := c.tooMuch(p.after, kept+1, acknowledged); err != nil {
				return err
			}
		}
		c.longest = max(c.longest, lost)
	}
	return c.goOn(db, kept, firstLost)
}

// tooMuch fails if changes are lost that were committed more than mayLose apart.
// A machine that is too busy to let the recorder commit, or sync, adds to what a
// cut takes, but not to that.
func (c *cutter) tooMuch(after int, first, last int64) error {
	from, to := c.committed(first, after), c.committed(last, after)
	if to.Sub(from) <= mayLose || c.syncing(after, from.Add(mayLose)) {
		return nil
	}
	return fmt.Errorf("%d changes are lost, committed within %v", last-first+1, to.Sub(from))
}

// committed returns when a change was in the file, which is before so many
// operations.
func (c *cutter) committed(change int64, after int) time.Time {
	folder := filepath.Join(c.folder, "committed")
	n := sort.Search(after, func(n int) bool {
		disk := powercut.NewDisk(c.folder)
		for _, o := range c.ops[:n] {
			disk.Do(o)
		}
		defer os.RemoveAll(folder)
		last, err := c.last(c.lay(folder, disk.Cut(powercut.Nothing, c.chance)))
		return err == nil && last >= change
	})
	return c.when(n)
}

// when returns the last moment at which so many operations were done.
func (c *cutter) when(after int) time.Time {
	return c.ops[min(after, len(c.ops)-1)].At
}

// syncing reports whether a sync that began before a moment had not ended: a
// promise of time cannot include what a disk takes.
func (c *cutter) syncing(after int, before time.Time) bool {
	running := map[string]time.Time{}
	for _, o := range c.ops[:after] {
		switch o.Do {
		case powercut.BeginSync:
			running[o.Thread] = o.At
		case powercut.EndSync:
			delete(running, o.Thread)
		}
	}
	for began := range maps.Values(running) {
		if began.Before(before) {
			return true
		}
	}
	return false
}

// lay writes what a disk has left into a folder and returns the database's path.
func (c *cutter) lay(folder string, left map[string][]byte) string {
	db := filepath.Join(folder, "made", "too", "a.db")
	if err := os.MkdirAll(filepath.Dir(db), 0o755); err != nil {
		c.t.Fatal(err)
	}
	for path, content := range left {
		name, err := filepath.Rel(c.folder, path)
		if err != nil {
			c.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
	return db
}

// last returns the id of the last change in a file that must be right; 0 for
// one that has no tables yet.
func (c *cutter) last(db string) (int64, error) {
	return lastOfRight(c.t, db)
}

// goOn starts a recorder on a file, which must find what differs and note the
// time since as a gap.
func (c *cutter) goOn(db string, kept, firstLost int64) error {
	had := int64(0)
	if kept > 0 {
		before := c.read(db)
		had = before.number(`SELECT count(*) FROM session WHERE ready_us IS NOT NULL`)
		before.Close()
	}
	started := time.Now().UnixMicro()
	r := startRecording(c.t, db)
	failed, err := nlrecVerify(db, "--live")
	_ = r.stop(syscall.SIGKILL)
	if err != nil {
		return fmt.Errorf("the next recorder's file: %w\n%s", err, failed)
	}
	if had == 0 {
		return nil
	}
	after := c.read(db)
	defer after.Close()
	if firstLost == 0 {
		firstLost = started
	}
	n := after.number(`SELECT count(*) FROM gap WHERE reason = 'not recording' AND from_us <= ? AND ? <= to_us
		AND session = (SELECT max(id) FROM session)`, firstLost, started)
	if n != 1 {
		return fmt.Errorf("%d gaps of the next recorder cover the time from %d to %d", n, firstLost, started)
	}
	return nil
}

// A reading is a recording open for reading.
type reading struct {
	t    *testing.T
	path string
	db   *sql.DB
	conn *sql.Conn
}

func (c *cutter) read(path string) *reading { return readRecording(c.t, path) }

func readRecording(t *testing.T, path string) *reading {
	t.Helper()
	db, conn, err := store.Connect(t.Context(), &sqlite.Driver{}, path)
	if err != nil {
		t.Fatal(err)
	}
	return &reading{t, path, db, conn}
}

func (r *reading) Close() {
	_ = r.conn.Close()
	_ = r.db.Close()
}

// number runs a query for one integer, 0 when it is NULL.
func (r *reading) number(query string, args ...any) int64 {
	r.t.Helper()
	var n sql.NullInt64
	if err := r.conn.QueryRowContext(r.t.Context(), query, args...).Scan(&n); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	return n.Int64
}

// sums adds up everything about the changes up to one.
const sums = `SELECT count(*) || ' ' || total(at_us) || ' ' || sum((id + 1) * (at_us % 99991) + object * 3 + coalesce(state, 7) * 5 + coalesce(was, 11) * 13 + how) FROM change WHERE id <= ?`

// begins fails unless the changes up to one, and all that they refer to, are
// in another file as they are here: nothing else is.
func (r *reading) begins(path string, upTo int64) error {
	if upTo == 0 {
		return nil
	}
	other := readRecording(r.t, path)
	defer other.Close()
	var want, got string
	for into, from := range map[*string]*reading{&want: r, &got: other} {
		if err := from.conn.QueryRowContext(r.t.Context(), sums, upTo).Scan(into); err != nil {
			return err
		}
	}
	if want != got {
		return fmt.Errorf("the changes up to %d add up to %s, not to %s", upTo, got, want)
	}
	for _, k := range rtnl.Kinds() {
		for _, table := range []string{k.Name + "_object", k.Name + "_state"} {
			if err := other.within(r, table); err != nil {
				return err
			}
		}
	}
	return nil
}

// within fails if a table has a row that it does not have in another file.
func (r *reading) within(other *reading, table string) error {
	rows := func(of *reading, upTo int64) (n, sum int64) {
		id := "id"
		if strings.HasSuffix(table, "_object") {
			id = "object"
		}
		query := fmt.Sprintf(`SELECT count(*), coalesce(sum(hash / 1000 + %s), 0) FROM %s WHERE %[1]s <= ?`, id, table)
		if err := of.conn.QueryRowContext(r.t.Context(), query, upTo).Scan(&n, &sum); err != nil {
			r.t.Fatal(err)
		}
		return n, sum
	}
	id := "id"
	if strings.HasSuffix(table, "_object") {
		id = "object"
	}
	last := r.number(fmt.Sprintf(`SELECT max(%s) FROM %s`, id, table))
	n, sum := rows(r, last)
	if m, other := rows(other, last); m != n || sum != other {
		return fmt.Errorf("%s has %d rows that add up to %d, not %d to %d", table, n, sum, m, other)
	}
	return nil
}
