package main

import (
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
)

// TestOutsideSince: whoever wanted a copy from an instant on is told one to begin
// with, not how to copy an instant.
func TestOutsideSince(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Sample(t, db)
	for flag, other := range map[string]string{"--since": "--at", "--at": "--since"} {
		_, said, code := askNlrec(t, "snapshot", "--db", db, filepath.Join(t.TempDir(), "y.db"), flag, "#99")
		if code != 4 || !strings.Contains(said, "nlrec snapshot OUT --db "+db+" "+flag+" '#") || strings.Contains(said, other) {
			t.Errorf("%s ends with %d: %s", flag, code, said)
		}
	}
}

// TestStatusOfNoSession: a file in which nothing is yet says so, and no empty names.
func TestStatusOfNoSession(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	recordingtest.Open(t, db).Close(0)
	out, said, code := askNlrec(t, "status", "--db", db)
	if code != 0 || strings.Contains(out, "recorded on") || !strings.Contains(out, "sessions     0") {
		t.Errorf("status ends with %d: %s%s", code, out, said)
	}
}
