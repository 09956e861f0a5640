// Package fib answers what a Linux kernel would have said to a route lookup,
// as "ip route get" asks it, from the state that the lookup reads: rules, routes,
// links, addresses, settings. It is functions over values: it reads no file
// and asks no kernel.
//
// A lookup follows the kernel step by step, quirks included, and tells each
// step. What decides in the kernel and is not part of the state (the hash that
// chooses a leg, joined multicast groups) it says, as several possible answers
// or as a note.
//
// The functions are named after what they do, and their comments name the
// function of Linux 6.18 that they follow.
package fib

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"
)

// A State is what a lookup of one family reads. Links and addresses are in the
// kernel's order; Index makes the rest findable.
type State struct {
	Links      []Link
	Addresses  []Address
	Rules      []Rule
	Neighbours map[Neighbour]string // what is known of gateways: REACHABLE, STALE, FAILED, …
	Forwarding bool                 // IPv6: told to all links

	// Merged says that no IPv4 rule was added or deleted since the namespace
	// came: until then the kernel keeps the tables local and main as one, of
	// which the longest prefix counts.
	Merged bool

	// Realms says that an IPv4 route or rule has realms, AddedLocal that somebody
	// has added a local IPv4 route: what makes the kernel look at the way back
	// to every source of what comes in, also where rp_filter is off.
	Realms, AddedLocal bool

	tables map[int64]*bart.Table[[]*Route]
	links  map[int64]*Link
}

// A Link is a network device.
type Link struct {
	Index    int64
	Name     string
	Others   []string // alternative names
	Up       bool
	Loopback bool
	Group    int64
	Master   int64
	VRF      int64 // the table of a VRF; 0: it is none

	Readdressed int64 // id of the last change of its addresses

	Enabled  bool             // it has the family
	Settings map[string]int64 // of the family on the link, by the names of sysctl
}

// An Address is one of a link.
type Address struct {
	Link  int64
	Local netip.Addr
	Net   netip.Prefix // of the peer, where there is one
	Bits  int          // length of the prefix
	Scope int64
	Flags []string
	Since int64 // id of the change that brought it
}

// A Neighbour is a gateway on a link.
type Neighbour struct {
	Link int64
	Addr netip.Addr
}

// A Route is an entry of a table.
type Route struct {
	Object   int64 // what the recording calls it
	Table    int64
	Dst      netip.Prefix
	Src      netip.Prefix // of the packets it is for; the zero value: all. IPv6
	Type     string
	TOS      int64
	Metric   int64
	Order    int64 // among routes that are equal in what selects them, the lowest first
	Since    int64 // id of the change that brought it, or what it is
	Protocol string
	Scope    string
	Prefsrc  netip.Addr
	Hops     []Hop
	Nexthop  int64 // id of the nexthop object it uses; 0: none
	Drops    bool  // the nexthop object is a blackhole
	Metrics  string
	Pref     string
}

// A Hop is a leg of a route.
type Hop struct {
	Link     int64
	Gateway  netip.Addr // the zero value: none
	Dead     bool       // it is not used
	Linkdown bool
	Onlink   bool
	Encap    string // JSON of its lightweight tunnel
	Flow     Realms
	Weight   int64
}

// Realms are those of ip-route(8).
type Realms struct{ From, To int64 }

// A Rule is an entry of the routing policy database.
type Rule struct {
	Priority          int64
	Invert            bool
	Src, Dst          netip.Prefix // the zero value: all
	IIF, OIF          string
	Mark, Mask        int64
	TOS               int64
	DSCP, DSCPMask    int64 // DSCPMask 0: any
	UID               *Range
	Proto             int64
	Sport, Dport      *Range
	SportMask         int64
	DportMask         int64
	TunID             int64
	Flowlabel         int64
	FlowlabelMask     int64
	L3mdev            bool
	Action            string
	Table             int64
	Goto              int64
	SuppressPrefixlen int64 // -1: none
	SuppressGroup     int64 // -1: none
	Flow              Realms
}

// A Range has both its ends.
type Range struct{ First, Last int64 }

func (r *Range) has(n int64) bool { return r == nil || r.First <= n && n <= r.Last }

// Index makes ready for lookups in these routes.
func (s *State) Index(routes []Route) {
	s.tables, s.links = map[int64]*bart.Table[[]*Route]{}, map[int64]*Link{}
	for i := range s.Links {
		s.links[s.Links[i].Index] = &s.Links[i]
	}
	for i := range routes {
		r := &routes[i]
		t := s.tables[r.Table]
		if t == nil {
			t = &bart.Table[[]*Route]{}
			s.tables[r.Table] = t
		}
		slot, _ := t.Get(r.Dst)
		slot = append(slot, r)
		slices.SortStableFunc(slot, before)
		t.Insert(r.Dst, slot)
	}
}

// before orders the routes to one prefix of one table as the kernel tries them.
func before(a, b *Route) int {
	return cmp.Or(cmp.Compare(b.TOS, a.TOS), cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Order, b.Order))
}

// link returns one that may be gone.
func (s *State) link(index int64) *Link {
	if l := s.links[index]; l != nil {
		return l
	}
	return &Link{Index: index}
}

// LinkNamed returns the link with a name or alternative name, or nil.
func (s *State) LinkNamed(name string) *Link {
	for i := range s.Links {
		if s.Links[i].Name == name || slices.Contains(s.Links[i].Others, name) {
			return &s.Links[i]
		}
	}
	return nil
}

// master returns the index of the VRF that a link is or belongs to, or 0.
func (s *State) master(index int64) int64 {
	l := s.link(index)
	if l.VRF != 0 {
		return l.Index
	}
	if s.link(l.Master).VRF != 0 {
		return l.Master
	}
	return 0
}

// Scopes are the numbers of RT_SCOPE_*; the smaller, the farther.
var scopes = map[string]int64{"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}

const (
	scopeLink = 253
	scopeHost = 254

	tableDefault = 253
	tableMain    = 254
	tableLocal   = 255

	loopback = 1 // the index of lo
)
