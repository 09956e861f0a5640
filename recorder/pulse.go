package recorder

import "time"

// pulse shows that the recorder is not stuck, if somebody waits for that and
// some time has passed. It is called wherever work can take long.
func (r *Recorder) pulse() {
	if r.Beat == 0 || time.Since(r.pulsed) < r.Beat/2 {
		return
	}
	r.pulsed = time.Now()
	r.Alive()
}

// beat fires when it is time for a pulse although nothing happens; nil, which
// never does, where nobody waits for it.
func (r *Recorder) beat() <-chan time.Time {
	if r.Beat == 0 {
		return nil
	}
	return time.After(time.Until(r.pulsed.Add(r.Beat / 2)))
}
