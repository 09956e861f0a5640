package main

import "fmt"

// Names of figures that the paper calculation takes from the sections.
const (
	perDayChanges = "changes of a quiet host in a day"
	perDayBytes   = "bytes of a quiet host in a day"
	perRoute      = "bytes of a route when recording begins"
	perChange     = "bytes of a change where many routes come and go"
	perFlap       = "bytes of a change where few routes flap"
)

// What is assumed of what was not measured here.
const (
	fleet       = 5000
	busyChanges = 20_000    // of a host that starts a container every two minutes, in a day
	fullTable   = 1_000_000 // IPv4 routes of the internet
	bgpChanges  = 500_000   // of a router with a full table, in a day: best paths that change
)

// paper computes what larger installations make from what was measured; without
// all of the figures it says nothing.
func paper(figures map[string]float64) (t table, ok bool) {
	for _, name := range []string{perDayChanges, perDayBytes, perRoute, perChange, perFlap} {
		if figures[name] == 0 {
			return t, false
		}
	}
	row := func(who, changes string, n, each float64) []string {
		return []string{who, changes, figure(each), size(n * each), size(365 * n * each)}
	}
	quiet, each := figures[perDayChanges], figures[perDayBytes]/figures[perDayChanges]
	return table{Head: []string{"what", "changes a day", "bytes per change, measured", "a day", "a year"}, Rows: [][]string{
		row("a quiet host", figure(quiet), quiet, each),
		row(fmt.Sprintf("%s quiet hosts", whole(fleet)), figure(fleet*quiet), fleet*quiet, each),
		row(fmt.Sprintf("%s hosts that start a container every two minutes", whole(fleet)), figure(fleet*busyChanges)+", assumed", fleet*busyChanges, each),
		row("a BGP router with a full table", figure(bgpChanges)+", assumed", bgpChanges, figures[perChange]),
		{"the same, once: the table when recording begins", figure(fullTable) + " routes", figure(figures[perRoute]), size(fullTable * figures[perRoute]), ""},
		row("a BGP router of which 1,000 routes flap once a minute", figure(1000*24*60), 1000*24*60, figures[perFlap]),
	}}, true
}

// size writes bytes in the unit that suits them.
func size(n float64) string {
	for _, unit := range []string{"kB", "MB", "GB"} {
		if n /= 1e3; n < 1e3 {
			return figure(n) + " " + unit
		}
	}
	return figure(n/1e3) + " TB"
}
