package redislimit

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

const (
	// maxPlaces is the most places of one visit. So a process with many goroutines leaves places to
	// the others.
	maxPlaces = 32
	// maxAhead is the most places that a process has ahead of its requests. They are lost for the
	// window if it dies.
	maxAhead = maxPlaces
	// maxReportDelay is the longest time that a response without news waits for another visit.
	maxReportDelay = 5 * time.Second
	// returnDelay is how long that wait may last after the end of the window, and how long places
	// that were not used in it wait.
	returnDelay = time.Second
	// maxResponses is the most responses reported in one visit. The longer it takes, the more
	// likely another process is faster.
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
	if l.outage != nil || l.closed {
		return
	}
	l.noteReport(r)
	at := r.arrivedAt
	if !l.isNews(r) {
		at = earlier(at.Add(maxReportDelay), l.window.end.Add(returnDelay))
	}
	l.queueReport(r, at)
}

// noteReport counts a place ahead whose response is reported. l.mu must be held.
func (l *Limiter) noteReport(r response) {
	if r.first && r.ahead && r.outages == l.outages {
		l.ahead--
	}
}

// queueReport adds r to the responses of the visit at the time at, or of an earlier one. l.mu must
// be held.
func (l *Limiter) queueReport(r response, at time.Time) {
	if len(l.unreported) == 0 || at.Before(l.reportAt) {
		l.reportAt = at
	}
	l.unreported = append(l.unreported, r)
}

// isNews reports whether the other processes need to know of r at once. A further response is
// none while plenty is left. l.mu must be held.
func (l *Limiter) isNews(r response) bool {
	further := r.window.HasRemaining && r.window.HasReset && r.arrivedAt.Before(l.window.end) &&
		!r.arrivedAt.Add(r.window.Reset-time.Second).After(l.window.end)
	return !l.window.plenty || r.isProbe || r.refused || r.status == 0 || !further
}

// takeAhead returns a place that this process has ahead of its requests. It reports false if there
// is none. l.mu must be held.
func (l *Limiter) takeAhead(now time.Time) (*grant, bool) {
	if l.waiters.Len() > 0 || !l.hasGrant(now) {
		return nil, false
	}
	return l.takeGrant(now), true
}

// giveBack reports by the time at that no request has used g. l.mu must be held.
func (l *Limiter) giveBack(g *grant, now, at time.Time) {
	r := response{grant: g, arrivedAt: now, status: unused, first: true}
	l.noteReport(r)
	l.queueReport(r, at)
}

// dropAhead gives the places back whose window has ended. l.mu must be held.
func (l *Limiter) dropAhead(now time.Time) {
	if len(l.unused) == 0 || now.Before(l.window.end) {
		return
	}
	for _, g := range l.unused {
		l.giveBack(g, now, now.Add(returnDelay))
	}
	l.unused, l.wantAhead, l.used = nil, l.used, 0
}

// schedule starts a visit to Redis if one is due, or sets the timer for the next one. Call it after
// every change. l.mu must be held.
func (l *Limiter) schedule(now time.Time) {
	if l.closed {
		return
	}
	at := l.leaveReserved(now)
	if l.visiting == nil {
		v, due := l.dueVisit(now)
		if v != nil {
			l.visiting = make(chan struct{})
			go l.makeVisits(*v)
		} else if at.IsZero() || due.Before(at) && !due.IsZero() {
			at = due
		}
	}
	switch {
	case at.IsZero():
	case l.timer == nil:
		l.timer = time.AfterFunc(at.Sub(now), l.handleTimer)
	default:
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
		switch {
		case err != nil:
			l.beginOutage(v, err, now)
		case l.late && l.isLate(a, now):
			l.beginOutage(v, errLate, now)
		default:
			l.apply(v, a, now)
		}
		var next *visit
		if !l.closed {
			next, _ = l.dueVisit(now)
		}
		if next == nil {
			close(l.visiting)
			l.visiting = nil
		}
		l.schedule(now) // sets the timer
		l.mu.Unlock()
		if next == nil {
			return
		}
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
		l.waiters.spread(l.block)
		l.block = block{}
	}
	l.dropAhead(now)
	l.handOver(now)
	want := l.wanted(now)
	renewal := l.visitedAt.Add(l.lease / 3)
	switch {
	case want > 0 && (!now.Before(l.nextVisit) || l.hasUnknownDeadline()):
	case l.held+len(l.unused) > 0 && !now.Before(renewal):
	case len(l.unreported) > 0 && !now.Before(l.reportAt) || l.placesDue(now) || l.outage != nil:
	default:
		l.waiters.holdAll()
		return nil, l.nextDue(renewal)
	}
	if !l.visits.AllowN(now, 1) {
		l.waiters.holdAll()
		return nil, now.Add(time.Duration(float64(time.Second) / float64(l.visits.Limit())))
	}
	v := l.newVisit(now, want)
	return &v, time.Time{}
}

// nextDue returns when a visit will be due for the first waiter, the renewal of the lease, a
// response or a place ahead. It returns the zero time if none will be. l.mu must be held.
func (l *Limiter) nextDue(renewal time.Time) time.Time {
	var at time.Time
	if n := len(l.reserved); l.waiters.Len() > n {
		at = later(l.nextVisit, l.waiters.departure(n))
	}
	soonest := func(due bool, t time.Time) {
		if due && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	soonest(l.held+len(l.unused) > 0, renewal)
	soonest(len(l.unreported) > 0, l.reportAt)
	soonest(len(l.unused) > 0, l.window.end)
	soonest(l.spare > 0, l.idleUntil)
	return at
}

// hasUnknownDeadline reports whether the first waiter has a deadline before the one that the latest
// visit stated, and a window may have a place for it. A later deadline gets no place sooner than
// that one. There must be a waiter. l.mu must be held.
func (l *Limiter) hasUnknownDeadline() bool {
	first, _ := l.waiters.Front()
	return !l.free && l.firstPlace().IsZero() && !first.Deadline.IsZero() &&
		(l.statedDeadline.IsZero() || first.Deadline.Before(l.statedDeadline))
}

// newVisit returns the next visit, with the responses to report. l.mu must be held.
func (l *Limiter) newVisit(now time.Time, want int) visit {
	v := visit{
		process: l.process, want: want, pending: l.pending + len(l.unused), ahead: l.ahead,
		began: now, timeLeft: -time.Second,
		arrivals: l.waiters.arrivals, roundTrip: l.trip.Most(), span: l.span(),
	}
	n := min(len(l.unreported), maxResponses)
	v.responses, l.unreported = l.unreported[:n:n], l.unreported[n:]
	l.statePlaces(&v, now)
	if want > 0 && l.window.plenty {
		if len(l.unused) == 0 && (l.used > 0 || l.wantAhead == 0) {
			l.wantAhead, l.used = min(2*l.wantAhead+1, maxAhead), 0 // All were used in time.
		}
		v.wantAhead = l.wantAhead - len(l.unused)
	}
	if want > 0 {
		first, _ := l.waiters.Front()
		l.statedDeadline = first.Deadline
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
	if l.late = l.isLate(a, now); l.late {
		l.discard(&a, now)
	}
	l.clockSkew = time.UnixMicro(a.now).Sub(a.at)
	localTime := func(micros int64) time.Time {
		if micros == 0 {
			return time.Time{}
		}
		return a.at.Add(time.Duration(micros-a.now) * time.Microsecond)
	}
	l.window = window{
		int(a.limit), int(a.remaining), localTime(a.windowEnd), localTime(a.pauseEnd), a.plenty,
	}
	block := block{localTime(a.blockedUntil), now}
	if d := block.until.Sub(l.block.until); d < time.Millisecond && d > -time.Millisecond {
		block.learnedAt = l.block.learnedAt
	}
	l.block = block
	l.learnPlaces(v, a, now)
	l.admit(a, now)
	l.waiters.hold(v.arrivals)
	l.handOver(now)
	latest := now.Add(min(maxVisitInterval, l.maxWait))
	l.nextPlace, l.nextVisit = block.until, block.until
	if a.want > int(a.given) {
		l.nextPlace, l.nextVisit = localTime(a.nextPlace), localTime(a.nextVisit)
		if l.nextVisit.IsZero() {
			l.nextVisit = latest
		}
	}
	l.learnTokens(a, now)
	if l.nextVisit.After(latest) {
		l.nextVisit = latest
	}
	l.failLate(now)
	if l.showsWindow(a) && l.hooks.Window != nil {
		go l.hooks.Window(l.snapshot(now))
	}
}

// admit gives the places of an answer to the waiters that leave next. It keeps those that the
// process has ahead. If waiters have left meanwhile, it gives their places back. l.mu must be held.
func (l *Limiter) admit(a answer, now time.Time) {
	for i := range a.given + a.ahead {
		if g := l.newGrant(a, i, now); g.ahead {
			l.keepAhead(g, now)
		} else if d := a.delays[i]; d > 0 {
			l.reserve(g, now.Add(d))
		} else if w, ok := l.nextToLeave(g.isProbe, now); ok {
			l.waiters.admit(w, l.grantTo(g, now))
		} else {
			if !l.free {
				l.giveBack(g, now, now)
			}
			l.putBack(now)
		}
	}
	for range a.spare {
		l.putBack(now)
	}
}

// newGrant returns the i-th place of an answer. l.mu must be held.
func (l *Limiter) newGrant(a answer, i int64, now time.Time) *grant {
	seq := a.firstSeq + i
	g := &grant{
		owner: l, generation: a.generation, seq: seq, admittedAt: a.now, sentAt: now,
		skew: l.clockSkew, outages: l.outages, low: a.low,
		ahead: i >= a.given, isProbe: seq == a.probeSeq,
	}
	if g.ahead {
		l.ahead++
	}
	return g
}

// isLate reports whether the lease of a may have ended. Tokens of [WithRate] alone have no lease.
func (l *Limiter) isLate(a answer, now time.Time) bool {
	return !now.Before(a.leaseEnd) && (l.maxInFlight > 0 || l.readsHeaders())
}

// errLate is the error of a visit if the lease of two visits in a row has ended too soon.
var errLate = errors.New("the answer came after the end of the lease, twice in a row")

// discard takes the places out of an answer that has come after the end of its lease: other
// processes may have got them. The next visit is due at once. l.mu must be held.
func (l *Limiter) discard(a *answer, now time.Time) {
	for i := range a.given + a.ahead {
		if g := l.newGrant(*a, i, now); !a.free {
			l.giveBack(g, now, now)
		}
	}
	a.given, a.delays, a.ahead, a.spare, a.share = 0, nil, 0, 0, 0
	a.nextVisit = a.now
}

// keepAhead keeps g for a later request. l.mu must be held.
func (l *Limiter) keepAhead(g *grant, now time.Time) {
	if l.closed {
		l.giveBack(g, now, now)
		return
	}
	l.unused = append(l.unused, g)
}

// grantTo returns the Permit of a request that leaves now with g. l.mu must be held.
func (l *Limiter) grantTo(g *grant, now time.Time) ratelimit.Permit {
	l.seq++
	l.held++
	l.pending++
	return ratelimit.Permit{Seq: l.seq, At: now, State: g}
}

// nextToLeave returns the waiter that gets the next place. It ends the waits of those for which the
// place is too late. It reports false if nobody is left. A probe needs time for two responses, if a
// waiter of the same priority has it: if it ended without a response, all others would wait for
// another one. l.mu must be held.
func (l *Limiter) nextToLeave(isProbe bool, now time.Time) (*waiter, bool) {
	for w, ok := l.waiters.Front(); ok; w, ok = l.waiters.Front() {
		if enough := now.Add(2 * l.trip.Most()); isProbe && !w.Deadline.IsZero() && !w.Deadline.After(enough) {
			if other, ok := l.waiters.FirstAfter(w, enough); ok {
				w = other
			}
		}
		err := l.tooLate(now, now, w)
		if err == nil {
			return w, true
		}
		l.waiters.fail(w, err)
	}
	return nil, false
}

// beginOutage handles the failed visit v. It begins an outage or continues one. All waiters use the
// fallback or fail. l.mu must be held.
func (l *Limiter) beginOutage(v visit, err error, now time.Time) {
	if l.outage == nil {
		l.outage = &outage{began: v.began, delay: firstRetryDelay}
		l.outages++
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
	l.unreported, l.unused, l.ahead, l.freed = nil, nil, 0, false
	l.dropReserved(len(l.reserved))
	l.places, l.late = places{}, false
	l.block, l.nextPlace, l.nextVisit = block{}, time.Time{}, time.Time{}
	l.window = window{remaining: -1}
	if l.failClosed {
		l.waiters.failAll(unavailable(err))
	} else {
		l.waiters.failAll(errUseFallback)
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

// failLate ends the waits of those whose wait is too long. l.mu must be held.
func (l *Limiter) failLate(now time.Time) {
	for w := range l.waiters.All() {
		if err := l.tooLong(now, w); err != nil {
			l.waiters.fail(w, err)
		}
	}
}

// tooLong returns the error for a waiter that can't go soon enough, nil if it may wait. l.mu must
// be held.
func (l *Limiter) tooLong(now time.Time, w *waiter) error {
	if wait := l.block.until.Sub(now); !l.block.until.IsZero() && wait > l.maxWait {
		return &ratelimit.WaitError{Wait: wait, Max: l.maxWait}
	}
	return l.tooLate(now, later(now, l.firstPlace()), w)
}

// tooLate returns the error for a waiter for which a place at the time at is too late, nil if it is
// in time. Less time than responses usually take is too late only for a request that has to wait.
// l.mu must be held.
func (l *Limiter) tooLate(now, at time.Time, w *waiter) error {
	responseTime := l.trip.Most()
	if !at.After(now) && !l.waiters.hadToWait(w) {
		responseTime = 0
	}
	if needed, tooLate := w.TooLate(at, responseTime); tooLate {
		return &ratelimit.WaitError{Wait: needed.Sub(now), Max: w.Deadline.Sub(now), Deadline: true}
	}
	return nil
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
