package redislimit

import (
	"math/rand/v2"
	"time"
)

const (
	// maxReserve is how long before its time a token may be reserved. So ten processes have one each
	// at 20 per second.
	maxReserve = 500 * time.Millisecond
	// leastSpan is the least time for which the tokens of a visit last, spanTrips the same in round
	// trips to Redis. A visit is two round trips where others change the budget as well.
	leastSpan, spanTrips = pollInterval, 3
	// alonePause is in how many visits a process pauses once if it knows of no other one.
	alonePause = 8
)

// tokens returns the time in which n tokens of WithRate come.
func (c *config) tokens(n int) time.Duration { return time.Duration(float64(n) * c.interval * 1e3) }

// nextToken returns when the next token is there, at or later.
func (t *turn) nextToken(at time.Time) time.Time {
	return later(at, t.full.Add(-t.config.tokens(t.config.burst-1)))
}

// reserves reports whether requests get tokens before their time: only the rate limits them, the
// next token is near, and so many places in flight are free that some may wait for their tokens.
func (t *turn) reserves() bool {
	most := t.config.maxInFlight
	return t.config.interval > 0 && t.config.tokens(1) <= maxReserve && !t.limitedByServer() &&
		!t.pause.Until.After(t.now) && (most == 0 || 2*(t.others.held+t.own.held) < most)
}

// lastToken returns until when the tokens of this visit come: now, or at the end of a span that
// begins with the first of them.
func (t *turn) lastToken() time.Time {
	if !t.reserves() {
		return t.now
	}
	return earlier(t.nextToken(t.now).Add(t.visit.span), t.now.Add(maxReserve))
}

// yields reports whether the process waits before the next visit, so that another one can change
// the budget: less than half of the burst is left, and others are known, or may be.
func (t *turn) yields() bool {
	scarce := t.full.Sub(t.now) > t.config.tokens(t.config.burst)/2
	return scarce && t.reserves() && (t.active() > 1 || rand.N(alonePause) == 0)
}

// span returns for how long the tokens of a visit last. l.mu must be held.
func (l *Limiter) span() time.Duration {
	return max(spanTrips*l.clock.trip, leastSpan)
}

// wanted returns how many places the waiters want now, beside the reserved tokens. l.mu must be
// held.
func (l *Limiter) wanted(now time.Time) int {
	return min(max(l.waiters.ready(now)-len(l.reserved), 0), maxPlaces)
}

// wantedNow returns the same, l.mu need not be held.
func (l *Limiter) wantedNow() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wanted(l.now())
}

// reserve keeps g, whose token comes at the time at, for the waiter that leaves next then. l.mu
// must be held.
func (l *Limiter) reserve(g *grant, at time.Time) {
	g.sentAt = at
	l.reserved = append(l.reserved, g)
	l.held++
	l.pending++
}

// learnTokens sets the next visit for tokens after the answer a. l.mu must be held.
func (l *Limiter) learnTokens(a answer, now time.Time) {
	if n := len(a.delays); n > 0 && a.delays[n-1] > 0 {
		last := now.Add(a.delays[n-1])
		l.nextPlace = later(l.nextPlace, last)
		l.nextVisit = later(l.nextVisit, last.Add(-l.span()/2))
	}
	if a.yields {
		l.nextVisit = later(l.nextVisit, now.Add(l.clock.trip))
	}
}

// leaveReserved gives the reserved tokens that have come to the waiters that leave next. A token is
// lost if nobody waits, or a pause holds back all. It returns when the next one comes, the zero
// time if none is reserved. l.mu must be held.
func (l *Limiter) leaveReserved(now time.Time) time.Time {
	for len(l.reserved) > 0 {
		g := l.reserved[0]
		if now.Before(g.sentAt) {
			return g.sentAt
		}
		l.dropReserved(1)
		if l.waiters.ready(now) == 0 || now.Before(l.block.until) {
			l.putBack(now)
		} else if w, ok := l.nextToLeave(false, now); ok {
			g.sentAt = now
			l.waiters.admit(w, l.grantTo(g, now))
		} else {
			l.putBack(now)
		}
	}
	return time.Time{}
}

// dropReserved removes the first n reserved tokens. l.mu must be held.
func (l *Limiter) dropReserved(n int) {
	l.reserved = l.reserved[n:]
	l.held -= n
	l.pending -= n
}

// firstPlace returns when the first waiter may go, the zero time if that is not known. l.mu must be
// held.
func (l *Limiter) firstPlace() time.Time {
	if len(l.reserved) > 0 {
		return later(l.block.until, l.reserved[0].sentAt)
	}
	return l.nextPlace
}
