package redislimit

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/integrations-go/sdk/ratelimit"
)

const (
	defaultMaxWait   = 65 * time.Second
	defaultTimeout   = 500 * time.Millisecond
	defaultLease     = 15 * time.Second
	defaultMaxVisits = 1000
	minLease         = 100 * time.Millisecond
	maxLease         = 15 * time.Minute
)

// Option configures [New] and [Open]. Processes that share a budget need the
// same WithHeaders, WithRate, WithMaxInFlight and WithMaxWait.
type Option func(*Limiter) error

// WithHeaders sets the headers to learn the server's window from. By default
// only Retry-After is read. See [ratelimit.WithHeaders].
func WithHeaders(h ratelimit.Headers) Option {
	return func(l *Limiter) error {
		l.headers = h
		l.local = append(l.local, ratelimit.WithHeaders(h))
		return nil
	}
}

// WithRate sets a ceiling of one's own for all processes together: perSecond
// requests per second on average, and at most burst at once. perSecond must be
// from 0.001 to 1,000,000, burst from 1 to 1,000,000. The default is no ceiling.
func WithRate(perSecond float64, burst int) Option {
	return func(l *Limiter) error {
		if !(perSecond >= 1e-3) || perSecond > 1e6 {
			return fmt.Errorf("redislimit: WithRate: perSecond is %v, it must be from 0.001 to 1,000,000", perSecond)
		}
		if burst < 1 || burst > 1e6 {
			return fmt.Errorf("redislimit: WithRate: burst is %d, it must be from 1 to 1,000,000", burst)
		}
		l.interval, l.burst = 1e6/perSecond, burst
		l.local = append(l.local, ratelimit.WithRate(perSecond, burst))
		return nil
	}
}

// WithMaxInFlight sets how many requests of all processes together may be
// admitted and not yet released, from 1 to 2^31-1. The default is no limit.
// Processes that wait for a place get one in turn.
func WithMaxInFlight(n int) Option {
	return func(l *Limiter) error {
		if n < 1 || n > math.MaxInt32 {
			return fmt.Errorf("redislimit: WithMaxInFlight: %d, it must be from 1 to 2^31-1", n)
		}
		l.maxInFlight = n
		l.local = append(l.local, ratelimit.WithMaxInFlight(n))
		return nil
	}
}

// WithMaxWait sets the longest wait that a server can impose, above 0 and at
// most a year; the default is 65 seconds. While more is needed, Acquire fails
// at once with a [*ratelimit.WaitError], and once per d a single request is
// let through to see whether the server still means it.
func WithMaxWait(d time.Duration) Option {
	return func(l *Limiter) error {
		if d <= 0 || d > 365*24*time.Hour {
			return fmt.Errorf("redislimit: WithMaxWait: %v, it must be above 0 and at most a year", d)
		}
		l.maxWait = d
		l.local = append(l.local, ratelimit.WithMaxWait(d))
		return nil
	}
}

// WithFailClosed makes Acquire fail with an error that is [ErrUnavailable]
// while Redis is gone. The default is to go on with a limiter of this process.
func WithFailClosed() Option {
	return func(l *Limiter) error {
		l.failClosed = true
		return nil
	}
}

// WithFallback sets the limiter to go on with while Redis is gone. The default
// is a [ratelimit.Local] with the same WithHeaders, WithRate, WithMaxInFlight
// and WithMaxWait, which are then limits of each process.
func WithFallback(fallback ratelimit.Limiter) Option {
	return func(l *Limiter) error {
		if fallback == nil {
			return errors.New("redislimit: WithFallback: nil")
		}
		l.fallback = fallback
		return nil
	}
}

// WithLogger sets where it is told that Redis is gone (level Warn) and back
// (level Info), once each per outage. The default is [slog.Default] as it is
// when the limiter is made.
func WithLogger(log *slog.Logger) Option {
	return func(l *Limiter) error {
		if log == nil {
			return errors.New("redislimit: WithLogger: nil")
		}
		l.log = log
		return nil
	}
}

// WithTimeout sets how long an answer of Redis may take, connecting included,
// above 0; the default is 500 ms. Redis is taken to be gone after it. That is
// the most that an outage costs a request that asked Redis.
func WithTimeout(d time.Duration) Option {
	return func(l *Limiter) error {
		if d <= 0 {
			return fmt.Errorf("redislimit: WithTimeout: %v, it must be above 0", d)
		}
		l.timeout = d
		return nil
	}
}

// WithLease sets for how long the places in flight of a process that died are
// kept, from 100 ms to 15 minutes; the default is 15 seconds. A living process
// renews its lease three times in d.
func WithLease(d time.Duration) Option {
	return func(l *Limiter) error {
		if d < minLease || d > maxLease {
			return fmt.Errorf("redislimit: WithLease: %v, it must be from %v to %v", d, minLease, maxLease)
		}
		l.lease = d
		return nil
	}
}

// WithMaxVisits caps how often per second Redis is asked by this process, on
// average, from 1 to 1,000,000; a tenth of it may be asked at once. The default
// is 1000. One visit asks for many places and tells many replies, so a low cap
// delays requests but does not limit their number.
func WithMaxVisits(perSecond int) Option {
	return func(l *Limiter) error {
		if perSecond < 1 || perSecond > 1e6 {
			return fmt.Errorf("redislimit: WithMaxVisits: %d, it must be from 1 to 1,000,000", perSecond)
		}
		l.visits = newVisits(perSecond)
		return nil
	}
}

func newVisits(perSecond int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), max(perSecond/10, 1))
}
