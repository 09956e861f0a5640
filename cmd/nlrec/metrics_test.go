package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"testing"

	"nlrec/internal/health"
)

// TestMetrics: what is served has the form that Prometheus reads.
func TestMetrics(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "m")
	stop, err := serveMetrics("unix:"+socket, func() health.Report {
		return health.Report{Ready: true, Drops: 3, LastCommit: 1777629600_500000, Changes: map[string]int64{"route": 7, "link": 2}}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
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
		`nlrec_changes_total\{kind="link"\} 2`, `nlrec_changes_total\{kind="route"\} 7`, `# TYPE nlrec_drops_total counter`,
	} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).Match(out) {
			t.Errorf("no line %s in\n%s", want, out)
		}
	}
}
