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
