package ratelimit

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/integrations-go/sdk/ratelimit/internal/concurrency"
	"github.com/integrations-go/sdk/ratelimit/internal/pacing"
)

const (
	defaultMaxWait = 65 * time.Second // A window of a minute, and what its end may be rounded by.
	maxJitter      = 100 * time.Millisecond
)

// Local is a [Limiter] for one process and one budget. Share it between all clients that use the
// same credential at the same server. Create it with [New]; the zero value is what New returns
// without options. It is safe for concurrent use.
//
// Requests are admitted in the order in which they arrived. Every wait ends at once with its
// context. Local runs no goroutine of its own and keeps a few bytes per waiting or admitted
// request.
type Local struct {
	rate        *rate.Limiter // nil without WithRate
	headers     Headers       // zero without WithHeaders
	maxInFlight int           // 0 without WithMaxInFlight
	maxWait     time.Duration

	hooks Hooks

	mu      sync.Mutex
	queue   queue
	timer   *time.Timer
	flight  map[uint64]place // admitted and not released
	pending int              // how many of flight have no reply
	seq     uint64           // of the latest permit

	// What is known of the server.
	state     state
	scout     uint64    // the request that goes alone, or 0
	alone     time.Time // since when
	window    window
	longest   time.Duration // the longest reset that was told twice in a row, or more
	claimed   time.Duration // the latest reset
	late      bool          // the last window began later than the one before it told
	stretched int           // how often the period was found to be longer
	shorts    int           // how often in a row the server refused one of a few requests
	shortSeq  uint64        // the latest permit at the last of these
	passed    bool          // a later one was accepted
	plenty    time.Time     // when the server last had so much that the period was made shorter
	smooth    int           // above 0 if the server refills all the time instead of at the end of a window
	slot      time.Time     // of the latest request to such a server
	burst     time.Time     // the latest one that was not spread
	stood     time.Time     // when the latest time ended in which nothing was sent to it
	scarce    time.Time     // when somebody waited while requests to it were spread
	pause     block         // after a 429 or 503
	warned    time.Time
	untold    int    // refusals in a row that named no wait
	untoldSeq uint64 // the latest permit at the last refusal
	pace      pace
	crowd     concurrency.Limit
	trip      trip
	sharing   *pacing.Pacer // nil without WithSharedWindow
	shared    time.Time     // when there were several requests at the same time, last

	// How waiters leave after a block: the next not before hold, the next
	// gaps of them up to gap apart.
	hold   time.Time
	spread time.Duration
	gaps   int
}

// place is an admitted request.
type place struct {
	at    time.Time
	seen  bool // its reply is there
	crowd int  // how many were in flight with it
}

// New returns a Local that obeys Retry-After and the limits of opts. For an option that is not
// valid it returns an error that names it.
func New(opts ...Option) (*Local, error) {
	l := &Local{}
	for _, opt := range opts {
		if err := opt(l); err != nil {
			return nil, err
		}
	}
	l.setDefaults()
	return l, nil
}

var errNil = errors.New("ratelimit: the *Local is nil; create it with New, and check the error of New")

// setDefaults fills in what New does not set, once. l.mu must be held, unless l is new.
func (l *Local) setDefaults() {
	if l.flight != nil {
		return
	}
	l.flight = map[uint64]place{}
	if l.maxWait == 0 {
		l.maxWait = defaultMaxWait
	}
	if l.headers == (Headers{}) {
		l.state = free
	}
}

// Acquire implements [Limiter]. Requests with the priority [Low] let the others pass. Apart from
// that it treats all requests alike and does not use req. If ctx ends first, the error wraps
// ctx.Err and context.Cause. If the wait is known to be longer than the deadline of ctx or the
// limit of [WithMaxWait] allows, Acquire fails at once with a [*WaitError]. A wait that leaves less
// time until the deadline than responses usually take is too long as well. A nil Local, such as New
// returns beside an error, admits nothing: Acquire returns an error that says so.
func (l *Local) Acquire(ctx context.Context, _ *http.Request) (Permit, error) {
	if l == nil {
		return Permit{}, errNil
	}
	if ctx.Err() != nil {
		return Permit{}, ended(ctx)
	}
	deadline, _ := ctx.Deadline()
	l.mu.Lock()
	l.setDefaults()
	now := time.Now()
	l.refresh(now)
	idle := l.queue.len() == 0
	if at, ok := l.next(now, 0, deadline); ok && idle && !at.After(now) {
		p := l.admit(now)
		l.mu.Unlock()
		return p, nil
	}
	w := &waiter{priority: priorityOf(ctx), deadline: deadline, spare: deadline.Sub(now) > l.trip.most()}
	at, _ := l.next(now, l.queue.ahead(w.priority), deadline)
	if err := l.tooLong(now, at, w); err != nil {
		l.mu.Unlock()
		return Permit{}, err
	}
	w.ready = make(chan struct{})
	place := l.queue.push(w)
	if l.queue.len()+len(l.flight) > 1 {
		l.shared = now
	}
	l.dispatch(now)
	l.mu.Unlock()

	select {
	case <-w.ready:
	case <-ctx.Done():
		if l.leaves(place) {
			return Permit{}, ended(ctx)
		}
	}
	if w.err == nil && l.hooks.Wait != nil {
		l.hooks.Wait(w.permit.At.Sub(now))
	}
	return w.permit, w.err
}

// leaves takes a waiter out of the queue, unless it was admitted in the same moment.
func (l *Local) leaves(place *list.Element) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-place.Value.(*waiter).ready:
		return false // It has to be released.
	default:
	}
	l.queue.remove(place)
	l.dispatch(time.Now()) // Stops the timer if nobody else waits.
	return true
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
	if l == nil || resp == nil {
		return
	}
	l.mu.Lock()
	wait, refused, began := l.learn(p, resp)
	var s Snapshot
	if began && l.hooks.Window != nil {
		s = l.snapshot()
	}
	l.mu.Unlock()
	if refused && l.hooks.Refused != nil {
		l.hooks.Refused(resp.StatusCode, wait)
	}
	if began && l.hooks.Window != nil {
		l.hooks.Window(s)
	}
}

func (l *Local) learn(p Permit, resp *http.Response) (wait time.Duration, refused, began bool) {
	now := time.Now()
	l.refresh(now)
	held, ok := l.flight[p.Seq]
	if !ok {
		return 0, false, false
	}
	if !held.seen {
		held.seen = true
		l.flight[p.Seq] = held
		l.pending--
		l.trip.measure(now.Sub(held.at))
	}
	r := l.headers.ParseResponse(resp, now)
	shared := l.observeShared(held.at, r, now)
	wait = l.refused(p, held, r, now)
	if !r.Refused || r.limited { // a 503 is no limit
		l.adapt(p, held, r.Window, r.Refused, now)
	}
	if !shared {
		began = l.observe(p, r.Window, r.Refused, now)
	}
	if l.queue.len() > 0 {
		l.dispatch(now)
	}
	return wait, r.Refused, began
}

// Release implements [Limiter]. A second Release of a Permit does nothing.
func (l *Local) Release(p Permit) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	held, ok := l.flight[p.Seq]
	if !ok {
		return
	}
	delete(l.flight, p.Seq)
	if !held.seen {
		l.lostShared(held.at, time.Now())
		l.refresh(time.Now()) // What ended meanwhile is not the window that may have counted it.
		l.pending--
		l.window.silent++
		l.settle()
	}
	if p.Seq == l.scout {
		l.scout = 0
	}
	if l.queue.len() > 0 {
		l.dispatch(time.Now())
	}
}

// Snapshot is the state of a [Local] at one moment, for metrics.
type Snapshot struct {
	// Limit is the number of requests per window, 0 if unknown.
	Limit int
	// Remaining is the number of requests that may still be sent in this window, -1 if
	// unknown.
	Remaining int
	// Reset is the end of the window, rounding included. It is zero if unknown.
	Reset time.Time
	// PausedUntil is the end of the pause after a 429 or 503. It is zero without a pause.
	PausedUntil time.Time
	// InFlight is the number of requests that were admitted and not yet released.
	InFlight int
	// Waiting is the number of goroutines in Acquire.
	Waiting int
	// Rate is the limit of [WithAdaptiveRate] in requests per second, 0 while there is none.
	Rate float64
	// MaxInFlight is the limit of [WithMaxInFlight] or [WithAdaptiveInFlight], 0 while there
	// is none.
	MaxInFlight int
}

// Snapshot returns the current state. That of a nil Local is the zero Snapshot.
func (l *Local) Snapshot() Snapshot {
	if l == nil {
		return Snapshot{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.setDefaults()
	l.refresh(time.Now())
	return l.snapshot()
}

func (l *Local) snapshot() Snapshot {
	s := Snapshot{
		Remaining:   -1,
		PausedUntil: l.pause.until,
		InFlight:    len(l.flight),
		Waiting:     l.queue.len(),
		MaxInFlight: l.most(time.Now()),
	}
	if l.state == free {
		s.Rate = l.pace.perSecond(time.Now())
	}
	if l.state == known || l.state == over {
		s.Limit, s.Remaining, s.Reset = l.window.limit, l.window.remaining, l.window.until
	}
	return s
}

// dispatch admits those at the head of the queue who may go, and sees to it
// that it is called again when the next one may.
func (l *Local) dispatch(now time.Time) {
	l.refresh(now)
	for l.queue.len() > 0 {
		front := l.goes(now)
		w := front.Value.(*waiter)
		at, ok := l.next(now, 0, w.deadline)
		if ok && !at.After(now) {
			if err := l.tooLong(now, now, w); err != nil {
				l.finish(front, Permit{}, err) // Its place goes to one that can use it.
				continue
			}
			l.queue.admitted(w)
			l.finish(front, l.admit(now), nil)
			continue
		}
		if !ok {
			at, ok = l.recheck(now)
		}
		if l.smooth > 0 && l.even(now) > 0 {
			l.scarce = now
		}
		l.failLate(now)
		if l.queue.len() == 0 || !ok {
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

// goes is who is next. A response that misses its caller's deadline would leave all the others
// waiting for the latest end of the window, so the request that looks for the end is one with time
// for two responses, if such a one waits.
func (l *Local) goes(now time.Time) *list.Element {
	front := l.queue.front()
	if n, _ := l.kept(now); l.state != known || l.window.remaining > n {
		return front
	}
	enough := now.Add(2 * l.trip.most())
	for e := front; e != nil; e = e.Next() {
		if w := e.Value.(*waiter); w.deadline.IsZero() || w.deadline.After(enough) {
			return e
		}
	}
	return front
}

// recheck is when those who wait for a reply need not do so any longer, or more of them may have
// places.
func (l *Local) recheck(now time.Time) (at time.Time, ok bool) {
	if l.scout == 0 {
		return now.Add(time.Second), l.crowd.Enabled() // its limit rises with time
	}
	at = l.alone.Add(maxAlone)
	if end := l.window.until; l.state == known && end.Before(at) {
		at = end
	}
	return at, true
}

func (l *Local) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dispatch(time.Now())
}

func (l *Local) finish(place *list.Element, p Permit, err error) {
	w := l.queue.remove(place)
	w.permit, w.err = p, err
	close(w.ready)
}

// failLate sends away the waiters for whom the server's block is too long,
// once for each block.
func (l *Local) failLate(now time.Time) {
	until := l.sure()
	if !until.After(l.warned) {
		return
	}
	l.warned = until
	for i := range l.queue.lists {
		var next *list.Element
		for e := l.queue.lists[i].Front(); e != nil; e = next {
			next = e.Next()
			if err := l.tooLong(now, now, e.Value.(*waiter)); err != nil {
				l.finish(e, Permit{}, err)
			}
		}
	}
}

// tooLong is the error for a waiter that cannot go before at, or nil if it may wait.
func (l *Local) tooLong(now, at time.Time, w *waiter) error {
	until := l.sure()
	if wait := until.Sub(now); wait > l.maxWait {
		return &WaitError{Wait: wait, Max: l.maxWait}
	}
	if w.deadline.IsZero() {
		return nil
	}
	at = latest(at, until)
	if !at.After(w.deadline) && w.spare {
		at = at.Add(l.trip.most())
	}
	if !at.Before(w.deadline) {
		return &WaitError{Wait: at.Sub(now), Max: w.deadline.Sub(now), Deadline: true}
	}
	return nil
}

// sure is the time before which surely nothing is sent, zero if there is none. While one request
// finds out whether the window has ended, the window is not sure.
func (l *Local) sure() time.Time {
	if l.scout != 0 {
		return l.pause.until
	}
	return l.blocked().until
}

// blocked is what the server imposes now; its times are zero if that is nothing.
func (l *Local) blocked() block {
	b := l.pause
	if l.state == known && l.window.remaining <= 0 {
		if until := l.reopens(); until.After(b.until) {
			b = block{until, l.window.since}
		}
	}
	return b
}

// next is the earliest time at which a request with so many ahead of it and
// this deadline may go. It reports false if that depends on a reply or a release.
func (l *Local) next(now time.Time, ahead int, deadline time.Time) (at time.Time, ok bool) {
	most := l.most(now)
	switch {
	case most > 0 && len(l.flight) >= most, l.scout != 0 && (l.state != over || l.window.sure == 0):
		return time.Time{}, false
	}
	at = latest(now, l.blocked().until)
	if deadline.IsZero() || l.hold.Add(l.trip.most()).Before(deadline) { // otherwise it may leave at once
		at = latest(at, l.hold)
	}
	if n, kept := l.kept(now); l.window.remaining <= n && kept.After(at) && kept.Sub(now) <= l.maxWait {
		// A request that is alone need not wait until it is too late.
		if deadline.IsZero() || kept.Before(deadline) || !l.singly(now) {
			at = kept
		}
	}
	if l.state == known && l.smooth > 0 {
		at = latest(at, l.slot.Add(l.even(now)))
	}
	if l.state == free {
		at = latest(at, l.pace.next(now, ahead))
	}
	at = latest(at, l.sharedSlot(now))
	if l.rate != nil {
		// The microsecond makes up for what is lost in rounding.
		if missing := float64(ahead+1) - l.rate.TokensAt(at); missing > 0 {
			wait := min(missing/float64(l.rate.Limit()), longest.Seconds())
			at = at.Add(time.Duration(wait*1e9) + time.Microsecond)
		}
	}
	return at, true
}

// singly reports that of late there was no more than one request at a time.
func (l *Local) singly(now time.Time) bool {
	return l.shared.IsZero() || now.Sub(l.shared) > max(l.window.length, maxAlone)
}

func latest(t time.Time, others ...time.Time) time.Time {
	for _, other := range others {
		if other.After(t) {
			t = other
		}
	}
	return t
}

// admit spends one place on a request that may go now.
func (l *Local) admit(now time.Time) Permit {
	l.seq++
	switch l.state {
	case unknown:
		l.scout, l.alone = l.seq, now
	case free:
		l.pace.spend(now)
	case known:
		gap := time.Duration(0)
		if l.smooth > 0 {
			gap = l.even(now)
		}
		if n, _ := l.kept(now); l.window.remaining <= n {
			l.scout, l.alone = l.seq, now
		} else if l.smooth == 0 || gap == 0 {
			l.burst = now
		}
		l.slot = latest(now.Add(-catchUp), l.slot.Add(gap)) // Timers are late.
		l.window.remaining--
	case over:
		l.slot = now
		if l.window.sure == 0 {
			l.scout, l.alone = l.seq, now
		} else {
			l.window.sure--
		}
		// Many may fail before a response states how many are left.
		l.window.remaining = max(l.window.remaining-1, min(1, l.window.limit))
	}
	if len(l.flight) == 0 {
		l.crowd.Resume(now) // Time in which nothing was tried proves nothing.
	}
	if len(l.flight) > 0 {
		l.shared = now
	}
	l.flight[l.seq] = place{at: now, crowd: len(l.flight) + 1}
	l.pending++
	l.admitShared(now)
	if l.rate != nil {
		l.rate.AllowN(now, 1)
	}
	if l.gaps > 0 {
		l.gaps--
		l.hold = now.Add(jitter(l.spread))
	}
	return Permit{Seq: l.seq, At: now}
}

// refresh drops what time has overtaken.
func (l *Local) refresh(now time.Time) {
	if p := l.pause; !p.until.IsZero() && !p.until.After(now) {
		l.pause = block{}
		l.stood = p.until
		l.pace.resume(p.until)
		l.leave(p)
	}
	if l.scout != 0 && now.Sub(l.alone) >= maxAlone {
		l.scout = 0
		switch l.state {
		case unknown:
			l.state = free // until a reply tells
		case over:
			l.assume(now)
		}
	}
	if l.state == known && !l.reopens().After(now) {
		l.roll()
	}
	if b := l.blocked(); b.until.Sub(now) > l.maxWait && now.Sub(b.since) >= l.maxWait {
		l.pause = block{}
		l.forget()
	}
}

// leave makes those who waited for b leave one by one, within a tenth of the
// wait and never more than maxJitter.
func (l *Local) leave(b block) {
	n := l.queue.len()
	if n == 0 {
		return
	}
	l.spread = min(b.until.Sub(b.since)/10, maxJitter) / time.Duration(n)
	l.gaps = n - 1
	l.hold = b.until.Add(jitter(l.spread))
}

func jitter(most time.Duration) time.Duration {
	return rand.N(max(most, 1))
}

// trip is how long responses take.
type trip struct {
	mean, deviation time.Duration // moving averages, 0 before the first response
}

// measure adds a response that took d.
func (t *trip) measure(d time.Duration) {
	if t.mean == 0 {
		t.mean, t.deviation = d, d/2
		return
	}
	t.deviation += ((d - t.mean).Abs() - t.deviation) / 4
	t.mean += (d - t.mean) / 8
}

// most is what nearly no response exceeds.
func (t *trip) most() time.Duration { return t.mean + 3*t.deviation }
