package query

import (
	"strings"

	"nlrec/rtnl"
)

// word is a word of a filter. It belongs to every kind that has the columns
// its condition speaks of, unless it is said to be of one; the first of two
// with the same name counts.
type word struct {
	name    string
	also    []string
	of      string // the only kind that has it
	example string // a value
	read    reader // makes the arguments of its value; nil: it takes none. No arguments: any object will do.
	present bool   // it asks what another object is at the same instant, which changes do not tell
	sql     string // the condition, see condition
}

// Conditions that several words have.
const (
	sameProtocol = `{}protocol = ?1`
	ofHops       = `EXISTS (SELECT 1 FROM json_each({}nexthops) j WHERE `
	isUp         = `EXISTS (SELECT 1 FROM json_each({}flags) j WHERE j.value = 'UP')`
	isOfType     = `({}info_kind = ?1 OR {}info_slave_kind || '_slave' = ?1)`
	isInVRF      = `({}master ` + ofLink + ` AND {}info_slave_kind = 'vrf')`
	ofLink       = `IN (SELECT ?1 UNION ALL SELECT l.ifname FROM {links} l, json_each(l.altnames) j WHERE j.value = ?1)`
)

var filterWords = []word{
	// Families. A nexthop group has none, so that it is of both.
	{name: "-4", also: []string{"inet", "ipv4"}, sql: `{}family IN ('inet', 'unspec')`},
	{name: "-6", also: []string{"inet6", "ipv6"}, sql: `{}family IN ('inet6', 'unspec')`},

	// Links.
	{name: "dev", example: "eth0", read: asText, sql: `({}ifname = ?1 OR EXISTS (SELECT 1 FROM json_each({}altnames) j WHERE j.value = ?1))`},
	{name: "dev", also: []string{"oif"}, of: "route", example: "eth0", read: asText, sql: `({}dev ` + ofLink + ` OR ` + ofHops + `json_extract(j.value, '$.dev') ` + ofLink + `))`},
	{name: "dev", also: []string{"iif"}, of: "rule", example: "eth0", read: asText, sql: `{}iif = ?1`},
	{name: "dev", example: "eth0", read: asText, sql: `{}interface ` + ofLink},
	{name: "dev", example: "eth0", read: asText, sql: `{}dev ` + ofLink},
	{name: "iif", example: "eth0", read: asText, sql: `{}iif_dev ` + ofLink},
	{name: "master", example: "br0", read: asText, sql: `{}master ` + ofLink},
	{name: "type", of: "link", example: "bridge", read: asText, sql: isOfType},
	{name: "group", of: "link", example: "7", read: asGroup, sql: `{}link_group = ?1`},
	{name: "state", of: "link", example: "UP", read: asOperState, sql: `{}operstate = ?1`},
	{name: "down", of: "link", sql: `NOT ` + isUp},
	{name: "alias", example: "uplink", read: asText, sql: `{}ifalias = ?1`},
	{name: "altname", example: "uplink", read: asText, sql: `EXISTS (SELECT 1 FROM json_each({}altnames) j WHERE j.value = ?1)`},
	{name: "nomaster", sql: `{}master_index IS NULL`},
	{name: "vrf", of: "link", example: "blue", read: asText, sql: isInVRF},
	{name: "address", also: []string{"lladdr"}, of: "link", example: "02:00:00:00:00:01", read: asLower, sql: `{}address = ?1`},

	// Prefixes.
	{name: "to", also: []string{"local"}, of: "address", example: "192.0.2.0/24", read: asPrefix, sql: `({}family LIKE ?2 AND covers(?1, {}local))`},
	{name: "address", of: "address", example: "192.0.2.0/24", read: asPrefix, sql: `({}family LIKE ?2 AND (covers(?1, {}local) OR covers(?1, {}address)))`},
	{name: "peer", of: "address", example: "192.0.2.0/24", read: asPrefix, sql: `({}family LIKE ?2 AND covers(?1, {}address))`},
	{name: "to root", also: []string{"root"}, of: "route", example: "10.0.0.0/8", read: asPrefix, sql: `({}family LIKE ?2 AND covers(?1, {}dst))`},
	{name: "to match", also: []string{"match"}, of: "route", example: "10.1.2.3", read: asPrefix, sql: `({}family LIKE ?2 AND covers({}dst, ?1))`},
	{name: "to", also: []string{"to exact", "exact", "dst"}, of: "route", example: "10.0.0.0/8", read: asPrefix, sql: `({}family LIKE ?2 AND covers(?1, {}dst) AND covers({}dst, ?1))`},
	{name: "from root", of: "route", example: "10.0.0.0/8", read: asPrefix, sql: `({}family LIKE ?2 AND covers(?1, {}src))`},
	{name: "from match", of: "route", example: "10.1.2.3", read: asPrefix, sql: `({}family LIKE ?2 AND covers({}src, ?1))`},
	{name: "from", also: []string{"from exact"}, of: "route", example: "10.0.0.0/8", read: asPrefix, sql: `({}family LIKE ?2 AND covers(?1, {}src) AND covers({}src, ?1))`},
	{name: "to", also: []string{"dst"}, of: "rule", example: "10.0.0.0/8", read: asPrefix, sql: `({}family LIKE ?2 AND covers(?1, {}dst || '/' || {}dstlen))`},
	{name: "from", also: []string{"src"}, of: "rule", example: "10.0.0.0/8", read: asPrefix, sql: `({}family LIKE ?2 AND covers(?1, {}src || '/' || {}srclen))`},
	{name: "to", also: []string{"dst"}, of: "neighbour", example: "192.0.2.1", read: asPrefix, sql: `({}family LIKE ?2 AND covers(?1, {}dst))`},

	// Routes, rules and nexthops.
	{name: "table", also: []string{"lookup"}, example: "100", read: asTable, sql: `{}table_id = ?1`},
	{name: "vrf", of: "route", example: "blue", read: asText, sql: `{}table_id IN (SELECT json_extract(l.info_data, '$.table') FROM {links} l
		WHERE l.info_kind = 'vrf' AND (l.ifname = ?1 OR EXISTS (SELECT 1 FROM json_each(l.altnames) j WHERE j.value = ?1)))`},
	{name: "proto", also: []string{"protocol"}, of: "address", example: "kernel_ra", read: asAddressProtocol, sql: sameProtocol},
	{name: "proto", also: []string{"protocol"}, example: "bgp", read: asProtocol, sql: sameProtocol},
	{name: "scope", example: "link", read: asScope, sql: `{}scope = ?1`},
	{name: "type", of: "route", example: "blackhole", read: asRouteType, sql: `{}type = ?1`},
	{name: "via", also: []string{"via inet", "via inet6", "gateway"}, of: "route", example: "192.0.2.1", read: asAddress, sql: `(?1 IN ({}gateway, json_extract({}via, '$.host')) OR ` +
		ofHops + `?1 IN (json_extract(j.value, '$.gateway'), json_extract(j.value, '$.via.host'))))`},
	{name: "via", also: []string{"gateway"}, of: "nexthop", example: "192.0.2.1", read: asAddress, sql: `{}gateway = ?1`},
	{name: "src", also: []string{"prefsrc"}, of: "route", example: "192.0.2.1", read: asAddress, sql: `{}prefsrc = ?1`},
	{name: "metric", also: []string{"preference", "priority"}, of: "route", example: "100", read: asNumber, sql: `{}metric = ?1`},
	{name: "tos", also: []string{"dsfield"}, example: "0x10", read: asTOS, sql: `{}tos = ?1`},
	{name: "realm", also: []string{"realms"}, example: "5", read: asRealms, sql: `{}flow_to = ?1 AND ifnull({}flow_from, 0) = ?2`},
	{name: "fwmark", also: []string{"mark"}, of: "rule", example: "0x10", read: asMark, sql: `{}fwmark = ?1 AND {}fwmask LIKE ?2`},
	{name: "pref", also: []string{"preference", "priority", "order"}, of: "rule", example: "32766", read: asNumber, sql: `{}priority = ?1`},
	{name: "not", of: "rule", sql: `{}invert > 0`},
	{name: "ipproto", example: "tcp", read: asIPProtocol, sql: `{}ipproto = ?1`},
	{name: "sport", example: "80", read: asRange, sql: `({}sport_start <= ?2 AND {}sport_end >= ?1)`},
	{name: "dport", example: "80", read: asRange, sql: `({}dport_start <= ?2 AND {}dport_end >= ?1)`},
	{name: "uidrange", example: "0-1000", read: asRange, sql: `({}uid_start <= ?2 AND {}uid_end >= ?1)`},
	{name: "groups", of: "nexthop", sql: `{}nh_group IS NOT NULL`},

	// Addresses.
	{name: "label", example: "eth0:*", read: asText, sql: `{}label GLOB ?1`},
	{name: "permanent", of: "address", sql: `NOT EXISTS (SELECT 1 FROM json_each({}flags) j WHERE j.value = 'dynamic')`},
	{name: "primary", of: "address", sql: `NOT EXISTS (SELECT 1 FROM json_each({}flags) j WHERE j.value = 'secondary')`},

	// Addresses, by their links.
	{name: "up", of: "address", present: true, sql: onLink(isUp)},
	{name: "type", of: "address", example: "bridge", read: asText, present: true, sql: onLink(isOfType)},
	{name: "group", of: "address", example: "7", read: asGroup, present: true, sql: onLink(`{}link_group = ?1`)},
	{name: "master", of: "address", example: "br0", read: asText, present: true, sql: onLink(`{}master ` + ofLink)},
	{name: "nomaster", of: "address", present: true, sql: onLink(`{}master_index IS NULL`)},
	{name: "vrf", of: "address", example: "blue", read: asText, present: true, sql: onLink(isInVRF)},

	// Neighbours.
	{name: "vrf", of: "neighbour", example: "blue", read: asText, sql: `{}master ` + ofLink},
	{name: "nud", also: []string{"state"}, of: "neighbour", example: "stale", read: asNUD, sql: `EXISTS (SELECT 1 FROM json_each({}state) j WHERE j.value = ?1)`},
	{name: "lladdr", example: "02:00:00:00:00:01", read: asLower, sql: `{}lladdr = ?1`},
}

// onLink is the condition that one holds of the link of an object.
func onLink(condition string) string {
	return `{}ifindex IN (SELECT l.ifindex FROM {links} l WHERE ` + strings.ReplaceAll(condition, "{}", "l.") + `)`
}

// bareWords are the words that a value may do without, in ip(8) or by its looks.
var bareWords = []struct {
	word string
	fits func(k *rtnl.Kind, value string) bool
}{
	{"to", func(_ *rtnl.Kind, value string) bool {
		_, err := parsePrefix(value)
		return err == nil || isAll(value)
	}},
	{"id", func(k *rtnl.Kind, value string) bool { return k == rtnl.Nexthop && isNumber(value) }},
	{"pref", func(k *rtnl.Kind, value string) bool { return k == rtnl.Rule && isNumber(value) }},
	{"dev", func(k *rtnl.Kind, value string) bool {
		_, err := parsePrefix(value)
		return err != nil && !strings.HasPrefix(value, "-") && takesBareLink(k)
	}},
}

func takesBareLink(k *rtnl.Kind) bool {
	return k == rtnl.Link || k == rtnl.Address || k == rtnl.Netconf
}

// unrecorded are words of ip that ask for what is in no recording.
var unrecorded = map[string]string{
	"cache": "nlrec does not record cached routes", "cached": "nlrec does not record cached routes", "cloned": "nlrec does not record cached routes",
	"proxy": "nlrec does not record proxy entries", "stats": "nlrec does not record statistics",
}
