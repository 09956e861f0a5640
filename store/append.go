package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"nlrec/rtnl"
)

// How says how a change is known; the numbers are those of the table how.
type How int64

const (
	Dumped    How = 1 + iota // there when recording began
	Announced                // by a notification
	Inferred                 // from the change that is its cause
	Found                    // by a later dump
)

// A Change closes one version of an object and opens the next.
type Change struct {
	ID     int64 // from NextChange
	At     int64 // microseconds since 1970
	Kind   *rtnl.Kind
	Object *Object
	Was    *State // until then; nil: it did not exist
	State  *State // from then on; nil: the object is gone
	How    How
	Cause  int64  // id of an earlier change, or 0
	Portid uint32 // nlmsg_pid of whoever asked for it, or 0
}

// A Batch is what one transaction writes.
type Batch struct {
	Changes []Change
	Datings []Dating
	Steps   []ClockStep // of the wall clock since the last batch
	Sleeps  []Sleep     // of the machine since the last batch
}

// A Dating says of a run of changes that they happened in an interval.
// Instants are microseconds since 1970.
type Dating struct {
	First, Last         int64 // ids of changes
	NotBefore, NotAfter int64
	Gap                 int64 // id of the gap in which they were missed, or 0
}

// NextChange returns the id of the next change to be appended, counted from
// those handed out before.
func (s *Store) NextChange() int64 {
	s.change++
	return s.change
}

// Drawn returns the last id that was handed out.
func (s *Store) Drawn() int64 { return s.change }

// Append puts a batch on the timeline. It is all in the file when Append
// returns nil; after an error the store is not to be used any more.
func (s *Store) Append(ctx context.Context, b Batch) error {
	if s.w.sync.overdue() {
		if err := s.Sync(); err != nil {
			return err
		}
	}
	err := s.w.transaction(ctx, func() error {
		if err := errors.Join(s.appendSteps(ctx, b), s.appendSleeps(ctx, b.Sleeps)); err != nil {
			return err
		}
		if err := s.appendChanges(ctx, b.Changes); err != nil {
			return err
		}
		for _, d := range b.Datings {
			err := s.w.exec(ctx, `INSERT INTO dating (first_change, last_change, not_before_us, not_after_us, gap) VALUES (?, ?, ?, ?, nullif(?, 0))`,
				d.First, d.Last, d.NotBefore, d.NotAfter, d.Gap)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if n := len(b.Changes); n > 0 {
		s.written, s.last = b.Changes[n-1].ID, b.Changes[n-1].At
	}
	return nil
}

func (s *Store) appendChanges(ctx context.Context, changes []Change) error {
	for _, c := range changes {
		if err := s.appendChange(ctx, c); err != nil {
			return fmt.Errorf("%s: %w", c.Kind.Name, err)
		}
	}
	for _, k := range rtnl.Kinds() {
		if err := s.tables[k].objects.flush(ctx, s.w); err != nil {
			return err
		}
		if err := s.tables[k].states.flush(ctx, s.w); err != nil {
			return err
		}
	}
	if err := s.changes.flush(ctx, s.w); err != nil {
		return err
	}
	return s.updateNow(ctx)
}

// updateNow writes which objects exist, of those that were touched, in the
// order of the table. An object that is gone may have a successor with the same
// id, so it goes first.
func (s *Store) updateNow(ctx context.Context) error {
	slices.SortFunc(s.touched, func(a, b *Object) int { return cmp.Compare(a.id, b.id) })
	for _, o := range s.touched {
		if o.written == 0 && o.listed {
			if err := s.notNow.add(ctx, s.w, o.id); err != nil {
				return err
			}
		}
	}
	if err := s.notNow.flush(ctx, s.w); err != nil {
		return err
	}
	for _, o := range s.touched {
		if o.written != 0 {
			if err := s.now.add(ctx, s.w, o.id, o.written, o.since); err != nil {
				return err
			}
		}
		o.listed, o.touched = o.written != 0, false
	}
	clear(s.touched)
	s.touched = s.touched[:0]
	return s.now.flush(ctx, s.w)
}

func (s *Store) appendChange(ctx context.Context, c Change) (err error) {
	t, o := s.tables[c.Kind], c.Object
	if o.id != 0 && o.written == 0 {
		if err := s.findAgain(ctx, t, o); err != nil {
			return err
		}
	}
	if o.id == 0 {
		if o.id, err = t.objectID(ctx, s.w, o); err != nil {
			return err
		}
	}
	if !o.touched {
		o.touched = true
		s.touched = append(s.touched, o)
	}
	var was, since, state, cause, actor any
	ended, by := o.written, int64(0)
	if ended != 0 {
		was, since = ended, o.since
	}
	o.written, o.since = 0, c.At
	if c.State == nil {
		t.forgetObject(o)
	} else {
		if o.written, err = t.stateID(ctx, s.w, c.State); err != nil {
			return err
		}
		state = o.written
	}
	if c.Cause != 0 {
		cause = c.Cause
	}
	if c.Portid != 0 {
		if by, err = s.actor(ctx, c.Portid); err != nil {
			return err
		}
		actor = by
	}
	s.sweep.mark(c.Kind.Number, o.id, ended, o.written, by)
	return s.changes.add(ctx, s.w, c.ID, c.At, o.id, was, since, state, int64(c.How), cause, actor)
}

// findAgain is for an object that went and comes back: if its row was removed
// meanwhile, it is a new one.
func (s *Store) findAgain(ctx context.Context, t *table, o *Object) error {
	if err := t.objects.flush(ctx, s.w); err != nil {
		return err
	}
	n, err := s.w.number(ctx, `SELECT count(*) FROM `+t.kind.Name+`_object WHERE object = ?`, o.id)
	if n == 0 {
		o.id = 0
	}
	return err
}

// actor returns the id of whoever has the port, noting it when it is new.
func (s *Store) actor(ctx context.Context, portid uint32) (int64, error) {
	if id, ok := s.actors[portid]; ok {
		return id, nil
	}
	id, err := s.w.number(ctx, `
		INSERT INTO actor (session, portid) VALUES (?, ?)
		ON CONFLICT (session, portid) DO UPDATE SET portid = excluded.portid
		RETURNING id`, s.session, int64(portid))
	if err == nil {
		s.actors[portid] = id
	}
	return id, err
}
