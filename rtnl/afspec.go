package rtnl

import (
	"encoding/json"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// What the protocols keep for a link: IFLA_AF_SPEC, an attribute for each
// address family.

// afSpec is indexed by address family.
var afSpec = []Attr{
	unix.AF_INET:  {Column: "inet", Read: unlessEmpty(nested(inetSpec))},
	unix.AF_INET6: {Column: "inet6", Read: unlessEmpty(nested(inet6Spec))},
	unix.AF_MCTP:  {Column: "mctp", Read: nested(mctpSpec)},
}

// inetSpec is IFLA_INET_* of linux/if_link.h.
var inetSpec = []Attr{unix.IFLA_INET_CONF: {Column: "conf", Read: devConf(1, inetConf)}}

// inet6Spec is IFLA_INET6_* of linux/if_link.h.
var inet6Spec = []Attr{
	unix.IFLA_INET6_FLAGS:         {Column: "flags", Read: flags(u32, inet6Progress, inet6Flags)},
	unix.IFLA_INET6_CONF:          {Column: "conf", Read: devConf(0, inet6Conf)},
	unix.IFLA_INET6_STATS:         {Read: skip},
	unix.IFLA_INET6_MCAST:         {Read: skip},
	unix.IFLA_INET6_CACHEINFO:     {Read: skip}, // an age, and a time that is drawn anew every few hours
	unix.IFLA_INET6_ICMP6STATS:    {Read: skip},
	unix.IFLA_INET6_TOKEN:         {Column: "token", Read: ip},
	unix.IFLA_INET6_ADDR_GEN_MODE: {Read: addrGenMode},
	unix.IFLA_INET6_RA_MTU:        {Column: "ra_mtu", Read: u32},
}

// mctpSpec is IFLA_MCTP_* of linux/if_link.h.
var mctpSpec = []Attr{
	unix.IFLA_MCTP_NET:  {Column: "net", Read: u32},
	iflaMCTPPhysBinding: {Column: "phys_binding", Read: u8},
}

const iflaMCTPPhysBinding = 2 // newer than x/sys/unix

// MTU6 returns the MTU that IPv6 keeps for a link, or 0.
func MTU6(link Row) int64 {
	text, _ := Link.StateValue(link, "af_spec").(string)
	var spec struct {
		Inet6 struct{ Conf struct{ MTU int64 } }
	}
	_ = json.Unmarshal([]byte(text), &spec) // what devConf wrote
	return spec.Inet6.Conf.MTU
}

// inet6Flags are IF_* of include/net/if_inet6.h, less those that only tell how
// far autoconfiguration has come (IF_RS_SENT, IF_RA_RCVD) and that the link is
// up (IF_READY): they change without a word soon after what they follow from.
var inet6Flags = []flag{{0x40, "ra_managed"}, {0x80, "ra_otherconf"}}

const inet6Progress = 0x10 | 0x20 | 0x80000000

// addrGenMode sets a column: ip(8) shows the mode among the link's own values.
func addrGenMode(m *message, b []byte) (any, error) {
	v, err := enum(u8, names{0: "eui64", 1: "none", 2: "stable_secret", 3: "random"})(m, b)
	if err != nil {
		return nil, err
	}
	m.set("inet6_addr_gen_mode", v)
	return nil, nil
}

// devConf reads an array of signed words as an object. first is the number of
// the first word, for the header counts from it, and names are those of the
// words. A word named "" is left out, one beyond the names is "conf<number>".
func devConf(first int, names []string) reader {
	return func(m *message, b []byte) (any, error) {
		if len(b)%4 != 0 {
			return nil, fmt.Errorf("%d bytes for an array of words", len(b))
		}
		o := object{}
		for i := range len(b) / 4 {
			v, err := s32(m, b[4*i:4*i+4])
			if err != nil {
				return nil, err
			}
			name := "conf" + strconv.Itoa(first+i)
			if i < len(names) {
				name = names[i]
			}
			if name != "" {
				o.add(name, v)
			}
		}
		return o.text(), nil
	}
}

// inetConf are IPV4_DEVCONF_* of linux/ip.h, as the files under
// /proc/sys/net/ipv4/conf are called.
var inetConf = []string{
	"forwarding", "mc_forwarding", "proxy_arp", "accept_redirects", "secure_redirects", "send_redirects", "shared_media",
	"rp_filter", "accept_source_route", "bootp_relay", "log_martians", "tag", "arp_filter", "medium_id", "disable_xfrm",
	"disable_policy", "force_igmp_version", "arp_announce", "arp_ignore", "promote_secondaries", "arp_accept", "arp_notify",
	"accept_local", "src_valid_mark", "proxy_arp_pvlan", "route_localnet", "igmpv2_unsolicited_report_interval",
	"igmpv3_unsolicited_report_interval", "ignore_routes_with_linkdown", "drop_unicast_in_l2_multicast",
	"drop_gratuitous_arp", "bc_forwarding", "arp_evict_nocarrier",
}

// inet6Conf are DEVCONF_* of linux/ipv6.h, as the files under
// /proc/sys/net/ipv6/conf are called. Intervals are in milliseconds, which not
// all the files are; ioam6_id_wide is unsigned there. stable_secret is a secret, and sent as zero.
var inet6Conf = []string{
	"forwarding", "hop_limit", "mtu", "accept_ra", "accept_redirects", "autoconf", "dad_transmits", "router_solicitations",
	"router_solicitation_interval", "router_solicitation_delay", "use_tempaddr", "temp_valid_lft", "temp_prefered_lft",
	"regen_max_retry", "max_desync_factor", "max_addresses", "force_mld_version", "accept_ra_defrtr", "accept_ra_pinfo",
	"accept_ra_rtr_pref", "router_probe_interval", "accept_ra_rt_info_max_plen", "proxy_ndp", "optimistic_dad",
	"accept_source_route", "mc_forwarding", "disable_ipv6", "accept_dad", "force_tllao", "ndisc_notify",
	"mldv1_unsolicited_report_interval", "mldv2_unsolicited_report_interval", "suppress_frag_ndisc",
	"accept_ra_from_local", "use_optimistic", "accept_ra_mtu", "", "use_oif_addrs_only", "accept_ra_min_hop_limit",
	"ignore_routes_with_linkdown", "drop_unicast_in_l2_multicast", "drop_unsolicited_na", "keep_addr_on_down",
	"router_solicitation_max_interval", "seg6_enabled", "seg6_require_hmac", "enhanced_dad", "addr_gen_mode",
	"disable_policy", "accept_ra_rt_info_min_plen", "ndisc_tclass", "rpl_seg_enabled", "ra_defrtr_metric",
	"ioam6_enabled", "ioam6_id", "ioam6_id_wide", "ndisc_evict_nocarrier", "accept_untracked_na", "accept_ra_min_lft",
	"force_forwarding",
}
