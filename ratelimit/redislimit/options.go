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

// Option configures [New] and [Open]. Processes that share a budget must use the same WithHeaders,
// WithRate, WithMaxInFlight and WithMaxWait.
type Option func(*Limiter) error

// WithHeaders sets the headers that describe the server's window. By default only Retry-After is
// read. See [ratelimit.WithHeaders].
func WithHeaders(h ratelimit.Headers) Option {
	return func(l *Limiter) error {
		l.headers = h
		l.fallbackOptions = append(l.fallbackOptions, ratelimit.WithHeaders(h))
		return nil
	}
}

// WithRate sets a limit for all processes together: perSecond requests per second on average, and
// at most burst at once. perSecond must be from 0.001 to 1,000,000, burst from 1 to 1,000,000. By
// default there is no such limit. Without WithHeaders and WithMaxInFlight, and from two requests
// per second on, processes that wait get equal parts: they reserve tokens up to half a second
// before their time. The reserved tokens of a process that dies, or whose requests give up, are
// lost.
func WithRate(perSecond float64, burst int) Option {
	return func(l *Limiter) error {
		if !(perSecond >= 1e-3) || perSecond > 1e6 {
			return fmt.Errorf("redislimit: WithRate: perSecond is %v, it must be from 0.001 to 1,000,000", perSecond)
		}
		if burst < 1 || burst > 1e6 {
			return fmt.Errorf("redislimit: WithRate: burst is %d, it must be from 1 to 1,000,000", burst)
		}
		l.interval, l.burst = 1e6/perSecond, burst
		l.fallbackOptions = append(l.fallbackOptions, ratelimit.WithRate(perSecond, burst))
		return nil
	}
}

// WithMaxInFlight sets how many requests of all processes together may be admitted and not yet
// released, from 1 to 2^31-1. By default there is no such limit. Processes that wait for places
// get equal shares. If there are fewer places than processes, they take turns of up to a second.
func WithMaxInFlight(n int) Option {
	return func(l *Limiter) error {
		if n < 1 || n > math.MaxInt32 {
			return fmt.Errorf("redislimit: WithMaxInFlight: %d, it must be from 1 to 2^31-1", n)
		}
		l.maxInFlight = n
		l.fallbackOptions = append(l.fallbackOptions, ratelimit.WithMaxInFlight(n))
		return nil
	}
}

// WithMaxWait sets the longest wait that a server can impose, above 0 and at most a year. The
// default is 65 s.
//
// While a longer wait is needed, Acquire fails at once with a [*ratelimit.WaitError]. Once per d it
// admits one request, to check whether the server still requires the wait.
func WithMaxWait(d time.Duration) Option {
	return func(l *Limiter) error {
		if d <= 0 || d > 365*24*time.Hour {
			return fmt.Errorf("redislimit: WithMaxWait: %v, it must be above 0 and at most a year", d)
		}
		l.maxWait = d
		l.fallbackOptions = append(l.fallbackOptions, ratelimit.WithMaxWait(d))
		return nil
	}
}

// WithFailClosed makes Acquire fail during an outage of Redis, with an error that matches
// [ErrUnavailable]. The default is to continue with a limiter of this process.
func WithFailClosed() Option {
	return func(l *Limiter) error {
		l.failClosed = true
		return nil
	}
}

// WithFallback sets the limiter that this process uses during an outage of Redis. The default is a
// [ratelimit.Local] with the same WithHeaders, WithRate, WithMaxInFlight and WithMaxWait. These are
// then limits of each process.
func WithFallback(fallback ratelimit.Limiter) Option {
	return func(l *Limiter) error {
		if fallback == nil {
			return errors.New("redislimit: WithFallback: nil")
		}
		l.fallback = fallback
		return nil
	}
}

// WithLogger sets the logger for outages of Redis. It logs the beginning at level Warn and the end
// at level Info, once each. The default is the [slog.Default] at the time when the limiter is
// created.
func WithLogger(log *slog.Logger) Option {
	return func(l *Limiter) error {
		if log == nil {
			return errors.New("redislimit: WithLogger: nil")
		}
		l.log = log
		return nil
	}
}

// WithHooks sets functions for metrics and logs. The default is none. They are called outside any
// lock, and several may run at once:
//
//   - Wait: when a request is admitted that had to wait. It had to wait if its first visit to Redis
//     gave it no place, or if no visit was due at once. d is the time since the call of Acquire.
//   - Refused: by Observe, before Redis knows of the refusal. pause is the wait that the response
//     states. From the second refusal in a row that states none on, Redis holds back all requests
//     nevertheless. Then pause is 0.
//   - Window: when a visit shows a new window, in a goroutine of its own. The response that stated
//     the window may be that of another process. A window in which this process makes no visit is
//     not shown. Close does not wait for this goroutine.
//
// During an outage the default fallback calls these functions. A limiter of [WithFallback] does not
// know them.
func WithHooks(h ratelimit.Hooks) Option {
	return func(l *Limiter) error {
		l.hooks = h
		l.fallbackOptions = append(l.fallbackOptions, ratelimit.WithHooks(h))
		return nil
	}
}

// WithTimeout sets how long an answer of Redis may take, connecting included, above 0. The default
// is 500 ms. A longer time is an outage. So an outage delays a request by d at most.
func WithTimeout(d time.Duration) Option {
	return func(l *Limiter) error {
		if d <= 0 {
			return fmt.Errorf("redislimit: WithTimeout: %v, it must be above 0", d)
		}
		l.timeout = d
		return nil
	}
}

// WithLease sets how long the places in flight of a dead process are kept, from 100 ms to 15
// minutes. The default is 15 s. A living process with requests in flight renews its lease three
// times in d. An answer of Redis that arrives after the lease brings no place. The second one in a
// row is an outage, so d must be more than twice a round trip to Redis.
func WithLease(d time.Duration) Option {
	return func(l *Limiter) error {
		if d < minLease || d > maxLease {
			return fmt.Errorf("redislimit: WithLease: %v, it must be from %v to %v", d, minLease, maxLease)
		}
		l.lease = d
		return nil
	}
}

// WithMaxVisits limits how many visits to Redis this process makes per second, on average, from 1
// to 1,000,000. A tenth of that may be made at once. The default is 1000. One visit asks for many
// places and reports many responses. So a low limit delays requests, but does not reduce their
// number.
func WithMaxVisits(perSecond int) Option {
	return func(l *Limiter) error {
		if perSecond < 1 || perSecond > 1e6 {
			return fmt.Errorf("redislimit: WithMaxVisits: %d, it must be from 1 to 1,000,000", perSecond)
		}
		l.visits = newVisits(perSecond)
		return nil
	}
}

// newVisits returns the limiter of visits.
func newVisits(perSecond int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), max(perSecond/10, 1))
}
