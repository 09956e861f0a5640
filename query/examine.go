package query

import (
	"context"
	"errors"
	"strings"
	"time"

	"modernc.org/sqlite"

	"nlrec/store"
)

// Examine looks for damage in the structure of the file at path, for no longer
// than patience; 0 is for as long as it takes. It returns what is damaged, or "",
// and whether all of the file was looked at. It fails when the file cannot be
// opened.
func Examine(ctx context.Context, path string, patience time.Duration) (damage string, whole bool, err error) {
	if err := store.CheckRecording(path); err != nil {
		return "", false, WithPath(path, err)
	}
	flaw, err := store.FindFlaw(ctx, path)
	if err != nil {
		return "", false, WithPath(path, err)
	}
	c, err := connect(ctx, &sqlite.Driver{}, path, flaw)
	if err != nil {
		return "", false, WithPath(path, err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	looking, done := ctx, context.CancelFunc(func() {})
	if patience > 0 {
		looking, done = context.WithTimeout(ctx, patience)
	}
	defer done()
	err = c.QueryRowContext(looking, `PRAGMA quick_check(1)`).Scan(&damage)
	switch {
	case ctx.Err() != nil:
		return "", false, ctx.Err()
	case looking.Err() != nil:
		return "", false, nil
	case errors.Is(sorted(err), ErrDamaged):
		return sorted(err).Error(), true, nil
	case err != nil || damage == "ok":
		return "", err == nil, err
	}
	return strings.TrimPrefix(damage, "*** in database main ***\n"), true, nil
}
