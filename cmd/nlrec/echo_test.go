package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
)

// On a terminal every command that takes an instant says which it has found,
// and whether it lies in a gap.
func TestEcho(t *testing.T) {
	dir := t.TempDir()
	db, other := filepath.Join(dir, "x.db"), filepath.Join(dir, "y.db")
	recordingtest.Forwarding(t, db)
	recordingtest.Forwarding(t, other)
	tests := []struct{ args, want string }{
		{"show link --at 2026-05-01T10:00:05Z", "as of 2026-05-01T10:00:05.000000Z, change #30, no gap\r\n"},
		{"show link --at #30", "as of 2026-05-01T10:00:05.000000Z, change #30, no gap\r\n"},
		{"show link --at 2026-05-01T10:00:06.5Z", "as of 2026-05-01T10:00:06.500000Z, change #30, in gap 1\r\n"},
		{"show link --at 2026-05-01T10:00:05Z --tz Asia/Tokyo", "as of 2026-05-01T19:00:05.000000+09:00, change #30, no gap\r\n"},
		{"get 10.1.2.3 --at #30", "as of 2026-05-01T10:00:05.000000Z, change #30, no gap\r\n"},
		{"query --at #30^ SELECT+1", "as of 2026-05-01T10:00:04.999999Z, change #29, no gap\r\n"},
		{"query --at #30 --emit-sql SELECT+1", "as of 2026-05-01T10:00:05.000000Z, change #30, no gap\r\n"},
		{"query --at 2026-05-01T10:00:06.5Z SELECT+1 --db " + db + " --db " + other, "y.db: as of 2026-05-01T10:00:06.500000Z, change #30, in gap 1\r\n"},
		{"shell --at #30", "as of 2026-05-01T10:00:05.000000Z, change #30, no gap\r\n"},
		{"diff #29 2026-05-01T10:00:06.5Z", "from 2026-05-01T10:00:04.000000Z, change #29, no gap\r\nto   2026-05-01T10:00:06.500000Z, change #30, in gap 1\r\n"},
		{"log #29..#30", "from 2026-05-01 10:00:04.000000 to 2026-05-01 10:00:05.000000, changes #29 to #30\r\n"},
		{"log -S 2026-05-01T10:00:05Z", "from 2026-05-01 10:00:05.000000 to the end, changes #30 to #30\r\n"},
		{"log -U 2020-01-01", "from the beginning to 2020-01-01 00:00:00.000000, no changes\r\n"},
		{"top --around #30,1s", "from 2026-05-01 10:00:04.000000 to 2026-05-01 10:00:06.000000, changes #29 to #30\r\n"},
		{"history #30.. link eth0", "from 2026-05-01 10:00:05.000000 to the end, changes #30 to #30\r\n"},
	}
	for _, tt := range tests {
		args := strings.Fields(tt.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "+1", " 1")
		}
		p := sit(t, []string{"NLREC_DB=" + db, "XDG_STATE_HOME=" + dir}, args...)
		p.expect(tt.want)
		if args[0] == "shell" {
			p.press(ctrlD)
		}
		p.leaves(0)
	}
	c := exec.Command("nlrec", "show", "link", "--at", "#30", "--db", db)
	c.Stderr, c.Env = &strings.Builder{}, os.Environ()
	if err := c.Run(); err != nil || c.Stderr.(*strings.Builder).Len() > 0 {
		t.Errorf("in a pipe it says %q (%v)", c.Stderr, err)
	}
}
