package servers

import (
	"time"

	"golang.org/x/time/rate"
)

// Ceiling is a rate that the client sets itself: the token bucket of [rate.Limiter]. The zero value
// is no limit.
type Ceiling struct{ limiter *rate.Limiter }

// NewCeiling returns a limit of perSecond requests per second, and burst at once.
func NewCeiling(perSecond float64, burst int) Ceiling {
	return Ceiling{rate.NewLimiter(rate.Limit(perSecond), burst)}
}

// Next returns the earliest time, at or later, at which a request with so many ahead of it may
// leave.
func (c Ceiling) Next(at time.Time, ahead int) time.Time {
	if c.limiter == nil {
		return at
	}
	missing := float64(ahead+1) - c.limiter.TokensAt(at)
	if missing <= 0 {
		return at
	}
	wait := seconds(missing / float64(c.limiter.Limit()))
	return at.Add(wait + time.Microsecond) // The microsecond makes up for rounding.
}

// Admit takes a token.
func (c Ceiling) Admit(now time.Time) {
	if c.limiter != nil {
		c.limiter.AllowN(now, 1)
	}
}

// seconds returns n seconds, at most the longest wait that is computed.
func seconds(n float64) time.Duration { return time.Duration(min(n, longest.Seconds()) * 1e9) }
