//go:build cgo

package sandbox

import (
	"fmt"
	"os"
)

// checkThreads fails where the threads of the process cannot be found: with cgo
// they are C's, and what restricts all of them looks into /proc and ends the
// process when it is of another pid namespace.
func checkThreads() error {
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/task", os.Getpid())); err != nil {
		return fmt.Errorf("find the threads of the process: %w; mount the /proc of its pid namespace", err)
	}
	return nil
}
