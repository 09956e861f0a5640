package query

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"nlrec/rtnl"
)

// kindWords are what people call the kinds beside their names, as in ip(8).
var kindWords = map[string]string{
	"links": "link", "addr": "address", "addrs": "address", "addresses": "address",
	"routes": "route", "rules": "rule", "nexthops": "nexthop",
	"neigh": "neighbour", "neighs": "neighbour", "neighbours": "neighbour", "neighbor": "neighbour", "neighbors": "neighbour",
}

// FindKind returns the kind that a word names: its name, its plural, or one of
// the shorter words that ip(8) has. It fails with ErrFilter, and a hint.
func FindKind(word string) (*rtnl.Kind, error) {
	for _, k := range rtnl.Kinds() {
		if k.Name == word || k.Name == kindWords[word] {
			return k, nil
		}
	}
	_, err := nearKind(word)
	return nil, err
}

// nearKind returns the name of the kind that a slip was probably meant to name,
// or "", and the error that says so.
func nearKind(slip string) (string, error) {
	names := []string{}
	for _, k := range rtnl.Kinds() {
		names = append(names, k.Name)
	}
	near, least := kindNotions[strings.ToLower(slip)], 3
	for _, word := range append(slices.Sorted(maps.Keys(kindWords)), names...) {
		if d := distance(strings.ToLower(slip), word); d < least && d*2 < len(word) {
			near, least = cmp.Or(kindWords[word], word), d
		}
	}
	hint := "there are " + strings.Join(names, ", ")
	if near != "" {
		hint = "did you mean " + near + "? There are " + strings.Join(names, ", ")
	}
	return near, hinted{filterError(Visible(slip) + ": no such kind"), hint}
}

// kindNotions are other words that people have for what a kind holds.
var kindNotions = map[string]string{"arp": "neighbour", "ndp": "neighbour", "interface": "link", "interfaces": "link", "device": "link", "nh": "nexthop"}
