package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nlrec/recorder"
)

// unitFile is the unit that is shipped.
const unitFile = "../../docs/systemd/nlrec.service"

// TestService boots a machine with the unit, and has the recorder killed, hung
// and stopped by its systemd.
func TestService(t *testing.T) {
	m := bootMachine(t, serviceFiles(t))
	m.await("Started nlrec.service")
	m.startsBeforeTheNetwork()
	m.isRestricted()
	m.keepsItsFiles()
	m.isThereForRoot()
	m.isHiddenFromOthers()

	const kills = 6 // more than systemd lets a unit fail by default
	for n := range kills {
		m.run("kill -KILL $(systemctl show --property=MainPID --value nlrec)")
		m.await("Started nlrec.service")
		m.want("as many gaps as kills", `nlrec query --no-header "SELECT count(*) FROM gap WHERE reason = 'not recording' AND to_us > from_us"`, n+1)
	}
	m.run("kill -STOP $(systemctl show --property=MainPID --value nlrec)")
	m.await("Watchdog timeout")
	m.await("Started nlrec.service")
	m.want("a gap for the watchdog", `nlrec query --no-header "SELECT count(*) FROM gap WHERE to_us IS NOT NULL"`, kills+1)

	m.isStopped("systemctl stop nlrec")
	m.run("systemctl start nlrec")
	m.seesTheNetworkGo()
}

// serviceFiles are those of a machine on which nlrec and a network are enabled.
func serviceFiles(t *testing.T) map[string]string {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	files := map[string]string{
		"etc/machine-id": "", "etc/hostname": "machine\n",
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n",
		"etc/nsswitch.conf":                                          "passwd: files systemd\ngroup: files systemd\n",
		"etc/systemd/system/nlrec.service":                           read(unitFile),
		"etc/systemd/system/net-up.service":                          read("testdata/boot/net-up.service"),
		"etc/systemd/system/sysinit.target.d/nlrec.conf":             "[Unit]\nWants=nlrec.service\n",
		"etc/systemd/system/multi-user.target.d/network.conf":        "[Unit]\nWants=net-up.service\n",
		"etc/systemd/system/nlrec.service.d/watchdog-for-tests.conf": "[Service]\nWatchdogSec=2\n",
	}
	if os.Getenv("NLREC_LONG") != "" {
		delete(files, "etc/systemd/system/nlrec.service.d/watchdog-for-tests.conf")
	}
	return files
}

// want waits until a script prints a number: what the kernel has announced is
// recorded a moment later.
func (m *machine) want(what, script string, number int) {
	m.t.Helper()
	got := ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if got = m.run(script); got == fmt.Sprint(number) {
			return
		}
	}
	m.t.Fatalf("%s: %s, not %d\n%s", what, got, number, m.log())
}

// startsBeforeTheNetwork: the recording has how the network came up.
func (m *machine) startsBeforeTheNetwork() {
	m.t.Helper()
	m.run(`
		since() { systemctl show --property=ActiveEnterTimestampMonotonic --value $1; }
		test $(since nlrec.service) -gt 0
		test $(since nlrec.service) -le $(since network-pre.target)
		test $(since network-pre.target) -le $(since network.target)
		systemctl is-active net-up.service`)
	m.want("links that came while it recorded", `nlrec query --no-header "SELECT count(DISTINCT ifname) FROM link_history WHERE ifname IN ('uplink', 'other')"`, 2)
	m.want("gaps", `nlrec query --no-header "SELECT count(*) FROM gap"`, 0)
	if log := m.run("nlrec log link dev uplink -n +1"); !strings.Contains(log, "+ link uplink") || strings.Contains(log, "there already") {
		m.t.Errorf("how the network came up:\n%s", log)
	}
}

// isRestricted: the recorder has given up its capability, and says of nothing
// that it could not.
func (m *machine) isRestricted() {
	m.t.Helper()
	status := m.run("cat /proc/$(systemctl show --property=MainPID --value nlrec)/status")
	for _, line := range []string{"CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"} {
		if !strings.Contains(status, line) {
			m.t.Errorf("%q is not in the state of the recorder:\n%s", line, status)
		}
	}
	if log := m.run("journalctl --no-pager --unit=nlrec"); strings.Contains(log, "level=") {
		m.t.Errorf("the recorder has something to say:\n%s", log)
	}
}

// keepsItsFiles: nobody but the recorder's group may read them.
func (m *machine) keepsItsFiles() {
	m.t.Helper()
	const want = "750 nlrec nlrec .\n640 nlrec nlrec nlrec.db\n640 nlrec nlrec nlrec.db-reserve\n640 nlrec nlrec nlrec.db-shm\n640 nlrec nlrec nlrec.db-wal"
	if got := m.run("cd /var/lib/nlrec/; stat --format='%a %U %G %n' . nlrec.db nlrec.db-reserve nlrec.db-shm nlrec.db-wal"); got != want {
		m.t.Errorf("the files are\n%s", got)
	}
}

// isThereForRoot: root, and whoever is the recorder's user, can ask, and the
// doctor finds nothing that lacks but a clock.
func (m *machine) isThereForRoot() {
	m.t.Helper()
	if status := m.run("nlrec status"); !strings.Contains(status, "running, process ") {
		m.t.Errorf("nlrec status:\n%s", status)
	}
	const asRecorder = "systemd-run --quiet --wait --pipe -p DynamicUser=yes -p User=nlrec -p StateDirectory=nlrec -p StateDirectoryMode=0750 "
	for _, as := range []string{"", asRecorder} {
		var found []recorder.Finding
		if err := json.Unmarshal([]byte(m.run(as+"nlrec doctor --db /var/lib/nlrec/nlrec.db -o json 2>/dev/null || :")), &found); err != nil {
			m.t.Fatal(err)
		}
		elsewhere := []string{"clock", "disk"} // what the machine has of the one it runs on
		for _, f := range found {
			if f.Lacks && !slices.Contains(elsewhere, f.Subject) {
				m.t.Errorf("%snlrec doctor: %s lacks: %s", as, f.Subject, f.Says)
			}
		}
	}
}

// isHiddenFromOthers: whoever may not read the recording is told so.
func (m *machine) isHiddenFromOthers() {
	m.t.Helper()
	const asOther = "setpriv --reuid=4711 --regid=4711 --clear-groups nlrec "
	if out := m.run(asOther + "status --db /var/lib/nlrec/nlrec.db 2>&1 || :"); !strings.Contains(out, "permission denied") || strings.Contains(out, "Landlock") {
		m.t.Errorf("nlrec status of another user:\n%s", out)
	}
	if out := m.run(asOther + "doctor --db /var/lib/nlrec/nlrec.db 2>&1 || :"); strings.Contains(out, "none records") {
		m.t.Errorf("nlrec doctor of another user:\n%s", out)
	}
}

// isStopped: the session has an end, the recording is one file, and the unit has
// not failed.
func (m *machine) isStopped(by string) {
	m.t.Helper()
	began := time.Now()
	m.run(by)
	m.t.Logf("%s: %v", by, time.Since(began).Round(time.Millisecond))
	m.run("test $(systemctl show --property=Result --value nlrec) = success; test $(systemctl show --property=ExecMainStatus --value nlrec) = 0")
	if got := m.run("ls /var/lib/nlrec/"); got != "nlrec.db" {
		m.t.Errorf("beside the recording are left:\n%s", got)
	}
	m.want("sessions that ended", `nlrec query --no-header "SELECT count(*) FROM session WHERE ended_us IS NOT NULL"`, 1)
}

// seesTheNetworkGo: when the machine is shut down, the recorder is stopped after
// what sets up the network.
func (m *machine) seesTheNetworkGo() {
	m.t.Helper()
	m.run("systemctl poweroff")
	_ = m.systemd.Wait() // the kernel has an interrupt stand for switching a pid namespace off
	db := filepath.Join(m.root, "var/lib/private/nlrec/nlrec.db")
	out, err := exec.Command("nlrec", "query", "--db", db, "--no-header", `
		SELECT ended_us IS NOT NULL, EXISTS (SELECT 1 FROM link_history WHERE ifname = 'uplink' AND valid_to_us BETWEEN started_us AND ended_us)
		FROM session ORDER BY id DESC LIMIT 1`).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "1\t1" {
		m.t.Errorf("whether the session has an end, and whether it has that of the network: %v\n%s", err, out)
	}
}
