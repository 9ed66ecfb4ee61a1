package core

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// RetryPolicy is the retry policy of a client. Package sdk declares and documents the same struct.
type RetryPolicy struct {
	MaxAttempts   int
	MinDelay      time.Duration
	MaxDelay      time.Duration
	MaxServerWait time.Duration
	Budget        int
}

// DefaultRetryPolicy returns the default policy of a client.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{
		MaxAttempts: 5, MinDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second,
		MaxServerWait: 65 * time.Second, Budget: 50,
	}
}

// Check returns an [argumentError] if MinDelay is greater than MaxDelay.
func (p RetryPolicy) Check() error {
	if p.MinDelay > 0 && p.MaxDelay > 0 && p.MaxDelay < p.MinDelay {
		return Arg("RetryPolicy.MinDelay", "%v is greater than MaxDelay %v", p.MinDelay, p.MaxDelay)
	}
	return nil
}

// unlimited is the Budget of a policy without a limit.
const unlimited = -1

// withDefaults sets the fields that are zero. It gives negative fields the value that turns off
// what they control.
func (p RetryPolicy) withDefaults() RetryPolicy {
	d := DefaultRetryPolicy()
	p.MaxAttempts = defaultOr(p.MaxAttempts, d.MaxAttempts, 1)
	p.MaxServerWait = defaultOr(p.MaxServerWait, d.MaxServerWait, 0)
	p.Budget = defaultOr(p.Budget, d.Budget, unlimited)
	switch {
	case p.MaxDelay < 0 || p.MinDelay < 0:
		p.MinDelay, p.MaxDelay = 0, 0
	case p.MinDelay == 0 && p.MaxDelay == 0:
		p.MinDelay, p.MaxDelay = d.MinDelay, d.MaxDelay
	case p.MinDelay == 0:
		p.MinDelay = min(d.MinDelay, p.MaxDelay)
	case p.MaxDelay == 0:
		p.MaxDelay = max(d.MaxDelay, p.MinDelay)
	}
	return p
}

// defaultOr returns value, standard if value is 0, or off if value is negative.
func defaultOr[T int | time.Duration](value, standard, off T) T {
	switch {
	case value == 0:
		return standard
	case value < 0:
		return off
	}
	return value
}

// The changes of a client's budget. A retry costs as much as ten responses of a healthy server
// return.
const (
	budgetRetry   = -10
	budgetHealthy = 1
)

// healthy reports whether status comes from a server that works and is not overloaded. Such a
// response refills the budget.
func healthy(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status < 500
}

// budget limits the retries of a client: while most calls fail, there are few retries. It is safe
// for concurrent use.
type budget struct {
	left atomic.Int64
	full int64
}

// newBudget returns a full budget for this number of retries.
func newBudget(retries int) *budget {
	b := &budget{full: int64(retries) * -budgetRetry}
	b.left.Store(b.full)
	return b
}

// add adds n to the budget, up to its maximum. If the result would be negative, it returns false
// and changes nothing.
func (b *budget) add(n int64) bool {
	if b.full < 0 { // unlimited
		return true
	}
	for {
		left := b.left.Load()
		next := min(left+n, b.full)
		if next < 0 {
			return false
		}
		if next == left {
			return true // the budget is full, as after most successes
		}
		if b.left.CompareAndSwap(left, next) {
			return true
		}
	}
}

// verdict is the consequence of an attempt for the next one.
type verdict struct {
	retry     bool
	immediate bool // no wait and not counted: only the credential was stale
	maybeDone bool // the server may have carried out the request
	// askedToWait means a 429, or a response of any status that states the wait. The retry
	// takes nothing from the budget, and a place in the rate limit before the other calls.
	// askedToWait && !stated: a 429 without Retry-After and reset.
	askedToWait bool
	stated      bool          // the server stated the wait
	wait        time.Duration // 0 unless stated
}

// judge decides what follows an attempt that ended with the response r, or with err.
func (c *Client) judge(ctx context.Context, cs *call, idempotent bool, r *response, err error) verdict {
	if err != nil {
		return judgeError(ctx, idempotent, err)
	}
	return c.judgeStatus(cs, idempotent, r)
}

// judgeError decides what follows an attempt without a usable response.
func judgeError(ctx context.Context, idempotent bool, err error) verdict {
	switch {
	case errors.As(err, new(*notSentError)), errors.As(err, new(*redirectError)):
		return verdict{}
	case neverSent(err):
		return verdict{retry: ctx.Err() == nil && !permanent(err)}
	case ctx.Err() != nil, permanent(err):
		return verdict{maybeDone: true}
	}
	return verdict{retry: idempotent && !errors.As(err, new(*tooLargeError)), maybeDone: true}
}

// judgeStatus decides what follows an attempt by the status of its response.
func (c *Client) judgeStatus(cs *call, idempotent bool, r *response) verdict {
	status := r.resp.StatusCode
	switch status {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return verdict{} // not followed; they ask for the same request elsewhere
	case http.StatusUnauthorized:
		again := cs.reauthorize(c.cfg.Auth)
		return verdict{retry: again, immediate: again}
	}
	if status < 400 {
		return verdict{maybeDone: !success(r.resp)} // the server may have carried out a POST before it
	}
	wait, stated := r.serverWait(c.cfg.Headers)
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable && stated:
		return verdict{retry: true, askedToWait: true, stated: stated, wait: wait}
	case transient(status):
		return verdict{retry: idempotent, maybeDone: true, askedToWait: stated, stated: stated, wait: wait}
	case status >= 500 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported:
		return verdict{maybeDone: true}
	}
	return verdict{}
}

// transient reports whether the same request may succeed after a response with status.
func transient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// nextAttempt returns the wait before the attempt that follows v, or the reason why the policy
// allows none. attempts is the number of attempts so far. It takes the attempt from the budget. If
// v allows no other attempt, it has no effect.
func (c *Client) nextAttempt(ctx context.Context, attempts int, v verdict) (wait time.Duration, stop string) {
	p := c.cfg.Retry
	if !v.retry || v.immediate {
		return 0, ""
	}
	left := time.Duration(math.MaxInt64)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	switch {
	case v.wait > p.MaxServerWait:
		return 0, "the wait is longer than the " + p.MaxServerWait.String() + " allowed"
	case v.wait >= left:
		return 0, "the deadline is in " + max(left, 0).Round(time.Millisecond).String()
	case attempts >= p.MaxAttempts:
		return 0, "no more than " + strconv.Itoa(p.MaxAttempts) + " attempts are allowed"
	case !v.askedToWait && !c.budget.add(budgetRetry):
		return 0, "the retry budget is used up"
	}
	return c.delay(attempts, v, left), ""
}

// idempotentMethod reports whether RFC 9110, section 9.2.2, calls the method idempotent.
func idempotentMethod(m string) bool {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// neverSent reports whether it was observed that the server processed no request of the attempt
// that ended with err.
func neverSent(err error) bool {
	unsent, ok := errors.AsType[*unsentError](err)
	return ok && unsent.unproven.Load() == 0
}

// permanent reports whether another attempt would end with err too.
func permanent(err error) bool {
	return errors.As(err, new(*notSentError)) || errors.As(err, new(*redirectError)) || tlsFailure(err) ||
		errors.As(err, new(*net.AddrError))
}

// tlsFailure reports whether err means that the server does not support TLS, or that its
// certificate is not trusted.
func tlsFailure(err error) bool {
	// Conn is set only if the server responded to the TLS handshake with something else.
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && record.Conn != nil {
		return true
	}
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, new(*tls.CertificateVerificationError))
}

// delay returns the wait after this number of attempts:
//
//   - without a wait stated by the server: a random part of a limit that doubles with each attempt;
//   - otherwise: the stated wait and a random part of a tenth of it. This prevents the clients of a
//     server from sending at the same moment.
//
// A limiter also spreads its requests. With a limiter, the random part of a stated wait is at most
// maxJitter. The random part does not make the wait longer than MaxServerWait, and takes at most
// half of the call's remaining time.
func (c *Client) delay(attempts int, v verdict, left time.Duration) time.Duration {
	p := c.cfg.Retry
	limit := p.MaxDelay
	if shift := attempts - 1; p.MinDelay < p.MaxDelay>>shift {
		limit = p.MinDelay << shift
	}
	if v.stated {
		limit = min(limit, max(v.wait/10, p.MinDelay/5), p.MaxServerWait-v.wait)
		if c.cfg.Limiter != nil {
			limit = min(limit, maxJitter)
		}
	}
	return v.wait + jitter(min(limit, (left-v.wait)/2))
}

// maxJitter is also the time over which a limiter spreads its requests after a pause.
const maxJitter = 100 * time.Millisecond

// jitter returns a random time less than limit.
func jitter(limit time.Duration) time.Duration { return rand.N(max(limit, 1)) }

// Sleep waits for d, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
