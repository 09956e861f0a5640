package main

// Names that somebody has chosen to do harm. The kernel forbids '/', ':' and white
// space in the names of links, and nothing in what else it is told as text.

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"nlrec/internal/netnstest"
)

// hostileNames are names of links.
var hostileNames = []string{
	"\x1b[2J", "\a\b\x7f", "\xff\xfe", "\xff\xfd", "\u009b2J", "\x9b2J", "\xe2\x80", "\u202eabc\u2066", "\u200b", "$(>pwned)1", "$(>pwned)2", "`>pwned`", "'\";--", "-x", "*", "#1", "&<b>", "now",
	"@x", "a|b", `\x1b]x`, `{"a",1}`, `["a"]`, "[]", "é世", "\x01\x02\x03", "\x1b]0;x\a", "link",
}

// hostileText is what else has no rules: aliases and alternative names.
const hostileText = "\x1b]0;x\a\x1b[2J\r\n\t\v\f\x7f\u009b2J\xff\x9b\u202e,\"'|/&<b>`\\"

// wild puts what a link has besides a name into rtnetlink messages: ip(8) refuses it.
type wild struct {
	t    *testing.T
	conn *netlink.Conn
}

// firstHostile is the index of the first of them.
const firstHostile = 100

func (w wild) ask(kind netlink.HeaderType, flags netlink.HeaderFlags, header []byte, encode func(*netlink.AttributeEncoder)) {
	w.t.Helper()
	e := netlink.NewAttributeEncoder()
	encode(e)
	attrs, err := e.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	m := netlink.Message{Header: netlink.Header{Type: kind, Flags: flags | netlink.Request | netlink.Acknowledge}, Data: append(header, attrs...)}
	if _, err := w.conn.Execute(m); err != nil {
		w.t.Fatalf("rtnetlink %d: %v", kind, err)
	}
}

// hostileNetwork makes links by all names, each up and with an alias, an
// alternative name, labelled addresses and routes.
func hostileNetwork(t *testing.T) {
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w := wild{t, conn}
	for i, name := range hostileNames {
		index := firstHostile + uint32(i)
		header := make([]byte, unix.SizeofIfInfomsg)
		binary.NativeEndian.PutUint32(header[4:], index)
		w.ask(unix.RTM_NEWLINK, netlink.Create|netlink.Excl, slices.Clone(header), func(e *netlink.AttributeEncoder) {
			e.Bytes(unix.IFLA_IFNAME, append([]byte(name), 0))
			e.Nested(unix.IFLA_LINKINFO, func(e *netlink.AttributeEncoder) error {
				e.String(unix.IFLA_INFO_KIND, "bridge")
				return nil
			})
		})
		binary.NativeEndian.PutUint32(header[8:], unix.IFF_UP)
		binary.NativeEndian.PutUint32(header[12:], unix.IFF_UP)
		w.ask(unix.RTM_NEWLINK, 0, header, func(e *netlink.AttributeEncoder) { e.Bytes(unix.IFLA_IFALIAS, []byte(hostileText)) })
		w.ask(unix.RTM_NEWLINKPROP, netlink.Create|netlink.Excl|netlink.Append, slices.Clone(header), func(e *netlink.AttributeEncoder) {
			e.Nested(unix.IFLA_PROP_LIST, func(e *netlink.AttributeEncoder) error {
				e.Bytes(unix.IFLA_ALT_IFNAME, fmt.Appendf(nil, "%c%s\x00", 'a'+i, hostileText))
				return nil
			})
		})
		address := []byte{10, byte(i), 0, 1}
		header = []byte{unix.AF_INET, 24, 0, 0, 0, 0, 0, 0}
		binary.NativeEndian.PutUint32(header[4:], index)
		w.ask(unix.RTM_NEWADDR, netlink.Create, header, func(e *netlink.AttributeEncoder) {
			e.Bytes(unix.IFA_LOCAL, address)
			e.Bytes(unix.IFA_LABEL, []byte("\x1b[2J\xff\n\x00"))
		})
		w.ask(unix.RTM_NEWROUTE, netlink.Create, []byte{unix.AF_INET, 24, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0}, func(e *netlink.AttributeEncoder) {
			e.Bytes(unix.RTA_DST, []byte{10, byte(i), 1, 0})
			e.Bytes(unix.RTA_GATEWAY, []byte{10, byte(i), 0, 2})
			e.Uint32(unix.RTA_OIF, index)
		})
	}
	w.ask(unix.RTM_NEWRULE, netlink.Create, []byte{unix.AF_INET, 0, 0, 0, 100, 0, 0, 1, 0, 0, 0, 0}, func(e *netlink.AttributeEncoder) {
		e.Bytes(unix.FRA_IIFNAME, []byte("\x1b[2J\n\xff \x00"))
	})
	netnstest.Run(t, fmt.Sprintf("ip route add 10.99.0.0/16 nexthop via 10.0.0.2 nexthop via 10.2.0.2; ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:01 dev '%s'", hostileNames[0]))
	netnstest.Run(t, fmt.Sprintf("ip nexthop add id 1 via 10.2.0.9 dev '%s'; ip link add v0 type veth peer name v1; ip link set v0 master '%s'", hostileNames[2], hostileNames[5]))
	netnstest.Run(t, fmt.Sprintf("ip link set dev '%s' name '%s'; ip link set dev '%s' down", hostileNames[0], renamed, hostileNames[2]))
}

// renamed is another name of the first of hostileNames.
const renamed = "\x1b[4mn"

// moot is what no terminal shows but obeys: also octets that are no UTF-8, which
// are controls where it does not know of UTF-8.
var moot = regexp.MustCompile("[\\x00-\\x08\\x0b-\\x1f\\x7f\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

// obeyed says what of a text a terminal would obey; "": nothing.
func obeyed(text []byte) string {
	if !utf8.Valid(text) {
		return "what is no UTF-8"
	}
	if at := moot.FindIndex(text); at != nil {
		return fmt.Sprintf("%q", text[max(0, at[0]-30):min(len(text), at[1]+30)])
	}
	return ""
}

// namesCommands are all that read a recording, with all formats that each has.
func namesCommands() (all [][]string) {
	for _, c := range []struct {
		args    []string
		formats string
	}{
		{[]string{"show", "link"}, "ip ip-json brief table box line json ndjson csv tsv markdown html"},
		{[]string{"show", "address"}, "ip ip-json brief"}, {[]string{"show", "netconf"}, "ip ip-json"}, {[]string{"show", "route"}, "ip ip-json table json csv"},
		{[]string{"show", "rule"}, "ip ip-json tsv"}, {[]string{"show", "neighbour"}, "ip ip-json brief"}, {[]string{"show", "nexthop"}, "ip ip-json"},
		{[]string{"log"}, "text json ndjson"}, {[]string{"diff", "first"}, "text json ndjson"}, {[]string{"history", "link", "ifindex", "100"}, "text json ndjson"},
		{[]string{"history", "route", "10.99.0.0/16"}, "text json"},
		{[]string{"top", "link", "-n", "100"}, "table json ndjson"}, {[]string{"top", "address"}, "table json"}, {[]string{"get", "10.2.1.1", "-v"}, "ip ip-json"},
		{[]string{"query", "SELECT * FROM link_history"}, "table box line json ndjson csv tsv markdown html"},
		{[]string{"query", "SELECT * FROM route"}, "table box line json ndjson csv tsv markdown html"},
		{[]string{"query", "SELECT * FROM change_log"}, "box json csv tsv"},
		{[]string{"query", "SELECT ifname, no_such FROM link WHERE ifname = '\x1b[2J\xff'"}, "table"},
		{[]string{"show", "link", "no\x1b[2Jsuch\xff"}, "ip"}, {[]string{"get", "10.2.1.1", "oif", "no\x1b[2Jsuch\xff"}, "ip"}, {[]string{"show", "link\x1b[2J"}, "ip"},
		{[]string{"status"}, "text json"}, {[]string{"verify"}, "text json"}, {[]string{"log", "--list-boots"}, "text json"},
		{[]string{"query", "SELECT ifname FROM link", "--emit-sql"}, ""}, {[]string{"query", "SELECT ifname FROM link WHERE ifname = :n", "--emit-sql", "--param", "n=\x1b[2J\xff"}, ""},
		{[]string{"__complete", "show", "link", "dev", ""}, ""}, {[]string{"__complete", "show", "link", "--at", ""}, ""},
	} {
		if c.formats == "" {
			all = append(all, c.args)
		}
		for _, format := range strings.Fields(c.formats) {
			args := slices.Clone(c.args)
			if format != "text" {
				args = append(args, "-o", format)
			}
			all = append(all, args)
		}
	}
	return all
}

// TestHostileNames records a network of hostile names, and asks for it in every way.
func TestHostileNames(t *testing.T) {
	if !netnstest.Enter(t) {
		return
	}
	db := filepath.Join(t.TempDir(), "x.db")
	t.Setenv("NLREC_DB", db)
	r, typist := startRecording(t, db), sit(t, nil, "record", "--db", filepath.Join(t.TempDir(), "y.db"))
	typist.expect("nlrec: recording ")
	hostileNetwork(t)
	typist.expect(`+ link dev \xff\xfd`)
	r.agreesOnLinks(len(hostileNames) + 3) // lo and the two ends of a veth
	if err := r.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err, r.all())
	}
	for _, args := range namesCommands() {
		checkNames(t, args, inProcess)
	}
	typist.press(ctrlC)
	<-typist.ended
	typist.harmless("record")
	checkFound(t, db)
	checkTerminal(t)
	checkShell(t)
	checkBash(t)
}

// inProcess runs nlrec here, which is quicker.
func inProcess(args ...string) (stdout, stderr []byte) {
	var out, said bytes.Buffer
	run(context.Background(), args, strings.NewReader(""), &out, &said)
	return out.Bytes(), said.Bytes()
}

// agreesOnLinks waits until all links and the change after them are recorded.
func (r *recording) agreesOnLinks(n int) {
	r.t.Helper()
	done := fmt.Sprintf(`SELECT count(*) = %d AND sum(ifname = char(27) || '[4mn') > 0 AND sum(master IS NOT NULL) > 0 AND sum(flags NOT LIKE '%%"UP"%%') > 0 FROM link`, n)
	for deadline := time.Now().Add(patience); ; {
		out, said := inProcess("query", "--db", r.db, "--no-header", "-o", "tsv", done)
		if string(out) == "1\n" {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("what was made is not recorded: %s%s", out, said)
		}
	}
}

// checkNames runs a command and looks at what it writes.
func checkNames(t *testing.T, args []string, run func(...string) (stdout, stderr []byte)) {
	t.Helper()
	stdout, stderr := run(args...)
	name := fmt.Sprintf("nlrec %q", args)
	if len(stdout)+len(stderr) == 0 {
		t.Errorf("%s: says nothing", name)
	}
	if text := obeyed(stderr); text != "" {
		t.Errorf("%s says %s", name, text)
	}
	var err error
	format := args[len(args)-1]
	switch format {
	case "csv":
		reader := csv.NewReader(bytes.NewReader(stdout))
		reader.FieldsPerRecord = 0
		_, err = reader.ReadAll() // each as many values as the first
		stdout = nil
	case "tsv":
		lines := strings.Split(strings.TrimSuffix(string(stdout), "\n"), "\n")
		for _, line := range lines {
			if strings.Count(line, "\t") != strings.Count(lines[0], "\t") {
				err = fmt.Errorf("%q has not as many values as %q", line, lines[0])
			}
		}
	case "json", "ndjson", "ip-json":
		err = checkJSON(stdout)
	}
	if text := obeyed(stdout); text != "" {
		t.Errorf("%s writes %s", name, text)
	}
	if err != nil {
		t.Errorf("%s: %v\n%.300q", name, err, stdout)
	}
}

// checkJSON says what is wrong with JSON values, one after the other, and with
// the nested data in them.
func checkJSON(text []byte) error {
	if bytes.ContainsRune(text, utf8.RuneError) || bytes.Contains(text, []byte(`\ufffd`)) {
		return errors.New("octets are lost")
	}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := checkNested(v); err != nil {
			return err
		}
	}
}

func checkNested(v any) error {
	switch v := v.(type) {
	case []any:
		for _, member := range v {
			if err := checkNested(member); err != nil {
				return err
			}
		}
	case map[string]any:
		for column, member := range v {
			text, isText := member.(string)
			if isText && slices.Contains([]string{"flags", "altnames", "nexthops", "via", "encap", "info_data", "info_slave_data", "af_spec"}, column) &&
				(strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) && !json.Valid([]byte(text)) {
				return fmt.Errorf("%s is no JSON: %q", column, text)
			}
			if err := checkNested(member); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFound gives names back as they were printed, as JSON has them, and as they
// are.
func checkFound(t *testing.T, db string) {
	var links []struct {
		Name  string   `json:"ifname"`
		Index int      `json:"ifindex"`
		Alts  []string `json:"altnames"`
	}
	decode(t, runNlrec(t, "show", "link", "-o", "ip-json"), &links)
	brief := strings.Split(strings.TrimSpace(string(runNlrec(t, "show", "link", "-o", "brief"))), "\n")
	if len(brief) != len(links) {
		t.Fatalf("%d lines for %d links", len(brief), len(links))
	}
	for i, l := range links {
		printed, _, _ := strings.Cut(brief[i], " ")
		printed, _, _ = strings.Cut(printed, "@")
		if printed == "" { // of "@x"
			printed = l.Name
		}
		names := []string{printed, l.Name}
		if n := l.Index - firstHostile; n > 0 && n < len(hostileNames) { // the first is renamed
			names = append(names, hostileNames[n])
		}
		for _, name := range names {
			checkFinds(t, l.Index, "show", "-o", "ip-json", "--", "address", "dev", name)
		}
		for _, name := range append(names, l.Alts...) {
			checkFinds(t, l.Index, "show", "-o", "ip-json", "--", "link", "dev", name)
		}
	}
	for _, name := range []string{hostileNames[3], `\xff\xfd`} {
		for _, args := range [][]string{{"get", "10.3.1.1", "oif", name}, {"show", "route", "dev", name}, {"history", "link", name}, {"log", "link", "dev", name}, {"top", "link", "dev", name}} {
			if out, said := inProcess(args...); !strings.Contains(string(out), `\xff\xfd`) {
				t.Errorf("%q: %s%s", args, out, said)
			}
		}
	}
}

// checkFinds runs a command that is to find a link.
func checkFinds(t *testing.T, index int, args ...string) {
	t.Helper()
	out, said := inProcess(args...)
	if !strings.Contains(string(out), fmt.Sprintf(`"ifindex":%d,`, index)) || strings.Contains(string(said), "no link has that name") {
		t.Errorf("%q does not find link %d: %.100s %s", args, index, out, said)
	}
}

// coloured is what nlrec itself tells a terminal.
var coloured = regexp.MustCompile("\x1b\\[(0|1|2|3[1-6]|1;35|94)m|\r+\n")

// checkTerminal runs commands on a terminal.
func checkTerminal(t *testing.T) {
	for _, args := range [][]string{
		{"show", "link"}, {"show", "route", "-o", "csv"}, {"show", "address", "-o", "brief"}, {"log"}, {"diff", "first"}, {"history", "link", "ifindex", "100"}, {"top"}, {"get", "10.2.1.1", "-v"},
		{"query", "SELECT * FROM link"}, {"query", "SELECT * FROM link", "-o", "csv"}, {"query", "SELECT ifname, ifalias FROM link", "-o", "csv", "--max-width", "0"}, {"query", "SELECT * FROM link", "-o", "json"},
		{"status"}, {"verify"}, {"show", "link", "no\x1b[2Jsuch"},
	} {
		for _, pager := range []string{"", "cat -u"} {
			if pager != "" && slices.Contains([]string{"show", "log", "diff", "history"}, args[0]) {
				args = append(args, "--color", "always")
			}
			p := sit(t, []string{"NLREC_PAGER=" + pager}, args...)
			<-p.ended
			p.harmless(args...)
		}
	}
}

// harmless looks at all that came to a terminal.
func (p *typist) harmless(args ...string) {
	p.t.Helper()
	text := coloured.ReplaceAll(p.screen.Bytes(), []byte("\n"))
	if what := obeyed(text); what != "" || len(text) == 0 {
		p.t.Errorf("nlrec %q tells the terminal %s", args, what)
	}
}

// checkBash has bash complete names: it asks with what stands on the line, which
// it takes for commands.
func checkBash(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Logf("%v: apt-get install bash", err)
		return
	}
	dir := t.TempDir()
	p := sitBefore(t, nil, "bash", "--norc", "--noprofile", "-i")
	p.press("cd " + dir + "; PS1=; source <(nlrec completion bash); echo load''ed\r")
	p.expect("loaded\r\n")
	p.press("nlrec show link dev " + tab + tab + tab + "$" + tab + tab + tab)
	p.press("\x01echo \x05x' :'\r") // Ctrl-A: before the line, Ctrl-E: behind it
	p.expect(":'\r\n")
	p.expect(":\r\n")
	p.press("exit\r")
	p.leaves(0)
	if made, err := os.ReadDir(dir); len(made) > 0 || err != nil {
		t.Errorf("pressing Tab has run what a name says: %v %v", made, err)
	}
}

// checkShell asks in the shell, and has it complete names: what it edits a line
// with is not what they hold.
func checkShell(t *testing.T) {
	p := sit(t, []string{"XDG_STATE_HOME=" + t.TempDir()}, "shell")
	p.expect("nlrec> ")
	p.press("SELECT ifname, altnames FROM link;\rSELECT 'the ' || 'links' AS x;\r")
	p.expect("│ the links ")
	p.press(".changes\rSELECT 'the ' || 'end' AS x;\r")
	p.expect("│ the end ")
	p.press("SELECT 1 FROM link WHERE ifname = '" + tab + tab)
	p.expect("a|b")
	p.press(ctrlC)
	p.expect("once more")
	p.press("x")
	p.expect("nlrec> x") // the editor has the line
	p.press(ctrlC)
	p.leaves(0)
	screen := p.screen.String()
	for _, harm := range append(slices.Clone(hostileNames[:6]), hostileText, renamed, "\x1b]", "\x1b[4m", "\xff", "\u202e") {
		if strings.Contains(screen, harm) {
			t.Errorf("the shell tells the terminal %q: %q", harm, screen)
		}
	}
}
