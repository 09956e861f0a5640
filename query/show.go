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

// Formats of ip(8): its text, and those of ip -d -j and ip -br.
const (
	ipText  = "ip"
	ipJSON  = "ip-json"
	ipBrief = "brief"
)

// ShowFormats lists what Show can write.
func ShowFormats() []string { return append([]string{ipText, ipJSON, ipBrief}, Formats()...) }

// ShownWith are the kinds that show up in what Show writes of one.
func ShownWith(k *rtnl.Kind) []string {
	return append([]string{k.Name, rtnl.Link.Name}, map[string][]string{"route": {rtnl.Nexthop.Name}}[k.Name]...)
}

// ShowOptions say how Show writes.
type ShowOptions struct {
	Format  string   // one of ShowFormats
	Details bool     // the text is that of ip -d
	Columns []string // of the formats that have columns; none: all there are
	Page    Page     // that tables fit
}

// Show writes what there is of a kind, as far as a filter lets it through.
func (r *Reader) Show(ctx context.Context, w io.Writer, f Filter, o ShowOptions) error {
	isIP := slices.Contains([]string{ipText, ipJSON, ipBrief}, o.Format)
	if isIP && len(o.Columns) > 0 {
		return hinted{fmt.Errorf("columns: %w: %s has none", ErrFilter, o.Format), "-o table"}
	}
	brief := briefKinds[f.Kind.Name]
	if o.Format == ipBrief && brief == nil {
		return hinted{fmt.Errorf("brief: %w: of %s there is no such text", ErrFilter, f.Kind.Name), "-o " + ipText}
	}
	if err := r.warnOfUnknownLinks(ctx, f); err != nil {
		return err
	}
	if !isIP {
		return r.showColumns(ctx, w, f, o)
	}
	if o.Format != ipBrief {
		brief = nil
	}
	l := listing{ctx: ctx, r: r, json: o.Format == ipJSON, brief: brief, shaper: shaper{detail: o.Details, names: readLocalNames(), nexthops: map[int64]object{}}}
	if err := l.collect(f); err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 64<<10)
	return errors.Join(l.write(b), b.Flush())
}

// showColumns writes rows in a format that queries have, too.
func (r *Reader) showColumns(ctx context.Context, w io.Writer, f Filter, o ShowOptions) error {
	selected := "*"
	if len(o.Columns) > 0 {
		columns, err := columnsOf(f.Kind)
		if err != nil {
			return err
		}
		var names []string
		for _, c := range columns {
			names = append(names, c.Name)
		}
		for _, name := range o.Columns {
			if !slices.Contains(names, name) {
				return hinted{fmt.Errorf("%s: %w: no column of %s", Visible(name), ErrFilter, f.Kind.Name), DidYouMean(name, names, "nlrec tables "+f.Kind.Name)}
			}
		}
		selected = strings.Join(o.Columns, ", ")
	}
	where, args := f.Where("", rtnl.Link.Name)
	text := "SELECT " + selected + " FROM " + f.Kind.Name + " WHERE " + where + " ORDER BY " + strings.Join(f.Kind.Key, ", ")
	return r.QueryWith(ctx, text, args, func(rows *Rows) error { return Write(w, o.Page, o.Format, rows) })
}

// A shape is how the rows of a kind become objects.
type shape struct {
	object func(*shaper, record) object
	key    func(record) sortKey // what they are sorted by
	alike  bool                 // the text of neither family tells which it is
}

var shapes = map[string]shape{
	"link":      {(*shaper).link, func(r record) sortKey { return sortKey("").number(r.number("ifindex")) }, false},
	"netconf":   {(*shaper).netconf, func(r record) sortKey { return byFamily(r).number(r.number("ifindex") + 2) }, false},
	"nexthop":   {(*shaper).nexthop, func(r record) sortKey { return sortKey("").number(r.number("id")) }, false},
	"route":     {(*shaper).route, routeKey, false},
	"neighbour": {(*shaper).neighbour, func(r record) sortKey { return byFamily(r).number(r.number("ifindex")).prefix(r.text("dst")) }, false},
	"rule":      {(*shaper).rule, func(r record) sortKey { return byFamily(r).number(r.number("priority")).number(r.number("position")) }, true},
}

// listing collects the objects of an answer.
type listing struct {
	shaper
	ctx     context.Context
	r       *Reader
	json    bool
	brief   func(object) string // nil: the text is whole
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
	err := l.each(f, func(r record) { l.add(how.key(r), r.text("family"), how.object(&l.shaper, r)) })
	if how.alike && !l.json {
		l.addHeadings()
	}
	return err
}

// addHeadings tells families apart, if there are two.
func (l *listing) addHeadings() {
	of := func(family string) bool {
		return slices.ContainsFunc(l.entries, func(e entry) bool { return e.family == family })
	}
	if of("inet") && of("inet6") {
		l.entries = append(l.entries, entry{"4", "", []byte("IPv4:\n")}, entry{"6", "", []byte("IPv6:\n")})
	}
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
	alone, err := l.shownAlone(f)
	if err != nil {
		return err
	}
	return l.each(Filter{Kind: rtnl.Link}, func(r record) {
		addresses := of[r.number("ifindex")]
		if addresses == nil && !alone[r.number("ifindex")] {
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

// shownAlone tells which links are there without an address: those of which a
// filter of addresses holds that speaks of nothing but their links.
func (l *listing) shownAlone(f Filter) (map[int64]bool, error) {
	links, err := vocabularyOf(rtnl.Link)
	if err != nil {
		return nil, err
	}
	of := Filter{Kind: rtnl.Link, words: f.words, terms: map[string][]condition{}}
	for _, name := range f.words {
		if known, _ := links.find([]string{name}); known != nil && (name == "dev" || slices.Contains(f.asks, name)) {
			for _, c := range f.terms[name] {
				of.terms[name] = append(of.terms[name], condition{known.sql, c.args})
			}
			continue
		}
		return nil, nil
	}
	alone := map[int64]bool{}
	err = l.each(of, func(r record) { alone[r.number("ifindex")] = true })
	return alone, err
}

// each calls f for each row that a filter lets through. f may not keep it.
func (l *listing) each(f Filter, do func(record)) error {
	columns, err := shownColumns(f.Kind)
	if err != nil {
		return err
	}
	if f.Kind == rtnl.Address {
		columns = append(columns, l.arrival()...)
	}
	where, args := f.Where("x", rtnl.Link.Name)
	text := "SELECT " + strings.Join(columns, ", ") + " FROM " + f.Kind.Name + " x WHERE " + where
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

// shownColumns are the columns of a kind's view that tell of the object; those
// that tell of the recording cost as much to find.
func shownColumns(k *rtnl.Kind) (names []string, err error) {
	columns, err := columnsOf(k)
	for _, c := range columns {
		if c.Name == "position" || c.Name != "object" && !slices.Contains(aboutRecording, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names, err
}

func (l *listing) add(key sortKey, family string, o object) {
	var text []byte
	switch {
	case l.json:
		text = o.appendJSON(nil)
	case l.brief != nil:
		text = []byte(l.brief(o))
	default:
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
