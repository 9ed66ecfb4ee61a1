package servers

import (
	"math"
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

// Restore sets c to the state in which all tokens are there again at the time full.
func (c Ceiling) Restore(full time.Time) {
	burst := c.limiter.Burst()
	c.limiter.ReserveN(full.Add(-refill(float64(burst)/float64(c.limiter.Limit()))), burst)
}

// Full returns when all tokens are there again, now or later.
func (c Ceiling) Full(now time.Time) time.Time {
	if c.limiter == nil {
		return now
	}
	missing := float64(c.limiter.Burst()) - c.limiter.TokensAt(now)
	return now.Add(refill(missing / float64(c.limiter.Limit())))
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

// refill returns n seconds, at most half of what a duration holds. A burst of a very low rate takes
// more than a century.
func refill(n float64) time.Duration { return time.Duration(min(n*1e9, math.MaxInt64/2)) }
