package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"nlrec/internal/health"
)

// TestMetrics: what is served has the form that Prometheus reads.
func TestMetrics(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "m")
	left, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false) // as a recorder that is killed
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	stop, err := serveMetrics("unix:"+socket, func() health.Report {
		return health.Report{Ready: true, Drops: 3, LastCommit: 1777629600_500000, File: 4096, Log: 32, Changes: map[string]int64{"route": 7, "link": 2}}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if _, err := serveMetrics("unix:"+socket, nil); err == nil || !strings.Contains(err.Error(), "another program listens at") {
		t.Errorf("the socket of another program: %v", err)
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) }}}
	answer, err := client.Get("http://nlrec/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	out, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", answer.Status, err)
	}
	for _, want := range []string{
		`nlrec_recording 1\.0+`, `nlrec_drops_total 3\.0+`, `nlrec_last_commit_timestamp_seconds 1777629600\.500000`,
		`nlrec_file_bytes 4096\.0+`, `nlrec_log_bytes 32\.0+`,
		`nlrec_changes_total\{kind="link"\} 2`, `nlrec_changes_total\{kind="route"\} 7`, `# TYPE nlrec_drops_total counter`,
	} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).Match(out) {
			t.Errorf("no line %s in\n%s", want, out)
		}
	}
}

// TestMetricsLint: Prometheus's own parser reads the page, and its linter has
// nothing to say about it.
func TestMetricsLint(t *testing.T) {
	text := metricsText(health.Report{Ready: true, Commits: 5, LastCommit: 1777629600_500000, Lag: 1500, Changes: map[string]int64{"route": 7, "link": 2}})
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(families) != len(metrics)+1 {
		t.Errorf("%d families, want %d", len(families), len(metrics)+1)
	}
	for _, m := range metrics {
		if f := families[m.name]; f == nil || strings.ToLower(f.GetType().String()) != m.kind || f.GetHelp() != m.help || len(f.Metric) != 1 {
			t.Errorf("%s is read as %v", m.name, f)
		}
	}
	if got := families["nlrec_last_commit_timestamp_seconds"].Metric[0].GetGauge().GetValue(); got != 1777629600.5 {
		t.Errorf("the last commit is read as %f", got)
	}
	for _, m := range families["nlrec_changes_total"].Metric {
		if want := map[string]float64{"route": 7, "link": 2}[m.Label[0].GetValue()]; m.GetCounter().GetValue() != want {
			t.Errorf("%v, want %f", m, want)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// valueOf returns what a page of metrics says of one.
func valueOf(t *testing.T, r health.Report, name string) string {
	t.Helper()
	_, rest, found := strings.Cut(metricsText(r), "\n"+name+" ")
	if !found {
		t.Fatalf("no %s", name)
	}
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

// TestMetricsValues: each metric is what its name says.
func TestMetricsValues(t *testing.T) {
	r := health.Report{Queue: 1, MostQueue: 2, Lag: 3_000_000, MostLag: 4_000_000, Commits: 5, LastCommit: 6_000_000, Drops: 7, Resyncs: 8,
		Corrections: 9, Suspensions: 10, Steps: 11, File: 12, Log: 13}
	for name, want := range map[string]string{"queue_bytes": "1", "queue_max_bytes": "2", "lag_seconds": "3", "lag_max_seconds": "4", "commits_total": "5",
		"last_commit_timestamp_seconds": "6", "drops_total": "7", "resyncs_total": "8", "corrections_total": "9", "suspensions_total": "10",
		"clock_steps_total": "11", "file_bytes": "12", "log_bytes": "13", "recording": "0"} {
		if got := valueOf(t, r, "nlrec_"+name); got != want+".000000" {
			t.Errorf("nlrec_%s is %s, want %s", name, got, want)
		}
	}
}

// TestMetricsOfWhoDoesNotRecord: a recorder that is starting, cannot write, or has
// stalled is never shown as recording.
func TestMetricsOfWhoDoesNotRecord(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		report health.Report
		want   string
	}{
		"records":          {health.Report{Ready: true}, "1.000000"},
		"is busy":          {health.Report{Ready: true, Busy: "writing", BusySince: now.UnixMicro()}, "1.000000"},
		"is starting":      {health.Report{}, "0.000000"},
		"cannot write":     {health.Report{Ready: true, Suspended: "disk full"}, "0.000000"},
		"is busy for long": {health.Report{Ready: true, Busy: "writing", BusySince: now.Add(-time.Minute).UnixMicro()}, "0.000000"},
		"does not answer":  {health.Report{Ready: true, Busy: health.InVain, BusySince: now.UnixMicro()}, "0.000000"},
	} {
		if got := valueOf(t, tt.report, "nlrec_recording"); got != tt.want {
			t.Errorf("of one that %s: %s, want %s", name, got, tt.want)
		}
	}
}
