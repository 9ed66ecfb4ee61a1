package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/concurrency"
	"github.com/integrations-go/sdk/ratelimit/internal/pacing"
	"github.com/integrations-go/sdk/ratelimit/internal/queue"
	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// defaultMaxWait is a window of a minute, the second of its rounding, and some seconds more.
const defaultMaxWait = 65 * time.Second

// Local is a [Limiter] for one process and one budget. Share it between all clients that use the
// same credential at the same server. Create it with [New]. The zero value is equal to
// the result of New without options. It is safe for concurrent use.
//
// Requests without a deadline are admitted in the order in which they arrived. Those with a
// deadline keep their places in that order, but the earliest deadline takes the first of these.
// Every wait ends at once with its context. Local runs no goroutine of its own and keeps a few
// bytes per waiting or admitted request.
type Local struct {
	settings settings

	mu         sync.Mutex
	queue      waiters
	timer      *time.Timer
	ledger     ledger
	departures departures

	// The limits. The next request leaves at the latest of their times.
	server      servers.Server // the window that the responses state
	pause       servers.Pause
	rate        servers.AdaptiveRate
	concurrency concurrency.Limit
	ceiling     servers.Ceiling
	sharing     *pacing.Pacer // nil without WithSharedWindow
}

// New returns a Local that obeys Retry-After and the limits of opts. For an option that is not
// valid it returns an error that names it.
func New(opts ...Option) (*Local, error) {
	l := &Local{}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("ratelimit: New: option %d of %d is nil", i+1, len(opts))
		}
		if err := opt(l); err != nil {
			return nil, err
		}
	}
	l.setDefaults()
	return l, nil
}

var errNil = errors.New("ratelimit: the *Local is nil; create it with New, and check the error of New")

// setDefaults sets the fields that New does not, on the first call. l.mu must be held, unless l is
// new.
func (l *Local) setDefaults() {
	if l.server != nil {
		return
	}
	l.ledger.entries = map[uint64]entry{}
	if l.settings.maxWait == 0 {
		l.settings.maxWait = defaultMaxWait
	}
	l.server = servers.NewFixedWindow(servers.Unknown)
	if l.settings.headers == (Headers{}) {
		l.server.Silence()
	}
}

// Acquire implements [Limiter]. Requests with the priority [Low] let the others pass. Apart from
// priority and deadline it treats all requests alike and does not use req. If ctx ends first, the
// error wraps ctx.Err and context.Cause. If the wait is known to be longer than the deadline of ctx
// or the limit of [WithMaxWait] allows, Acquire fails at once with a [*WaitError]. A wait that
// leaves less time until the deadline than responses usually take is too long as well. A nil Local,
// such as New returns beside an error, admits nothing: Acquire returns an error that says so.
func (l *Local) Acquire(ctx context.Context, _ *http.Request) (Permit, error) {
	if l == nil {
		return Permit{}, errNil
	}
	if ctx.Err() != nil {
		return Permit{}, ended(ctx)
	}
	p, w, err := l.enter(ctx)
	if w == nil {
		return p, err
	}
	returned := false
	defer func() {
		if !returned { // ctx, a hook or a limit has panicked.
			l.leave(w, nil)
			l.Release(w.permit)
		}
	}()
	l.tick()
	select {
	case <-w.ready:
	case <-ctx.Done():
		l.leave(w, ended(ctx))
	}
	if w.err == nil && l.settings.hooks.Wait != nil {
		l.settings.hooks.Wait(w.permit.At.Sub(w.since))
	}
	returned = true
	return w.permit, w.err
}

// enter admits a request with ctx if it may leave now. If it has to wait, it returns its waiter,
// which is in the queue. The caller must call dispatch then.
func (l *Local) enter(ctx context.Context) (Permit, *waiter, error) {
	deadline, _ := ctx.Deadline()
	l.mu.Lock()
	defer l.mu.Unlock() // Methods of ctx may panic, and the caller recover.
	l.setDefaults()
	now := time.Now()
	l.advance(now)
	idle := l.queue.Len() == 0
	if at, ok := l.next(now, 0, deadline); ok && idle && !at.After(now) {
		return l.admit(now), nil, nil
	}
	w := &waiter{
		Entry: queue.NewEntry(ctx, now, deadline, l.ledger.trip.Most()), since: now, ready: make(chan struct{}),
	}
	at, _ := l.next(now, l.queue.Ahead(w), deadline)
	if err := l.tooLong(now, at, w); err != nil {
		return Permit{}, nil, err
	}
	l.queue.Push(w)
	return Permit{}, w, nil
}

// leave takes w out of the queue and ends its wait with err. It does nothing if w was admitted in
// the same moment. Then its permit must be released.
func (l *Local) leave(w *waiter, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.ready:
		return
	default:
	}
	l.queue.Remove(w)
	w.finish(Permit{}, err)
	l.dispatch(time.Now()) // Stops the timer if nobody else waits.
}

// ended returns the error of a context that has ended, and its cause.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) && strings.Contains(cause.Error(), err.Error()) {
		return fmt.Errorf("ratelimit: %w", cause) // the text has both
	}
	return fmt.Errorf("ratelimit: %w: %w", err, cause)
}

// Observe implements [Limiter].
func (l *Local) Observe(p Permit, resp *http.Response) {
	if l == nil || resp == nil {
		return
	}
	o := l.learn(p, resp)
	hooks := &l.settings.hooks
	if o.refused && hooks.Refused != nil {
		hooks.Refused(resp.StatusCode, o.wait)
	}
	if o.window != nil {
		hooks.Window(*o.window)
	}
}

// outcome holds the arguments of the hooks after a response.
type outcome struct {
	wait    time.Duration // how long a refusal holds back all requests
	refused bool
	window  *Snapshot // nil if no new window has begun, or no hook shows it
}

// learn passes the response to p to all limits.
func (l *Local) learn(p Permit, resp *http.Response) (o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.setDefaults()
	l.advance(now)
	e, ok := l.ledger.answer(p.Seq, now)
	if !ok {
		return outcome{}
	}
	r := l.settings.headers.parse(resp, now)
	shared := l.observeShared(e, r, now)
	o.refused, o.wait = r.Refused, l.refused(p, e, r, now)
	if !r.Refused || r.limited { // A 503 is no limit.
		l.adapt(p, e, r.Window, r.Refused, now)
	}
	began := !shared && l.observe(p, e, r, now)
	if l.queue.Len() > 0 {
		l.dispatch(now)
	}
	if began && l.settings.hooks.Window != nil {
		s := l.snapshot()
		o.window = &s
	}
	return o
}

// observe passes the counts of a response to the server. It reports whether the response shows a
// new window. l.mu must be held.
func (l *Local) observe(p Permit, e entry, r Response, now time.Time) (began bool) {
	req := servers.Request{
		Seq: p.Seq, Sent: e.sent, Low: e.low, Uncounted: l.ledger.uncounted(e.sent), Refused: r.Refused,
	}
	var done servers.Block
	l.server, began, done = l.server.Observe(req, servers.Counts(r.Window), l.traffic(now))
	l.departures.begin(done, l.queue.Len())
	return began
}

// refused returns for how long a refusal holds back all requests, 0 if r is no refusal or holds
// back its sender only. l.mu must be held.
func (l *Local) refused(p Permit, e entry, r Response, now time.Time) time.Duration {
	if !r.Refused {
		l.pause.Accept()
		return 0
	}
	t := l.traffic(now)
	if !l.server.Refuse(p.Seq, l.pause.First(p.Seq), t) {
		r.HasReset = false // It has another reason than this window.
	}
	d, _ := r.Wait()
	d = l.pause.Wait(d, p.Seq, t)
	if r.limited && l.ledger.pending > 0 && l.tooManyInFlight(e, r.Window) {
		return 0 // Only its sender waits, for the server works on the others.
	}
	if r.limited && l.endsWithWindow(d, now) {
		return 0 // The others wait for that end, and its sender as well.
	}
	l.pause.Extend(d, now)
	return d
}

// Release implements [Limiter]. A second Release of a Permit does nothing.
func (l *Local) Release(p Permit) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.setDefaults()
	e, ok := l.ledger.release(p.Seq)
	if !ok {
		return
	}
	if !e.answered {
		now := time.Now()
		l.lostShared(e, now)
		l.advance(now) // A window that has ended is not the one that may have counted the request.
		l.server.Lose(servers.Request{Seq: p.Seq, Sent: e.sent}, l.traffic(now))
	}
	l.server.Release(p.Seq)
	if l.queue.Len() > 0 {
		l.dispatch(time.Now())
	}
}

// traffic describes the requests of l at now. l.mu must be held.
func (l *Local) traffic(now time.Time) servers.Traffic {
	return servers.Traffic{
		Now: now, Newest: l.ledger.seq, InFlight: len(l.ledger.entries), Pending: l.ledger.pending,
		Waiting: l.queue.Len(), Contended: l.ledger.contended, MaxWait: l.settings.maxWait,
		RoundTrip: l.ledger.trip.Most(), CatchUp: servers.CatchUp,
	}
}

// advance applies the time to all limits. l.mu must be held.
func (l *Local) advance(now time.Time) {
	if ended := l.pause.Advance(now); !ended.Until.IsZero() {
		l.server.Resume(ended.Until)
		l.rate.Resume(ended.Until)
		l.departures.begin(ended, l.queue.Len())
	}
	t := l.traffic(now)
	if ended := l.server.Advance(t); !ended.Until.IsZero() {
		l.departures.begin(ended, l.queue.Len())
	}
	if l.pause.Blocked(l.server).Until.IsZero() {
		return // as nearly always, and faster
	}
	var asksAgain bool
	if l.server, asksAgain = l.pause.Recheck(l.server, t); asksAgain {
		l.queue.checked = time.Time{}
	}
}

// dispatch admits the waiters that may leave now, and sets the timer to the time of the next one.
// l.mu must be held.
func (l *Local) dispatch(now time.Time) {
	l.advance(now)
	for w, waiting := l.queue.Front(); waiting; w, waiting = l.queue.Front() {
		at, ok := l.next(now, 0, w.Deadline)
		if ok && !at.After(now) {
			if w = l.leader(w, now); l.settle(w, now) {
				p := l.admit(now) // It counts w among the waiters.
				l.queue.Admit(w)
				w.finish(p, nil)
			}
			continue
		}
		if !ok {
			at = l.recheck(now)
		}
		l.server.Delayed(l.traffic(now))
		l.failLate(now)
		if l.timer == nil {
			l.timer = time.AfterFunc(at.Sub(now), l.tick)
		} else {
			l.timer.Reset(at.Sub(now))
		}
		return
	}
	if l.timer != nil {
		l.timer.Stop()
	}
}

// settle reports whether w can still use a place. If it can't, its wait ends with an error, and its
// place goes to the next one. l.mu must be held.
func (l *Local) settle(w *waiter, now time.Time) bool {
	err := l.tooLong(now, now, w)
	if err != nil {
		l.queue.Remove(w)
		w.finish(Permit{}, err)
	}
	return err == nil
}

// leader returns the waiter that leaves now, by default front. A request that looks for the end of
// the window needs time for two responses, if there is one that has it: if it ended without a
// response, all others would wait for the latest end. l.mu must be held.
func (l *Local) leader(front *waiter, now time.Time) *waiter {
	if !l.server.Probing(l.traffic(now)) {
		return front
	}
	if w, ok := l.queue.FirstAfter(front, now.Add(2*l.ledger.trip.Most())); ok {
		return w
	}
	return front
}

// recheck returns when to look again while all wait for a response: when the probe is given up, the
// window ends, or the limit in flight rises with time. l.mu must be held.
func (l *Local) recheck(now time.Time) time.Time {
	seq, sent := l.server.Probe()
	if seq == 0 {
		return now.Add(time.Second)
	}
	at := sent.Add(servers.MaxProbe)
	if _, _, until := l.server.Window(); l.server.State() == servers.Open && until.Before(at) {
		at = until
	}
	return at
}

func (l *Local) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dispatch(time.Now())
}

// finish ends the wait of w, which is in no queue any more. The mu of the Local must be held.
func (w *waiter) finish(p Permit, err error) {
	w.permit, w.err = p, err
	close(w.ready)
}

// failLate ends the wait of all waiters for whom the block is too long, once for each block. l.mu
// must be held.
func (l *Local) failLate(now time.Time) {
	until := l.certain()
	if !until.After(l.queue.checked) {
		return
	}
	l.queue.checked = until
	for w := range l.queue.All() {
		l.settle(w, now)
	}
}

// tooLong returns the error for a waiter that can't leave before at, nil if it may wait. l.mu must
// be held.
func (l *Local) tooLong(now, at time.Time, w *waiter) error {
	until := l.certain()
	if wait := until.Sub(now); wait > l.settings.maxWait {
		return &WaitError{Wait: wait, Max: l.settings.maxWait}
	}
	if needed, tooLate := w.TooLate(latest(at, until), l.ledger.trip.Most()); tooLate {
		return &WaitError{Wait: needed.Sub(now), Max: w.Deadline.Sub(now), Deadline: true}
	}
	return nil
}

// certain returns the time before which certainly no request leaves, zero if there is none. While a
// probe is on its way, the end of the window is not certain. l.mu must be held.
func (l *Local) certain() time.Time {
	if seq, _ := l.server.Probe(); seq != 0 {
		return l.pause.Until
	}
	return l.pause.Blocked(l.server).Until
}

// next returns the earliest time at which a request with so many ahead of it and this deadline may
// leave. It reports false if that depends on a response or a release. l.mu must be held.
func (l *Local) next(now time.Time, ahead int, deadline time.Time) (at time.Time, ok bool) {
	if most := l.mostInFlight(now); most > 0 && len(l.ledger.entries) >= most {
		return time.Time{}, false
	}
	at, ok = l.server.Next(l.traffic(now), deadline)
	if !ok {
		return time.Time{}, false
	}
	at = latest(at, now, l.pause.Until)
	if deadline.IsZero() || l.departures.next.Add(l.ledger.trip.Most()).Before(deadline) {
		at = latest(at, l.departures.next) // Otherwise it may leave at once.
	}
	if l.server.State() == servers.Silent {
		at = latest(at, l.rate.Next(now, ahead))
	}
	at = latest(at, l.sharedSlot(now))
	return l.ceiling.Next(at, ahead), true
}

// mostInFlight returns the limit of requests in flight, 0 if there is none. l.mu must be held.
func (l *Local) mostInFlight(now time.Time) int {
	n := l.settings.maxInFlight
	if limit := l.concurrency.Max(now); limit > 0 && (n == 0 || limit < n) {
		n = limit
	}
	return n
}

// admit takes a place of each limit for a request that leaves now. l.mu must be held.
func (l *Local) admit(now time.Time) Permit {
	if len(l.ledger.entries) == 0 {
		l.concurrency.Resume(now) // Time in which nothing was tried proves nothing.
	} else {
		l.ledger.contended = now
	}
	t := l.traffic(now)
	t.Newest++
	low := l.server.Admit(t)
	if l.server.State() == servers.Silent {
		l.rate.Admit(now)
	}
	l.ledger.admit(low, l.admitShared(now), now)
	l.ceiling.Admit(now)
	l.departures.leave(now)
	return Permit{Seq: l.ledger.seq, At: now}
}

func latest(t time.Time, others ...time.Time) time.Time {
	for _, other := range others {
		if other.After(t) {
			t = other
		}
	}
	return t
}
