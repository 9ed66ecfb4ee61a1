package ratelimit

import (
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// Snapshot is the state of a [Local], or of a Limiter of package redislimit, at one moment, for
// metrics.
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
	// Rate is the limit of [WithAdaptiveRate] in requests per second, 0 while there is
	// none.
	Rate float64
	// MaxInFlight is the limit of [WithMaxInFlight] or [WithAdaptiveInFlight], 0 while
	// there is none.
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
	l.advance(time.Now())
	return l.snapshot()
}

// snapshot returns the current state. l.mu must be held.
func (l *Local) snapshot() Snapshot {
	now := time.Now()
	s := Snapshot{
		Remaining:   -1,
		PausedUntil: l.pause.Until,
		InFlight:    len(l.ledger.entries),
		Waiting:     l.queue.Len(),
		MaxInFlight: l.mostInFlight(now),
	}
	switch l.server.State() {
	case servers.Silent:
		s.Rate = l.rate.PerSecond(now)
	case servers.Open, servers.Ended:
		s.Limit, s.Remaining, s.Reset = l.server.Window()
	}
	return s
}
