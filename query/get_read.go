package query

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nlrec/query/fib"
	"nlrec/rtnl"
)

// The rows of the views as what package fib looks at. What the kernel keeps in
// the order of its coming (links, addresses, rules of a priority, IPv6 routes of
// a metric) is in the order of the changes that brought it.

// since is the id of the change that brought the object of a row; sinceUS is
// when that was, and sinceHow how it is known.
const (
	since    = `coalesce((SELECT max(c.id) FROM change c WHERE c.object = v.object AND c.id <= ?1 AND c.was IS NULL), (SELECT a.came FROM arrival a WHERE a.object = v.object))`
	sinceUS  = `coalesce((SELECT c.at_us FROM change c WHERE c.id = ` + since + `), (SELECT a.at_us FROM arrival a WHERE a.object = v.object))`
	sinceHow = `coalesce((SELECT c.how FROM change c WHERE c.id = ` + since + `), (SELECT a.how FROM arrival a WHERE a.object = v.object))`
)

func intOf(v any) int64 {
	n, _ := v.(int64)
	return n
}

func textOf(v any) string {
	t, _ := v.(string)
	return t
}

func addrOf(v any) netip.Addr {
	a, _ := netip.ParseAddr(textOf(v)) // the zero value: none
	return a
}

// listOf reads a JSON array of texts.
func listOf(v any) (texts []string) {
	_ = json.Unmarshal([]byte(textOf(v)), &texts) // what the recorder wrote
	return texts
}

// spelled reads a number that is shown as text: 0x10, or a name with one.
func spelled(v any, names map[string]int64) int64 {
	if n, ok := v.(int64); ok {
		return n
	}
	if n, ok := names[textOf(v)]; ok {
		return n
	}
	n, _ := strconv.ParseInt(textOf(v), 0, 64)
	return n
}

func (s *fibReader) readLinks(state *fib.State) error {
	type brought struct {
		fib.Link
		since int64
	}
	var links []brought
	readdressed := map[int64]int64{}
	err := s.query(`SELECT o.ifindex, max(coalesce((SELECT max(c.id) FROM change c WHERE c.object = o.object AND c.id <= ?2),
			(SELECT a.last FROM arrival a WHERE a.object = o.object))) AS last
		FROM address_object o WHERE o.family = ?1 GROUP BY o.ifindex HAVING last IS NOT NULL`, func(row []any) error {
		readdressed[intOf(row[0])] = intOf(row[1])
		return nil
	}, s.family, s.moment.Change)
	if err != nil {
		return err
	}
	err = s.rows(rtnl.Link, `ifindex, ifname, altnames, flags, link_group, ifnull(master_index, 0),
		CASE WHEN info_kind = 'vrf' THEN json_extract(info_data, '$.table') END, json_extract(af_spec, '$.`+s.family+`.conf'), `+since, "1", func(row []any) error {
		flags := listOf(row[3])
		l := fib.Link{Index: intOf(row[0]), Name: textOf(row[1]), Others: listOf(row[2]),
			Up: slices.Contains(flags, "UP"), Loopback: slices.Contains(flags, "LOOPBACK"),
			Group: spelled(row[4], map[string]int64{"default": 0}), Master: intOf(row[5]), VRF: intOf(row[6])}
		_ = json.Unmarshal([]byte(textOf(row[7])), &l.Settings) // what the recorder wrote
		if l.Settings == nil {
			l.Settings = map[string]int64{}
		}
		l.Readdressed = readdressed[l.Index]
		links = append(links, brought{l, intOf(row[8])})
		return nil
	})
	slices.SortFunc(links, func(a, b brought) int { return cmp.Compare(a.since, b.since) })
	for _, l := range links {
		state.Links = append(state.Links, l.Link)
	}
	return err
}

// readSettings adds what netconf tells, which is announced, to the settings of
// links, which are polled.
func (s *fibReader) readSettings(state *fib.State) error {
	all := map[string]int64{}
	own := map[int64]map[string]int64{}
	err := s.rows(rtnl.Netconf, "ifindex, forwarding, rp_filter, bc_forwarding", "family = '"+s.family+"'", func(row []any) error {
		settings := map[string]int64{"forwarding": intOf(row[1]), "bc_forwarding": intOf(row[3]),
			"rp_filter": spelled(row[2], map[string]int64{"off": 0, "strict": 1, "loose": 2})}
		if intOf(row[0]) == -1 {
			all = settings
		}
		own[intOf(row[0])] = settings
		return nil
	})
	state.Forwarding = all["forwarding"] != 0
	for i := range state.Links {
		l := &state.Links[i]
		settings, enabled := own[l.Index]
		l.Enabled = enabled || len(own) == 0 // old recordings have no netconf
		if !enabled {
			continue
		}
		l.Settings["forwarding"] = settings["forwarding"]
		l.Settings["rp_filter"] = max(settings["rp_filter"], all["rp_filter"])
		l.Settings["bc_forwarding"] = settings["bc_forwarding"] & all["bc_forwarding"]
	}
	return err
}

// readAddresses reads the addresses in the order in which the kernel has them.
// IPv4: those of a link that reach the least come first, then those that came
// first, or became primary. IPv6: those that reach farthest, then those that
// came last.
func (s *fibReader) readAddresses(state *fib.State) error {
	scopes := invert(rtnl.ScopeNames())
	type brought struct {
		fib.Address
		placed, at int64
		dumped     bool
	}
	var addresses []brought
	err := s.rows(rtnl.Address, `ifindex, local, prefixlen, address, scope, flags, `+since+`,
		coalesce((SELECT max(c.id) FROM change c LEFT JOIN address_state w ON w.id = c.was
		WHERE c.object = v.object AND c.id <= ?1 AND (c.was IS NULL OR w.flags LIKE '%"secondary"%')), (SELECT a.came FROM arrival a WHERE a.object = v.object)),
		`+sinceUS+`, `+sinceHow+` IN (1, 4)`,
		"family = '"+s.family+"'", func(row []any) error {
			a := fib.Address{Link: intOf(row[0]), Local: addrOf(row[1]), Bits: int(intOf(row[2])), Scope: spelled(row[4], scopes),
				Flags: listOf(row[5]), Since: intOf(row[6])}
			net := a.Local
			if peer := addrOf(row[3]); peer.IsValid() {
				net = peer
			}
			a.Net, _ = net.Prefix(a.Bits)
			addresses = append(addresses, brought{a, intOf(row[7]), intOf(row[8]), row[9] == int64(1)})
			return nil
		})
	slices.SortStableFunc(addresses, func(a, b brought) int {
		switch {
		case s.family == "inet":
			return cmp.Or(cmp.Compare(b.Scope, a.Scope), cmp.Compare(a.placed, b.placed))
		case a.dumped && b.dumped && a.at == b.at: // a dump shows them in the kernel's order
			return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Since, b.Since))
		}
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(b.Since, a.Since))
	})
	for _, a := range addresses {
		state.Addresses = append(state.Addresses, a.Address)
	}
	return err
}

func (s *fibReader) readRules(state *fib.State) error {
	ipProtocols := invert(rtnl.IPProtocolNames())
	return s.rows(rtnl.Rule, `priority, invert, src, srclen, dst, dstlen, iif, oif, fwmark, fwmask, tos, dscp, dscp_mask,
		uid_start, uid_end, ipproto, sport_start, sport_end, sport_mask, dport_start, dport_end, dport_mask, tun_id, flowlabel, flowlabel_mask,
		l3mdev, action, table_id, goto, suppress_prefixlen, suppress_ifgroup, flow_from, flow_to`,
		"family = '"+s.family+"' ORDER BY priority, "+since, func(row []any) error {
			r := fib.Rule{Priority: intOf(row[0]), Invert: row[1] == int64(1), Src: selected(row[2], row[3]), Dst: selected(row[4], row[5]),
				IIF: textOf(row[6]), OIF: textOf(row[7]), Mark: spelled(row[8], nil), Mask: spelled(row[9], nil), TOS: intOf(row[10]),
				DSCP: intOf(row[11]), UID: rangeOf(row[13], row[14]), Proto: spelled(row[15], ipProtocols),
				Sport: rangeOf(row[16], row[17]), SportMask: partialMask(row[18]), Dport: rangeOf(row[19], row[20]), DportMask: partialMask(row[21]),
				TunID: intOf(row[22]), Flowlabel: intOf(row[23]), FlowlabelMask: intOf(row[24]), L3mdev: row[25] == int64(1),
				Action: textOf(row[26]), Table: intOf(row[27]), Goto: intOf(row[28]), SuppressPrefixlen: orNone(row[29]), SuppressGroup: orNone(row[30]),
				Flow: fib.Realms{From: intOf(row[31]), To: intOf(row[32])}}
			if row[11] != nil {
				r.DSCPMask = 0x3f
			}
			if row[12] != nil {
				r.DSCPMask = intOf(row[12])
			}
			state.Rules = append(state.Rules, r)
			return nil
		})
}

// selected is the prefix that a rule is for; the zero value: all.
func selected(addr, bits any) netip.Prefix {
	a := addrOf(addr)
	if !a.IsValid() {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(a, int(intOf(bits))).Masked()
}

func rangeOf(first, last any) *fib.Range {
	if first == nil {
		return nil
	}
	return &fib.Range{First: intOf(first), Last: intOf(last)}
}

// partialMask is a mask that lets through more than one port; 0: it does not.
func partialMask(v any) int64 {
	if n := intOf(v); n != 0xffff {
		return n
	}
	return 0
}

func orNone(v any) int64 {
	if v == nil {
		return -1
	}
	return intOf(v)
}

// defaultRules are the IPv4 rules that a namespace begins with.
const defaultRules = `o.src = 'all' AND o.dst = 'all' AND o.action = 'to_tbl' AND o.invert = 0
	AND (o.priority, o.table_id) IN (VALUES (0, 255), (32766, 254), (32767, 253))`

// readMerged finds out whether an IPv4 rule was added or deleted since the
// machine booted: after the first dump of that time, or until then.
func (s *fibReader) readMerged(state *fib.State) error {
	recording, err := s.timeline.sessionAt(s.ctx, s.moment)
	if err != nil {
		return err
	}
	session, err := s.timeline.number(s.ctx, `SELECT min(id) FROM session WHERE ready_us IS NOT NULL AND (boot_id, netns_inode) IN
		(SELECT boot_id, netns_inode FROM session WHERE id = ?)`, recording)
	if err != nil {
		return err
	}
	ready, err := s.timeline.number(s.ctx, `SELECT ready_us FROM session WHERE id = ?`, session)
	if err != nil {
		return err
	}
	begun, err := s.timeline.lastUntil(s.ctx, session, ready)
	if err != nil {
		return err
	}
	moved, err := s.timeline.number(s.ctx, `SELECT count(*) FROM rule_object o JOIN change c ON c.object = o.object
		WHERE o.family = 'inet' AND c.id <= ?1 AND c.id > ?2`, s.moment.Change, begun)
	if err != nil {
		return err
	}
	then := *s
	then.moment = &Moment{Change: begun, At: ready}
	plain, all := int64(0), int64(0)
	err = then.rows(rtnl.Rule, strings.ReplaceAll(defaultRules, "o.", ""), "family = 'inet'", func(row []any) error {
		plain += intOf(row[0])
		all++
		return nil
	})
	state.Merged = moved == 0 && plain == 3 && all == 3
	return err
}

// readSourceChecks finds out what makes the kernel look at the way back to
// every source of what comes in, and whether gateways may be this machine by a
// route.
func (s *fibReader) readSourceChecks(state *fib.State, q RouteQuestion) error {
	if s.family != "inet" {
		return nil
	}
	const (
		added  = `type = 'local' AND protocol <> 'kernel'`
		realms = `(flow_from <> 0 OR flow_to <> 0 OR nexthops LIKE '%"flow":%')`
	)
	var err error
	if state.AddedLocal, err = s.everHad(added); err != nil || q.InName == "" {
		return err
	}
	state.Realms = slices.ContainsFunc(state.Rules, func(r fib.Rule) bool { return r.Flow != fib.Realms{} })
	if had, err := s.everHad(realms); err != nil || !had {
		return err
	}
	return s.rows(rtnl.Route, "1", "family = 'inet' AND "+realms+" AND object IN ("+routesThatHad(realms)+") LIMIT 1", func([]any) error {
		state.Realms = true
		return nil
	})
}

// routesThatHad selects the IPv4 routes that until the moment ever had a state
// which meets a condition: one that a change left, or that was there where the
// recording begins.
func routesThatHad(condition string) string {
	return `SELECT c.object FROM change c JOIN route_object o ON o.object = c.object
		WHERE (c.id <= ?1 AND c.state IN (SELECT id FROM route_state WHERE ` + condition + `) OR c.was IN (SELECT id FROM route_state WHERE ` + condition + `)
				AND c.id = (SELECT min(f.id) FROM change f WHERE f.object = c.object)) AND o.family = 'inet'
		UNION ALL
		SELECT n.object FROM now n JOIN route_object o ON o.object = n.object
		WHERE n.state IN (SELECT id FROM route_state WHERE ` + condition + `) AND o.family = 'inet' AND NOT EXISTS (SELECT 1 FROM change c WHERE c.object = n.object)`
}

// everHad reports whether there is such a route. It looks at all changes only
// if there is such a state.
func (s *fibReader) everHad(condition string) (bool, error) {
	n, err := s.timeline.number(s.ctx, `SELECT 1 FROM route_state WHERE `+condition+` LIMIT 1`)
	if n == 0 || err != nil {
		return false, err
	}
	n, err = s.timeline.number(s.ctx, routesThatHad(condition)+" LIMIT 1", s.moment.Change)
	return n != 0, err
}
