package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// Option configures [New].
type Option func(*Local) error

// settings are the options of a [Local] that do not change.
type settings struct {
	headers     Headers // zero without WithHeaders
	maxInFlight int     // 0 without WithMaxInFlight
	maxWait     time.Duration
	hooks       Hooks
}

// WithRate sets a limit of the client's own: perSecond requests per second on average, and at most
// burst at once. perSecond must be finite and above 0, burst at least 1. By default there is no
// such limit.
func WithRate(perSecond float64, burst int) Option {
	return func(l *Local) error {
		if !(perSecond > 0) || math.IsInf(perSecond, 0) {
			return fmt.Errorf("ratelimit: WithRate: perSecond is %v, it must be finite and above 0", perSecond)
		}
		if burst < 1 {
			return fmt.Errorf("ratelimit: WithRate: burst is %d, it must be at least 1", burst)
		}
		l.ceiling = servers.NewCeiling(perSecond, burst)
		return nil
	}
}

// WithMaxInFlight sets how many requests may be admitted and not yet released, at least 1. By
// default there is no such limit.
//
// A goroutine that sends a request while it still holds the body of another needs two places.
func WithMaxInFlight(n int) Option {
	return func(l *Local) error {
		if n < 1 {
			return fmt.Errorf("ratelimit: WithMaxInFlight: %d, it must be at least 1", n)
		}
		l.settings.maxInFlight = n
		return nil
	}
}

// WithHeaders sets the headers that describe the server's window. By default only Retry-After is
// read.
func WithHeaders(h Headers) Option {
	return func(l *Local) error {
		if h.Structured == "" && (h.Remaining == "" || h.Reset == "") {
			return errors.New("ratelimit: WithHeaders: Remaining and Reset are needed, or Structured")
		}
		if h.ResetUnit != RelativeSeconds && h.ResetUnit != EpochSeconds {
			return fmt.Errorf("ratelimit: WithHeaders: unknown ResetUnit %d", h.ResetUnit)
		}
		h.Limit = http.CanonicalHeaderKey(h.Limit) // Lookups of canonical names are faster.
		h.Remaining = http.CanonicalHeaderKey(h.Remaining)
		h.Reset = http.CanonicalHeaderKey(h.Reset)
		h.Structured = http.CanonicalHeaderKey(h.Structured)
		h.Policy = http.CanonicalHeaderKey(h.Policy)
		l.settings.headers = h
		return nil
	}
}

// WithMaxWait sets the longest wait that a server can impose, above 0. The default is 65 s.
//
// While a longer wait is needed, Acquire fails at once with a [*WaitError]. Once per d it admits
// one request, to check whether the server still requires the wait.
func WithMaxWait(d time.Duration) Option {
	return func(l *Local) error {
		if d <= 0 {
			return fmt.Errorf("ratelimit: WithMaxWait: %v, it must be above 0", d)
		}
		l.settings.maxWait = d
		return nil
	}
}
