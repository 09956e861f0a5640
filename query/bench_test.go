package query

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"nlrec/internal/recordingtest"
	"nlrec/rtnl"
)

// BenchmarkState asks for a thousand routes, of which one changes every
// second, now and as of half of their history; beside it what it costs to open
// the file and to ask for nothing.
func BenchmarkState(b *testing.B) {
	const routes, changes = 1000, 20_000
	path := filepath.Join(b.TempDir(), "a.db")
	r := recordingtest.Open(b, path)
	r.Begin(t0, t0)
	for i := range int64(changes) {
		r.Set(t0+i*second, rtnl.Route, route(fmt.Sprintf("10.0.%d.%d/32", i%routes/250, i%250), 0, "gateway", fmt.Sprintf("192.0.2.%d", i/routes%2)))
	}
	r.Close(t0 + changes*second)
	for _, bench := range []struct{ name, at, sql string }{
		{"nothing", "", `SELECT 1`},
		{"now", "", `SELECT * FROM route`},
		{"half", fmt.Sprintf("#%d", changes/2), `SELECT * FROM route`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				r, err := Open(b.Context(), path, Options{At: bench.at, Location: time.UTC})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				err = r.Query(b.Context(), bench.sql, func(rows *Rows) error {
					for {
						row, err := rows.Next()
						if row == nil || err != nil {
							return err
						}
						n++
					}
				})
				if err := errors.Join(err, r.Close()); err != nil || n != 1 && n != routes {
					b.Fatalf("%d rows, %v", n, err)
				}
			}
		})
	}
}
