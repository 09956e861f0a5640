package rtnl

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// Nexthop is a nexthop object, as in ip-nexthop(8); the layout is that of
// linux/nexthop.h.
var Nexthop = define(Kind{
	Name: "nexthop", Number: 3,
	New: unix.RTM_NEWNEXTHOP, Del: unix.RTM_DELNEXTHOP, Get: unix.RTM_GETNEXTHOP,
	Groups: []uint32{unix.RTNLGRP_NEXTHOP},
	Dumps:  [][]byte{make([]byte, unix.SizeofNhmsg)},
	Over: func(link int64) [][]byte {
		return [][]byte{appendU32(make([]byte, unix.SizeofNhmsg), unix.NHA_OIF, link)}
	},
	Key: []string{"id"},

	Size: unix.SizeofNhmsg,
	Header: []Field{
		{"family", 0, 1, enum(u8, families)},
		{"scope", 1, 1, enum(u8, scopes)},
		{"protocol", 2, 1, enum(u8, protocols)},
		{"flags", 4, 4, flags(u32, rtnhFromLink, nextHopFlags)},
	},
	Attrs: []Attr{
		unix.NHA_ID:         {Column: "id", Read: u32},
		unix.NHA_GROUP:      {Column: "nh_group", Read: nexthopGroup},
		unix.NHA_GROUP_TYPE: {Column: "type", Read: enum(u16, names{0: "mpath", 1: "resilient"})},
		unix.NHA_BLACKHOLE:  {Column: "blackhole", Read: present},
		unix.NHA_OIF:        {Column: "oif", Read: u32},
		unix.NHA_GATEWAY:    {Column: "gateway", Read: ip},
		unix.NHA_ENCAP_TYPE: {Column: "encap", Read: encapType},
		unix.NHA_ENCAP:      {Column: "encap", Read: encapData},
		nhaFDB:              {Column: "fdb", Read: present},
		nhaResGroup:         {Column: "resilient_args", Read: nested(resilientGroup)},
		nhaOpFlags:          {Read: skip}, // repeats the request
		nhaGroupStats:       {Read: skip}, // counters
		nhaHWStatsEnable:    {Column: "hw_stats", Read: u32},
		nhaHWStatsUsed:      {Column: "hw_stats_used", Read: u32},
	},
	Contents: plainly(map[string]Content{"gateway": IPAddress, "encap": Structured},
		"scope", "protocol", "flags", "nh_group", "type", "resilient_args"),
	About: func(header []byte) bool { return header[0] != unix.AF_BRIDGE },
	Refs:  nexthopRefs,
	Doubts: func(_ *Kind, _, _, now Row) []Doubt {
		if now == nil { // IPv4 routes by its id go without a word
			return []Doubt{{Kind: "route"}}
		}
		return nil
	},
})

// Attributes newer than x/sys/unix, from linux/nexthop.h.
const (
	nhaFDB           = 11
	nhaResGroup      = 12
	nhaOpFlags       = 14
	nhaGroupStats    = 15
	nhaHWStatsEnable = 16
	nhaHWStatsUsed   = 17
)

// resilientGroup is NHA_RES_GROUP_*: buckets, and timers in USER_HZ.
var resilientGroup = []Attr{
	{Read: skip}, // padding
	{Column: "buckets", Read: u16},
	{Column: "idle_timer", Read: hundredths},
	{Column: "unbalanced_timer", Read: hundredths},
	{Read: skip}, // for how long it has been unbalanced
}

// hundredths reads a clock_t, of which Linux gives user space 100 a second on
// every architecture that nlrec runs on, as seconds.
func hundredths(m *message, b []byte) (any, error) {
	v, err := u32(m, b)
	if err != nil {
		return nil, err
	}
	return jsonText(strconv.FormatFloat(float64(v.(int64))/100, 'f', -1, 64)), nil
}

// nexthopGroup reads an array of struct nexthop_grp: an id, and the weight
// less one, whose high octet Linux 6.12 added.
func nexthopGroup(_ *message, b []byte) (any, error) {
	const size = 8
	if len(b)%size != 0 {
		return nil, fmt.Errorf("%d bytes for entries of %d", len(b), size)
	}
	members := []jsonText{}
	for ; len(b) > 0; b = b[size:] {
		o := object{}
		o.add("id", int64(binary.NativeEndian.Uint32(b)))
		if weight := int64(b[5])<<8 | int64(b[4]); weight > 0 {
			o.add("weight", weight+1)
		}
		members = append(members, o.text())
	}
	return array(members), nil
}

// member is an element of the JSON array nh_group.
type member struct {
	ID   int64 `json:"id"`
	text jsonText
}

// members reads what nexthopGroup wrote.
func members(group string) (found []member) {
	var parts []json.RawMessage
	_ = json.Unmarshal([]byte(group), &parts)
	for _, p := range parts {
		m := member{text: jsonText(p)}
		_ = json.Unmarshal(p, &m)
		found = append(found, m)
	}
	return found
}

// WithoutMember returns a group that has lost a member; ok is false when that
// was its last.
func WithoutMember(group string, id int64) (left string, ok bool) {
	var texts []jsonText
	for _, m := range members(group) {
		if m.ID != id {
			texts = append(texts, m.text)
		}
	}
	return string(array(texts)), len(texts) > 0
}

// nexthopRefs: a nexthop goes with its link, a group with its members.
func nexthopRefs(k *Kind, _, state Row) []Ref {
	if oif, ok := k.StateValue(state, "oif").(int64); ok {
		return []Ref{{"link", oif}}
	}
	group, _ := k.StateValue(state, "nh_group").(string)
	var refs []Ref
	for _, m := range members(group) {
		refs = append(refs, Ref{"nexthop", m.ID})
	}
	return refs
}
