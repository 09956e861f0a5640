package rtnl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// What of routes changes without a word, and how to ask for those of one link.

// routeDoubts: a multipath IPv6 route that loses a hop may show the attributes
// of another sibling from then on, of which no message tells. And a route to the
// prefix of an IPv6 address tells of that while it is tentative.
func routeDoubts(k *Kind, key, was, now Row) []Doubt {
	switch {
	case now == nil || key[0] != "inet6":
		return nil
	case was == nil && k.StateValue(now, "protocol") == "kernel" && k.StateValue(now, "type") == "unicast":
		index, _ := k.StateValue(now, "oif").(int64)
		return []Doubt{{"address", index}}
	case was == nil:
		return nil
	}
	if left := k.hopsOf(now); len(left) > 0 && len(left) < len(k.hopsOf(was)) {
		return []Doubt{{"route", left[0].id.Oif}}
	}
	return nil
}

// routerSpoke reads struct prefixmsg or nduseroptmsg: a router has advertised
// itself, and the routes that came of it before take over lifetimes and
// metrics.
func routerSpoke(body []byte) []Doubt {
	if len(body) < 8 {
		return nil
	}
	return []Doubt{{"route", int64(binary.NativeEndian.Uint32(body[4:]))}}
}

// routesOver are the requests for the routes with a hop over a link, whatever
// else they have.
func routesOver(link int64) [][]byte {
	bodies := perFamily(unix.SizeofRtMsg)
	for i := range bodies {
		bodies[i] = appendU32(bodies[i], unix.RTA_OIF, link)
	}
	return bodies
}
