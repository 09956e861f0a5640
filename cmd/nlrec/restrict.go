package main

import (
	"fmt"
	"os"
	"path/filepath"

	"nlrec/internal/sandbox"
)

// restrictRecorder leaves a recorder that has opened what it needs little but
// the folder of its recording: what it reads from then on is written by
// whoever can name a link or set a route.
func restrictRecorder(path string) error {
	a := sandbox.Allowance{
		Write:   []string{filepath.Dir(path)},
		Read:    append(machineFiles(), "/proc"), // who holds the log
		Sockets: true,
	}
	if address := os.Getenv("NOTIFY_SOCKET"); filepath.IsAbs(address) {
		a.Connect = append(a.Connect, address)
	}
	if _, err := sandbox.Restrict(a); err != nil {
		return fmt.Errorf("restrict the recorder: %w", err)
	}
	return nil
}
