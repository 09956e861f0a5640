package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"nlrec/internal/torture"
	"nlrec/rtnl"
)

// Of a write-ahead log: https://www.sqlite.org/fileformat2.html#walformat
const (
	logHeader = 32
	frameSize = 24 + pageSize
)

// commit is one in a log.
type commit struct {
	change int64 // the last that it made
	end    int   // of its frames
}

// TestTortureTornLog damages the last frames of a log behind which those of an
// earlier one lie: they are cut off, zero, wrong in a bit, or older. What is left is
// all up to the last commit before the damage, and nothing else.
func TestTortureTornLog(t *testing.T) {
	run := torture.Start(t, "torn log")
	file, log, commits := tornFile(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	for n := range torture.Often(40, 1000) {
		run.Try()
		torn, how := tear(chance, log, commits)
		damaged, want := firstDifference(torn, log), commits[0].change
		for _, c := range commits {
			if c.end <= damaged {
				want = c.change
			}
		}
		if err := recovers(t, file, torn, want); err != nil {
			run.Lose("case %d, %s at %d: %v", n, how, damaged, err)
		}
		gone := commits[len(commits)-1].change - want
		run.Worst(float64(gone), "%d commits with the damage and after it", gone)
	}
}

// tornFile returns a recording, its log, and the commits in that after the one
// that is in the file. A change happened at a thousand times its id.
func tornFile(t *testing.T) (file, log []byte, commits []commit) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	defer closeStore(t, s)
	objects := make([]*Object, 20)
	flap := func(i int) {
		o, key := &objects[i%len(objects)], rtnl.Row{"inet", int64(2), fmt.Sprintf("192.0.2.%d", i%len(objects))}
		*o = write(t, s, rtnl.Neighbour, key, *o, 1000*(s.change+1), fmt.Sprint("state ", i))
	}
	for i := range 300 {
		flap(i)
	}
	if err := s.w.exec(t.Context(), `PRAGMA wal_checkpoint(RESTART)`); err != nil {
		t.Fatal(err)
	}
	commits = []commit{{s.change, 0}}
	for i := 300; i < 340; i++ {
		flap(i)
		log = readFile(t, path+"-wal")
		commits = append(commits, commit{s.change, endOfFrames(log)})
	}
	if commits[len(commits)-1].end >= len(log) {
		t.Fatal("no older frames follow")
	}
	return readFile(t, path), log, commits
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// endOfFrames returns where the frames of a log end that are its own.
func endOfFrames(log []byte) int {
	at := logHeader
	for at+frameSize <= len(log) && bytes.Equal(log[at+8:at+16], log[16:24]) {
		at += frameSize
	}
	return at
}

// tear returns a log with damage somewhere in its last commits, and tells which.
func tear(chance *rand.Rand, log []byte, commits []commit) (torn []byte, how string) {
	torn = bytes.Clone(log)
	from, end := commits[chance.IntN(len(commits)-1)].end, commits[len(commits)-1].end
	from = max(from, logHeader)
	at := from + chance.IntN(end-from)
	switch chance.IntN(5) {
	case 0:
		return torn[:at], "cut off"
	case 1:
		clear(torn[at:min(end, at+1+chance.IntN(2*frameSize))])
		return torn, "zeros"
	case 2:
		torn[at] ^= 1 << chance.IntN(8)
		return torn, "a wrong bit"
	case 3: // the disk has not written a sector over what was there
		sector := at / 512 * 512
		copy(torn[sector:sector+512], log[len(log)-1024:])
		return torn, "another sector"
	}
	// A frame says that it is the end of a commit which it is not.
	frame := logHeader + (at-logHeader)/frameSize*frameSize
	binary.BigEndian.PutUint32(torn[frame+4:], 1+chance.Uint32N(100))
	return torn, "another commit"
}

// firstDifference returns where two logs differ first.
func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// recovers fails unless a file with this log has the changes up to one, for who
// reads it and for the next recorder.
func recovers(t *testing.T, file, log []byte, want int64) error {
	path := filepath.Join(t.TempDir(), "a.db")
	for name, content := range map[string][]byte{path: file, path + "-wal": log} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
	r, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		return err
	}
	defer r.Close()
	if last, err := r.LastChange(t.Context()); last != want || err != nil {
		return fmt.Errorf("the last change is #%d, want #%d: %w", last, want, err)
	}
	if wrong, err := r.number(t.Context(), `SELECT count(*) FROM change WHERE at_us <> 1000 * id`); wrong > 0 || err != nil {
		return fmt.Errorf("%d changes never were: %w", wrong, err)
	}
	findings, err := r.Verify(t.Context(), nil)
	for _, f := range findings {
		if !f.OK {
			return fmt.Errorf("%s: %q", f.Check, f.Found)
		}
	}
	if err != nil {
		return err
	}
	s, err := Open(t.Context(), path)
	if err != nil {
		return err
	}
	defer s.Close()
	if s.change != want {
		return fmt.Errorf("a recorder goes on after #%d, want #%d", s.change, want)
	}
	return nil
}
