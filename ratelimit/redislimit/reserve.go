package redislimit

import "time"

const (
	// maxReserve is how long before its time a token may be reserved. So ten processes have one
	// each at 20 per second.
	maxReserve = 500 * time.Millisecond
	// leastSpan is the least time for which the tokens of a visit last. spanTrips is the same in
	// round trips to Redis: a visit takes two where others change the budget as well.
	leastSpan, spanTrips = pollInterval, 3
	// alonePause is in how many visits a process pauses once while it knows of no other one.
	alonePause = 8
)

// tokens returns the time in which n tokens of WithRate come.
func (c *config) tokens(n int) time.Duration { return time.Duration(float64(n) * c.interval * 1e3) }

// reserves reports whether processes get tokens before their time: only the rate limits requests,
// and it is not low.
func (c *config) reserves() bool {
	return c.interval > 0 && c.tokens(1) <= maxReserve && c.maxInFlight == 0 && !c.readsHeaders()
}

// retryDelay returns how long a visit waits at most before it tries again. Where processes contend
// for tokens, the one that has tried most often is the next.
func (c *config) retryDelay(tries int, trip time.Duration) time.Duration {
	if c.reserves() {
		return min(2*trip, pollInterval) / time.Duration(tries)
	}
	return min(2*time.Duration(tries)*trip, pollInterval)
}

// nextToken returns when the next token is there, at or later.
func (t *turn) nextToken(at time.Time) time.Time {
	if t.config.interval == 0 {
		return at
	}
	return later(at, t.full.Add(-t.config.tokens(t.config.burst-1)))
}

// reserves reports whether the process gets tokens before their time now.
func (t *turn) reserves() bool {
	return t.config.reserves() && !t.limitedByServer() && !t.pause.Until.After(t.now)
}

// lastToken returns until when the tokens of this visit come: now, or at the end of a span that
// begins with the first of them.
func (t *turn) lastToken() time.Time {
	if !t.reserves() {
		return t.now
	}
	return earlier(t.nextToken(t.now).Add(t.visit.span), t.now.Add(maxReserve))
}

// yields reports whether the process pauses before the next visit, so that another one can change
// the budget: less than half of the burst is left, and others are known, or may be.
func (t *turn) yields() bool {
	fewTokens := t.full.Sub(t.now) > t.config.tokens(t.config.burst)/2
	return fewTokens && t.reserves() && (t.active() > 1 || t.visits%alonePause == alonePause-1)
}

// span returns for how long the tokens of a visit last. l.mu must be held.
func (l *Limiter) span() time.Duration { return max(spanTrips*l.clock.trip, leastSpan) }

// wanted returns how many places the waiters want now, beside the reserved tokens. l.mu must be
// held.
func (l *Limiter) wanted(now time.Time) int {
	return min(max(l.waiters.ready(now)-len(l.reserved), 0), maxPlaces)
}

// wantedAgain returns how many tokens a visit wants that tries again: requests have come since it
// wanted so many.
func (l *Limiter) wantedAgain(want int) int {
	if want == 0 || !l.reserves() {
		return want
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(want, l.wanted(l.now()))
}

// reserve keeps g, whose token comes at the time at, for the waiter that leaves next then. l.mu
// must be held.
func (l *Limiter) reserve(g *grant, at time.Time) {
	g.sentAt = at
	l.reserved = append(l.reserved, g)
	l.held++
	l.pending++
}

// dropReserved removes the first n reserved tokens. l.mu must be held.
func (l *Limiter) dropReserved(n int) {
	l.reserved = l.reserved[n:]
	l.held -= n
	l.pending -= n
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
			continue
		}
		if w, ok := l.nextToLeave(false, now); ok {
			g.sentAt = now
			l.waiters.admit(w, l.grantTo(g, now))
		}
	}
	return time.Time{}
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

// firstPlace returns when the first waiter may go, the zero time if that is not known. l.mu must be
// held.
func (l *Limiter) firstPlace() time.Time {
	if len(l.reserved) > 0 {
		return later(l.block.until, l.reserved[0].sentAt)
	}
	return l.nextPlace
}
