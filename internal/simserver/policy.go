// Package simserver simulates servers that limit requests, and measures what a client gets from
// them.
//
// A [Server] runs on whatever clock the time package has: the fake clock of testing/synctest as an
// [http.RoundTripper], or the real clock as an [http.Handler]. A [Scenario] is a server and a load.
// [Run] plays it with any [ratelimit.Limiter] or without one, and [Oracle] returns what is
// possible.
package simserver

import (
	"math"
	"time"
)

// Decision is the outcome of one request, with exact times.
type Decision struct {
	// Accepted reports whether the request was served.
	Accepted bool
	// Limit and Remaining are the counts that the server states.
	Limit, Remaining int
	// Reset is the time to the reset that the server states.
	Reset time.Duration
	// Retry is the time until one more request is accepted.
	Retry time.Duration
}

// Policy counts requests. It has no clock and no lock.
type Policy interface {
	// Take counts a request that arrives at now. Times must not decrease.
	Take(now time.Time) Decision
	// Free returns the earliest time, now or later, at which a request is accepted.
	Free(now time.Time) time.Time
}

// FixedWindow accepts Limit requests per window.
type FixedWindow struct {
	// Limit is the number of requests per window, Length is the window's duration.
	Limit  int
	Length time.Duration
	// Start is the beginning of one window. If it is zero, the first request sets it.
	Start time.Time
	// OnRequest makes each window begin with the first request after the end of the one
	// before.
	OnRequest bool

	used int
}

func (f *FixedWindow) turn(now time.Time) {
	if f.Start.IsZero() {
		f.Start = now
	}
	passed := now.Sub(f.Start)
	if passed < f.Length {
		return
	}
	f.used = 0
	f.Start = f.Start.Add(passed.Truncate(f.Length))
	if f.OnRequest {
		f.Start = now
	}
}

// Take implements [Policy].
func (f *FixedWindow) Take(now time.Time) Decision {
	f.turn(now)
	ok := f.used < f.Limit
	if ok {
		f.used++
	}
	left := f.Start.Add(f.Length).Sub(now)
	return Decision{ok, f.Limit, f.Limit - f.used, left, left}
}

// Free implements [Policy].
func (f *FixedWindow) Free(now time.Time) time.Time {
	if f.Start.IsZero() || f.used < f.Limit {
		return now
	}
	if end := f.Start.Add(f.Length); end.After(now) {
		return end
	}
	return now
}

// TokenBucket holds Limit tokens and gets Limit more per Length, evenly.
type TokenBucket struct {
	// Limit is the size of the bucket, Length is the time in which an empty one becomes
	// full.
	Limit  int
	Length time.Duration
	// NextToken makes Reset the time to the next token instead of the time to a full
	// bucket.
	NextToken bool

	full time.Time // when the bucket is full
}

// each is the time in which one token comes back.
func (b *TokenBucket) each() time.Duration { return b.Length / time.Duration(b.Limit) }

// Take implements [Policy].
func (b *TokenBucket) Take(now time.Time) Decision {
	if b.full.Before(now) {
		b.full = now
	}
	tokens := func() time.Duration { return time.Duration(b.Limit)*b.each() - b.full.Sub(now) }
	ok := tokens() >= b.each()
	if ok {
		b.full = b.full.Add(b.each())
	}
	d := Decision{ok, b.Limit, int(tokens() / b.each()), b.full.Sub(now), max(0, b.each()-tokens())}
	if b.NextToken {
		d.Reset = d.Retry
	}
	return d
}

// Free implements [Policy].
func (b *TokenBucket) Free(now time.Time) time.Time {
	if at := b.full.Add(-time.Duration(b.Limit-1) * b.each()); at.After(now) {
		return at
	}
	return now
}

// SlidingWindow accepts Limit requests in any period of Length.
type SlidingWindow struct {
	// Limit is the number of requests per period, Length is its duration.
	Limit  int
	Length time.Duration
	// Youngest makes Reset the time until the youngest counted request leaves, instead of
	// the oldest.
	Youngest bool

	taken []time.Time // in the last period, oldest first
}

func (s *SlidingWindow) expire(now time.Time) {
	for len(s.taken) > 0 && now.Sub(s.taken[0]) >= s.Length {
		s.taken = s.taken[1:]
	}
}

// Take implements [Policy].
func (s *SlidingWindow) Take(now time.Time) Decision {
	s.expire(now)
	ok := len(s.taken) < s.Limit
	if ok {
		s.taken = append(s.taken, now)
	}
	oldest := s.taken[0].Add(s.Length).Sub(now)
	d := Decision{ok, s.Limit, s.Limit - len(s.taken), oldest, oldest}
	if s.Youngest {
		d.Reset = s.taken[len(s.taken)-1].Add(s.Length).Sub(now)
	}
	return d
}

// Free implements [Policy].
func (s *SlidingWindow) Free(now time.Time) time.Time {
	s.expire(now)
	if len(s.taken) < s.Limit {
		return now
	}
	return s.taken[0].Add(s.Length)
}

// Concurrency accepts a request while fewer than Limit are being served. It states no window.
type Concurrency struct {
	// Limit is the number of requests served at a time, Service is how long each takes.
	Limit   int
	Service time.Duration

	ends []time.Time // of the requests being served, earliest first
}

// Take implements [Policy].
func (c *Concurrency) Take(now time.Time) Decision {
	for len(c.ends) > 0 && !c.ends[0].After(now) {
		c.ends = c.ends[1:]
	}
	ok := len(c.ends) < c.Limit
	if ok {
		c.ends = append(c.ends, now.Add(c.Service))
	}
	return Decision{Accepted: ok, Limit: c.Limit, Retry: time.Second}
}

// Free implements [Policy].
func (c *Concurrency) Free(now time.Time) time.Time {
	if len(c.ends) < c.Limit || !c.ends[0].After(now) {
		return now
	}
	return c.ends[0]
}

// Rounding is the way in which a server writes a time as seconds.
type Rounding int

// The roundings. Exact writes a fraction.
const (
	Up Rounding = iota
	Down
	Nearest
	Exact
)

// String returns the name of r.
func (r Rounding) String() string { return [...]string{"up", "down", "nearest", "exact"}[r] }

// Seconds returns d in seconds, rounded.
func (r Rounding) Seconds(d time.Duration) float64 {
	switch r {
	case Up:
		return math.Ceil(d.Seconds())
	case Down:
		return math.Floor(d.Seconds())
	case Nearest:
		return math.Round(d.Seconds())
	}
	return d.Seconds()
}
