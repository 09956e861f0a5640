package recorder

import (
	"errors"
	"fmt"

	"nlrec/rtnl"
	"nlrec/store"
)

// hint reads a message that says that something may have changed.
type hint = func(body []byte) []rtnl.Doubt

// receiveAll applies items in turn. replayed says that dumps may have shown
// the effect of their messages already.
func (r *Recorder) receiveAll(items []rtnl.Item, replayed bool) error {
	for _, item := range items {
		r.pulse()
		if err := errors.Join(r.receive(item, replayed), r.commitFull()); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recorder) receive(item rtnl.Item, replayed bool) error {
	if item.Overrun {
		if err := r.lose(item); err != nil {
			return err
		}
	}
	err := rtnl.EachMessage(item.Data, func(h rtnl.Header, body []byte) error {
		late := r.lateDating(item)
		for _, read := range r.hints[h.Type] {
			r.state.suspectAll(read(body), doubt{at: item.At}.dated(late))
		}
		k := r.byType[h.Type]
		if k == nil {
			return nil
		}
		from := origin{at: item.At, how: store.Announced, portid: h.Portid, dating: late}
		return r.message(k, h, body, from, replayed)
	})
	if err != nil {
		return fmt.Errorf("a datagram of rtnetlink: %w", err)
	}
	return nil
}

func (r *Recorder) message(k *rtnl.Kind, h rtnl.Header, body []byte, from origin, replayed bool) error {
	row, err := r.decoder.Decode(k, body)
	switch {
	case errors.Is(err, rtnl.ErrForeign) && k.Part != nil && h.Type == k.New && !r.literal:
		if key, with := k.Part(k, body); key != nil {
			r.state.observePart(k, key, with, from)
		}
		return nil
	case errors.Is(err, rtnl.ErrForeign):
		return nil
	case err != nil:
		r.state.suspect(subject{k, 0}, doubt{at: from.at}.dated(from.dating))
		return r.undecodable(k, err)
	}
	n := rtnl.Notification{Flags: h.Flags, Deleted: h.Type == k.Del, Replayed: replayed}
	n.Moved = n.Deleted && k.Moved != nil && k.Moved(body)
	r.state.observe(k, row, n, from)
	return nil
}

// flush returns everything that has arrived and is not yet applied, and an
// instant: what is returned was read before, all else is read after. What it
// collects does not count against the inbox's limit: the listener must get on
// for the mark to come.
func (r *Recorder) flush() (items []rtnl.Item, until int64, err error) {
	if err := r.listener.Flush(); err != nil {
		return nil, 0, err
	}
	items, r.rest = r.rest, nil
	defer r.inbox.Release()
	for {
		r.inbox.Release()
		select {
		case err := <-r.died:
			return nil, 0, fmt.Errorf("the notifications have stopped: %w", err)
		case <-r.inbox.Ready:
		}
		for more := r.inbox.Take(); len(more) > 0; more = more[1:] {
			if more[0].Flushed {
				r.rest = more[1:]
				return items, more[0].At, r.noticeSuspension(items)
			}
			items = append(items, more[0])
		}
	}
}
