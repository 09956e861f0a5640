package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestMakeFile opens what a power cut may leave of a file that was to be made,
// and what it must not touch.
func TestMakeFile(t *testing.T) {
	whole := firstPage()
	other := bytes.Clone(whole)
	other[68] = 0
	for name, content := range map[string]struct {
		b    []byte
		made bool
	}{
		"empty": {nil, true}, "a sector": {whole[:512], true}, "zeros": {make([]byte, pageSize), true},
		"some zeros": {make([]byte, 1024), true}, "whole": {whole, true},
		"another program's": {other, false}, "another program's, cut": {other[:512], false},
		"many zeros": {make([]byte, 2*pageSize), false}, "a text": {[]byte("hello"), false},
	} {
		path := filepath.Join(t.TempDir(), "a.db")
		if err := os.WriteFile(path, content.b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), path)
		if !content.made {
			if after, _ := os.ReadFile(path); !errors.Is(err, ErrNotRecording) || !bytes.Equal(after, content.b) {
				t.Errorf("%s: %v, and of %d octets %d are left", name, err, len(content.b), len(after))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if size, _ := s.w.number(t.Context(), `PRAGMA page_size`); size != pageSize {
			t.Errorf("%s: pages of %d", name, size)
		}
		closeStore(t, s)
		r, err := OpenReadOnly(t.Context(), path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		findings, err := r.Verify(t.Context(), nil)
		for _, f := range findings {
			if !f.OK {
				t.Errorf("%s: %s: %q", name, f.Check, f.Found)
			}
		}
		if err := errors.Join(err, r.Close()); err != nil {
			t.Error(err)
		}
	}
}
