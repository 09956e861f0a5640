package main

// Metrics: what the recorder says of itself, in the text form that Prometheus
// reads: https://prometheus.io/docs/instrumenting/exposition_formats/
//
// They are written here and not by github.com/prometheus/client_golang: with
// what that needs, net/http and protobuf, the program grows by 5.1 MB to
// 18.4 MB, for a page of a dozen numbers that asks for neither.

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/internal/health"
)

// metrics are what is served beside the changes by kind.
var metrics = []struct {
	name, kind, help string
	value            func(health.Report) float64
}{
	{"nlrec_recording", "gauge", "1: the recorder records; 0: it is starting, cannot write the file, or is busy for more than 5 s", func(r health.Report) float64 {
		if r.Records(time.Now()) {
			return 1
		}
		return 0
	}},
	{"nlrec_commits_total", "counter", "transactions written", func(r health.Report) float64 { return float64(r.Commits) }},
	{"nlrec_last_commit_timestamp_seconds", "gauge", "when the last transaction was written; 0: none was", func(r health.Report) float64 { return float64(r.LastCommit) / 1e6 }},
	{"nlrec_file_bytes", "gauge", "size of the recording", func(r health.Report) float64 { return float64(r.File) }},
	{"nlrec_log_bytes", "gauge", "size of its write-ahead log", func(r health.Report) float64 { return float64(r.Log) }},
	{"nlrec_drops_total", "counter", "notifications lost, as the kernel counts them", func(r health.Report) float64 { return float64(r.Drops) }},
	{"nlrec_resyncs_total", "counter", "how often everything was looked at again after a loss", func(r health.Report) float64 { return float64(r.Resyncs) }},
	{"nlrec_corrections_total", "counter", "changes found by a dump and not announced, outside of any gap", func(r health.Report) float64 { return float64(r.Corrections) }},
	{"nlrec_suspensions_total", "counter", "how often the recorder was stopped or frozen", func(r health.Report) float64 { return float64(r.Suspensions) }},
	{"nlrec_clock_steps_total", "counter", "how often the wall clock was set", func(r health.Report) float64 { return float64(r.Steps) }},
	{"nlrec_queue_bytes", "gauge", "notifications that wait in memory", func(r health.Report) float64 { return float64(r.Queue) }},
	{"nlrec_queue_max_bytes", "gauge", "notifications that have waited in memory at most", func(r health.Report) float64 { return float64(r.MostQueue) }},
	{"nlrec_lag_seconds", "gauge", "from the reading of a notification until it was written, last", func(r health.Report) float64 { return float64(r.Lag) / 1e6 }},
	{"nlrec_lag_max_seconds", "gauge", "from the reading of a notification until it was written, at most", func(r health.Report) float64 { return float64(r.MostLag) / 1e6 }},
}

// metricsText writes a report as Prometheus reads it.
func metricsText(r health.Report) string {
	var b strings.Builder
	for _, m := range metrics {
		fmt.Fprintf(&b, "# HELP %[1]s %[2]s\n# TYPE %[1]s %[3]s\n%[1]s %.6[4]f\n", m.name, m.help, m.kind, m.value(r))
	}
	b.WriteString("# HELP nlrec_changes_total changes written\n# TYPE nlrec_changes_total counter\n")
	for _, kind := range slices.Sorted(maps.Keys(r.Changes)) {
		fmt.Fprintf(&b, "nlrec_changes_total{kind=%q} %d\n", kind, r.Changes[kind])
	}
	return b.String()
}

// serveMetrics answers on an address, or on a socket where that is unix:PATH,
// until stop is called.
func serveMetrics(address string, report func() health.Report) (stop func() error, err error) {
	network := "tcp"
	if path, isUnix := strings.CutPrefix(address, "unix:"); isUnix {
		network, address = "unix", path
		if err := removeStale(path); err != nil {
			return nil, fmt.Errorf("--metrics: %v", err)
		}
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("--metrics: %v", err) // not as what the file system says of the recording
	}
	go health.ServeEach(l, func(c net.Conn) { answerMetrics(c, report) })
	return l.Close, nil
}

// removeStale removes the socket that a recorder left which was killed: nobody
// listens there.
func removeStale(path string) error {
	c, err := net.Dial("unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("another program listens at %s: name another path", path), c.Close())
	}
	if info, failed := os.Lstat(path); errors.Is(err, unix.ECONNREFUSED) && failed == nil && info.Mode().Type() == fs.ModeSocket {
		return os.Remove(path)
	}
	return nil // listening there says what it is
}

// answerMetrics answers one request of HTTP.
func answerMetrics(c net.Conn, report func() health.Report) {
	_ = c.SetDeadline(time.Now().Add(2 * health.Patience)) // fails for a closed connection only
	in := bufio.NewReaderSize(c, 1<<13)
	request, err := in.ReadString('\n')
	for line := request; err == nil && strings.TrimRight(line, "\r\n") != ""; {
		line, err = in.ReadString('\n')
	}
	if err != nil {
		return
	}
	status, kind, text := "404 Not Found", "text/plain", "there is /metrics\n"
	if method, rest, _ := strings.Cut(request, " "); method == "GET" && strings.HasPrefix(rest, "/metrics") {
		status, kind, text = "200 OK", "text/plain; version=0.0.4", metricsText(report())
	}
	fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, kind, len(text), text)
}
