package redislimit

import (
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// Snapshot returns the state that this process knows. Limit, Remaining, Reset and PausedUntil are
// those of its latest visit to Redis, in local time. InFlight and Waiting count its own requests.
func (l *Limiter) Snapshot() ratelimit.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.snapshot(l.now())
}

// snapshot returns the state that this process knows. l.mu must be held.
func (l *Limiter) snapshot(now time.Time) ratelimit.Snapshot {
	return ratelimit.Snapshot{
		Limit: l.window.limit, Remaining: l.window.remaining, Reset: l.window.end,
		PausedUntil: l.window.pauseEnd,
		InFlight:    l.held, Waiting: l.waiters.Len(),
	}
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
