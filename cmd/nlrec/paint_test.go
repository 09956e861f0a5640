package main

import (
	"regexp"
	"testing"
)

func TestPainted(t *testing.T) {
	names := map[string]string{linkColour: "{link ", mac: "{mac ", inet: "{4 ", inet6: "{6 ", well: "{well ", ill: "{ill ", plain: "}"}
	tests := []struct{ line, want string }{
		{"3: eth0@peer0: <BROADCAST,UP> mtu 1500 state UP group default", "3: {link eth0}@peer0: <BROADCAST,UP> mtu 1500 state {well UP} group default"},
		{"12: br0.100: <NO-CARRIER> master dead state LOWERLAYERDOWN", "12: {link br0.100}: <NO-CARRIER> master {link dead} state {ill LOWERLAYERDOWN}"},
		{"    link/ether 06:ab:dc:66:92:dc brd ff:ff:ff:ff:ff:ff", "    link/ether {mac 06:ab:dc:66:92:dc} brd {mac ff:ff:ff:ff:ff:ff}"},
		{"    alias UP 10.0.0.1", "    alias UP 10.0.0.1"},
		{"    inet6 fe80::1/64 scope link", "    inet6 {6 fe80::1/64} scope link"},
		{"default via 192.0.2.1 dev eth0 metric 100", "default via {4 192.0.2.1} dev {link eth0} metric 100"},
		{"blackhole 10.0.0.0/8 ", "{ill blackhole} {4 10.0.0.0/8} "},
		{"\tnexthop via 2001:db8::1 dev eth0 weight 1 dead linkdown", "\tnexthop via {6 2001:db8::1} dev {link eth0} weight 1 {ill dead} {ill linkdown}"},
		{"192.0.2.2 dev eth0 lladdr 02:00:00:00:01:02 REACHABLE", "{4 192.0.2.2} dev {link eth0} lladdr {mac 02:00:00:00:01:02} {well REACHABLE}"},
		{"100:\tfrom 198.51.100.0/25 iif eth1 lookup 100", "100:\tfrom {4 198.51.100.0/25} iif {link eth1} lookup 100"},
		{"id 1 via inet6 fe80::5 dev evil\\x1b[31m", "id 1 via inet6 {6 fe80::5} dev {link evil\\x1b[31m}"},
		{"", ""},
	}
	for _, tt := range tests {
		got := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllStringFunc(painted(tt.line), func(code string) string { return names[code] })
		if got != tt.want {
			t.Errorf("%q:\n%s\nwant\n%s", tt.line, got, tt.want)
		}
	}
}
