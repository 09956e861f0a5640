package main

import (
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"nlrec/recorder"
)

// A manager is the service manager that started the recorder, and waits to hear
// from it: sd_notify(3). Where there is none, nobody is told.
type manager struct {
	beat time.Duration // how often it wants a sign of life; 0: never
}

// newManager finds out what the manager wants. Half the time that it waits at
// most is what sd_watchdog_enabled(3) advises.
func newManager() manager {
	timeout, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		timeout = 0 // the variable is not for this process
	}
	return manager{timeout / 2}
}

func (manager) tell(state string) { _, _ = daemon.SdNotify(false, state) } // nobody listens: it is told to nobody

func (m manager) ready(found recorder.Summary) {
	m.tell(daemon.SdNotifyReady + "\nSTATUS=recording " + counts(found))
}

func (m manager) alive()    { m.tell(daemon.SdNotifyWatchdog) }
func (m manager) stopping() { m.tell(daemon.SdNotifyStopping) }
