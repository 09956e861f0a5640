// Package recorder follows the kernel: it subscribes, dumps, and writes to a
// store whatever differs from what it believed. It decides what a message
// means for the timeline; how messages look is package rtnl's affair, how the
// timeline is kept package store's.
//
// Two goroutines do the work. One, on a thread of its own, only moves messages
// from the socket to an inbox (rtnl.Listener). The other owns the state and
// the store, and does everything else. A third only waits for the kernel to say
// that the clock was set (clock.go).
package recorder

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"nlrec/internal/health"
	"nlrec/rtnl"
	"nlrec/store"
)

// DefaultSocketBuffer is the receive buffer a recorder asks for: room for
// 160,000 notifications of IPv4 routes. It takes memory only as far as it is
// full.
const DefaultSocketBuffer = 128 << 20

// Config says how to record; its zero value will do.
type Config struct {
	Version string       // of nlrec, for the session
	Log     *slog.Logger // nil: silent

	// SocketBuffer is the size of the receive buffer to ask for, as the
	// kernel counts it; Queue bounds what waits in memory, in bytes.
	SocketBuffer, Queue int

	// Poll is how often to look for what the kernel never announces; 0 is
	// never. Where a look takes long it comes less often, see poll.go.
	Poll time.Duration

	// Limits say how much of the past is kept.
	Limits store.Limits

	// Alive is called now and then by the goroutine that writes, at least every
	// Beat while it is not stuck; 0: never.
	Alive func()
	Beat  time.Duration

	// Ready is called once the first dump is in the file. What it does to the
	// process's threads may interrupt them.
	Ready func(Summary)
	// Committed is called with every batch of changes that is in the file,
	// after Ready. It must not keep the slice.
	Committed func([]store.Change)
	// Pruned is called with every step that kept the recording within its
	// limits.
	Pruned func(store.Step)

	// Health is told how the recorder fares; nil: nobody asks.
	Health *Health

	// literal takes notifications at their word and looks no further: for
	// tests that show what that misses.
	literal bool
	// incurious infers but never looks again: for tests that show what
	// inference does alone.
	incurious bool
	// clock reads the clocks; nil: those of the machine. Tests set it.
	clock func() store.Clock
	// kept is how many changes wait for a file that cannot be written; 0:
	// maxKept.
	kept int
	// listenTo are the kinds whose groups to join; nil: all.
	listenTo []*rtnl.Kind
}

// Summary tells what a recorder found when it began.
type Summary struct {
	Objects      map[*rtnl.Kind]int // how many of each kind exist
	Links        map[int64]string   // names of the links by index
	SocketBuffer int                // the receive buffer it got
}

// A Recorder records the network namespace it was started in.
type Recorder struct {
	Config
	ctx      context.Context // never ends: what is begun is finished
	store    *store.Store
	state    *state
	inbox    *rtnl.Inbox
	listener *rtnl.Listener
	died     chan error // why the listener stopped
	dumper   *rtnl.Dumper
	decoder  rtnl.Decoder
	byType   map[uint16]*rtnl.Kind
	hints    map[uint16][]hint

	rest       []rtnl.Item               // taken from the inbox, to be worked on
	late       suspension                // what waited in the last one
	overslept  bool                      // a timer fired much too late
	filling    time.Time                 // since when changes wait to be written
	outage     *outage                   // nil: the file can be written
	resuming   *outage                   // the one that is being ended
	overrun    *loss                     // nil: nothing was lost since the last look at all
	blind      map[*rtnl.Kind]int64      // gaps of kinds that have objects which cannot be decoded
	known      map[*rtnl.Kind]int64      // as of when all of a kind was known last
	unsettled  map[*rtnl.Kind]*unsettled // kinds of which it has not been since
	refused    map[*rtnl.Kind]int64      // gaps of kinds that the kernel announces nothing of
	resting    time.Time                 // until when doubts must wait
	polls      polls
	retention  retention
	continued  chan os.Signal
	signalled  bool            // SIGCONT has come
	stop       <-chan struct{} // closed when the recorder is to end
	interrupts int64           // of the listener, as far as they are explained
	doubting   time.Time       // since when something is in doubt
	awake      int64           // when it was seen to run last
	time       timepiece
	now        func() store.Clock
	clockSet   <-chan struct{} // the clock was set
	ready      bool
	announced  bool
	longLog    bool      // it was said
	pulsed     time.Time // when somebody was last told that it is not stuck
}

const (
	calmDown = 5 * time.Millisecond // that a doubt waits for what the kernel still has to say
	patience = 5 * time.Second      // that it waits for an idle moment after that

	defaultQueue = 512 << 20
	maxBatch     = 50_000                 // changes in a transaction
	maxDelay     = 200 * time.Millisecond // that a change waits for others under load
	restFactor   = 10                     // looking again takes at most this part of the time
)

// Run records until the context ends, which is no error. The store is left
// open; its session has ended.
func Run(ctx context.Context, s *store.Store, c Config) error {
	r := newRecorder(ctx, s, c)
	if err := r.load(); err != nil {
		return err
	}
	if err := s.Reserve(); err != nil {
		r.Log.Warn("no space can be set aside for when the disk is full", "error", err)
	}
	return r.listen(ctx)
}

// load takes in what an earlier session recorded.
func (r *Recorder) load() error {
	defer debug.SetGCPercent(debug.SetGCPercent(sparing))
	for _, k := range rtnl.Kinds() {
		objects, err := r.store.Current(r.ctx, k)
		if err != nil {
			return err
		}
		r.state.hold(k, objects)
	}
	return nil
}

func newRecorder(ctx context.Context, s *store.Store, c Config) *Recorder {
	r := &Recorder{Config: c, ctx: context.WithoutCancel(ctx), store: s, state: newState(s),
		died: make(chan error, 1), byType: map[uint16]*rtnl.Kind{}, hints: map[uint16][]hint{}, blind: map[*rtnl.Kind]int64{},
		known: map[*rtnl.Kind]int64{}, unsettled: map[*rtnl.Kind]*unsettled{}, refused: map[*rtnl.Kind]int64{}, continued: make(chan os.Signal, 1)}
	r.state.literal, r.state.incurious = c.literal, c.literal || c.incurious
	if r.now = c.clock; r.now == nil {
		r.now = clocks
	}
	r.time.last = r.now()
	r.time.noted = r.time.last
	r.inbox = rtnl.NewInbox(cmp.Or(r.Queue, defaultQueue))
	if r.Health == nil {
		r.Health = &Health{}
	}
	r.Health.begin()
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	for _, k := range rtnl.Kinds() {
		r.byType[k.New], r.byType[k.Del] = k, k
		for number, read := range k.Hints {
			r.hints[number] = append(r.hints[number], read)
		}
	}
	return r
}

// listen opens the sockets and records while they are open.
func (r *Recorder) listen(ctx context.Context) (err error) {
	r.stop = ctx.Done()
	kinds := r.listenTo
	if kinds == nil {
		kinds = rtnl.Kinds()
	}
	r.listener, err = rtnl.Listen(kinds, cmp.Or(r.SocketBuffer, DefaultSocketBuffer), r.inbox, r.stamp())
	if err != nil {
		return err
	}
	stopped := make(chan struct{})
	go func() {
		r.died <- r.listener.Run()
		close(stopped)
	}()
	defer func() {
		r.inbox.Close()
		err = errors.Join(err, r.listener.Flush())
		<-stopped
		err = errors.Join(err, r.listener.Close())
	}()
	if r.dumper, err = rtnl.NewDumper(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.dumper.Close()) }()
	signal.Notify(r.continued, unix.SIGCONT)
	defer signal.Stop(r.continued)
	set, closeClock, err := watchClock()
	if err != nil {
		r.Log.Info("the kernel does not tell when the clock is set: it is looked at with every change, and when polls are due", "error", err)
	} else {
		r.clockSet = set
		defer func() { err = errors.Join(err, closeClock()) }()
	}
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.follow(ctx); err != nil {
		return err
	}
	return r.end()
}

// begin looks at everything for the first time in this session. What an
// earlier session recorded is compared, and the time since is a gap.
func (r *Recorder) begin() error {
	r.busy("looking at everything for the first time")
	at := r.now()
	r.awake = at.Wall
	r.time.last, r.time.noted = at, at
	watched, polled, err := r.store.Begin(r.ctx, at, r.Version)
	if err != nil {
		return r.outageOf(err)
	}
	for _, k := range rtnl.Kinds() {
		r.known[k] = polled
	}
	why := purpose{how: store.Dumped, blind: true}
	if watched > at.Wall {
		r.time.unseen = watched
	}
	if watched != 0 {
		why.how = store.Found
		if why.gap, err = r.openGap(store.Gap{From: min(watched, at.Wall), Reason: "not recording"}); err != nil {
			return err
		}
	}
	if err := r.noteRefused(); err != nil {
		return err
	}
	if err := r.lookFirst(why); err != nil || r.outage != nil {
		return err
	}
	now := r.wall()
	if why.gap != nil {
		if err := r.closeGap(why.gap.id, now, 0); err != nil || r.outage != nil {
			return err
		}
	}
	if err := r.store.Ready(r.ctx, now); err != nil {
		return r.outageOf(err)
	}
	if err := r.beginRetention(at); err != nil {
		return r.outageOf(err)
	}
	r.polls.begin(r.Poll)
	r.ready = true
	r.Health.update(func(h *health.Report) { h.Ready, h.Buffer = true, r.listener.Buffer })
	r.announce()
	if r.overrun != nil {
		return r.tellLoss()
	}
	return nil
}

// announce says that the first dump is in the file, once.
func (r *Recorder) announce() {
	if !r.announced && r.Config.Ready != nil {
		found := Summary{Objects: map[*rtnl.Kind]int{}, Links: r.state.linkNames(), SocketBuffer: r.listener.Buffer}
		for _, k := range rtnl.Kinds() {
			found.Objects[k] = r.state.count(k)
		}
		r.Config.Ready(found)
		r.interrupts = r.listener.Interrupts()
	}
	r.announced = true
}

// lookFirst looks at everything until nothing is lost meanwhile. Where changes
// come faster than they can be written it gives up, and leaves the last loss to
// be recovered from.
func (r *Recorder) lookFirst(why purpose) error {
	for range dumps {
		r.overrun = nil
		if err := r.lookAtAll(why); err != nil || r.overrun == nil {
			return err
		}
	}
	return nil
}

// lookAtAll looks at every kind, and writes what it found.
func (r *Recorder) lookAtAll(why purpose) error {
	r.takeDoubts()
	var all []*look
	for _, k := range rtnl.Kinds() {
		all = append(all, newLook(subject{k, 0}, doubt{}))
	}
	if err := r.settle(all, why); err != nil {
		return err
	}
	r.polls.took(all)
	return r.commit()
}
