package query

// The state of one kind. In the formats of ip(8) the objects stand in an order
// that people find things in, which is mostly that of ip: each is written when
// its row is read, and kept with what it is sorted by.

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"nlrec/rtnl"
)

// Formats of ip(8): its text, and that of ip -d -j.
const (
	ipText = "ip"
	ipJSON = "ip-json"
)

// ShowFormats lists what Show can write.
func ShowFormats() []string { return append([]string{ipText, ipJSON}, Formats()...) }

// Show writes what there is of a kind, as far as a filter lets it through, in
// one of ShowFormats; with detail the text is that of ip -d.
func (r *Reader) Show(ctx context.Context, w io.Writer, f Filter, format string, detail bool) error {
	if format != ipText && format != ipJSON {
		where, args := f.Where("")
		text := "SELECT * FROM " + f.Kind.Name + " WHERE " + where + " ORDER BY " + strings.Join(f.Kind.Key, ", ")
		return r.QueryWith(ctx, text, args, func(rows *Rows) error { return Write(w, format, rows) })
	}
	l := listing{ctx: ctx, r: r, json: format == ipJSON, shaper: shaper{detail: detail, names: readLocalNames(), nexthops: map[int64]object{}}}
	if err := l.collect(f); err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 64<<10)
	return errors.Join(l.write(b), b.Flush())
}

// shapes are how each kind's rows become objects, and what they are sorted by.
var shapes = map[string]struct {
	shape func(*shaper, record) object
	key   func(record) sortKey
}{
	"link":      {(*shaper).link, func(r record) sortKey { return sortKey("").number(r.number("ifindex")) }},
	"netconf":   {(*shaper).netconf, func(r record) sortKey { return byFamily(r).number(r.number("ifindex") + 2) }},
	"nexthop":   {(*shaper).nexthop, func(r record) sortKey { return sortKey("").number(r.number("id")) }},
	"route":     {(*shaper).route, routeKey},
	"neighbour": {(*shaper).neighbour, func(r record) sortKey { return byFamily(r).number(r.number("ifindex")).prefix(r.text("dst")) }},
	"rule":      {(*shaper).rule, func(r record) sortKey { return byFamily(r).number(r.number("priority")).number(r.number("position")) }},
}

// listing collects the objects of an answer.
type listing struct {
	shaper
	ctx     context.Context
	r       *Reader
	json    bool
	entries []entry
}

// entry is an object as it will be written.
type entry struct {
	key    sortKey
	family string
	text   []byte
}

func (l *listing) collect(f Filter) error {
	if f.Kind == rtnl.Address {
		return l.collectAddresses(f)
	}
	if f.Kind == rtnl.Route || f.Kind == rtnl.Nexthop {
		if err := l.learn(); err != nil {
			return err
		}
	}
	how := shapes[f.Kind.Name]
	return l.each(f, func(r record) { l.add(how.key(r), r.text("family"), how.shape(&l.shaper, r)) })
}

// learn reads what routes and nexthops refer to.
func (l *listing) learn() error {
	l.links = map[int64]string{}
	err := l.each(Filter{Kind: rtnl.Link}, func(r record) { l.links[r.number("ifindex")] = r.text("ifname") })
	if err != nil {
		return err
	}
	return l.each(Filter{Kind: rtnl.Nexthop}, func(r record) { l.nexthops[r.number("id")] = l.nexthop(r) })
}

// collectAddresses collects links with their addresses: all of them, or those
// with an address that the filter lets through. A link that is named is there
// without any as well.
func (l *listing) collectAddresses(f Filter) error {
	type address struct {
		key sortKey
		object
	}
	of := map[int64][]address{}
	err := l.each(f, func(r record) {
		index := r.number("ifindex")
		of[index] = append(of[index], address{l.addressKey(r), l.address(r)})
	})
	if err != nil {
		return err
	}
	named := f.namedLinks()
	return l.each(Filter{Kind: rtnl.Link}, func(r record) {
		addresses := of[r.number("ifindex")]
		if addresses == nil && !f.Empty() && !slices.Contains(named, r.text("ifname")) {
			return
		}
		slices.SortStableFunc(addresses, func(a, b address) int { return cmp.Compare(a.key, b.key) })
		var objects []object
		for _, a := range addresses {
			objects = append(objects, a.object)
		}
		l.add(shapes["link"].key(r), "", l.addressLink(r, objects))
	})
}

// namedLinks are the links that a filter is for, if it is for nothing else.
func (f Filter) namedLinks() (links []string) {
	if len(f.words) != 1 || f.words[0] != "dev" {
		return nil
	}
	for _, c := range f.terms["dev"] {
		name, _ := c.args[0].(string)
		links = append(links, name)
	}
	return links
}

// each calls f for each row that a filter lets through. f may not keep it.
func (l *listing) each(f Filter, do func(record)) error {
	where, args := f.Where("x")
	text := "SELECT * FROM " + f.Kind.Name + " x WHERE " + where
	if f.Kind == rtnl.Address {
		text = "SELECT x.*, " + l.arrival() + " FROM address x WHERE " + where
	}
	return l.r.QueryWith(l.ctx, text, args, func(rows *Rows) error {
		columns := map[string]int{}
		for i, name := range rows.Columns() {
			columns[name] = i
		}
		for {
			row, err := rows.Next()
			if row == nil || err != nil {
				return err
			}
			do(record{columns, row})
		}
	})
}

func (l *listing) add(key sortKey, family string, o object) {
	text := []byte(nil)
	if l.json {
		text = o.appendJSON(nil)
	} else {
		text = append([]byte(o.line()), '\n')
	}
	l.entries = append(l.entries, entry{key, family, text})
}

func (l *listing) write(w *bufio.Writer) error {
	slices.SortStableFunc(l.entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	var texts [][]byte
	for _, e := range l.entries {
		texts = append(texts, e.text)
	}
	if l.json {
		_, err := fmt.Fprintf(w, "[%s]\n", bytes.Join(texts, []byte(",\n")))
		return err
	}
	for _, text := range texts {
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}
