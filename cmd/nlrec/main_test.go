package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/query"
	"nlrec/store"
)

func TestDefaultPath(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		uid  int
		want string
	}{
		{"root", map[string]string{"HOME": "/root", "XDG_STATE_HOME": "/s"}, 0, "/var/lib/nlrec/nlrec.db"},
		{"somebody", map[string]string{"HOME": "/home/x"}, 1000, "/home/x/.local/state/nlrec/nlrec.db"},
		{"somebody with a state folder", map[string]string{"HOME": "/home/x", "XDG_STATE_HOME": "/s"}, 1000, "/s/nlrec/nlrec.db"},
		{"whoever says so", map[string]string{"NLREC_DB": "/x.db"}, 0, "/x.db"},
	}
	for _, tt := range tests {
		if got := defaultPath(func(name string) string { return tt.env[name] }, tt.uid); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Each error that people can do something about has its exit code and a hint.
func TestReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, path)
	r.Begin(recordingtest.T0, recordingtest.T0)
	defer r.Close(0)
	tests := []struct {
		err  error
		code int
		text string
		hint string
	}{
		{fmt.Errorf("%s: %w", path, store.ErrLocked), 1, ": process ", "nlrec status --db " + path},
		{store.ErrNotRecording, 3, "not a recording", "nlrec status"},
		{store.ErrNewerSchema, 3, "newer", "nlrec version"},
		{query.ErrDamaged, 3, "damaged", "nlrec verify --db " + path},
		{query.ErrOutside, 4, "not cover", "nlrec status --db " + path},
		{query.ErrRefused, 5, "refused", "nlrec tables"},
		{query.ErrInstant, 2, "no instant", "10m ago"},
		{fmt.Errorf("x: %w", fs.ErrPermission), 3, "x: permission denied", "ls -l " + path},
		{fmt.Errorf("interrupted: %w", context.Canceled), 130, "interrupted", ""},
		{errors.New("one\ntwo \x1b"), 1, `one; two \x1b`, ""},
	}
	for _, tt := range tests {
		root := rootCommand()
		root.SetContext(t.Context())
		if err := root.ParseFlags([]string{"--db", path}); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		code := report(&stderr, root, tt.err)
		first, hint, _ := strings.Cut(stderr.String(), "\n")
		if code != tt.code || !strings.HasPrefix(first, "nlrec: ") || !strings.Contains(first, tt.text) {
			t.Errorf("%v: exit code %d, %q; want %d, %q", tt.err, code, first, tt.code, tt.text)
		}
		if hint != "" != (tt.hint != "") || !strings.Contains(hint, tt.hint) || strings.Count(stderr.String(), "\n") > 2 {
			t.Errorf("%v: hint %q, want %q", tt.err, hint, tt.hint)
		}
	}
}
