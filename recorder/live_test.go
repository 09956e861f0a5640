package recorder

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nlrec/internal/netnstest"
	"nlrec/rtnl"
	"nlrec/store"
)

// running is a recorder that runs in the test's namespace.
type running struct {
	t      *testing.T
	store  *store.Store
	cancel context.CancelFunc
	done   chan error
	seen   chan store.Change // what was committed
}

// run starts a recorder and waits until it is ready.
func run(t *testing.T, path string, c Config) *running {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, store: s, cancel: cancel, done: make(chan error, 1), seen: make(chan store.Change, 1<<20)}
	ready := make(chan struct{})
	c.Ready = func(Summary) { close(ready) }
	c.Committed = func(changes []store.Change) {
		for _, c := range changes {
			r.seen <- c
		}
	}
	go func() { r.done <- Run(ctx, s, c) }()
	select {
	case <-ready:
	case err := <-r.done:
		t.Fatal(err)
	}
	return r
}

// stop ends the recorder and closes its file.
func (r *running) stop() {
	r.t.Helper()
	r.cancel()
	if err := <-r.done; err != nil {
		r.t.Error(err)
	}
	if err := r.store.Close(); err != nil {
		r.t.Error(err)
	}
}

// until waits for a committed change.
func (r *running) until(want func(store.Change) bool) {
	r.t.Helper()
	for {
		select {
		case c := <-r.seen:
			if want(c) {
				return
			}
		case err := <-r.done:
			r.t.Fatalf("the recorder ended: %v", err)
		case <-r.t.Context().Done():
			r.t.Fatal("the change did not come")
		}
	}
}

func isRoute(dst string) func(store.Change) bool {
	return func(c store.Change) bool {
		return c.Kind == rtnl.Route && rtnl.Route.Value(rtnl.ParseKey(c.Object.Key), "dst") == dst
	}
}

// batch writes commands for ip -batch.
func batch(t *testing.T, command string, n int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "route %s 10.%d.%d.%d/32 dev v0\n", command, i>>16, i>>8&255, i&255)
	}
	path := filepath.Join(t.TempDir(), command)
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const upLink = "ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && "

// TestManyRoutes: a burst is recorded whole, announced route by route.
func TestManyRoutes(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	const n = 100_000
	r := run(t, filepath.Join(t.TempDir(), "a.db"), Config{})
	netnstest.Run(t, upLink+"ip -batch "+batch(t, "add", n)+" && ip route add 192.0.2.0/24 dev v0")
	announced := 0
	r.until(func(c store.Change) bool {
		if c.Kind == rtnl.Route && c.How == store.Announced && strings.HasPrefix(fmt.Sprint(rtnl.Route.Value(rtnl.ParseKey(c.Object.Key), "dst")), "10.") {
			announced++
		}
		return isRoute("192.0.2.0/24")(c)
	})
	r.stop()
	if announced != n {
		t.Errorf("%d routes were announced, want %d", announced, n)
	}
}

// TestOverrun: when notifications are lost, that is a gap, and after it the
// state is the kernel's again.
func TestOverrun(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	const n = 20_000
	path := filepath.Join(t.TempDir(), "a.db")
	netnstest.Run(t, strings.TrimSuffix(upLink, "&& ")+"; ip route add 10.255.0.0/16 dev v0")
	r := run(t, path, Config{SocketBuffer: 1 << 13, Queue: 1})
	netnstest.Run(t, "ip -batch "+batch(t, "add", n)+"; ip route del 10.255.0.0/16 dev v0")
	how := map[store.How]int64{}
	r.until(func(c store.Change) bool {
		if c.Kind == rtnl.Route {
			how[c.How]++
		}
		return how[store.Announced]+how[store.Found] == n+1
	})
	r.stop()

	if how[store.Found] == 0 {
		t.Fatal("nothing was lost: the test does not test")
	}
	db := openSQL(t, path)
	gaps, lost := number(t, db, `SELECT count(*) FROM gap WHERE reason = 'overrun'`), number(t, db, `SELECT sum(lost) FROM gap WHERE reason = 'overrun'`)
	if gaps == 0 || lost == 0 || lost > n+1 {
		t.Errorf("%d gaps with %d lost, of %d", gaps, lost, n+1)
	}
	if open := number(t, db, `SELECT count(*) FROM gap WHERE to_us IS NULL OR to_us < from_us`); open != 0 {
		t.Errorf("%d gaps are not closed", open)
	}
	if found := number(t, db, `
		SELECT count(*) FROM change c WHERE how = 4 AND NOT EXISTS (
			SELECT 1 FROM gap g WHERE g.from_us <= c.at_us AND c.at_us <= g.to_us)`); found != 0 {
		t.Errorf("%d changes were found outside a gap", found)
	}
	if routes := number(t, db, `SELECT count(*) FROM route WHERE dst LIKE '10.%'`); routes != n {
		t.Errorf("%d routes in the recording, %d in the kernel", routes, n)
	}
}

// TestRestart: a start on an existing file writes only what differs, marked as
// found, and the time between is a gap.
func TestRestart(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "a.db")
	netnstest.Run(t, upLink+"ip route add 10.1.0.0/16 dev v0 && ip route add 10.2.0.0/16 dev v0 && sysctl -qw net.ipv6.conf.v0.disable_ipv6=1 net.ipv6.conf.v1.disable_ipv6=1; until [ $(ip link show | grep -c 'state UP') = 2 ]; do :; done")
	run(t, path, Config{}).stop()
	netnstest.Run(t, "ip route del 10.1.0.0/16 dev v0; ip route add 10.3.0.0/16 dev v0; ip route replace 10.2.0.0/16 dev v1")
	run(t, path, Config{}).stop()

	db := openSQL(t, path)
	rows, err := db.Query(`SELECT op || label || ' ' || how FROM change_log WHERE id > (SELECT count(*) FROM change WHERE how = 1) ORDER BY label`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	want := []string{"-10.1.0.0/16 found", "~10.2.0.0/16 found", "+10.3.0.0/16 found"}
	if !slices.Equal(got, want) {
		t.Errorf("after the restart: %q, want %q", got, want)
	}
	if n := number(t, db, `
		SELECT count(*) FROM gap g JOIN session s ON s.id = 1 JOIN session u ON u.id = 2
		WHERE g.reason = 'not recording' AND g.from_us = s.ended_us AND g.to_us = u.ready_us`); n != 1 {
		t.Errorf("%d gaps from the end of the first session until the second was ready", n)
	}
}

func openSQL(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func number(t *testing.T, db *sql.DB, query string) (n int64) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
