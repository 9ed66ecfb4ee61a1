package core

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// RetryPolicy says how often and how long to try. The vendor packages declare the same struct, with docs.
type RetryPolicy struct {
	MaxAttempts   int
	MinDelay      time.Duration
	MaxDelay      time.Duration
	MaxServerWait time.Duration
	Budget        int
}

// DefaultRetryPolicy is used where the caller names none.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{MaxAttempts: 5, MinDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second, MaxServerWait: 65 * time.Second, Budget: 50}
}

// Check refuses policies that make no sense.
func (p RetryPolicy) Check() error {
	switch {
	case p.MaxAttempts < 1:
		return Arg("RetryPolicy.MaxAttempts", "is %d, less than 1", p.MaxAttempts)
	case p.MinDelay < 0 || p.MaxDelay < p.MinDelay:
		return Arg("RetryPolicy.MinDelay", "%v and MaxDelay %v are no range", p.MinDelay, p.MaxDelay)
	case p.MaxServerWait < 0:
		return Arg("RetryPolicy.MaxServerWait", "is negative")
	case p.Budget < 0:
		return Arg("RetryPolicy.Budget", "is negative")
	}
	return nil
}

// budget is what stops retry storms: a retry spends ten, a success gives one back.
type budget struct {
	left atomic.Int64
	full int64
}

func newBudget(retries int) *budget {
	b := &budget{full: int64(retries) * 10}
	b.left.Store(b.full)
	return b
}

func (b *budget) add(n int64) bool {
	for {
		old := b.left.Load()
		next := min(old+n, b.full)
		if next < 0 {
			return false
		}
		if next == old {
			return true // as after nearly every success
		}
		if b.left.CompareAndSwap(old, next) {
			return true
		}
	}
}

// verdict is what an attempt's end means for the next one.
type verdict struct {
	retry     bool
	now       bool // without a wait and free of charge: only the credential was stale
	maybeDone bool // the server may have carried the request out
	told      bool // the server named the wait
	free      bool // it refused, or asked for this retry, which then does not count against the budget
	wait      time.Duration
}

// judge decides what to do after an attempt that ended with reply, or with err where none came.
func (c *Client) judge(ctx context.Context, cs *call, idempotent bool, r *reply, err error) verdict {
	if err != nil {
		switch {
		case permanent(err):
			return verdict{}
		case neverSent(err):
			return verdict{retry: ctx.Err() == nil}
		case ctx.Err() != nil:
			return verdict{maybeDone: true}
		}
		return verdict{retry: idempotent && !errors.As(err, new(*tooLargeError)), maybeDone: true}
	}
	status := r.resp.StatusCode
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		return verdict{maybeDone: true} // not followed; a POST that is answered so may have been carried out
	}
	if status < 400 {
		return verdict{}
	}
	wait, told := c.cfg.Headers.Wait(r.resp, time.Now())
	switch {
	case status == http.StatusUnauthorized:
		if !cs.reauthorized && cs.sentHeader != nil && c.cfg.Auth.Refused != nil && c.cfg.Auth.Refused(cs.sentHeader) {
			cs.reauthorized = true
			return verdict{retry: true, now: true}
		}
		return verdict{}
	case status == http.StatusTooManyRequests:
		return verdict{retry: true, told: told, free: true, wait: wait}
	case status == http.StatusServiceUnavailable && told:
		return verdict{retry: true, told: true, free: true, wait: wait}
	case status == http.StatusRequestTimeout, status == http.StatusInternalServerError, status == http.StatusBadGateway,
		status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return verdict{retry: idempotent, maybeDone: true, told: told, wait: wait}
	case status >= 500 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported:
		return verdict{maybeDone: true}
	}
	return verdict{}
}

// idempotentMethod follows RFC 9110, section 9.2.2.
func idempotentMethod(m string) bool {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// neverSent reports that no byte of the request can have reached the server.
func neverSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	return errors.As(err, new(*net.DNSError))
}

// permanent reports that the request was not carried out, and that another attempt would end in the same way.
func permanent(err error) bool {
	// The connection is there with a record that came in the place of a TLS handshake only.
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && record.Conn != nil {
		return true
	}
	return errors.As(err, new(*notSentError)) || errors.As(err, new(*redirectError)) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(*net.AddrError))
}

// delay is full jitter for waits that we choose, and a little on top of those that the server chose, so that its clients don't come back as one.
func (c *Client) delay(attempt int, v verdict) time.Duration {
	p := c.cfg.Retry
	ceiling := p.MaxDelay
	if shift := attempt - 1; p.MinDelay < p.MaxDelay>>shift {
		ceiling = p.MinDelay << shift
	}
	if !v.told {
		return jitter(ceiling)
	}
	return v.wait + jitter(min(ceiling, max(v.wait/10, p.MinDelay/5)))
}

// jitter is a random time below limit.
func jitter(limit time.Duration) time.Duration { return rand.N(max(limit, 1)) }

// sleep ends early with ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
