package query

// Links that a filter names and nobody knows. A name misspelt finds nothing,
// which looks like the answer that there was nothing.

import (
	"context"
	"slices"

	"nlrec/rtnl"
)

// linkWords are the words of filters behind which a link is named.
var linkWords = []string{"dev", "iif", "master", "vrf"}

// linksOf are the links that a filter names behind some of its words.
func (f Filter) linksOf(words ...string) (links []any) {
	for _, word := range words {
		for _, c := range f.terms[word] {
			links = append(links, c.args[0])
		}
	}
	return links
}

// warnOfUnknownLinks tells of those that there are none of.
func (r *Reader) warnOfUnknownLinks(ctx context.Context, f Filter) error {
	if !namesLinks(f) {
		return nil
	}
	names, err := r.texts(ctx, linkNames(rtnl.Link.Name))
	r.timeline.warnOfLinks([]Filter{f}, names, "no link has that name", "nlrec show link")
	return err
}

// warnOfUnknownLinks tells of those that there never were.
func (c *Changes) warnOfUnknownLinks(ctx context.Context, filters []Filter) error {
	if !slices.ContainsFunc(filters, namesLinks) {
		return nil
	}
	rows, err := c.QueryContext(ctx, linkNames(everLink))
	if err != nil {
		return err
	}
	names, err := scanColumn[string](rows)
	c.warnOfLinks(filters, names, "no link ever had that name", "nlrec log link")
	return err
}

func (l *timeline) warnOfLinks(filters []Filter, known []string, what, look string) {
	for i, name := range known {
		known[i] = Visible(name)
	}
	if slices.ContainsFunc(filters, func(f Filter) bool { return f.Kind == rtnl.Netconf }) {
		known = append(known, "all", "default")
	}
	for _, f := range filters {
		for _, link := range f.linksOf(linkWords...) {
			name := Visible(valueText(link)) // in whatever way it was typed
			if namesLinks(f) && !slices.Contains(known, name) {
				l.warnOnce(name + ": " + what + "; " + DidYouMean(name, known, look))
			}
		}
	}
}

// namesLinks reports whether a filter names links that must have been there: a
// rule may name one that is not.
func namesLinks(f Filter) bool {
	return f.Kind != rtnl.Rule && len(f.linksOf(linkWords...)) > 0
}

// linkNames selects all names of the links in a table.
func linkNames(table string) string {
	return "SELECT ifname FROM " + table + " UNION SELECT j.value FROM " + table + ", json_each(altnames) j"
}

// LinkNames lists the names that links have had.
func (r *Reader) LinkNames(ctx context.Context) ([]string, error) {
	return r.texts(ctx, linkNames(everLink))
}
