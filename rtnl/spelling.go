package rtnl

import (
	"maps"
	"net/netip"
)

// The names that stand for numbers in rows, for whoever reads what people
// write. A number without a name is spelled in digits.

// ProtocolNames are the names of who installs routes, rules and nexthops.
func ProtocolNames() map[int64]string { return maps.Clone(protocols) }

// ScopeNames are the names of scopes.
func ScopeNames() map[int64]string { return maps.Clone(scopes) }

// TableNames are the names of routing tables, which rows have by number.
func TableNames() map[int64]string { return maps.Clone(tableNames) }

// IPProtocolNames are the names of IP protocols.
func IPProtocolNames() map[int64]string { return maps.Clone(ipProtocols) }

// AddressProtocolNames are the names of who sets addresses.
func AddressProtocolNames() map[int64]string { return maps.Clone(addressProtocols) }

// AddressText spells an IP address as rows do.
func AddressText(addr netip.Addr) string { return addressText(addr) }
