// Package rtnl is the wire: it declares the kinds of objects that rtnetlink(7)
// tells of, decodes their messages into rows, and opens the sockets that carry
// them. It keeps no state and knows nothing of timelines.
//
// A kind is a table. Its declaration lists the fixed header, the attributes by
// number and the columns that identify an object; one decoder reads them all.
// To add a kind, declare it, name it in Kinds, and write its SQL.
package rtnl

import (
	"fmt"
	"slices"
)

// Row holds the values of one object in the order of its kind's Columns: the
// key first. A value is nil, an int64 or a string; nested data is JSON text.
type Row []any

// A Kind declares one class of objects.
type Kind struct {
	Name   string // singular, as the SQL view is called
	Number int64  // stable: object ids in a recording end in it (see ObjectKinds)

	New, Del uint16   // message types of a notification
	Get      uint16   // message type of a dump request
	Groups   []uint32 // multicast groups, RTNLGRP_*
	Dumps    [][]byte // bodies of the dump requests, sent with strict checking
	// Over returns the bodies of requests that dump only what stands on a
	// link (see Refs). Nil: the kernel has no such filter.
	Over func(link int64) [][]byte

	Key      []string // the columns that identify an object's slot, see slot.go
	Volatile []string // columns that count down: kept with a version, never starting one

	Size   int     // bytes of the fixed header
	Header []Field // columns read from it
	Attrs  []Attr  // indexed by attribute number; may overwrite a header column

	// About reports whether a message is about an object of this kind. Message
	// types are shared: AF_BRIDGE speaks of ports in RTM_NEWLINK. Nil: always.
	About func(header []byte) bool
	// Part reads a message that is not About the kind but tells some values of
	// an object: its key, and the state it had before with these values. Nil,
	// and a nil key: it does not.
	Part func(k *Kind, body []byte) (key Row, with func(state Row) Row)
	// Moved reports whether the message that an object is gone says that it
	// lives on in another network namespace. Nil: it never does.
	Moved func(body []byte) bool
	// Hints reads messages of its Groups that tell of no object of the kind,
	// or not all, but say that something may have changed: by message type.
	Hints map[uint16]func(body []byte) []Doubt
	// Finish settles what depends on several columns, after all are read.
	Finish func(m *message) error
	// Mortal says that a key which comes back after its object went names
	// another object, unless that had Moved and is not Another.
	Mortal bool
	// Another reports whether an object whose state went from was to now while
	// nobody looked is rather another one with the same key. Nil: never.
	Another func(k *Kind, was, now Row) bool
	// CountsAs returns what a state counts as, where some are steps that the
	// kernel does not announce: the state to believe, given whether the object
	// is known already, or nil when it counts as not there. Nil: as itself.
	CountsAs func(k *Kind, known bool, state Row) Row
	// Slots says how several objects share one key. Nil: they never do.
	Slots *Slots
	// Refs names the objects of other kinds that one stands on, and may go
	// with. Nil: none.
	Refs func(k *Kind, key, state Row) []Ref
	// Doubts names what the kernel may have changed without a word when the
	// state of this kind's object went from was to now (nil: it did not exist).
	// Nil: nothing.
	Doubts func(k *Kind, key, was, now Row) []Doubt

	// Contents says what the columns hold, for copies that are not to tell it: see
	// Content. Lengths has the columns of prefixes whose length is another column.
	Contents map[string]Content
	Lengths  map[string]string

	Columns []string // key columns, then all others, then "extra"; set by define
	column  map[string]int
	header  []placedField // Header and Attrs with their places
	attrs   []placedAttr
}

// A Field is a column at a fixed place of a header or of a struct inside an
// attribute.
type Field struct {
	Column       string
	Offset, Size int
	Read         reader
}

// An Attr says what becomes of one attribute: a column, the fields of a struct,
// or nested attributes. One whose Read is skip is known and left out. The zero
// Attr is unknown, and kept in the column extra.
type Attr struct {
	Column string
	Read   reader
	Struct []Field
	Nested []Attr
}

// A Ref names an object of a kind whose key is a number.
type Ref struct {
	Kind string
	ID   int64
}

// A Doubt names objects that may have changed without a word: all of a kind,
// or those that stand on a link.
type Doubt struct {
	Kind string
	Link int64 // index; 0: all
}

// ObjectKinds is the number of kinds a recording has room for: an object's id
// is a multiple of it plus the kind's Number.
const ObjectKinds = 64

// Kinds lists every kind, in the order in which they are dumped: what others
// refer to comes first.
func Kinds() []*Kind {
	return []*Kind{Link, Netconf, Address, Nexthop, Route, Neighbour, Rule}
}

// define completes a declaration.
func define(k Kind) *Kind {
	k.column = map[string]int{}
	for _, name := range k.Key {
		k.addColumn(name)
	}
	k.header, k.attrs = k.placeFields(k.Header), k.placeAttrs(k.Attrs)
	k.addColumn("extra")
	return &k
}

// addColumn returns the place of a column, the next one if it is new.
func (k *Kind) addColumn(name string) int {
	if place, ok := k.column[name]; ok || name == "" {
		return place
	}
	k.column[name] = len(k.Columns)
	k.Columns = append(k.Columns, name)
	return k.column[name]
}

// placedField and placedAttr know the place of their column in a Row.
type placedField struct {
	Field
	place int
}

type placedAttr struct {
	Attr
	place  int
	fields []placedField
	nested []placedAttr
}

func (k *Kind) placeFields(fields []Field) (placed []placedField) {
	for _, f := range fields {
		placed = append(placed, placedField{f, k.addColumn(f.Column)})
	}
	return placed
}

func (k *Kind) placeAttrs(attrs []Attr) (placed []placedAttr) {
	for _, a := range attrs {
		place := k.addColumn(a.Column)
		placed = append(placed, placedAttr{a, place, k.placeFields(a.Struct), k.placeAttrs(a.Nested)})
	}
	return placed
}

// Index returns the place of a column in a Row. It panics when the kind has no
// such column: that is a slip in the program.
func (k *Kind) Index(column string) int {
	i, ok := k.column[column]
	if !ok {
		panic(fmt.Sprintf("%s has no column %s", k.Name, column))
	}
	return i
}

// Value returns one column of a whole row.
func (k *Kind) Value(r Row, column string) any {
	return r[k.Index(column)]
}

// Split parts a row into its key and its other values, the state.
func (k *Kind) Split(r Row) (key, state Row) {
	return r[:len(k.Key)], r[len(k.Key):]
}

// StateValue returns one column of a row's state.
func (k *Kind) StateValue(state Row, column string) any {
	return state[k.Index(column)-len(k.Key)]
}

// With returns a state with one column changed.
func (k *Kind) With(state Row, column string, v any) Row {
	after := slices.Clone(state)
	after[k.Index(column)-len(k.Key)] = v
	return after
}

// forever is the lifetime of what never expires, INFINITY_LIFE_TIME in
// linux/if_addr.h.
const forever = int64(1<<32 - 1)

// Stops reports whether a countdown of the state before has none in the one after.
func (k *Kind) Stops(before, after Row) bool {
	return slices.ContainsFunc(k.Volatile, func(column string) bool {
		return k.StateValue(before, column) != nil && k.StateValue(after, column) == nil
	})
}

// Same reports whether two states are one as far as history goes: countdowns
// may differ, as long as both count down.
func (k *Kind) Same(a, b Row) bool {
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		if !slices.Contains(k.Volatile, k.Columns[i+len(k.Key)]) ||
			a[i] == nil || b[i] == nil || a[i] == forever || b[i] == forever {
			return false
		}
	}
	return true
}
