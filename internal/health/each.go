package health

import (
	"errors"
	"net"
	"time"
)

// AtOnce is how many are answered at the same time: each takes a file, of which a
// recorder needs some itself.
const AtOnce = 64

// pause is how long nobody is answered when there are no files left.
const pause = 100 * time.Millisecond

// ServeEach answers whoever connects, AtOnce at a time, until the listener is
// closed. It closes the connection after the answer.
func ServeEach(l net.Listener, answer func(net.Conn)) {
	free := make(chan struct{}, AtOnce)
	for {
		free <- struct{}{}
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(pause)
			<-free
		default:
			go func() {
				answer(c)
				_ = c.Close() // whoever asked may have gone
				<-free
			}()
		}
	}
}
