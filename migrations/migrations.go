// Package migrations holds the SQL of a recording: numbered migrations that
// make its tables, and the views over them that are its public contract.
// docs/schema.md describes the contract; design.md tells why it is so.
package migrations

import "embed"

// Files are the numbered migrations, for goose.
//
//go:embed *.sql
var Files embed.FS

// Views has a file for each view. One of a kind holds two statements: the
// label of an object in the change log, and the view; package store tells
// what stands in their stead for now, for the past and for an instant.
//
//go:embed views/*.sql
var Views embed.FS
