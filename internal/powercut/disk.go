package powercut

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
)

// A Disk is what was done to the files, and what of it is certainly kept. It
// promises what POSIX does and no more: a sync of a file keeps what is in it,
// one of a folder which files are in it, and nothing else is kept or ordered.
type Disk struct {
	root    string
	entries map[string]*file   // as programs see them
	kept    map[string]*file   // as they are for sure
	folders map[string]*folder // what happened to the names in them
	begun   map[string]begun   // syncs that run, by thread
}

// file is a file or a folder.
type file struct {
	isFolder bool
	synced   []byte
	pending  log[Op] // writes and truncations since
}

// folder is what happened to the names in one since it was synced.
type folder struct{ pending log[entry] }

// entry is a name that came, or went: its file is nil.
type entry struct {
	path string
	file *file
}

// begun is how much was done when a sync began.
type begun struct {
	file   *file
	folder *folder
	done   int
}

// log is what was done, of which the beginning is not kept.
type log[T any] struct {
	gone int
	left []T
}

func (l *log[T]) add(one T)  { l.left = append(l.left, one) }
func (l *log[T]) count() int { return l.gone + len(l.left) }

// take removes the beginning, up to a count, and returns it.
func (l *log[T]) take(count int) []T {
	n := max(0, count-l.gone)
	first := l.left[:n]
	l.gone, l.left = l.gone+n, l.left[n:]
	return first
}

// NewDisk returns a disk with nothing in a folder, which is there for sure.
func NewDisk(root string) *Disk {
	return &Disk{root: root, entries: map[string]*file{}, kept: map[string]*file{}, folders: map[string]*folder{}, begun: map[string]begun{}}
}

// Do repeats an Op.
func (d *Disk) Do(o Op) {
	f := d.entries[o.Path]
	switch o.Do {
	case Create, MakeFolder:
		if f == nil {
			d.name(o.Path, &file{isFolder: o.Do == MakeFolder})
		}
	case Remove:
		d.name(o.Path, nil)
	case Write, Truncate:
		if f != nil {
			f.pending.add(o)
		}
	case BeginSync:
		if dir := d.folder(o.Path); o.Path == d.root || f != nil && f.isFolder {
			d.begun[o.Thread] = begun{folder: dir, done: dir.pending.count()}
		} else if f != nil {
			d.begun[o.Thread] = begun{file: f, done: f.pending.count()}
		}
	case EndSync:
		b := d.begun[o.Thread]
		delete(d.begun, o.Thread)
		if b.file != nil {
			b.file.synced = apply(b.file.synced, b.file.pending.take(b.done))
		}
		if b.folder != nil {
			for _, e := range b.folder.pending.take(b.done) {
				set(d.kept, e)
			}
		}
	}
}

// folder returns what happened in a folder.
func (d *Disk) folder(path string) *folder {
	if d.folders[path] == nil {
		d.folders[path] = &folder{}
	}
	return d.folders[path]
}

func (d *Disk) name(path string, f *file) {
	e := entry{path, f}
	set(d.entries, e)
	d.folder(filepath.Dir(path)).pending.add(e)
}

func set(names map[string]*file, e entry) {
	if e.file == nil {
		delete(names, e.path)
	} else {
		names[e.path] = e.file
	}
}

// apply returns a content after writes and truncations. It may write into b.
func apply(b []byte, ops []Op) []byte {
	for _, o := range ops {
		switch {
		case o.Do == Truncate:
			b = resize(b, o.Size)
		default:
			b = resize(b, max(int64(len(b)), o.From+int64(len(o.Data))))
			copy(b[o.From:], o.Data)
		}
	}
	return b
}

func resize(b []byte, size int64) []byte {
	if int64(len(b)) >= size {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// A Loss says what of that which was not synced is lost.
type Loss int

const (
	Nothing   Loss = iota // as after a kill
	All                   // the disk has only what it must have
	End                   // each file and folder ends somewhere, the last write torn
	Scattered             // any writes, and any sectors of them, whatever their order
)

// Losses are all there are.
var Losses = []Loss{Nothing, All, End, Scattered}

func (l Loss) String() string {
	return []string{"nothing lost", "all lost", "the end lost", "some lost"}[l]
}

// sector is what a disk writes as a whole.
const sector = 512

// Cut returns the files that are left when the power goes, by path. Nothing
// that is done to the disk later shows in them.
func (d *Disk) Cut(l Loss, chance *rand.Rand) map[string][]byte {
	names := maps.Clone(d.kept)
	for _, path := range slices.Sorted(maps.Keys(d.folders)) {
		for _, e := range survivors(l, chance, d.folders[path].pending.left) {
			set(names, e)
		}
	}
	left := map[string][]byte{}
	for _, path := range slices.Sorted(maps.Keys(names)) {
		if !names[path].isFolder && d.reachable(names, path) {
			left[path] = names[path].cut(l, chance)
		}
	}
	return left
}

// reachable reports whether the folders that a path lies in are left.
func (d *Disk) reachable(names map[string]*file, path string) bool {
	for at := filepath.Dir(path); strings.HasPrefix(at, d.root) && at != d.root; at = filepath.Dir(at) {
		if names[at] == nil {
			return false
		}
	}
	return true
}

// survivors returns what is left of a list of things that were done.
func survivors[T any](l Loss, chance *rand.Rand, done []T) (left []T) {
	switch l {
	case Nothing:
		return done
	case End:
		return done[:chance.IntN(len(done)+1)]
	case Scattered:
		for _, one := range done {
			if chance.IntN(2) == 0 {
				left = append(left, one)
			}
		}
	}
	return left
}

// cut returns what is left of a file.
func (f *file) cut(l Loss, chance *rand.Rand) []byte {
	pending := f.pending.left
	left := survivors(l, chance, pending)
	switch {
	case l == End && len(left) < len(pending):
		left = append(left[:len(left):len(left)], torn(pending[len(left)], func(n int) int { return chance.IntN(n + 1) })...)
	case l == Scattered:
		var sectors []Op
		for _, o := range left {
			some := torn(o, func(n int) int { return n })
			if chance.IntN(2) == 0 {
				some = survivors(l, chance, some)
			}
			sectors = append(sectors, some...)
		}
		left = sectors
	}
	return apply(bytes.Clone(f.synced), left)
}

// torn cuts a write at the sectors of the disk, and returns as many of the
// pieces as asked for.
func torn(o Op, keep func(pieces int) int) (pieces []Op) {
	if o.Do == Truncate {
		return []Op{o}[:keep(1)]
	}
	for at := int64(0); at < int64(len(o.Data)); {
		end := min(int64(len(o.Data)), (o.From+at)/sector*sector+sector-o.From)
		pieces = append(pieces, Op{Do: Write, From: o.From + at, Data: o.Data[at:end]})
		at = end
	}
	return pieces[:keep(len(pieces))]
}
