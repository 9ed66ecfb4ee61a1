package redislimit

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
	"github.com/integrations-go/sdk/ratelimit/internal/queue"
)

// maxJitter is the longest time over which requests that waited for the same moment are spread.
const maxJitter = 100 * time.Millisecond

// waiter is a request that waits.
type waiter struct {
	queue.Entry
	since  time.Time
	number uint64 // in the order of arrival, from 1
	ready  chan struct{}
	permit ratelimit.Permit // valid after ready, if err is nil
	err    error
	waited bool // it was admitted and had to wait; valid after ready
}

// newWaiter returns a waiter that arrives at now. l.mu must be held.
func (l *Limiter) newWaiter(ctx context.Context, now time.Time) *waiter {
	var deadline time.Time
	if d, ok := ctx.Deadline(); ok {
		deadline = now.Add(time.Until(d)) // by the clock of l
	}
	return &waiter{
		Entry: queue.NewEntry(ctx, now, deadline, l.trip.Most()), since: now, ready: make(chan struct{}),
	}
}

// finish ends the wait of w, which is in no queue any more. The mu of the Limiter must be held.
func (w *waiter) finish(p ratelimit.Permit, err error) {
	w.permit, w.err = p, err
	close(w.ready)
}

// waiters are the requests that wait. The mu of the Limiter protects them.
type waiters struct {
	queue.Queue[*waiter]
	arrivals uint64 // the number of the latest waiter
	held     uint64 // the waiters up to this number had to wait

	// departures are the times at which the waiters of a block may leave, one at each, the
	// earliest first. There are no more than there are waiters.
	departures []time.Time
}

// add adds w.
func (q *waiters) add(w *waiter) {
	q.arrivals++
	w.number = q.arrivals
	q.Push(w)
}

// hold notes that the waiters up to number have to wait: a visit gave them no place.
func (q *waiters) hold(number uint64) { q.held = max(q.held, number) }

// holdAll notes that all waiters have to wait: no visit is due for them.
func (q *waiters) holdAll() { q.held = q.arrivals }

// hadToWait reports whether w had to wait for longer than a visit takes.
func (q *waiters) hadToWait(w *waiter) bool { return w.number <= q.held }

// admit ends the wait of w with p.
func (q *waiters) admit(w *waiter, p ratelimit.Permit) {
	w.waited = q.hadToWait(w)
	q.Admit(w)
	if len(q.departures) > 0 {
		q.departures = q.departures[1:]
	}
	w.finish(p, nil)
}

// fail ends the wait of w with err.
func (q *waiters) fail(w *waiter, err error) {
	q.remove(w)
	w.finish(ratelimit.Permit{}, err)
}

// failAll ends all waits with err.
func (q *waiters) failAll(err error) {
	for w := range q.All() {
		q.fail(w, err)
	}
}

// remove removes w. It does not end its wait.
func (q *waiters) remove(w *waiter) {
	q.Remove(w)
	q.departures = q.departures[:min(len(q.departures), q.Len())]
}

// spread spreads the requests that waited for b, which has ended, over a tenth of the wait, at most
// maxJitter.
func (q *waiters) spread(b block) {
	most := min(b.until.Sub(b.learnedAt)/10, maxJitter)
	q.departures = make([]time.Time, q.Len())
	for i := range q.departures {
		q.departures[i] = b.until.Add(jitter(most))
	}
	slices.SortFunc(q.departures, time.Time.Compare)
}

// ready returns how many waiters may leave now. A request that arrived after the block is behind
// those that waited for it, or takes the turn of one of these.
func (q *waiters) ready(now time.Time) int {
	for i, at := range q.departures {
		if now.Before(at) {
			return i
		}
	}
	return q.Len()
}

// departure returns when the waiter behind so many others may leave. It is zero if it is not
// spread.
func (q *waiters) departure(ahead int) time.Time {
	if len(q.departures) <= ahead {
		return time.Time{}
	}
	return q.departures[ahead]
}

// jitter returns a random duration below most.
func jitter(most time.Duration) time.Duration { return rand.N(max(most, 1)) }
