package recorder

// Comparing a file with the kernel.
//
// Both may change while they are read. What is compared is the file's state
// between two readings of its last change that agree, with the kernel's state
// in two dumps in a row that agree. A change may still be on its way from the
// kernel to the file: while a recorder runs, a difference counts only when it
// lasts.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nlrec/rtnl"
	"nlrec/store"
)

// ErrUnsettled says that a comparison was not possible.
var ErrUnsettled = errors.New("the network changes faster than it can be compared")

// A Difference is an object that the file and the kernel do not agree on.
type Difference struct {
	Kind         *rtnl.Kind
	Key          rtnl.Row
	File, Kernel rtnl.Row // its states; nil: it does not exist
	Order        bool     // only its place among those of its key differs
}

const (
	lasting = 2 * time.Second       // how long a difference must last while a recorder runs
	pause   = 50 * time.Millisecond // between two comparisons
	tries   = 20                    // dumps taken until two in a row agree
)

// Compare tells where what is now in the file differs from the network
// namespace of the calling thread. recording says that a recorder has the file
// open. It fails with ErrUnsettled when either changes all the time.
func Compare(ctx context.Context, file *store.ReadOnly, recording bool) ([]Difference, error) {
	dumper, err := rtnl.NewDumper()
	if err != nil {
		return nil, err
	}
	differences, err := compareUntil(ctx, file, dumper, recording)
	return differences, errors.Join(err, dumper.Close())
}

func compareUntil(ctx context.Context, file *store.ReadOnly, dumper *rtnl.Dumper, recording bool) ([]Difference, error) {
	for deadline := time.Now().Add(lasting); ; {
		differences, err := compareOnce(ctx, file, dumper)
		unsettled := errors.Is(err, ErrUnsettled)
		if err != nil && !unsettled || err == nil && len(differences) == 0 {
			return nil, err
		}
		if time.Now().After(deadline) || !recording && !unsettled {
			return differences, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

func compareOnce(ctx context.Context, file *store.ReadOnly, dumper *rtnl.Dumper) (differences []Difference, err error) {
	recorded, last, err := readFile(ctx, file)
	if err != nil {
		return nil, err
	}
	there, err := settled(ctx, dumper, recorded.believed())
	if err != nil {
		return nil, err
	}
	now, err := file.LastChange(ctx)
	if err != nil {
		return nil, err
	}
	if now != last {
		return nil, ErrUnsettled
	}
	for _, k := range rtnl.Kinds() {
		differences = append(differences, compareKind(k, recorded[k], there[k])...)
	}
	return differences, nil
}

// contents holds states by the text of their key, in the kernel's order.
type contents map[*rtnl.Kind]map[string][]rtnl.Row

func newContents() contents {
	c := contents{}
	for _, k := range rtnl.Kinds() {
		c[k] = map[string][]rtnl.Row{}
	}
	return c
}

func (c contents) add(k *rtnl.Kind, row rtnl.Row) {
	key, state := k.Split(row)
	text := string(rtnl.AppendKey(nil, key))
	c[k][text] = append(c[k][text], state)
}

// believed returns what a recorder believes that has these contents.
func (c contents) believed() *state {
	st := newState(nil)
	for k, slots := range c {
		var objects []*store.Object
		for text, states := range slots {
			for i, values := range states {
				objects = append(objects, &store.Object{Key: text, Position: int64(i), State: &store.State{Values: values}})
			}
		}
		st.hold(k, objects)
	}
	return st
}

// readFile returns what is now in the file, and as of which change.
func readFile(ctx context.Context, file *store.ReadOnly) (c contents, last int64, err error) {
	c = newContents()
	err = file.Snapshot(ctx, func() (err error) {
		if last, err = file.LastChange(ctx); err != nil {
			return err
		}
		for _, k := range rtnl.Kinds() {
			if err := file.Current(ctx, k, func(row rtnl.Row) { c.add(k, row) }); err != nil {
				return err
			}
		}
		return nil
	})
	return c, last, err
}

// settled dumps everything until two dumps in a row agree, and takes it as a
// recorder would that believes what is in the file.
func settled(ctx context.Context, dumper *rtnl.Dumper, believed *state) (contents, error) {
	var before contents
	for range tries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, interrupted, err := dumpAll(dumper, believed)
		switch {
		case err != nil:
			return nil, err
		case interrupted:
			before = nil
		case before != nil && agree(before, c):
			return c, nil
		default:
			before = c
		}
	}
	return nil, ErrUnsettled
}

// dumpAll takes one dump of every kind. It may lack objects if it was
// interrupted.
func dumpAll(dumper *rtnl.Dumper, believed *state) (c contents, interrupted bool, err error) {
	if err := dumper.Barrier(); err != nil {
		return nil, false, fmt.Errorf("wait for the kernel: %w", err)
	}
	c = newContents()
	for _, k := range rtnl.Kinds() {
		done, err := dumper.Dump(k, 0, func(row rtnl.Row) {
			key, state := k.Split(row)
			text := string(rtnl.AppendKey(nil, key))
			if state = believed.believable(k, key, text, state); state != nil {
				c[k][text] = append(c[k][text], slices.Clone(state))
			}
		})
		if err := errors.Join(err, done.Bad); err != nil {
			return nil, false, err
		}
		interrupted = interrupted || done.Interrupted
	}
	return c, interrupted, nil
}

func agree(a, b contents) bool {
	for k := range a {
		if len(compareKind(k, a[k], b[k])) > 0 {
			return false
		}
	}
	return true
}

// compareKind tells where two contents of a kind differ, in the order of keys.
func compareKind(k *rtnl.Kind, file, kernel map[string][]rtnl.Row) (differences []Difference) {
	for text, states := range file {
		differences = append(differences, compareSlot(k, text, states, kernel[text])...)
	}
	for text, states := range kernel {
		if file[text] == nil {
			differences = append(differences, compareSlot(k, text, nil, states)...)
		}
	}
	slices.SortStableFunc(differences, func(a, b Difference) int { return compareRows(a.Key, b.Key) })
	return differences
}

// compareSlot tells where the objects with one key differ. Those that have an
// equal on the other side are set aside; of the others, first is compared with
// first.
func compareSlot(k *rtnl.Kind, text string, file, kernel []rtnl.Row) (differences []Difference) {
	if slices.EqualFunc(file, kernel, k.Same) {
		return nil
	}
	onlyFile, onlyKernel := without(k, file, kernel), without(k, kernel, file)
	key := rtnl.ParseKey(text)
	for i := range max(len(onlyFile), len(onlyKernel)) {
		d := Difference{Kind: k, Key: key}
		if i < len(onlyFile) {
			d.File = onlyFile[i]
		}
		if i < len(onlyKernel) {
			d.Kernel = onlyKernel[i]
		}
		differences = append(differences, d)
	}
	if len(differences) > 0 || !k.Ordered(key) {
		return differences
	}
	for i := range file {
		if !k.Same(file[i], kernel[i]) {
			return []Difference{{Kind: k, Key: key, File: file[i], Kernel: kernel[i], Order: true}}
		}
	}
	return nil
}

// without returns the states that have no equal among others, each of which
// counts once.
func without(k *rtnl.Kind, states, others []rtnl.Row) (left []rtnl.Row) {
	others = slices.Clone(others)
	for _, state := range states {
		i := slices.IndexFunc(others, func(other rtnl.Row) bool { return k.Same(state, other) })
		if i < 0 {
			left = append(left, state)
			continue
		}
		others = slices.Delete(others, i, i+1)
	}
	return left
}

// compareRows orders rows by their values, numbers before texts.
func compareRows(a, b rtnl.Row) int {
	return slices.CompareFunc(a, b, func(x, y any) int {
		xn, xIsNumber := x.(int64)
		yn, yIsNumber := y.(int64)
		switch {
		case xIsNumber && yIsNumber:
			return cmp.Compare(xn, yn)
		case xIsNumber:
			return -1
		case yIsNumber:
			return 1
		}
		return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y))
	})
}
