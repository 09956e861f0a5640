package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Begin starts a session. It returns the instant up to which earlier sessions
// vouch for the timeline, and the one up to which they do for what is only
// polled, both in microseconds since 1970; 0 when there were none.
func (s *Store) Begin(ctx context.Context, at Clock, version string) (watched, polled int64, err error) {
	host, boot, kernel, inode, err := machine()
	if err != nil {
		return 0, 0, err
	}
	err = s.w.transaction(ctx, func() error {
		polled, err = s.w.number(ctx, `
			SELECT coalesce(ended_us, watched_us, ready_us)
			FROM session WHERE ready_us IS NOT NULL
			ORDER BY id DESC LIMIT 1`)
		if err != nil {
			return err
		}
		ready, err := s.w.number(ctx, `SELECT ready_us IS NOT NULL FROM session ORDER BY id DESC LIMIT 1`)
		if err != nil {
			return err
		}
		watched = polled
		set, err := s.w.number(ctx, `SELECT coalesce(max(change), 0) FROM clock_place`)
		if err != nil {
			return err
		}
		if ready == 1 && set < s.change { // what one that was not wrote, it found; before the clock was set another counted
			watched = max(polled, s.last)
		}
		s.session, err = s.w.number(ctx, `
			INSERT INTO session (started_us, boot_id, boottime_us, netns_inode, host, kernel, version, pid)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			at.Wall, boot, at.Boot, inode, host, kernel, version, os.Getpid())
		if err != nil {
			return err
		}
		if err := s.w.exec(ctx, `UPDATE gap SET to_us = max(from_us, ?, ?) WHERE to_us IS NULL`, at.Wall, watched); err != nil {
			return err
		}
		return s.beginClock(ctx, at, boot)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", s.path, err)
	}
	return watched, polled, nil
}

// Ready notes that the session's first dump is complete.
func (s *Store) Ready(ctx context.Context, at int64) error {
	return s.w.exec(ctx, `UPDATE session SET ready_us = ?1, watched_us = ?1 WHERE id = ?2`, at, s.session)
}

// Watched notes that the session has watched until an instant, so that a kill
// does not put all the time since the last change in doubt. It is synced at
// once, so that a recorder that is idle need not wake up for that. It fails with an
// outage when the file was removed or another has taken its place: what is written
// then is nobody's.
func (s *Store) Watched(ctx context.Context, at int64) error {
	if has, err := s.hasFile(); err != nil || !has {
		return errors.Join(err, fmt.Errorf("%s: the file was removed, or another is in its place: %w", s.path, unix.ESTALE))
	}
	if err := s.w.exec(ctx, `UPDATE session SET watched_us = ? WHERE id = ?`, at, s.session); err != nil {
		return err
	}
	if err := s.w.fold(ctx); err != nil { // years may go by without a change
		return err
	}
	return s.Sync()
}

// End notes that the session has stopped watching.
func (s *Store) End(ctx context.Context, at int64) error {
	return s.w.exec(ctx, `UPDATE session SET ended_us = ? WHERE id = ?`, at, s.session)
}

// machine tells where the recorder runs.
func machine() (host, boot, kernel string, inode uint64, err error) {
	if host, err = os.Hostname(); err != nil {
		return
	}
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return
	}
	var name unix.Utsname
	if err = unix.Uname(&name); err != nil {
		return
	}
	var ns unix.Stat_t
	if err = unix.Stat("/proc/thread-self/ns/net", &ns); err != nil {
		return
	}
	return host, string(bytes.TrimSpace(id)), unix.ByteSliceToString(name.Release[:]), ns.Ino, nil
}
