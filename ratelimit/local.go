package ratelimit

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	defaultMaxWait = time.Minute
	maxJitter      = 100 * time.Millisecond
	maxAlone       = time.Second // a slow reply must not hold everybody back
)

// Local is a [Limiter] for one process and one budget: share it between all
// clients that use the same credential at the same server. Make it with [New].
//
// Requests are admitted in the order in which they came. Every wait ends at
// once with its context. It runs no goroutine of its own and keeps a few
// bytes per waiting or admitted request.
type Local struct {
	rate        *rate.Limiter // nil without WithRate
	headers     Headers       // zero without WithHeaders
	maxInFlight int           // 0 without WithMaxInFlight
	maxWait     time.Duration

	mu      sync.Mutex
	queue   list.List // of *waiter, oldest first
	timer   *time.Timer
	flight  map[uint64]bool // admitted and not released; true once the reply is seen
	pending int             // how many of flight are false
	seq     uint64          // of the latest permit

	// What is known of the server.
	state  state
	scout  uint64    // the request that goes alone while state is unknown, or 0
	alone  time.Time // since when
	window window
	pause  block // after a 429 or 503
	warned time.Time

	// How waiters leave after a block: the next not before hold, the next
	// gaps of them up to gap apart.
	hold time.Time
	gap  time.Duration
	gaps int
}

type state int

const (
	unknown state = iota // one request goes alone, to learn
	free                 // the server tells nothing
	known                // window holds
)

type window struct {
	block            // its end; zero until a reply tells
	limit     int    // 0 if never told
	remaining int    // what may still be sent
	first     uint64 // replies to requests before this one belong to an earlier window

	// The lowest count that a reply told, and the latest permit at that time.
	// A higher count for a later permit can only come from a new window.
	low    int
	lowSeq uint64
}

// block is a time before which nothing is sent, and when that was learned.
type block struct{ until, since time.Time }

type waiter struct {
	deadline time.Time // zero if none
	ready    chan struct{}
	permit   Permit // valid after ready, unless err
	err      error
}

// New returns a Local that honours Retry-After, and whatever else opts say. A
// bad option is an error that names it.
func New(opts ...Option) (*Local, error) {
	l := &Local{maxWait: defaultMaxWait, flight: map[uint64]bool{}}
	for _, opt := range opts {
		if err := opt(l); err != nil {
			return nil, err
		}
	}
	if l.headers == (Headers{}) {
		l.state = free
	}
	return l, nil
}

// Acquire implements [Limiter]. It makes no difference between requests and
// does not use req. If ctx ends first, the error wraps ctx.Err and
// context.Cause. If the wait is known to outlast the deadline of ctx or the
// cap of [WithMaxWait], it fails at once with a [*WaitError].
func (l *Local) Acquire(ctx context.Context, _ *http.Request) (Permit, error) {
	if ctx.Err() != nil {
		return Permit{}, ended(ctx)
	}
	l.mu.Lock()
	now := time.Now()
	l.refresh(now)
	at, ok := l.next(now, l.queue.Len())
	if ok && l.queue.Len() == 0 && !at.After(now) {
		p := l.admit(now)
		l.mu.Unlock()
		return p, nil
	}
	w := &waiter{}
	w.deadline, _ = ctx.Deadline()
	if err := l.tooLong(now, at, w); err != nil {
		l.mu.Unlock()
		return Permit{}, err
	}
	w.ready = make(chan struct{})
	place := l.queue.PushBack(w)
	l.dispatch(now)
	l.mu.Unlock()

	select {
	case <-w.ready:
		return w.permit, w.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.ready: // It came in the same moment, and has to be released.
		return w.permit, w.err
	default:
	}
	l.queue.Remove(place)
	l.dispatch(time.Now()) // Stops the timer if nobody else waits.
	return Permit{}, ended(ctx)
}

func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return fmt.Errorf("ratelimit: %w", cause)
	}
	return fmt.Errorf("ratelimit: %w: %w", err, cause)
}

// Observe implements [Limiter].
func (l *Local) Observe(p Permit, resp *http.Response) {
	if resp == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.refresh(now)
	seen, ok := l.flight[p.Seq]
	if !ok {
		return
	}
	if !seen {
		l.flight[p.Seq] = true
		l.pending--
	}

	w := l.headers.Parse(resp.Header, now)
	current := p.Seq >= l.window.first
	refused := l.refused(resp, now, current)
	switch {
	case !current:
	case l.state == known && w.HasRemaining && !l.newer(p, w):
		l.merge(w, now)
	case w.HasRemaining && w.HasReset:
		l.adopt(p, w, now)
	case p.Seq == l.scout && !refused:
		l.state = free
	}
	if p.Seq == l.scout {
		l.scout = 0
	}
	l.dispatch(now)
}

// refused reports that the server sent the request away, and notes for how long.
func (l *Local) refused(resp *http.Response, now time.Time, current bool) bool {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return false
	}
	h := l.headers
	if !current {
		h.Reset = "" // the end of an earlier window says nothing
	}
	d, ok := h.Wait(resp, now)
	if resp.StatusCode == http.StatusServiceUnavailable && !ok {
		return false
	}
	if until := now.Add(d); d > 0 && until.After(l.pause.until) {
		l.pause = block{until, now}
	}
	return true
}

// newer reports that a reply to p comes from a window after the one held.
func (l *Local) newer(p Permit, w Window) bool {
	if !w.HasReset || l.window.until.IsZero() {
		return false
	}
	// Its earliest end, as if p had been counted at once and Reset rounded
	// up, is later than the latest end of the one held.
	if p.At.Add(w.Reset - time.Second).After(l.window.until) {
		return true
	}
	return w.Remaining > l.window.low && p.Seq > l.window.lowSeq
}

// adopt starts with the window that a reply to p tells.
func (l *Local) adopt(p Permit, w Window, now time.Time) {
	l.state = known
	l.window = window{
		block: block{now.Add(w.Reset + w.Slack), now},
		limit: l.window.limit,
		// Which window counted the requests on their way is not known.
		first:  l.seq + 1,
		low:    w.Remaining,
		lowSeq: l.seq,
	}
	if w.HasLimit {
		l.window.limit = w.Limit
	}
	// The server has not yet counted those sent after p, as far as one knows.
	l.window.remaining = max(0, w.Remaining-min(l.pending, int(l.seq-p.Seq)))
}

// merge adds what a reply tells of the window held. Replies overtake each
// other, so the lowest count and the earliest end are the nearest to the truth.
func (l *Local) merge(w Window, now time.Time) {
	if w.HasLimit {
		l.window.limit = w.Limit
	}
	l.window.remaining = min(l.window.remaining, w.Remaining)
	if w.Remaining <= l.window.low {
		l.window.low, l.window.lowSeq = w.Remaining, l.seq
	}
	if end := now.Add(w.Reset + w.Slack); w.HasReset && (l.window.until.IsZero() || end.Before(l.window.until)) {
		l.window.block = block{end, now}
	}
}

// Release implements [Limiter]. A second Release of a Permit does nothing.
func (l *Local) Release(p Permit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen, ok := l.flight[p.Seq]
	if !ok {
		return
	}
	delete(l.flight, p.Seq)
	if !seen {
		l.pending--
	}
	if p.Seq == l.scout {
		l.scout = 0
	}
	l.dispatch(time.Now())
}

// Snapshot is the state of a [Local] at one moment, for metrics.
type Snapshot struct {
	Limit       int       // Requests per window, 0 if unknown.
	Remaining   int       // What may still be sent in this window, -1 if unknown.
	Reset       time.Time // When the window ends, rounding included; zero if unknown.
	PausedUntil time.Time // Zero unless a 429 or 503 holds all requests back.
	InFlight    int       // Admitted and not yet released.
	Waiting     int       // Goroutines in Acquire.
}

// Snapshot returns the present state.
func (l *Local) Snapshot() Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh(time.Now())
	s := Snapshot{
		Remaining:   -1,
		PausedUntil: l.pause.until,
		InFlight:    len(l.flight),
		Waiting:     l.queue.Len(),
	}
	if l.state == known {
		s.Limit, s.Remaining, s.Reset = l.window.limit, l.window.remaining, l.window.until
	}
	return s
}

// dispatch admits from the head of the queue whoever may go, and sees to it
// that it is called again when the next one may.
func (l *Local) dispatch(now time.Time) {
	l.refresh(now)
	for l.queue.Len() > 0 {
		at, ok := l.next(now, 0)
		if ok && !at.After(now) {
			l.finish(l.queue.Front(), l.admit(now), nil)
			continue
		}
		if l.state == unknown && l.scout != 0 {
			at, ok = l.alone.Add(maxAlone), true
		}
		l.failLate(now)
		if l.queue.Len() == 0 || !ok {
			break
		}
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

func (l *Local) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dispatch(time.Now())
}

func (l *Local) finish(place *list.Element, p Permit, err error) {
	w := l.queue.Remove(place).(*waiter)
	w.permit, w.err = p, err
	close(w.ready)
}

// failLate sends away the waiters for whom the server's block is too long,
// once for each block.
func (l *Local) failLate(now time.Time) {
	b := l.blocked()
	if !b.until.After(l.warned) {
		return
	}
	l.warned = b.until
	var next *list.Element
	for e := l.queue.Front(); e != nil; e = next {
		next = e.Next()
		if err := l.tooLong(now, now, e.Value.(*waiter)); err != nil {
			l.finish(e, Permit{}, err)
		}
	}
}

// tooLong is the error for a waiter that cannot go before at, or nil if it may wait.
func (l *Local) tooLong(now, at time.Time, w *waiter) error {
	until := l.blocked().until
	if wait := until.Sub(now); wait > l.maxWait {
		return &WaitError{Wait: wait, Max: l.maxWait}
	}
	if until.After(at) {
		at = until
	}
	if !w.deadline.IsZero() && at.After(w.deadline) {
		return &WaitError{Wait: at.Sub(now), Max: w.deadline.Sub(now), Deadline: true}
	}
	return nil
}

// blocked is what the server imposes now; its times are zero if that is nothing.
func (l *Local) blocked() block {
	b := l.pause
	if l.state == known && l.window.remaining == 0 && l.window.until.After(b.until) {
		b = l.window.block
	}
	return b
}

// next is the earliest time at which a request with so many ahead of it may
// go. It reports false if that depends on a reply or a release.
func (l *Local) next(now time.Time, ahead int) (at time.Time, ok bool) {
	b := l.blocked()
	switch {
	case l.maxInFlight > 0 && len(l.flight) >= l.maxInFlight,
		l.state == unknown && l.scout != 0,
		l.state == known && l.window.remaining == 0 && b.until.IsZero():
		return time.Time{}, false
	}
	at = now
	for _, t := range []time.Time{b.until, l.hold} {
		if t.After(at) {
			at = t
		}
	}
	if l.rate != nil {
		// The microsecond makes up for what is lost in rounding.
		if missing := float64(ahead+1) - l.rate.TokensAt(at); missing > 0 {
			wait := min(missing/float64(l.rate.Limit()), longest.Seconds())
			at = at.Add(time.Duration(wait*1e9) + time.Microsecond)
		}
	}
	return at, true
}

// admit spends one place on a request that may go now.
func (l *Local) admit(now time.Time) Permit {
	l.seq++
	l.flight[l.seq] = false
	l.pending++
	switch l.state {
	case unknown:
		l.scout, l.alone = l.seq, now
	case known:
		l.window.remaining--
	}
	if l.rate != nil {
		l.rate.AllowN(now, 1)
	}
	if l.gaps > 0 {
		l.gaps--
		l.hold = now.Add(jitter(l.gap))
	}
	return Permit{Seq: l.seq, At: now}
}

// refresh drops what time has overtaken.
func (l *Local) refresh(now time.Time) {
	w := &l.window
	if p := l.pause; !p.until.IsZero() && !p.until.After(now) {
		l.pause = block{}
		l.spread(p)
	}
	if l.state == unknown && l.scout != 0 && now.Sub(l.alone) >= maxAlone {
		l.state = free // until a reply tells
	}
	if l.state == known && !w.until.IsZero() && !w.until.After(now) {
		if w.remaining == 0 {
			l.spread(w.block)
		}
		w.block = block{}
		w.remaining = w.limit
		w.first = l.seq + 1
		w.low = math.MaxInt
		if w.limit == 0 {
			l.forget()
		}
	}
	if l.state == known && w.remaining == 0 && w.until.IsZero() && l.pending == 0 {
		l.forget() // Nobody is left who could tell when the window ends.
	}
	if b := l.blocked(); b.until.Sub(now) > l.maxWait && now.Sub(b.since) >= l.maxWait {
		l.pause = block{}
		l.forget()
	}
}

func (l *Local) forget() {
	l.state, l.scout = unknown, 0
	l.window = window{limit: l.window.limit, first: l.seq + 1}
	l.warned = time.Time{}
}

// spread makes those who waited for b leave one by one, within a tenth of the
// wait and never more than maxJitter.
func (l *Local) spread(b block) {
	n := l.queue.Len()
	if n == 0 {
		return
	}
	l.gap = min(b.until.Sub(b.since)/10, maxJitter) / time.Duration(n)
	l.gaps = n - 1
	l.hold = b.until.Add(jitter(l.gap))
}

func jitter(most time.Duration) time.Duration {
	return rand.N(max(most, 1))
}
