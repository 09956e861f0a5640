package recorder

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nlrec/internal/netnstest"
	"nlrec/rtnl"
	"nlrec/store"
)

// TestUnsettled: dumps of a kind that changes all the time prove that
// something is gone only when two looks in a row lack it; a gap says so until
// a look agrees.
func TestUnsettled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Begin(t.Context(), clocks(), "test"); err != nil {
		t.Fatal(err)
	}
	r := newRecorder(t.Context(), s, Config{})
	k := rtnl.Link
	look := func(whole bool, rows ...rtnl.Row) {
		t.Helper()
		l := newLook(subject{k, 0}, doubt{})
		for range dumps {
			seen := newRound(k, r.state.kinds[k], 0)
			for _, row := range rows {
				key, values := k.Split(row)
				seen.add(key, s.Intern(k, values))
			}
			l.rounds = append(l.rounds, seen)
		}
		l.whole, l.during = whole, map[string]bool{}
		if err := errors.Join(r.adopt(l, purpose{how: store.Found}, clocks().Wall, clocks().Wall, clocks().Wall), r.commit()); err != nil {
			t.Fatal(err)
		}
	}
	db := openSQL(t, path)
	state := func(want string) {
		t.Helper()
		var links, gaps string
		err := db.QueryRow(`SELECT (SELECT ifnull(group_concat(ifname, ' '), '') FROM link ORDER BY ifindex),
			(SELECT ifnull(group_concat(CASE WHEN to_us IS NULL THEN 'open' ELSE 'closed' END, ' '), 'no') FROM gap WHERE reason = 'dump not settled' AND kind = 'link')`).Scan(&links, &gaps)
		if err != nil {
			t.Fatal(err)
		}
		if got := links + ", " + gaps + " gap"; got != want {
			t.Errorf("%s; want %s", got, want)
		}
	}
	a, b := link(1, "a", up), link(2, "b", up)
	look(true, a, b)
	state("a b, no gap")
	look(false, a, b)
	state("a b, no gap") // what it shows is what is held
	look(false, a)
	state("a b, open gap")
	look(false, a)
	state("a, open gap")
	look(false, a)
	state("a, closed gap")
	look(true)
	state(", closed gap")
	if found := number(t, db, `SELECT count(*) FROM change_log WHERE how = 'found' AND label = 'b' AND op = '-' AND not_before_us < not_after_us`); found != 1 {
		t.Errorf("b went %d times", found)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestPoll: what has no notification and no trigger is found by polling, with
// the interval in which it changed, and counts as a correction.
func TestPoll(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "a.db")
	netnstest.Run(t, "ip link add v0 type veth peer name v1")
	r := run(t, path, Config{Poll: 20 * time.Millisecond})
	before := clocks().Wall
	netnstest.Run(t, "ip link set v0 alias hello") // a link that is down does not tell
	r.until(func(c store.Change) bool {
		return c.Kind == rtnl.Link && c.State != nil && rtnl.Link.StateValue(c.State.Values, "ifalias") == "hello"
	})
	after := clocks().Wall
	r.stop()
	var notBefore, notAfter, at int64
	err := openSQL(t, path).QueryRow(`
		SELECT l.not_before_us, l.not_after_us, l.at_us FROM change_log l JOIN link_history h ON h.object = l.object AND h.valid_from_us = l.at_us
		WHERE l.how = 'found' AND h.ifalias = 'hello'`).Scan(&notBefore, &notAfter, &at)
	if err != nil {
		t.Fatal(err)
	}
	if notAfter < before || notBefore > after || notBefore > at || at > notAfter {
		t.Errorf("it changed between %d and %d, at %d; it was told to between %d and %d", notBefore, notAfter, at, before, after)
	}
}

// TestRefused: of a kind that the kernel refuses to announce, polling finds
// what it can, and a gap says for how long that was so.
func TestRefused(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "a.db")
	kinds := rtnl.Kinds()
	i := slices.Index(kinds, rtnl.Neighbour)
	neighbour := *kinds[i]
	neighbour.Groups = []uint32{1 << 20} // no kernel has it
	kinds[i] = &neighbour
	netnstest.Run(t, upLink+"ip address add 10.0.0.1/24 dev v0")
	r := run(t, path, Config{Poll: 20 * time.Millisecond, listenTo: kinds})
	netnstest.Run(t, "ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev v0")
	r.until(func(c store.Change) bool {
		return c.Kind == rtnl.Neighbour && rtnl.Neighbour.Value(rtnl.ParseKey(c.Object.Key), "dst") == "10.0.0.2"
	})
	r.stop()
	if n := number(t, openSQL(t, path), `
		SELECT count(*) FROM change_log l JOIN dating d ON l.id BETWEEN d.first_change AND d.last_change JOIN gap g ON g.id = d.gap
		WHERE l.how = 'found' AND l.label = '10.0.0.2' AND g.kind = 'neighbour' AND g.reason = 'group refused' AND g.to_us IS NULL`); n != 1 {
		t.Errorf("the neighbour was found %d times in a gap that lasts", n)
	}
}

// TestFilteredDump: routes that go without a word are found by a dump of what
// stands on the link, with the change that led to it as cause.
func TestFilteredDump(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "a.db")
	netnstest.Run(t, twoLinks+"sysctl -qw net.ipv6.route.skip_notify_on_dev_down=1; ip -6 route add 2001:db8:9::/48 via 2001:db8:1::2; ip -6 route add 2001:db8:8::/48 nexthop via 2001:db8:1::2 nexthop via 2001:db8:2::2"+allUp)
	r := run(t, path, Config{})
	netnstest.Run(t, "ip link set v0 down")
	r.until(func(c store.Change) bool {
		return c.State == nil && c.How == store.Found && rtnl.Route.Value(rtnl.ParseKey(c.Object.Key), "dst") == "2001:db8:9::/48"
	})
	r.stop()
	db := openSQL(t, path)
	if n := number(t, db, `
		SELECT count(*) FROM change_log l JOIN change_log c ON c.id = l.cause
		WHERE l.how = 'found' AND l.label = '2001:db8:9::/48' AND c.kind = 'link' AND l.not_before_us = c.at_us`); n != 1 {
		t.Errorf("%d routes found because of a link", n)
	}
	if n := number(t, db, `SELECT count(*) FROM route WHERE dst = '2001:db8:8::/48'`); n != 1 {
		t.Errorf("a route by two links is there %d times", n)
	}
}

// TestDeadAtStart: hops that the kernel shows as dead because their link has no
// carrier are not believed to be so of themselves, from the first dump on.
func TestDeadAtStart(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "a.db")
	netnstest.Run(t, twoLinks+"sysctl -qw net.ipv4.conf.v0.ignore_routes_with_linkdown=1 net.ipv6.conf.v0.disable_ipv6=1; ip route add 10.8.0.0/16 nexthop via 10.0.0.2 nexthop via 10.1.0.2; ip link set v1 down"+lower("v0"))
	run(t, path, Config{}).stop()
	hops := func(column string) (text string) {
		if err := openSQL(t, path).QueryRow(column + ` WHERE dst = '10.8.0.0/16'`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	if text := hops(`SELECT nexthops FROM route`); !strings.Contains(text, `"dead"`) {
		t.Errorf("the kernel shows a dead hop, the view %s", text)
	}
	if text := hops(`SELECT nexthops FROM route_state s JOIN now ON now.state = s.id JOIN route_object o ON o.object = now.object`); strings.Contains(text, `"dead"`) {
		t.Errorf("stored as dead: %s", text)
	}
}

// TestOverrunAmidLook: what is lost while the recorder looks at something is a
// gap like any other, though nothing more is announced.
func TestOverrunAmidLook(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "a.db")
	netnstest.Run(t, strings.TrimSuffix(upLink, "&& "))
	r := run(t, path, Config{SocketBuffer: 1 << 13, Queue: 1})
	add, del := batch(t, "add", 80), batch(t, "del", 80)
	for i := range 20 {
		netnstest.Run(t, fmt.Sprintf("ip link set v0 mtu %d; ip -batch %s; ip -batch %s", 1300+i, add, del))
	}
	untilRight(t, path)
	r.stop()
}

// untilRight waits until a recording is what the kernel has.
func untilRight(t *testing.T, path string) {
	t.Helper()
	file, err := store.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for deadline := time.Now().Add(time.Minute); ; {
		differences, err := Compare(t.Context(), file, true)
		if err == nil && len(differences) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v: %v", err, differences)
		}
	}
}

// dumpCount is a log handler that counts the dumps that looks take.
type dumpCount struct {
	slog.Handler
	n *atomic.Int64
}

func (c dumpCount) Enabled(context.Context, slog.Level) bool { return true }

func (c dumpCount) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "dumps" {
			c.n.Add(a.Value.Int64())
		}
		return true
	})
	return nil
}

// TestStorm: a thousand links go down at once. What that entails is inferred,
// and confirmed by few dumps.
func TestStorm(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	const pairs = 500
	var add, down strings.Builder
	for i := range pairs {
		fmt.Fprintf(&add, "link add v%d type veth peer name w%d\nlink set v%[1]d up\nlink set w%[1]d up\naddress add 10.%[3]d.%[4]d.1/24 dev v%[1]d\nroute add 172.16.%[3]d.%[4]d/32 via 10.%[3]d.%[4]d.2\n", i, i, i>>8, i&255)
		fmt.Fprintf(&down, "link set v%d down\nlink set w%[1]d down\n", i)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"add": add.String(), "down": down.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	netnstest.Run(t, "ip -batch "+filepath.Join(dir, "add"))
	count := dumpCount{slog.DiscardHandler, &atomic.Int64{}}
	path := filepath.Join(dir, "a.db")
	r := run(t, path, Config{Log: slog.New(count)})
	before := count.n.Load()
	netnstest.Run(t, "ip -batch "+filepath.Join(dir, "down"))
	untilRight(t, path)
	r.stop()
	if n := count.n.Load() - before; n > pairs/4 {
		t.Errorf("%d dumps for %d links", n, 2*pairs)
	} else {
		t.Logf("%d dumps for %d links", n, 2*pairs)
	}
	if n := number(t, openSQL(t, path), `SELECT count(*) FROM change_log WHERE how = 'inferred' AND op = '-' AND label LIKE '172.16.%'`); n != pairs {
		t.Errorf("%d routes were inferred to be gone, want %d", n, pairs)
	}
}

// TestExpiry: a route whose lifetime ends counts down until it is gone, even
// when a look comes in the clock tick in which the kernel shows it without.
func TestExpiry(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "a.db")
	netnstest.Run(t, twoLinks+"sysctl -qw net.ipv6.route.gc_interval=1"+allUp)
	r := run(t, path, Config{})
	netnstest.Run(t, "for i in $(seq 1 40); do ip -6 address add 2001:db8:9:$i::1/64 dev v0 valid_lft 1 preferred_lft 1; done; until [ -z \"$(ip -6 route show | grep 2001:db8:9:)\" ]; do :; done")
	r.stop()
	db := openSQL(t, path)
	if n := number(t, db, `SELECT count(*) FROM route_history WHERE dst LIKE '2001:db8:9:%' AND protocol = 'kernel' AND table_id = 254`); n != 40 {
		t.Errorf("40 routes have %d versions", n)
	}
	if n := number(t, db, `SELECT count(*) FROM route_history WHERE dst LIKE '2001:db8:9:%' AND table_id = 254 AND expires IS NULL`); n != 0 {
		t.Errorf("%d have one without a lifetime", n)
	}
}

// elsewhere runs a shell script that has the process id of another network
// namespace in $there, and its own in $here.
func elsewhere(script string) string {
	return `unshare -n sleep 1000 >/dev/null 2>&1 & there=$!; here=$$
until [ "$(readlink /proc/$there/ns/net)" != "$(readlink /proc/$here/ns/net)" ]; do :; done
` + script + "; kill $there"
}

// TestIdentity: what is one link in its history, and what is another.
func TestIdentity(t *testing.T) {
	tests := []struct {
		name, setup, do string
		want            string // names that the objects of index 77 had, in the order they came; objects apart by " | "
	}{
		{"a rename", "ip link add k0 index 77 type veth peer name k1", "ip link set k0 name k9", "k0 k9"},
		{"its index is given to another", "ip link add k0 index 77 type veth peer name k1", "ip link del k0; ip link add k2 index 77 type ifb", "k0 | k2"},
		{"its index is given to another of its type", "ip link add k0 index 77 type ifb", "ip link del k0; ip link add k0 index 77 type ifb", "k0 | k0"},
		{"it moves away and comes back", "ip link add k0 index 77 type veth peer name k1",
			elsewhere("ip link set k0 netns $there; nsenter -t $there -n ip link set k0 netns $here"), "k0 k0"},
		{"it moves away, and its index is given to another", "ip link add k0 index 77 type veth peer name k1",
			elsewhere("ip link set k0 netns $there; ip link add k3 index 77 type ifb"), "k0 | k3"},
		{"an alternative name", "ip link add k0 index 77 type veth peer name k1; ip link set k0 up", "ip link property add dev k0 altname another", "k0 k0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !netnstest.Enter(t) {
				return
			}
			path := filepath.Join(t.TempDir(), "a.db")
			netnstest.Run(t, tt.setup)
			r := run(t, path, Config{})
			netnstest.Run(t, tt.do+"; ip route add unreachable 203.0.113.0/24")
			r.until(isRoute("203.0.113.0/24"))
			r.stop()
			if got := namesOf(t, openSQL(t, path), 77); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// namesOf returns what TestIdentity wants: versions with the name and the
// alternative names of the one before are left out, unless there was none
// between.
func namesOf(t *testing.T, db *sql.DB, index int64) string {
	rows, err := db.Query(`SELECT object, ifname, ifnull(altnames, ''), valid_from_us, valid_to_us FROM link_history WHERE ifindex = ? ORDER BY valid_from_us`, index)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	var object, ended int64
	var name, alternative string
	for rows.Next() {
		var o, from, to int64
		var n, a string
		if err := rows.Scan(&o, &n, &a, &from, &to); err != nil {
			t.Fatal(err)
		}
		switch {
		case object == 0:
			b.WriteString(n)
		case o != object:
			b.WriteString(" | " + n)
		case n != name || a != alternative || from != ended:
			b.WriteString(" " + n)
		}
		object, ended, name, alternative = o, to, n, a
	}
	return b.String()
}
