package query

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"time"
)

// SQLite's own limit on memory needs statistics, with which the driver is not
// built, and would not count what Go holds. So whoever asks looks every few
// milliseconds what the kernel says.
const memoryInterval = 10 * time.Millisecond

// watchMemory returns a context that ends with ErrMemory as its cause when the
// process takes more octets than max, which is 0 for any number.
func watchMemory(ctx context.Context, max int64) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := func() { cancel(context.Canceled) }
	if max == 0 {
		return ctx, stop
	}
	ticker := time.NewTicker(memoryInterval)
	go func() {
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if residentMemory() > max {
					cancel(ErrMemory)
				}
			}
		}
	}()
	return ctx, stop
}

// residentMemory is how many octets of memory the process takes, by
// proc_pid_statm(5); 0: not known.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
