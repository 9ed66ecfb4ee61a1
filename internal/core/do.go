package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Do sends a request that the generated client has built, with the retries, the limits and the
// credential of the client. A response with any status is not an error. The generated client calls
// Do.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	cs, typed := ctx.Value(callKey{}).(*call)
	if !typed || cs.entered { // entered: a middleware or a token source of that call sends its own request
		typed = false
		cs = newRawCall(ctx)
		ctx = cs
		req = req.WithContext(ctx)
	}
	cs.enter(c.cfg.Logger != nil)
	r, err := c.sendWithRetries(ctx, cs, req)
	if err != nil {
		c.log(ctx, cs, req, r, err)
		f := c.failure(cs, req, r, err)
		cs.noteLast(r)
		return nil, c.newError(f)
	}
	if !typed { // a typed call is logged after decoding
		c.log(ctx, cs, req, r, nil)
	}
	r.resp.Request = req // the transport's request has the credential
	r.resp.Body = r
	r.resp.ContentLength = int64(len(r.b))
	return r.resp, nil
}

// sendWithRetries makes attempts until one succeeds or no other attempt is useful. It may return
// both a response and an error. The error then says why the response can't be used, or why there
// was no further attempt.
func (c *Client) sendWithRetries(ctx context.Context, cs *call, req *http.Request) (*response, error) {
	repeatable := cs.opts.isRepeatable(req.Method)
	var last *response
	var lastErr error
	for {
		if ended := ctx.Err(); ended != nil {
			if lastErr == nil {
				lastErr = ended
			}
			return last, c.noResponse(ctx, lastErr)
		}
		next, err := c.rewind(req, cs.attempts)
		if err != nil {
			return last, err
		}
		cs.beginAttempt()
		r, err := c.roundTrip(next)
		sent := cs.endAttempt()
		v := c.judge(ctx, cs, repeatable, r, err)
		cs.askedToWait = v.askedToWait
		if v.maybeDone {
			cs.noteMaybeDone(cs.opts.isIdempotent(req.Method))
		}
		switch {
		case last == nil:
		case r == nil && !sent:
			r = last // the last response says more than the reason why this request was not sent
		case r == nil && !cs.outcomeUnknown && last.resp.StatusCode != http.StatusUnauthorized:
			// the same, but the credential was replaced after a 401
			r, err = last, fmt.Errorf("a later attempt: %w", err)
		default:
			last.Close()
		}
		if err == nil && healthy(r.resp.StatusCode) {
			c.budget.add(budgetHealthy)
		}
		v.retry = v.retry && rewindable(req) && (v.immediate || c.cfg.Retry.MaxAttempts > 1)
		wait, stop := c.nextAttempt(ctx, cs.attempts, v)
		if stop != "" || !v.retry {
			cs.notRepeated = stop
			return r, c.noResponse(ctx, err)
		}
		if !v.immediate {
			c.logRetry(ctx, cs, req, r, err, wait)
			Sleep(ctx, wait)
		}
		last, lastErr = r, err
	}
}

// noResponse returns err as the error of a call without a usable response. It is a
// [noResponseError] if the transport failed, or the end of ctx if that is the reason.
func (c *Client) noResponse(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ended := Ended(ctx); ended != nil {
		says := func(target error) bool {
			return errors.Is(err, target) && strings.Contains(err.Error(), target.Error())
		}
		switch cause := context.Cause(ctx); {
		case err == ctx.Err() || err == cause:
			return ended
		case says(cause) && says(ctx.Err()):
			return err
		case says(cause):
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return fmt.Errorf("%w: %w", ended, err)
	}
	if permanent(err) {
		return err
	}
	if errors.As(err, new(*tooLargeError)) {
		return &ResponseError{Problem: "the response could not be read", Err: err}
	}
	return &noResponseError{err}
}

// rewindable reports whether the body of req can be sent again.
func rewindable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// rewind returns the request of the next attempt, with the whole body. attempts is the number of
// attempts so far.
func (c *Client) rewind(req *http.Request, attempts int) (*http.Request, error) {
	if attempts == 0 && c.http.Jar == nil {
		return req, nil
	}
	next := req.WithContext(req.Context())
	if c.http.Jar != nil { // http.Client adds the cookies of the jar to the given header
		next.Header = req.Header.Clone()
	}
	if attempts > 0 && req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, fmt.Errorf("rewind the body: %w", err)
		}
		next.Body = body
	}
	return next, nil
}

// roundTrip makes one attempt, including redirects, and reads the body of its response. If the
// response can't be used, there is also an error.
func (c *Client) roundTrip(req *http.Request) (*response, error) {
	resp, err := c.http.Do(req) //nolint:bodyclose // readBody closes it
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // u contains the URL
		}
		if resp != nil { // the response whose redirect was not followed, already closed
			return &response{resp: resp}, err
		}
		return nil, err
	}
	cs := callOf(req.Context())
	limit, cut := c.cfg.MaxResponse, !success(resp) && cs.keepsLittle()
	if cut {
		limit = min(limit, maxErrorBody+maxSecret)
	}
	r, err := readBody(cs.newResponse(resp), limit, cut)
	r.host = cs.otherHost(c.cfg.BaseURL)
	if !success(resp) {
		err = nil // the status is enough, even if the body is incomplete
	}
	return r, err
}

// success reports whether resp has a 2xx status.
func success(resp *http.Response) bool { return resp.StatusCode >= 200 && resp.StatusCode <= 299 }
