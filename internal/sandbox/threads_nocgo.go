//go:build !cgo

package sandbox

// checkThreads always succeeds: the Go runtime knows its threads.
func checkThreads() error { return nil }
