package query

import (
	"database/sql/driver"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// A Function is one that nlrec adds to those of SQLite.
type Function struct {
	Name      string
	Arguments []string
	Meaning   string
	call      func(l *timeline, args []driver.Value) (driver.Value, error)
}

// Functions lists the functions that only nlrec has. An argument that is none
// of what they take, and NULL, makes NULL.
func Functions() []Function {
	return []Function{
		{"covers", []string{"outer", "inner"}, "1: every address of a prefix, or an address, is in another prefix: covers('10.0.0.0/8', dst)", callCovers},
		{"family", []string{"prefix"}, "inet or inet6, of an address or a prefix", ofPrefix(func(p netip.Prefix, _ string) any { return familyOf(p.Addr()) })},
		{"prefix_length", []string{"prefix"}, "the number behind the slash; of an address that of all its bits; 0 of default",
			ofText(func(text string) any { return prefixLength(text) })},
		{"host", []string{"prefix"}, "the address before the slash, with what is behind the prefix: 192.0.2.10 of 192.0.2.10/24", ofPrefix(func(_ netip.Prefix, host string) any { return host })},
		{"network", []string{"prefix"}, "the prefix as route.dst has it: 192.0.2.0/24 of 192.0.2.10/24", ofPrefix(func(p netip.Prefix, _ string) any { return networkText(p) })},
		{"address_key", []string{"prefix"}, "octets that compare as numbers: ORDER BY address_key(dst); default, then IPv4, then IPv6",
			ofText(func(text string) any { return addressKey(text) })},
		{"instant", []string{"text"}, "microseconds since 1970 of what --at takes, in the recording or outside: at_us >= instant('yesterday')", callInstant},
		{"local_time", []string{"us"}, "local time as --at takes it; NULL for 9223372036854775807", ofMicroseconds(func(l *timeline, us int64) any { return FormatTime(us, l.loc) })},
		{"duration", []string{"us"}, "a span as 1h5m, of microseconds: duration(valid_to_us - valid_from_us); NULL when it lasts",
			ofMicroseconds(func(_ *timeline, us int64) any { return durationText(us) })},
	}
}

// Call is how a function is called.
func (f Function) Call() string { return f.Name + "(" + strings.Join(f.Arguments, ", ") + ")" }

// isOwnFunction reports whether a function is none of SQLite's.
func isOwnFunction(name string) bool {
	return slices.ContainsFunc(Functions(), func(f Function) bool { return f.Name == name })
}

// registerFunctions makes the functions known to the connections of a driver.
// Their errors are handed to fail, because SQLite passes on no more than texts.
func registerFunctions(d *sqlite.Driver, l *timeline, fail func(error) error) error {
	for _, f := range Functions() {
		call := func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			v, err := f.call(l, args)
			return v, fail(err)
		}
		if err := d.RegisterDeterministicScalarFunction(f.Name, int32(len(f.Arguments)), call); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func ofText(f func(string) any) func(*timeline, []driver.Value) (driver.Value, error) {
	return func(_ *timeline, args []driver.Value) (driver.Value, error) {
		if text, ok := args[0].(string); ok {
			return f(text), nil
		}
		return nil, nil
	}
}

// ofPrefix makes a function of a prefix and of the address that it is written
// with.
func ofPrefix(f func(p netip.Prefix, host string) any) func(*timeline, []driver.Value) (driver.Value, error) {
	return ofText(func(text string) any {
		p, err := parsePrefix(text)
		if err != nil {
			return nil
		}
		host, _, _ := strings.Cut(text, "/")
		if addr, err := netip.ParseAddr(host); err == nil {
			host = addr.String()
		} else {
			host = p.Addr().String() // 10/8
		}
		return f(p, host)
	})
}

// ofMicroseconds makes a function of a number of microseconds that is not so
// large as to mean that there is no end.
func ofMicroseconds(f func(*timeline, int64) any) func(*timeline, []driver.Value) (driver.Value, error) {
	return func(l *timeline, args []driver.Value) (driver.Value, error) {
		us, ok := args[0].(int64)
		if real, isReal := args[0].(float64); isReal && math.Abs(real) < maxSpan {
			us, ok = int64(real), true
		}
		if !ok || us > maxSpan || us < -maxSpan {
			return nil, nil
		}
		return f(l, us), nil
	}
}

func callCovers(_ *timeline, args []driver.Value) (driver.Value, error) {
	outer, ok := args[0].(string)
	inner, also := args[1].(string)
	if !ok || !also {
		return nil, nil
	}
	return covers(outer, inner), nil
}

// callInstant finds an instant, which may lie outside of the recording.
func callInstant(l *timeline, args []driver.Value) (driver.Value, error) {
	switch text := args[0].(type) {
	case string:
		return l.microseconds(text)
	case int64:
		return text, nil
	}
	return nil, nil
}

func familyOf(a netip.Addr) string {
	if a.Is4() {
		return "inet"
	}
	return "inet6"
}

func prefixLength(text string) any {
	if isAll(text) {
		return int64(0)
	}
	p, err := parsePrefix(text)
	if err != nil {
		return nil
	}
	return int64(p.Bits())
}

// networkText writes a prefix as ip(8) does.
func networkText(p netip.Prefix) string {
	switch p.Bits() {
	case 0:
		return "default"
	case p.Addr().BitLen():
		return p.Addr().String()
	}
	return p.String()
}

// addressKey is octets that compare as addresses do as numbers, and prefixes of
// one address by their lengths.
func addressKey(text string) any {
	if isAll(text) {
		return []byte{}
	}
	p, err := parsePrefix(text)
	if err != nil {
		return nil
	}
	key := append([]byte{byte(p.Addr().BitLen())}, p.Addr().AsSlice()...)
	return append(key, byte(p.Bits()))
}

func durationText(us int64) string {
	if us < 0 {
		return "-" + durationText(-us)
	}
	if us > math.MaxInt64/1000 {
		return fmt.Sprintf("%dd", us/(24*time.Hour).Microseconds())
	}
	return FormatSpan(time.Duration(us) * time.Microsecond)
}
