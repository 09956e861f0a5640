package snapshot_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nlrec/internal/recordingtest"
	"nlrec/internal/snapshot"
	"nlrec/rtnl"
	"nlrec/store"
)

// A likeness pairs each text of a recording with what became of it, and fails
// where one became two, or two became one: then some join would find more or less.
type likeness struct {
	t             *testing.T
	became, stood map[string]string
}

func (l *likeness) compare(where string, before, after any) {
	b, isText := before.(string)
	a, stillText := after.(string)
	if !isText || !stillText {
		if !reflect.DeepEqual(before, after) {
			l.t.Errorf("%s: %v became %v", where, before, after)
		}
		return
	}
	var inside, outside any
	if strings.HasPrefix(b, "{") || strings.HasPrefix(b, "[") {
		if json.Unmarshal([]byte(b), &inside) == nil && json.Unmarshal([]byte(a), &outside) == nil {
			l.compareJSON(where, inside, outside)
			return
		}
	}
	// The words of a prefix are compared as such: its bits need not be the address's.
	if x, ok := l.became[b]; ok && x != a {
		l.t.Errorf("%s: %s became %s and %s", where, b, x, a)
	}
	if x, ok := l.stood[a]; ok && x != b {
		l.t.Errorf("%s: %s and %s became %s", where, b, x, a)
	}
	l.became[b], l.stood[a] = a, b
}

func (l *likeness) compareJSON(where string, before, after any) {
	switch b := before.(type) {
	case map[string]any:
		a, _ := after.(map[string]any)
		for name := range b {
			l.compareJSON(where+"."+name, b[name], a[name])
		}
		if len(a) != len(b) {
			l.t.Errorf("%s: %v became %v", where, before, after)
		}
	case []any:
		a, _ := after.([]any)
		if len(a) != len(b) {
			l.t.Errorf("%s: %v became %v", where, before, after)
			return
		}
		for i := range b {
			l.compareJSON(where, b[i], a[i])
		}
	default:
		l.compare(where, before, after)
	}
}

// TestShape: a redacted copy answers every question with as many rows, equal
// where they were and different where they were, of all kinds and times, and in
// the views that join them.
func TestShape(t *testing.T) {
	db := filepath.Join(t.TempDir(), "full.db")
	full(t, db)
	for _, file := range []string{week(t), db} {
		out := copied(t, file, snapshot.Options{Redact: true})
		verified(t, out)
		l := &likeness{t, map[string]string{}, map[string]string{}}
		for _, view := range views() {
			before, after := rows(t, file, "SELECT * FROM "+view), rows(t, out, "SELECT * FROM "+view)
			if len(before) != len(after) {
				t.Fatalf("%s has %d rows, and had %d", view, len(after), len(before))
			}
			names := columnNames(t, file, view)
			for i := range before {
				for c := range before[i] {
					if view == "change_log" && names[c] == "label" { // put together from several
						continue
					}
					where := fmt.Sprintf("%s.%s, row %d", view, names[c], i)
					length := rtnl.Rule.Lengths[names[c]]
					if at := slices.Index(names, length); at >= 0 && strings.HasPrefix(view, rtnl.Rule.Name) {
						l.compare(where, prefixOf(before[i][c], before[i][at]), prefixOf(after[i][c], after[i][at]))
						continue
					}
					l.compare(where, before[i][c], after[i][c])
				}
			}
		}
	}
}

// prefixOf is what an address and the length in another column are together: the
// bits behind that are 0, as those of another address may become.
func prefixOf(address, length any) any {
	if text, isText := address.(string); isText {
		return fmt.Sprintf("%s/%v", text, length)
	}
	return address
}

func columnNames(t *testing.T, path, view string) (names []string) {
	for _, row := range rows(t, path, `SELECT name FROM pragma_table_info('`+view+`') ORDER BY cid`) {
		names = append(names, row[0].(string))
	}
	return names
}

// secrets are what is in the recording that full makes, and must not be in any
// redacted copy.
var secrets = []string{
	"secretlink", "secretalt", "secretalias", "secretlabel", "secretrule", "secretport", "secretdev", "secretprogram",
	"198.51.100", "2001:db8:5ec", "52:54:00:5e:c2", "52:54:0:5e:c2", "5e5e5e5e5e",
}

// full makes a recording with something of each content in each kind.
func full(t *testing.T, path string) {
	t.Helper()
	r := recordingtest.Open(t, path)
	const t0, second = recordingtest.T0, recordingtest.Second
	r.Begin(t0-second, t0)
	r.Set(t0+second, rtnl.Link, recordingtest.Values{"ifindex": int64(1), "ifname": "lo", "address": "00:00:00:00:00:00", "flags": `["LOOPBACK","UP"]`})
	r.Set(t0+second, rtnl.Link, recordingtest.Values{"ifindex": int64(2), "ifname": "secretlink0", "address": "52:54:00:5e:c2:01", "broadcast": "ff:ff:ff:ff:ff:ff",
		"permaddr": "52:54:00:5e:c2:02", "ifalias": "secretalias", "altnames": `["secretalt0","secretalt1"]`, "flags": `["UP"]`, "phys_port_id": "5e5e5e5e5e",
		"phys_port_name": "secretport", "parentdev": "secretdev", "devlink_port": `{"bus_name":"pci","dev_name":"secretdev","port_index":1}`,
		"vfinfo_list": `[{"vf":0,"mac":"52:54:00:5e:c2:03"}]`, "af_spec": `{"inet6":{"token":"::2001:db8:5ec:1"}}`, "extra": `{"99":"5e5e5e5e5e"}`})
	r.Set(t0+second, rtnl.Link, recordingtest.Values{"ifindex": int64(3), "ifname": "secretlink1", "link_index": int64(2), "master_index": int64(4), "info_kind": "vxlan",
		"info_data": `{"id":7,"local":"198.51.100.1","remote6":"2001:db8:5ec::1","link_index":2,"attr99":"5e5e5e5e5e"}`, "info_slave_kind": "bridge",
		"info_slave_data": `{"state":"forwarding","bridge_id":"8000.52:54:0:5e:c2:1"}`, "flags": `[]`})
	r.Set(t0+second, rtnl.Link, recordingtest.Values{"ifindex": int64(4), "ifname": "secretlink2", "address": "198.51.100.1", "info_kind": "gre", "flags": `["UP"]`})
	r.Set(t0+2*second, rtnl.Netconf, recordingtest.Values{"family": "inet", "ifindex": int64(2), "forwarding": int64(1), "rp_filter": "strict"})
	r.Set(t0+2*second, rtnl.Address, recordingtest.Values{"family": "inet", "ifindex": int64(2), "local": "198.51.100.1", "prefixlen": int64(24),
		"broadcast": "198.51.100.255", "address": "198.51.100.9", "label": "secretlink0:secretlabel", "anycast": "2001:db8:5ec::a", "scope": "global"})
	r.Set(t0+2*second, rtnl.Nexthop, recordingtest.Values{"id": int64(7), "family": "inet", "gateway": "198.51.100.2", "oif": int64(2),
		"encap": `{"encap":"ip6","dst":"2001:db8:5ec::2","src":"2001:db8:5ec::3"}`, "flags": `[]`})
	route := recordingtest.Values{"family": "inet6", "table_id": int64(254), "dst": "2001:db8:5ec::/48", "src": "2001:db8:5ec:2::/64", "metric": int64(1), "tos": int64(0),
		"gateway": "2001:db8:5ec::1", "prefsrc": "2001:db8:5ec::9", "oif": int64(2), "iif": int64(3), "newdst": "5e5e5e5e5e", "flags": `[]`, "type": "unicast",
		"encap": `{"encap":"seg6","mode":"encap","segs":["2001:db8:5ec::4","2001:db8:5ec::5"]}`}
	r.Set(t0+3*second, rtnl.Route, route)
	route["gateway"] = "2001:db8:5ec::6"
	r.Set(t0+4*second, rtnl.Route, route)
	r.Set(t0+4*second, rtnl.Route, recordingtest.Values{"family": "inet", "table_id": int64(254), "dst": "198.51.100.128/25", "metric": int64(0), "tos": int64(0), "type": "unicast",
		"nexthops": `[{"gateway":"198.51.100.3","oif":2,"flags":[]},{"via":{"family":"inet6","host":"2001:db8:5ec::7"},"oif":3,"flags":[],"encap":{"encap":"bpf","in":{"name":"secretprogram"}}}]`, "flags": `[]`})
	r.Set(t0+4*second, rtnl.Route, recordingtest.Values{"family": "inet", "table_id": int64(254), "dst": "default", "src": "", "metric": int64(0), "tos": int64(0), "type": "unicast", "nhid": int64(7),
		"via": `{"family":"inet6","host":"2001:db8:5ec::8"}`, "flags": `[]`})
	r.Set(t0+5*second, rtnl.Neighbour, recordingtest.Values{"family": "inet", "ifindex": int64(2), "dst": "198.51.100.3", "lladdr": "52:54:00:5e:c2:04", "state": `["STALE"]`, "via_index": int64(2), "master_index": int64(4)})
	r.Set(t0+5*second, rtnl.Rule, recordingtest.Values{"family": "inet", "priority": int64(9), "src": "198.51.100.0", "srclen": int64(24), "dst": "all", "dstlen": int64(0), "iif": "secretlink0", "oif": "secretrule", "action": "to_tbl", "table_id": int64(9)})
	r.Set(t0+6*second, rtnl.Link, recordingtest.Values{"ifindex": int64(2), "ifname": "secretlink9", "altnames": `["secretlink0"]`, "flags": `["UP"]`})
	r.Close(t0 + 9*second)
}

// TestSecrets: nothing of what is hidden is in the file, not even in its schema
// or in free octets, nor the hashes by which it could be guessed.
func TestSecrets(t *testing.T) {
	db := filepath.Join(t.TempDir(), "full.db")
	full(t, db)
	raw, err := sql.Open("sqlite", "file:"+db)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`UPDATE session SET host = 'secrethost', boot_id = '7c2d9e7e-2a0b-4a0c-9c86-3b8d6e1a4f55'`, `UPDATE netns SET name = 'secretnetns'`} {
		if _, err := raw.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	words := append([]string{"secrethost", "secretnetns", "7c2d9e7e"}, secrets...)
	for _, o := range []snapshot.Options{{Redact: true}, {Redact: true, At: "last"}} {
		out := copied(t, db, o)
		content, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if strings.Contains(string(content), word) {
				t.Errorf("%+v: the copy has %q", o, word)
			}
		}
		if o.At != "" {
			continue
		}
		for _, k := range rtnl.Kinds() {
			for _, table := range []string{k.Name + "_object", k.Name + "_state"} {
				checkHashes(t, rows(t, db, "SELECT * FROM "+table), rows(t, out, "SELECT hash FROM "+table), words)
			}
		}
		verified(t, out)
	}
}

// checkHashes: what has a secret has another hash than it had.
func checkHashes(t *testing.T, before, after [][]any, words []string) {
	t.Helper()
	for _, row := range before {
		telling := slices.ContainsFunc(words, func(word string) bool { return strings.Contains(fmt.Sprint(row), word) })
		if telling && slices.ContainsFunc(after, func(r []any) bool { return r[0] == row[1] }) {
			t.Errorf("%v has the hash it had", row)
		}
	}
}

// TestContents: of every column of every kind's view it is said what it holds.
func TestContents(t *testing.T) {
	db := week(t)
	for _, k := range rtnl.Kinds() {
		for _, c := range rows(t, copied(t, db, snapshot.Options{At: "last"}), `SELECT name FROM pragma_table_info('`+k.Name+`') WHERE type = 'TEXT'`) {
			name := c[0].(string)
			if _, declared := k.Contents[name]; !declared && k.ContentOf(name) == rtnl.FreeText {
				t.Errorf("%s.%s: is it an address, a name, or nothing of the kind?", k.Name, name)
			}
		}
	}
	if store.TextContent("session", "host") != rtnl.HostName || store.TextContent("any", "other") != rtnl.FreeText {
		t.Error("texts of other tables")
	}
}
