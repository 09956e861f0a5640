package query

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nlrec/query/fib"
	"nlrec/rtnl"
)

func quoted(texts []string) string {
	var parts []string
	for _, t := range texts {
		parts = append(parts, "'"+strings.ReplaceAll(t, "'", "''")+"'")
	}
	return strings.Join(parts, ", ")
}

func (s *fibReader) readRoutes(prefixes []string) (routes []fib.Route, err error) {
	order, made := "position", `CASE WHEN nexthops IS NULL THEN coalesce((SELECT max(c.id) FROM change c WHERE c.object = v.object AND c.id <= ?1), (SELECT a.last FROM arrival a WHERE a.object = v.object)) ELSE `+since+` END`
	if s.family == "inet6" {
		order = since
	}
	err = s.rows(rtnl.Route, `table_id, dst, ifnull(src, ''), type, tos, metric, `+order+`, protocol, scope, prefsrc, nhid, metrics, pref, `+made+`, object,
		gateway, via, oif, flags, encap, flow_from, flow_to, nexthops`,
		"family = '"+s.family+"' AND dst IN ("+quoted(prefixes)+")", func(row []any) error {
			r := fib.Route{Table: intOf(row[0]), Type: textOf(row[3]), TOS: intOf(row[4]), Metric: intOf(row[5]), Order: intOf(row[6]),
				Protocol: textOf(row[7]), Scope: textOf(row[8]), Prefsrc: addrOf(row[9]), Nexthop: intOf(row[10]), Metrics: textOf(row[11]), Pref: textOf(row[12]),
				Since: intOf(row[13]), Object: intOf(row[14])}
			if r.Dst, err = s.prefixOf(textOf(row[1])); err != nil {
				return err
			}
			if src := textOf(row[2]); src != "" {
				if r.Src, err = s.prefixOf(src); err != nil {
					return err
				}
			}
			r.Hops, err = hopsOf(row[15:])
			routes = append(routes, r)
			return err
		})
	return routes, err
}

// prefixOf reads a prefix as the key of a route spells it.
func (s *fibReader) prefixOf(text string) (netip.Prefix, error) {
	if text == "default" {
		if s.family == "inet" {
			return netip.PrefixFrom(netip.IPv4Unspecified(), 0), nil
		}
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0), nil
	}
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	a, err := netip.ParseAddr(text)
	return netip.PrefixFrom(a, a.BitLen()), err
}

// hopsOf reads the legs of a route from its columns gateway, via, oif, flags,
// encap, flow_from, flow_to and nexthops.
func hopsOf(row []any) (hops []fib.Hop, err error) {
	if row[7] == nil {
		if row[2] == nil {
			return nil, nil
		}
		return []fib.Hop{hopOf(textOf(row[0]), viaHost(textOf(row[1])), intOf(row[2]), listOf(row[3]), textOf(row[4]),
			fib.Realms{From: intOf(row[5]), To: intOf(row[6])})}, nil
	}
	var legs []struct {
		Gateway string
		Via     struct{ Host string }
		Oif     int64
		Weight  int64
		Flags   []string
		Encap   json.RawMessage
		Flow    fib.Realms
	}
	if err := json.Unmarshal([]byte(textOf(row[7])), &legs); err != nil {
		return nil, fmt.Errorf("nexthops of a route: %w", err)
	}
	for _, l := range legs {
		h := hopOf(l.Gateway, l.Via.Host, l.Oif, l.Flags, string(l.Encap), l.Flow)
		h.Weight = l.Weight
		hops = append(hops, h)
	}
	return hops, nil
}

func viaHost(text string) string {
	var via struct{ Host string }
	_ = json.Unmarshal([]byte(text), &via) // what the recorder wrote, or nothing
	return via.Host
}

func hopOf(gateway, via string, link int64, flags []string, encap string, flow fib.Realms) fib.Hop {
	if gateway == "" {
		gateway = via
	}
	has := func(flag string) bool { return slices.Contains(flags, flag) }
	return fib.Hop{Link: link, Gateway: addrOf(gateway), Dead: has("dead"), Linkdown: has("linkdown"), Onlink: has("onlink"), Encap: encap, Flow: flow}
}

// readNexthops finds the nexthop objects that drop packets.
func (s *fibReader) readNexthops(routes []fib.Route) error {
	var ids []string
	for _, r := range routes {
		if r.Nexthop != 0 {
			ids = append(ids, strconv.FormatInt(r.Nexthop, 10))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	drops := map[int64]bool{}
	err := s.rows(rtnl.Nexthop, `id`, `blackhole = 1`, func(row []any) error {
		drops[intOf(row[0])] = true
		return nil
	})
	if err != nil {
		return err
	}
	err = s.rows(rtnl.Nexthop, `id, json_extract(nh_group, '$[0].id')`, `json_array_length(nh_group) = 1 AND id IN (`+strings.Join(ids, ", ")+`)`, func(row []any) error {
		drops[intOf(row[0])] = drops[intOf(row[1])]
		return nil
	})
	for i := range routes {
		routes[i].Drops = drops[routes[i].Nexthop]
	}
	return err
}

// readNeighbours reads what is known of the gateways of routes.
func (s *fibReader) readNeighbours(state *fib.State, routes []fib.Route) error {
	var gateways []string
	for _, r := range routes {
		for _, h := range r.Hops {
			if h.Gateway.IsValid() {
				gateways = append(gateways, h.Gateway.String())
			}
		}
	}
	if len(gateways) == 0 {
		return nil
	}
	return s.rows(rtnl.Neighbour, "ifindex, dst, state", "dst IN ("+quoted(gateways)+")", func(row []any) error {
		states := listOf(row[2])
		if len(states) > 0 {
			state.Neighbours[fib.Neighbour{Link: intOf(row[0]), Addr: addrOf(row[1])}] = states[0]
		}
		return nil
	})
}

// gatewaysOf lists the IPv4 gateways of routes.
func gatewaysOf(routes []fib.Route) (gateways []netip.Addr) {
	for _, r := range routes {
		for _, h := range r.Hops {
			if h.Gateway.Is4() {
				gateways = append(gateways, h.Gateway)
			}
		}
	}
	return gateways
}
