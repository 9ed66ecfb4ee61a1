package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// defaultAttemptTimeout limits one attempt, from the end of its wait for the rate limit to the end
// of its response body.
const defaultAttemptTimeout = time.Minute

// newAttemptTransport assembles the stages of an attempt. The stages before sending run in the
// order of the list. If one fails, the attempt ends, and nothing is sent. Then the request passes
// the caller's middleware, the first one outermost, and is sent by the base transport. The debug
// output is innermost: it shows what is sent.
//
// Retries and redirects are outside: each attempt, and each redirect that http.Client follows,
// passes all stages. The redirects of an attempt share its timeout.
func (c *Client) newAttemptTransport() (http.RoundTripper, error) {
	stages := []stage{
		(*attempt).prepareCredential, // holds no place in the rate limit while it waits
		(*attempt).waitForLimit,
		(*attempt).startTimeout, // excludes the wait for the rate limit
		(*attempt).authorize,
		(*attempt).setHeader,
	}
	_, ours := c.base.(*http.Transport)
	send := c.withDebug(&sendObserver{base: c.base, ours: ours})
	for _, wrap := range slices.Backward(c.cfg.Middleware) {
		if send = wrap(send); send == nil {
			return nil, Arg("middleware", "returns no transport")
		}
	}
	return &attemptTransport{client: c, stages: stages, send: send}, nil
}

// stage is one step of an attempt before its request is sent.
type stage func(*attempt) error

// attemptTransport makes the attempts of a client. It is the transport of Client.http.
type attemptTransport struct {
	client *Client
	stages []stage
	send   http.RoundTripper
}

// CloseIdleConnections is called by [http.Client.CloseIdleConnections].
func (t *attemptTransport) CloseIdleConnections() { t.client.CloseIdleConnections() }

// RoundTrip makes one attempt.
func (t *attemptTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	a := callOf(req.Context()).newAttempt(t.client, req)
	defer a.releaseUnlessAnswered() // also if a token source or a middleware panics
	for _, stage := range t.stages {
		if err := stage(a); err != nil {
			if req.Body != nil {
				req.Body.Close() // a RoundTripper must always close it
			}
			return nil, &notSentError{err}
		}
	}
	resp, err := a.roundTrip(t.send)
	if err != nil {
		return nil, err
	}
	a.body.observe(resp)
	dropBadLocation(req, resp)
	a.answered(resp)
	return resp, nil
}

// attempt is the state of one attempt.
type attempt struct {
	client *Client
	call   *call
	req    *http.Request // from http.Client, not changed
	// ours reports whether the request goes to the configured origin.
	ours bool
	// credited reports whether the request goes to the configured origin, with the client's
	// credential and counted by its limiter.
	credited      bool
	out           *http.Request // copy of req that is sent
	authorization string        // "" if there is none
	body          attemptBody   // holds the resources of the attempt until the response is read
	sending
}

// sending describes the requests that an attempt has sent. A middleware may send several, also at
// the same time.
type sending struct {
	ctx      attemptContext
	trace    *sendTrace         // of out, if no middleware can send out more than once; else nil
	stop     context.CancelFunc // ends the attempt
	most     int32              // maximum number of times that net/http may send the request
	repeats  atomic.Int32       // number of repetitions by net/http
	unproven atomic.Int32       // number of requests that the server may have processed
	reused   atomic.Bool        // an HTTP/1.1 connection was used before this request
}

// attemptKey is the context key of an *attempt.
type attemptKey struct{}

// attemptContext is the context of an attempt's request.
type attemptContext struct {
	context.Context
	attempt *attempt
}

// Value implements [context.Context].
func (c *attemptContext) Value(key any) any {
	if key == (attemptKey{}) {
		return c.attempt
	}
	if t := c.attempt.trace; t != nil {
		if v := t.context.Value(key); v != nil {
			return v
		}
	}
	return c.Context.Value(key)
}

// emptyBody returns an empty body. It stops net/http from repeating the request by itself, as it
// does for a GET without a body whose connection broke.
func emptyBody() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// usuallyWithoutBody reports whether net/http reads from the body of a request with this method
// before it sends a body of unknown length. It then sends no body if the body is empty.
func usuallyWithoutBody(method string) bool {
	return idempotentMethod(method) && method != http.MethodPut && method != http.MethodTrace
}

// prepareCredential gets the credential, if that requires another request.
func (a *attempt) prepareCredential() error {
	auth := a.client.cfg.Auth
	if !a.credited || auth == nil || auth.Prepare == nil {
		return nil
	}
	if err := a.client.prepare(a.req.Context()); err != nil {
		return &authError{err}
	}
	return nil
}

// waitForLimit waits for a place in the rate limit. A call that the server asked to wait has done
// so, and takes its place before the others.
func (a *attempt) waitForLimit() error {
	limiter := a.client.cfg.Limiter
	if !a.credited || limiter == nil {
		return nil
	}
	ctx := a.req.Context()
	if a.call.askedToWait {
		ctx = ratelimit.WithPriority(ctx, ratelimit.First)
	}
	permit, err := limiter.Acquire(ctx, a.req)
	switch {
	case err == nil:
	case strings.HasPrefix(err.Error(), "ratelimit: "): // of package ratelimit, which names itself
		return err
	default:
		return fmt.Errorf("rate limit: %w", err)
	}
	a.body.limiter, a.body.permit = limiter, permit
	return nil
}

// startTimeout creates the request to send, with a context that ends after the attempt timeout.
func (a *attempt) startTimeout() error {
	timeout := a.client.timeout
	if a.call.opts.timeout != nil {
		timeout = a.call.opts.timeout
	}
	a.ctx = attemptContext{a.body.start(a.req.Context(), timeout, a.call.deadline(timeout.after)), a}
	a.stop = a.body.cancel
	a.most = int32(min(a.client.cfg.Retry.MaxAttempts-a.call.attempts, math.MaxInt32))
	if !a.call.opts.isIdempotent(a.req.Method) {
		a.most = 1
	}
	a.out = a.req.WithContext(&a.ctx)
	a.out.GetBody = nil // with it, net/http would repeat the request by itself
	if a.call.opts.isAction && a.out.Body == nil && usuallyWithoutBody(a.out.Method) {
		a.out.Body = emptyBody()
	}
	return nil
}

// authorize gets the value of the Authorization header.
func (a *attempt) authorize() (err error) {
	auth := a.client.cfg.Auth
	if !a.credited || auth == nil {
		return nil
	}
	if a.authorization, err = auth.Authorize(a.out.Context()); err != nil {
		return &authError{a.body.explain(err)}
	}
	return nil
}

// setHeader sets the header to send. It does not set it on the request of the call, because
// http.Client copies that header twice.
func (a *attempt) setHeader() error {
	h := maps.Clone(a.client.header)
	if len(a.client.cfg.Middleware) > 0 { // which may change the values in place
		h = a.client.header.Clone()
	}
	for name, values := range a.req.Header {
		if values != nil {
			h[name] = slices.Clone(values)
		}
	}
	if a.authorization != "" {
		h["Authorization"] = []string{a.authorization}
	}
	if a.ours {
		for name, values := range a.call.opts.header {
			h[name] = slices.Clone(values)
		}
	} else {
		delete(h, "Referer") // set by http.Client, with the query
	}
	a.out.Header = h
	return nil
}

// roundTrip sends the request.
func (a *attempt) roundTrip(send http.RoundTripper) (*http.Response, error) {
	a.call.noteSent(a.out.Header, a.authorization != "")
	resp, err := send.RoundTrip(a.out)
	a.call.noteRepeats(int(a.repeats.Load()))
	if err == nil && resp == nil {
		err = errors.New("a middleware returned no response and no error")
	}
	if err != nil {
		explained := a.body.explain(err)
		if a.reused.Load() && a.client.ownPool && a.isLate(explained) {
			// The server may be gone, and the other idle connections broken too. Each would cost an
			// attempt.
			a.client.CloseIdleConnections()
		}
		if unsent, ok := errors.AsType[*unsentError](err); ok && explained != err {
			explained = &unsentError{unsent.stage, explained, unsent.unproven}
		}
		return nil, explained
	}
	if a.client.deadlines.Load() > 0 {
		a.client.deadlines.Store(0)
	}
	return resp, nil
}

// isLate reports whether err, the error of the request, may mean that the server is gone: the
// attempt has taken too long, or the deadline of the caller has ended several requests in
// succession. A single short deadline says little.
func (a *attempt) isLate(err error) bool {
	if err == a.body.timeout {
		return true
	}
	return a.ctx.Err() == context.DeadlineExceeded && a.client.deadlines.Add(1) >= maxDeadlines
}

// maxDeadlines is the number of requests in succession, without a response to any, that may end
// with the deadline of the caller before the client closes its idle connections.
const maxDeadlines = 3

// dropBadLocation removes a Location header that is not a URL. Otherwise http.Client would return
// its own error instead of the response.
func dropBadLocation(req *http.Request, resp *http.Response) {
	if location := resp.Header["Location"]; len(location) > 0 && location[0] != "" {
		if _, err := req.URL.Parse(location[0]); err != nil {
			resp.Header.Del("Location")
		}
	}
}

// answered moves the resources of the attempt to the body of its response.
func (a *attempt) answered(resp *http.Response) {
	if resp.StatusCode == http.StatusSwitchingProtocols && resp.Body != nil {
		resp.Body.Close() // it is a connection
		resp.Body = nil
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	a.body.ReadCloser = resp.Body
	resp.Body = &a.body
}

// releaseUnlessAnswered releases the resources of the attempt, unless a response has them.
func (a *attempt) releaseUnlessAnswered() {
	if a.body.ReadCloser == nil {
		a.body.Close()
	}
}

// attemptBody is the body of an attempt's response. Closing it ends the attempt: it stops the
// timeout and releases the place in the rate limit.
type attemptBody struct {
	io.ReadCloser // nil until there is a response
	ctx           context.Context
	cancel        context.CancelFunc // nil before start and after Close
	timeout       *attemptTimeoutError
	limiter       ratelimit.Limiter // nil if the attempt has no permit
	permit        ratelimit.Permit
}

// start starts the attempt timeout, which ends at deadline. It returns the context of the attempt.
func (b *attemptBody) start(ctx context.Context, timeout *attemptTimeoutError, deadline time.Time) context.Context {
	b.timeout = timeout
	b.ctx, b.cancel = context.WithDeadlineCause(ctx, deadline, timeout)
	return b.ctx
}

// observe passes the response to the limiter, which reads its rate limit headers.
func (b *attemptBody) observe(resp *http.Response) {
	if b.limiter != nil {
		b.limiter.Observe(b.permit, resp)
	}
}

// Read implements [io.Reader].
func (b *attemptBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = b.explain(err)
	}
	return n, err
}

// explain returns the attempt timeout if it caused err. The transport reports only that the context
// has ended.
func (b *attemptBody) explain(err error) error {
	if context.Cause(b.ctx) == b.timeout {
		return b.timeout
	}
	return err
}

// Close implements [io.Closer]. Only the first call ends the attempt.
func (b *attemptBody) Close() error {
	var err error
	if b.ReadCloser != nil {
		err = b.ReadCloser.Close()
	}
	if b.cancel != nil {
		b.cancel()
		b.cancel = nil
		if b.limiter != nil {
			b.limiter.Release(b.permit)
		}
	}
	return err
}

// attemptTimeoutError ends an attempt that takes longer than Config.AttemptTimeout.
type attemptTimeoutError struct{ after time.Duration }

func (e *attemptTimeoutError) Error() string { return "attempt took longer than " + e.after.String() }

// Timeout marks the error as a timeout, as in [net.Error].
func (e *attemptTimeoutError) Timeout() bool { return true }

// Temporary implements [net.Error].
func (e *attemptTimeoutError) Temporary() bool { return true }

// Is reports whether target is [os.ErrDeadlineExceeded]. [context.DeadlineExceeded] is only for the
// deadline of the caller.
func (e *attemptTimeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// notSentError reports that a stage failed before the request was sent.
type notSentError struct{ err error }

func (e *notSentError) Error() string { return e.err.Error() }
func (e *notSentError) Unwrap() error { return e.err }
