package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"nlrec/internal/recordingtest"
	"nlrec/internal/torture"
	"nlrec/rtnl"
)

// wildPieces are what random names are made of, beside random octets.
var wildPieces = []string{"\x1b[2J", "\x1b]0;", "\a", "\xff", "\xc2", "\x9b", "\u009b", "\u202e", "\"", "\\", `\x1b`, "'", "[", "]", "{}", ",", "\n", "\r", "\t", " ", "|", "<", "&", "é", "世", "eth0", "-", "%", "$"}

func wildName(r *rand.Rand, most int) (name []byte) {
	for range r.IntN(6) {
		if r.IntN(4) == 0 {
			name = append(name, byte(1+r.IntN(255)))
		} else {
			name = append(name, wildPieces[r.IntN(len(wildPieces))]...)
		}
	}
	return name[:min(len(name), most)]
}

// TestTortureNames takes random names from rtnetlink messages through a recording
// to what people and programs read: whatever octets the kernel was told.
func TestTortureNames(t *testing.T) {
	run := torture.Start(t, "hostile names, from netlink octets to what each command writes")
	for i := range torture.Often(6, 2_000) {
		r := rand.New(rand.NewPCG(uint64(i), 6))
		name, alias, other := wildName(r, 15), wildName(r, 255), wildName(r, 127)
		run.Try()
		if !t.Run(fmt.Sprint(i), func(t *testing.T) { passThrough(t, name, alias, other) }) {
			run.Lose("%q, %q, %q", name, alias, other)
		}
	}
}

// passThrough records a link with a name, an alias and others, and asks for it.
func passThrough(t *testing.T, name, alias, other []byte) {
	db := filepath.Join(t.TempDir(), "x.db")
	r := recordingtest.Open(t, db)
	r.Begin(recordingtest.T0, recordingtest.T0)
	for i, name := range [][]byte{other[:min(15, len(other))], name} {
		at := recordingtest.T0 + int64(i)
		r.Set(at, rtnl.Link, decoded(t, rtnl.Link, header(unix.SizeofIfInfomsg, 4, 7), func(e *netlink.AttributeEncoder) {
			e.Bytes(unix.IFLA_IFNAME, append(slices.Clone(name), 0))
			e.Bytes(unix.IFLA_IFALIAS, alias)
			e.Bytes(unix.IFLA_QDISC, other)
			e.Nested(unix.IFLA_PROP_LIST, func(e *netlink.AttributeEncoder) error {
				e.Bytes(unix.IFLA_ALT_IFNAME, other)
				e.Bytes(unix.IFLA_ALT_IFNAME, alias)
				return nil
			})
		}))
		r.Set(at, rtnl.Address, decoded(t, rtnl.Address, header(unix.SizeofIfAddrmsg, 4, 7), func(e *netlink.AttributeEncoder) {
			e.Bytes(unix.IFA_LOCAL, []byte{192, 0, 2, 1})
			e.Bytes(unix.IFA_LABEL, other)
		}))
		r.Set(at, rtnl.Rule, decoded(t, rtnl.Rule, header(unix.SizeofRtMsg, 8, 0), func(e *netlink.AttributeEncoder) {
			e.Uint32(unix.FRA_PRIORITY, 5)
			e.Bytes(unix.FRA_IIFNAME, name)
			e.Bytes(unix.FRA_OIFNAME, other)
		}))
		r.Set(at, rtnl.Route, decoded(t, rtnl.Route, []byte{unix.AF_INET, 24, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0}, func(e *netlink.AttributeEncoder) {
			e.Bytes(unix.RTA_DST, []byte{10, 0, 0, 0})
			e.Uint32(unix.RTA_OIF, 7)
		}))
	}
	r.Close(recordingtest.T0 + recordingtest.Second)
	t.Setenv("NLREC_DB", db)
	for _, command := range []string{
		"show link", "show link -o ip-json", "show link -o brief", "show address", "show rule", "show rule -o json", "show route", "log", "log -o ndjson", "diff #1", "diff #1 -o json",
		"history link ifindex 7", "top", "query TABLE -o tsv", "query TABLE -o csv", "query TABLE -o json", "query TABLE -o line", "query TABLE -o markdown", "query TABLE -o html", "query TABLE -o box",
	} {
		args := strings.Fields(command)
		if i := slices.Index(args, "TABLE"); i >= 0 {
			args[i] = "SELECT * FROM link_history"
		}
		checkNames(t, args, inProcess)
	}
	if text, _, _ := strings.Cut(string(name), "\x00"); text != "" {
		checkFinds(t, 7, "show", "-o", "ip-json", "--", "link", "dev", text)
		printed, _ := inProcess("query", "-o", "tsv", "--no-header", "SELECT ifname FROM link")
		checkFinds(t, 7, "show", "-o", "ip-json", "--", "link", "dev", strings.TrimSuffix(string(printed), "\n"))
	}
}

// header is the fixed header of a message with a number of 32 bits in it.
func header(size, at int, n uint32) []byte {
	b := make([]byte, size)
	binary.NativeEndian.PutUint32(b[at:], n)
	if size != unix.SizeofIfInfomsg {
		b[0] = unix.AF_INET
	}
	return b
}

// decoded are the columns of a message.
func decoded(t *testing.T, k *rtnl.Kind, header []byte, encode func(*netlink.AttributeEncoder)) recordingtest.Values {
	e := netlink.NewAttributeEncoder()
	encode(e)
	attrs, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	row, err := k.Decode(append(header, attrs...))
	if err != nil {
		t.Fatal(err)
	}
	values := recordingtest.Values{}
	for i, column := range k.Columns {
		values[column] = row[i]
	}
	return values
}
