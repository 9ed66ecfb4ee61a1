package redislimit

import (
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// Snapshot returns the state that this process knows:
//
//   - Limit, Remaining, Reset and PausedUntil are those of its latest visit to Redis, in local
//     time. What other processes have sent or learned since then is not known. When Reset has
//     passed, Remaining is -1 and Reset is zero until the next visit.
//   - Remaining includes the places that this process has ahead of its requests, and not those that
//     others have.
//   - InFlight and Waiting count its own requests, those in the fallback included.
//   - MaxInFlight is the limit of [WithMaxInFlight], which is that of all processes together.
//   - Rate is 0, because this package has no adaptive rate.
//
// During an outage all but InFlight and Waiting are those of the fallback, if it has a method
// Snapshot like the default one. If it has none, or with [WithFailClosed], no window is known.
func (l *Limiter) Snapshot() ratelimit.Snapshot {
	if !l.made() {
		return ratelimit.Snapshot{}
	}
	s, usesFallback := l.currentState()
	fallback, ok := l.fallback.(interface{ Snapshot() ratelimit.Snapshot })
	if !usesFallback || !ok {
		return s
	}
	local := fallback.Snapshot()
	local.InFlight, local.Waiting = s.InFlight, s.Waiting
	return local
}

// currentState returns the state that this process knows, without that of the fallback, and whether
// the fallback is in use.
func (l *Limiter) currentState() (s ratelimit.Snapshot, usesFallback bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.snapshot(l.now()), l.outage != nil && !l.failClosed
}

// snapshot returns the state that this process knows, without that of the fallback. l.mu must be
// held.
func (l *Limiter) snapshot(now time.Time) ratelimit.Snapshot {
	s := ratelimit.Snapshot{
		Limit: l.window.limit, Remaining: l.window.remaining, Reset: l.window.end,
		PausedUntil: l.window.pauseEnd,
		InFlight:    l.held - len(l.reserved), Waiting: l.waiters.Len() + l.inFallback, MaxInFlight: l.maxInFlight,
	}
	if s.Remaining >= 0 {
		s.Remaining += len(l.unused)
	}
	if !s.Reset.IsZero() && !s.Reset.After(now) {
		s.Remaining, s.Reset = -1, time.Time{}
	}
	if !s.PausedUntil.After(now) {
		s.PausedUntil = time.Time{}
	}
	return s
}

// windowID identifies a fixed window among those of a budget.
type windowID struct {
	generation, firstSeq int64
	end                  int64 // in microseconds, by the clock of Redis
}

// showsWindow reports whether a shows a new window. l.mu must be held.
func (l *Limiter) showsWindow(a answer) bool {
	if a.windowSeq == 0 {
		return false
	}
	before := l.shown
	l.shown = windowID{a.generation, a.windowSeq, a.windowEnd}
	// Further responses to a window can only make its end earlier.
	return l.shown.generation != before.generation || l.shown.firstSeq != before.firstSeq || l.shown.end > before.end
}

// pauseAfter returns for how long r holds back all requests, as far as this process knows. l.mu
// must be held.
func (l *Limiter) pauseAfter(r response) time.Duration {
	switch earlier := r.generation == l.shown.generation && r.seq < l.shown.firstSeq; {
	case !r.refused || l.outage != nil || l.closed: // It is not reported.
		return 0
	case r.retryAfter >= 0:
		return r.retryAfter
	case earlier: // It has another reason than this window.
		return 0
	}
	return max(r.wait, 0)
}
