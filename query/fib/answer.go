package fib

import (
	"net/netip"
	"syscall"
)

// An Answer is what the kernel would have said. The zero value of what it did
// not say means that.
type Answer struct {
	Family   string
	Err      syscall.Errno // why there is no way; the rest but Dst is empty then
	Type     string
	Dst      netip.Addr
	From     netip.Addr
	Encap    string
	TOS      int64 // that the route is for
	Gateway  netip.Addr
	Dev      string
	Table    int64
	Protocol string
	Scope    string
	Prefsrc  netip.Addr
	Metric   *int64
	Mark     int64
	Realms   Realms
	UID      *int64
	Cache    []string
	Metrics  string // JSON as in the view route
	IIF      string
	Pref     string

	Steps []string // how the answer came about
	Notes []string // what could not be known
}

// Refusal is the answer's error in the words of strerror(3); empty: there is
// none.
func (a *Answer) Refusal() string {
	if a.Err == found {
		return ""
	}
	return errorText(a.Err)
}

// TableName is the name of the answer's table, or its number; empty: in none.
func (a *Answer) TableName() string {
	if a.Table == 0 {
		return ""
	}
	return tableName(a.Table)
}
