package redislimit

import (
	"container/list"
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

const (
	// maxJitter is the longest time over which requests that waited for the same moment are spread.
	maxJitter = 100 * time.Millisecond
	// maxPlaces is the most places of one visit. So a process with many goroutines leaves places to
	// the others.
	maxPlaces = 32
	// maxResponses is the most responses reported in one visit. Redis serves no other client
	// meanwhile.
	maxResponses = 500
	// maxVisitInterval is the longest time between visits while requests wait. Other processes may
	// have changed the state meanwhile.
	maxVisitInterval = time.Second
	// firstRetryDelay and maxRetryDelay are the first and the longest wait before Redis is tried
	// again.
	firstRetryDelay = 100 * time.Millisecond
	maxRetryDelay   = 2 * time.Second
	// maxUnfinished is the number of unfinished visits from which on no further one is made.
	maxUnfinished = 4
)

// report adds r to the responses of the next visit. l.mu must be held.
func (l *Limiter) report(r response) {
	if l.outage == nil && !l.closed {
		l.unreported = append(l.unreported, r)
	}
}

// schedule starts a visit to Redis if one is due, or sets the timer for the next one. Call it after
// every change. l.mu must be held.
func (l *Limiter) schedule(now time.Time) {
	if l.closed || l.visiting != nil {
		return
	}
	v, at := l.dueVisit(now)
	switch {
	case v != nil:
		l.visiting = make(chan struct{})
		go l.makeVisits(*v)
	case !at.IsZero() && l.timer == nil:
		l.timer = time.AfterFunc(at.Sub(now), l.handleTimer)
	case !at.IsZero():
		l.timer.Reset(at.Sub(now))
	}
}

// handleTimer is called by the timer.
func (l *Limiter) handleTimer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.schedule(l.now())
}

// makeVisits makes v and further visits, until none is due.
func (l *Limiter) makeVisits(v visit) {
	for {
		a, err := l.send(context.Background(), v)
		l.mu.Lock()
		now := l.now()
		if err != nil {
			l.beginOutage(v, err, now)
		} else {
			l.apply(v, a, now)
		}
		var next *visit
		if !l.closed {
			next, _ = l.dueVisit(now)
		}
		if next == nil {
			close(l.visiting)
			l.visiting = nil
			l.schedule(now) // sets the timer
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		v = *next
	}
}

// dueVisit returns the visit that is due now, or the time when one will be due. It returns neither
// if only an event can make one due. l.mu must be held.
func (l *Limiter) dueVisit(now time.Time) (*visit, time.Time) {
	if l.outage != nil && !l.outage.retry {
		return nil, time.Time{}
	}
	if !l.block.until.IsZero() && !now.Before(l.block.until) {
		l.spreadWaiters()
	}
	want := l.wanted(now)
	renewal := l.visitedAt.Add(l.lease / 3)
	switch {
	case want > 0 && (!now.Before(l.nextVisit) || l.hasUnknownDeadline()):
	case l.held > 0 && !now.Before(renewal):
	case len(l.unreported) > 0 || l.freed || l.outage != nil:
	default:
		return nil, l.nextDue(renewal)
	}
	if !l.visits.AllowN(now, 1) {
		return nil, now.Add(time.Duration(float64(time.Second) / float64(l.visits.Limit())))
	}
	v := l.newVisit(now, want)
	return &v, time.Time{}
}

// wanted returns how many waiters may go now, at most maxPlaces. l.mu must be held.
func (l *Limiter) wanted(now time.Time) int {
	n := 0
	for e := l.queue.Front(); e != nil && n < maxPlaces && !now.Before(e.Value.(*waiter).notBefore); e = e.Next() {
		n++
	}
	return n
}

// nextDue returns when a visit will be due for the first waiter or for the renewal of the lease. It
// returns the zero time if none will be. l.mu must be held.
func (l *Limiter) nextDue(renewal time.Time) time.Time {
	var at time.Time
	if l.queue.Len() > 0 {
		at = l.nextVisit
		if w := l.queue.Front().Value.(*waiter); at.Before(w.notBefore) {
			at = w.notBefore
		}
	}
	if l.held > 0 && (at.IsZero() || renewal.Before(at)) {
		at = renewal
	}
	return at
}

// hasUnknownDeadline reports whether the first waiter has a deadline that the latest visit did not
// state. There must be a waiter. l.mu must be held.
func (l *Limiter) hasUnknownDeadline() bool {
	deadline := l.queue.Front().Value.(*waiter).deadline
	return l.nextPlace.IsZero() && !deadline.IsZero() && !deadline.Equal(l.statedDeadline)
}

// newVisit returns the next visit, with the responses to report. l.mu must be held.
func (l *Limiter) newVisit(now time.Time, want int) visit {
	v := visit{
		process: l.process, want: want, held: l.held, pending: l.pending, began: now, timeLeft: -time.Second,
	}
	n := min(len(l.unreported), maxResponses)
	v.responses, l.unreported = l.unreported[:n:n], l.unreported[n:]
	l.freed = false
	if want > 0 {
		l.statedDeadline = l.queue.Front().Value.(*waiter).deadline
		if !l.statedDeadline.IsZero() {
			v.timeLeft = max(l.statedDeadline.Sub(now), 0)
		}
	}
	if o := l.outage; o != nil {
		o.retry = false
		v.outage = now.Sub(o.began)
	}
	return v
}

// apply applies the answer to v. l.mu must be held.
func (l *Limiter) apply(v visit, a answer, now time.Time) {
	l.visitedAt = now
	l.endOutage(now)
	l.clockSkew = time.UnixMicro(a.now).Sub(now)
	localTime := func(micros int64) time.Time { // The delay of the answer makes it late, never early.
		if micros == 0 {
			return time.Time{}
		}
		return now.Add(time.Duration(micros-a.now) * time.Microsecond)
	}
	l.admit(a, now)
	l.window = window{int(a.limit), int(a.remaining), localTime(a.windowEnd), localTime(a.pauseEnd)}
	block := block{localTime(a.blockedUntil), now}
	if d := block.until.Sub(l.block.until); d < time.Millisecond && d > -time.Millisecond {
		block.learnedAt = l.block.learnedAt
	}
	l.block = block
	latest := now.Add(min(maxVisitInterval, l.maxWait))
	l.nextPlace, l.nextVisit = block.until, block.until
	if v.want > int(a.given) {
		l.nextPlace, l.nextVisit = localTime(a.nextPlace), localTime(a.nextVisit)
		if l.nextVisit.IsZero() {
			l.nextVisit = latest
		}
	}
	if l.nextVisit.After(latest) {
		l.nextVisit = latest
	}
	l.failLate(now)
}

// admit gives the places of an answer to the first waiters. l.mu must be held.
func (l *Limiter) admit(a answer, now time.Time) {
	for seq := a.firstSeq; seq < a.firstSeq+a.given; seq++ {
		g := &grant{owner: l, generation: a.generation, seq: seq, admittedAt: a.now, isProbe: seq == a.probeSeq}
		if l.queue.Len() == 0 { // The waiters have left meanwhile.
			if g.isProbe {
				l.report(response{grant: g, arrivedAt: now})
			}
			continue
		}
		l.seq++
		l.held++
		l.pending++
		l.finishFirst(ratelimit.Permit{Seq: l.seq, At: now, State: g}, nil)
	}
}

// beginOutage handles the failed visit v. It begins an outage or continues one. All waiters use the
// fallback or fail. l.mu must be held.
func (l *Limiter) beginOutage(v visit, err error, now time.Time) {
	if l.outage == nil {
		l.outage = &outage{began: v.began, delay: firstRetryDelay}
		consequence := "each process limits itself"
		if l.failClosed {
			consequence = "requests fail"
		}
		l.log.LogAttrs(context.Background(), slog.LevelWarn, "rate limit: Redis is gone; "+consequence,
			slog.String("key", l.key), slog.String("error", err.Error()))
	}
	o := l.outage
	o.err, o.retry = err, false
	o.retryAt = now.Add(o.delay/2 + jitter(o.delay/2))
	o.delay = min(2*o.delay, maxRetryDelay)
	l.unreported, l.freed = nil, false
	l.block, l.nextPlace, l.nextVisit = block{}, time.Time{}, time.Time{}
	l.window = window{remaining: -1}
	for l.queue.Len() > 0 {
		if l.failClosed {
			l.finishFirst(ratelimit.Permit{}, unavailable(err))
		} else {
			l.finishFirst(ratelimit.Permit{}, errUseFallback)
		}
	}
}

// endOutage ends the outage, if there is one. l.mu must be held.
func (l *Limiter) endOutage(now time.Time) {
	o := l.outage
	if o == nil {
		return
	}
	l.outage = nil
	l.log.LogAttrs(context.Background(), slog.LevelInfo, "rate limit: Redis is back",
		slog.String("key", l.key), slog.Duration("outage", now.Sub(o.began)))
}

// finishFirst ends the wait of the first waiter. l.mu must be held.
func (l *Limiter) finishFirst(p ratelimit.Permit, err error) {
	w := l.queue.Remove(l.queue.Front()).(*waiter)
	w.permit, w.err = p, err
	close(w.ready)
}

// failLate ends the waits of those whose wait is too long. l.mu must be held.
func (l *Limiter) failLate(now time.Time) {
	var next *list.Element
	for e := l.queue.Front(); e != nil; e = next {
		next = e.Next()
		w := e.Value.(*waiter)
		if w.err = l.tooLong(now, w); w.err != nil {
			l.queue.Remove(e)
			close(w.ready)
		}
	}
}

// tooLong returns the error for a waiter that can't go soon enough, nil if it may wait. l.mu must
// be held.
func (l *Limiter) tooLong(now time.Time, w *waiter) error {
	if wait := l.block.until.Sub(now); !l.block.until.IsZero() && wait > l.maxWait {
		return &ratelimit.WaitError{Wait: wait, Max: l.maxWait}
	}
	if !w.deadline.IsZero() && l.nextPlace.After(w.deadline) {
		return &ratelimit.WaitError{Wait: l.nextPlace.Sub(now), Max: w.deadline.Sub(now), Deadline: true}
	}
	return nil
}

// spreadWaiters spreads the requests that waited for a block over a tenth of the wait, at most
// maxJitter. l.mu must be held.
func (l *Limiter) spreadWaiters() {
	most := min(l.block.until.Sub(l.block.learnedAt)/10, maxJitter)
	times := make([]time.Time, l.queue.Len())
	for i := range times {
		times[i] = l.block.until.Add(jitter(most))
	}
	slices.SortFunc(times, time.Time.Compare)
	for i, e := 0, l.queue.Front(); e != nil; i, e = i+1, e.Next() {
		e.Value.(*waiter).notBefore = times[i]
	}
	l.block = block{}
}

// jitter returns a random duration below most.
func jitter(most time.Duration) time.Duration { return rand.N(max(most, 1)) }
