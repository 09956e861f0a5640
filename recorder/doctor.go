package recorder

// What lossless recording needs, and whether it is there. Everything is tried
// or read where it can be, not concluded from a version.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/rtnl"
	"nlrec/store"
)

// A Finding tells of one thing that recording needs.
type Finding struct {
	Subject string `json:"subject"`
	Lacks   bool   `json:"lacks"` // it is not as it should be
	Says    string `json:"says"`
	Mend    string `json:"mend"` // a command that makes it so; empty: there is nothing to do
}

// Examine looks at what a recording at path, and the process that makes it, need
// to lose nothing. With process 0 none does: then it is what the caller's own
// process would get. buffer is the size of the receive buffer of the one that
// does; 0: not known.
func Examine(path string, process, buffer int) (found []Finding) {
	add := func(subject string, f Finding) {
		f.Subject = subject
		found = append(found, f)
	}
	add("recorder", examineRecorder(path, process))
	add("notifications", examineNotifications())
	add("receive buffer", examineBuffer(process, buffer))
	add("dumps", examineDumps())
	add("folder", examineFolder(path))
	add("file", examineFile(path))
	add("disk", examineDisk(path))
	add("clock", examineClock())
	return found
}

func fine(format string, args ...any) Finding { return Finding{Says: fmt.Sprintf(format, args...)} }

func lacks(mend, format string, args ...any) Finding {
	return Finding{Lacks: true, Says: fmt.Sprintf(format, args...), Mend: mend}
}

func examineRecorder(path string, process int) Finding {
	if process != 0 {
		return fine("process %d records", process)
	}
	switch recording, err := store.Recording(path); {
	case errors.Is(err, fs.ErrPermission):
		return lacks(asRoot(path), "whether one runs cannot be seen: %v", err)
	case err == nil && recording:
		return fine("one is starting")
	}
	mend := "nlrec record --db " + typed(path)
	if hasUnit("nlrec.service") && path == unitRecording {
		mend = "systemctl enable --now nlrec"
	}
	return lacks(mend, "none records to %s: what changes now is not in it", path)
}

// unitRecording is where the unit that is shipped records.
const unitRecording = "/var/lib/nlrec/nlrec.db"

// hasUnit reports whether systemd runs this machine, and knows a unit.
func hasUnit(name string) bool {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return false
	}
	return slices.ContainsFunc([]string{"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"}, func(folder string) bool {
		_, err := os.Stat(filepath.Join(folder, "systemd/system", name))
		return err == nil
	})
}

// asRoot is the command for whoever may not see what is to be examined.
func asRoot(path string) string { return "sudo nlrec doctor --db " + typed(path) }

// typed returns a path as it is typed in a shell.
func typed(path string) string {
	if !strings.ContainsAny(path, " \t\n'\"\\$`*?[]{}()<>|&;~#!") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// examineNotifications subscribes as a recorder does.
func examineNotifications() Finding {
	l, err := listenBriefly()
	if err != nil {
		return lacks("", "the kernel sends none: %v", err)
	}
	if len(l.Refused) == 0 {
		return fine("of all kinds")
	}
	var refused []string
	for _, k := range rtnl.Kinds() {
		if l.Refused[k.Name] != nil {
			refused = append(refused, k.Name)
		}
	}
	return lacks("", "the kernel refuses those of every %s: what it polls is all that will be known of them", strings.Join(refused, ", "))
}

// listenBriefly opens a socket as a recorder does, and closes it.
func listenBriefly() (*rtnl.Listener, error) {
	l, err := rtnl.Listen(rtnl.Kinds(), DefaultSocketBuffer, rtnl.NewInbox(defaultQueue), (&Recorder{}).stamp())
	if err != nil {
		return nil, err
	}
	return l, l.Close()
}

// examineBuffer tells how large the receive buffer of a recorder is, or, where
// none runs, that of one of this user would be.
func examineBuffer(process, size int) Finding {
	whose := fmt.Sprintf("process %d", process)
	switch {
	case process != 0 && size == 0:
		return fine("%s does not tell", whose)
	case process == 0:
		whose = "a recorder of this user"
		if l, err := listenBriefly(); err == nil {
			size = l.Buffer
		}
	}
	says := fmt.Sprintf("%s has %d KiB, room for %d notifications of routes", whose, size>>10, size/rtnl.RouteCharge)
	if size < DefaultSocketBuffer {
		return lacks(fmt.Sprintf("sysctl -w net.core.rmem_max=%d", DefaultSocketBuffer/2),
			"%s: larger bursts may lose some; a recorder that is started with CAP_NET_ADMIN, or after the command, has more", says)
	}
	return fine("%s", says)
}

// examineDumps dumps every kind as a recorder does.
func examineDumps() Finding {
	d, err := rtnl.NewDumper()
	if err != nil {
		return lacks("", "%v", err)
	}
	defer d.Close()
	var counts, bad []string
	for _, k := range rtnl.Kinds() {
		count := 0
		done, err := d.Dump(k, 0, func(rtnl.Row) { count++ })
		if err = errors.Join(err, done.Bad); err != nil {
			bad = append(bad, err.Error())
		}
		counts = append(counts, fmt.Sprintf("%s %d", k.Name, count))
	}
	if len(bad) > 0 {
		return lacks("", "%s: a gap will tell", strings.Join(bad, "; "))
	}
	return fine("can be read to the end: %s", strings.Join(counts, ", "))
}

// others are what files may not let others do.
const others = 0o007

func examineFolder(recording string) Finding {
	path := filepath.Dir(recording)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fine("%s will be made", path)
	case err != nil:
		return lacks(asRoot(recording), "%v", err)
	case info.Mode().Perm()&others != 0 && isShared(path, recording):
		return lacks("", "%s is open to everybody, and has files of others: name a file in a folder of its own with --db", path)
	case info.Mode().Perm()&others != 0:
		return lacks("chmod 0750 "+typed(path), "%s is open to everybody: %v", path, info.Mode())
	}
	return fine("%s, %v", path, info.Mode())
}

// isShared reports whether a folder is not the recording's alone, as /tmp and / are:
// whoever closed it would harm others.
func isShared(folder, recording string) bool {
	entries, err := os.ReadDir(folder)
	return err != nil || slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !strings.HasPrefix(e.Name(), filepath.Base(recording))
	})
}

func examineFile(path string) Finding {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fine("%s will be made", path)
	case err != nil:
		return lacks(asRoot(path), "%v", err)
	case info.Mode()&fs.ModeSymlink != 0:
		return lacks("nlrec doctor --db $(realpath "+typed(path)+")", "%s is a symbolic link, which nlrec record refuses", path)
	case !info.Mode().IsRegular():
		return lacks("", "%s is no file: name another with --db", path)
	case info.Mode().Perm()&others != 0:
		return lacks("chmod o= "+typed(path)+"*", "%s is open to everybody: %v", path, info.Mode())
	}
	return fine("%s, %v", path, info.Mode())
}

// keptFree is the part of a disk that a recorder should find free, and enough
// is enough of it in any case.
const (
	keptFree = 10
	enough   = 1 << 30
)

// passing are file systems on which a recording does not last, or whose locks
// hold for one machine only: linux/magic.h.
var passing = map[int64]string{
	unix.TMPFS_MAGIC: "is in memory, and gone with the next boot", unix.RAMFS_MAGIC: "is in memory, and gone with the next boot",
	unix.NFS_SUPER_MAGIC: "is of another machine, whose locks SQLite cannot trust", unix.SMB2_SUPER_MAGIC: "is of another machine, whose locks SQLite cannot trust",
	unix.CIFS_SUPER_MAGIC: "is of another machine, whose locks SQLite cannot trust", unix.V9FS_MAGIC: "is of another machine, whose locks SQLite cannot trust",
}

func examineDisk(path string) Finding {
	var disk unix.Statfs_t
	folder := filepath.Dir(path)
	for unix.Statfs(folder, &disk) != nil && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
	}
	free, size := disk.Bavail*uint64(disk.Bsize), disk.Blocks*uint64(disk.Bsize)
	says := fmt.Sprintf("%d of %d MiB free", free>>20, size>>20)
	if disk.Flags&unix.ST_RDONLY != 0 {
		return lacks("", "the file system is read-only: name a file on another with --db")
	}
	if why, is := passing[int64(disk.Type)]; is {
		return lacks("", "the file system %s: name a file on a disk with --db", why)
	}
	if free < enough && free < size/keptFree {
		return lacks("df -h "+typed(folder), "%s", says)
	}
	return fine("%s", says)
}

// examineClock reads whether somebody keeps the wall clock right: adjtimex(2).
func examineClock() Finding {
	var t unix.Timex
	if state, err := unix.Adjtimex(&t); err != nil || state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0 {
		const says = "nothing keeps it right: instants are as far off as it is"
		if !hasTimekeeper() {
			return lacks("", says+"; install chrony or another NTP client")
		}
		return lacks("timedatectl set-ntp true", says)
	}
	return fine("synchronized, at most %s off", time.Duration(t.Maxerror)*time.Microsecond)
}

// hasTimekeeper reports whether timedatectl(1) has a unit to start.
func hasTimekeeper() bool {
	var known []string
	for _, folder := range []string{"/etc", "/run", "/usr/local/lib", "/usr/lib"} {
		lists, _ := filepath.Glob(folder + "/systemd/ntp-units.d/*.list") // fails for bad patterns only
		for _, list := range lists {
			text, _ := os.ReadFile(list) // one that cannot be read names none
			known = append(known, strings.Fields(string(text))...)
		}
	}
	return slices.ContainsFunc(known, func(word string) bool { return strings.HasSuffix(word, ".service") && hasUnit(word) })
}
