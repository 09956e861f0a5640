package main

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"nlrec/store"
)

// lastOfRight returns the id of the last change in a recording that some
// accident happened to. It fails unless everything that `nlrec verify` checks
// holds and the ids are without a hole. A file that is missing, empty or has no
// tables yet has no change: the accident happened before there was any.
func lastOfRight(t *testing.T, path string) (int64, error) {
	t.Helper()
	r, err := store.OpenReadOnly(t.Context(), path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, store.ErrNotRecording) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer r.Close()
	last, err := r.LastChange(t.Context())
	if err != nil {
		return 0, err
	}
	findings, err := r.Verify(t.Context(), nil)
	if err != nil {
		return 0, err
	}
	for _, f := range findings {
		if !f.OK {
			return 0, fmt.Errorf("%s: %q", f.Check, f.Found)
		}
	}
	return last, nil
}
