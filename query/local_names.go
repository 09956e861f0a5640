package query

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"nlrec/rtnl"
)

// fileNames returns the names that a file of iproute2 gives numbers on this
// machine: rt_tables, rt_protos, … Of two names of a number the later counts.
func fileNames(file string) map[int64]string {
	names := map[int64]string{}
	for _, dir := range []string{"/usr/share/iproute2", "/usr/lib/iproute2", "/etc/iproute2"} {
		paths, _ := filepath.Glob(filepath.Join(dir, file+".d", "*.conf")) // fails for bad patterns only
		for _, path := range append([]string{filepath.Join(dir, file)}, paths...) {
			readNames(names, path)
		}
	}
	return names
}

// readNames reads lines of a number and a name. A file that is not there gives
// none, as ip(8) has it.
func readNames(names map[int64]string, path string) {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) == 2 {
			if n, err := strconv.ParseInt(f[0], 0, 64); err == nil {
				names[n] = f[1]
			}
		}
	}
}

// fileIPProtocols returns the names of protocols(5), which has them before the
// numbers.
func fileIPProtocols() map[int64]string {
	names := map[int64]string{}
	text, _ := os.ReadFile("/etc/protocols") // none: no names
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) > 1 {
			if n, err := strconv.ParseInt(f[1], 10, 64); err == nil && names[n] == "" {
				names[n] = f[0]
			}
		}
	}
	return names
}

// localNames are what numbers are called on this machine, where ip(8) would
// show the names. Rows have the names that nlrec knows everywhere.
type localNames struct {
	protocols, scopes, ipProtocols   spelling
	tables, realms, groups, services map[int64]string // services are types of service
}

// spelling turns the text that rows have for a number into its name here.
type spelling struct {
	numbers map[string]int64
	local   map[int64]string
}

func readLocalNames() *localNames {
	n := &localNames{
		protocols:   spelling{invert(rtnl.ProtocolNames()), fileNames("rt_protos")},
		scopes:      spelling{invert(rtnl.ScopeNames()), fileNames("rt_scopes")},
		ipProtocols: spelling{invert(rtnl.IPProtocolNames()), fileIPProtocols()},
		tables:      rtnl.TableNames(), realms: map[int64]string{0: "cosmos"}, groups: map[int64]string{0: "default"},
		services: fileNames("rt_dsfield"),
	}
	for names, file := range map[*map[int64]string]string{&n.tables: "rt_tables", &n.realms: "rt_realms", &n.groups: "group"} {
		for number, name := range fileNames(file) {
			(*names)[number] = name
		}
	}
	return n
}

func (s spelling) of(text string) string {
	n, known := s.numbers[text]
	if !known {
		var err error
		if n, err = strconv.ParseInt(text, 10, 64); err != nil {
			return text
		}
	}
	if name := s.local[n]; name != "" {
		return name
	}
	return text
}

// named returns the name of a number, or its digits.
func named(names map[int64]string, n int64) string {
	if name := names[n]; name != "" {
		return name
	}
	return strconv.FormatInt(n, 10)
}

// service is the name of a type of service.
func (n *localNames) service(tos int64) string {
	if name := n.services[tos]; name != "" {
		return name
	}
	return fmt.Sprintf("0x%02x", tos)
}

// group is the name of a group of links, which rows have as text.
func (n *localNames) group(text string) string {
	if number, err := strconv.ParseInt(text, 10, 64); err == nil {
		return named(n.groups, number)
	}
	return text
}

// userName and groupName are what a number is called here, or its digits.
func userName(id string) string {
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func groupName(id string) string {
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}
