package core

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// DefaultAttemptTimeout is how long one attempt may take, reading the reply included.
const DefaultAttemptTimeout = time.Minute

// Config is what a vendor package hands over. New fills in the defaults.
type Config struct {
	Vendor          string // begins every error's text
	BaseURL         *url.URL
	HTTPClient      *http.Client // copied, never changed; nil: one of our own
	Product         string       // the caller's part of the User-Agent header
	Auth            *Auth        // nil: none
	Limiter         ratelimit.Limiter
	Headers         ratelimit.Headers // the vendor's rate-limit headers
	RequestIDHeader string
	Retry           RetryPolicy
	AttemptTimeout  time.Duration
	MaxResponse     int64
	Logger          *slog.Logger
	Middleware      []func(http.RoundTripper) http.RoundTripper
	NewError        func(*Failure) error
	Gone            func(*Failure) bool // whether the object of a DELETE is not there; nil: 404 and 410 say so
	TLS             *tls.Config         // of the base transport
	Strict          bool                // a required member that is missing in a reply is an error
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	cfg       Config
	http      *http.Client
	base      http.RoundTripper
	userAgent string
	budget    *budget
	timeout   *attemptTimeoutError // what ends an attempt that takes too long
}

// ParseBaseURL refuses URLs that requests can't be built on, and plain http beyond this machine unless allowed.
func ParseBaseURL(raw string, plainHTTP bool) (*url.URL, error) {
	const name = "base URL"
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, Arg(name, "can't be parsed") // the parser's error would repeat a password in it
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, Arg(name, "needs the scheme https or http")
	case u.Hostname() == "":
		return nil, Arg(name, "has no host")
	case u.User != nil:
		return nil, Arg(name, "carries credentials; they have options of their own")
	case u.RawQuery != "" || u.ForceQuery:
		return nil, Arg(name, "has a query")
	case strings.Contains(raw, "#"):
		return nil, Arg(name, "has a fragment")
	case !validPort(u.Port()):
		return nil, Arg(name, "has the port %s", u.Port())
	case u.Scheme == "http" && !plainHTTP && !loopback(u.Hostname()):
		return nil, Arg(name, "sends credentials over plain http to %s; use https, or allow it with WithPlainHTTP", u.Hostname())
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if part == "." || part == ".." {
			return nil, Arg(name, "has %q in its path", part)
		}
	}
	return u, nil
}

func validPort(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || err == nil && n > 0 && n < 1<<16
}

func loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// New makes a client. The options of the vendor packages have checked the rest of cfg already.
func New(cfg Config) (*Client, error) {
	c := &Client{cfg: cfg, userAgent: userAgent(cfg.Product)}
	var own http.Client
	if cfg.HTTPClient != nil {
		own = *cfg.HTTPClient
	}
	if c.cfg.AttemptTimeout == 0 {
		c.cfg.AttemptTimeout = DefaultAttemptTimeout
		if own.Timeout > 0 {
			c.cfg.AttemptTimeout = own.Timeout
		}
	}
	c.timeout = &attemptTimeoutError{c.cfg.AttemptTimeout}
	own.Timeout = 0 // the attempt timeout takes its place
	if c.cfg.MaxResponse == 0 {
		c.cfg.MaxResponse = DefaultMaxResponse
	}
	if c.cfg.Retry == (RetryPolicy{}) {
		c.cfg.Retry = DefaultRetryPolicy()
	}
	c.budget = newBudget(c.cfg.Retry.Budget)
	c.base = own.Transport
	if c.base == nil {
		c.base = defaultTransport()
	}
	if cfg.TLS != nil {
		t, ok := c.base.(*http.Transport)
		if !ok {
			return nil, Arg("TLS config", "needs a transport that is an *http.Transport, not a %T", c.base)
		}
		t = t.Clone()
		t.TLSClientConfig = cfg.TLS
		c.base = t
	}
	next := c.base
	for _, wrap := range slices.Backward(cfg.Middleware) {
		if next = wrap(next); next == nil {
			return nil, Arg("middleware", "gives no transport")
		}
	}
	own.Transport = &attempt{c: c, next: next}
	own.CheckRedirect = checkRedirect(own.CheckRedirect)
	c.http = &own
	return c, nil
}

func defaultTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // replaced by the program, for its own reasons
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 32
	return t
}

// CloseIdleConnections closes the base transport's idle connections, past any middleware.
func (c *Client) CloseIdleConnections() {
	if b, ok := c.base.(interface{ CloseIdleConnections() }); ok {
		b.CloseIdleConnections()
	}
}

// Limiter is the client's limiter, nil if it has none.
func (c *Client) Limiter() ratelimit.Limiter { return c.cfg.Limiter }

// Strict reports whether a required member that is missing in a reply is an error.
func (c *Client) Strict() bool { return c.cfg.Strict }

// BaseURL is where the generated client sends its requests.
func (c *Client) BaseURL() string { return c.cfg.BaseURL.String() }

// redirectError is why a redirect was not followed, where that is more than its status tells.
type redirectError struct{ err error }

func (e *redirectError) Error() string { return "redirect: " + e.err.Error() }
func (e *redirectError) Unwrap() error { return e.err }

var errTooManyRedirects = &redirectError{errors.New("stopped after 10")}

// checkRedirect follows what repeats the request as it was. A redirect that leads nowhere, would turn a POST into a GET, or carry a
// body to another host, is handed to the caller as the reply.
func checkRedirect(user func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errTooManyRedirects
		}
		first := via[0]
		if req.Method != first.Method || req.URL.Host == "" || req.URL.Scheme != "https" && req.URL.Scheme != "http" {
			return http.ErrUseLastResponse
		}
		if req.Method != http.MethodGet && req.Method != http.MethodHead && !sameOrigin(req.URL, first.URL) {
			return http.ErrUseLastResponse
		}
		if user == nil {
			return nil
		}
		err := user(req, via)
		if err != nil && err != http.ErrUseLastResponse {
			return &redirectError{err}
		}
		return err
	}
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && (a.Host == b.Host || strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b))
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// attempt is the innermost stage of ours: limit, timeout, credentials. It runs once per attempt and redirect.
type attempt struct {
	c    *Client
	next http.RoundTripper
}

// notSentError says that a stage of ours failed before the request went out.
type notSentError struct{ err error }

func (e *notSentError) Error() string { return e.err.Error() }
func (e *notSentError) Unwrap() error { return e.err }

// authError says that there is no credential to send. Why must not be taken for the answer to the call: a 404 for the token is none for the
// object.
type authError struct{ err error }

func (e *authError) Error() string { return "authentication: " + e.err.Error() }

// Is passes on all but what would be about an object.
func (e *authError) Is(target error) bool {
	switch target {
	case ErrNotFound, ErrConflict, ErrForbidden, ErrInvalid, ErrQuotaExceeded, ErrOutcomeUnknown:
		return false
	}
	return errors.Is(e.err, target)
}

// As finds the errors of a token source.
func (e *authError) As(target any) bool { return errors.As(e.err, target) }

// Prepare gets the credential before a call, where it takes a request.
func (c *Client) Prepare(ctx context.Context, operation string) error {
	if c.cfg.Auth == nil || c.cfg.Auth.Prepare == nil {
		return nil
	}
	if err := c.prepare(ctx); err != nil {
		return c.newError(&Failure{Operation: operation, Err: &authError{err}})
	}
	return nil
}

// prepare gets the credential within the time of an attempt, unless it makes calls that have one of their own.
func (c *Client) prepare(ctx context.Context) error {
	if c.cfg.Auth.Calls {
		return c.cfg.Auth.Prepare(ctx)
	}
	timeout := &attemptTimeoutError{c.cfg.AttemptTimeout}
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.AttemptTimeout, timeout)
	defer cancel()
	err := c.cfg.Auth.Prepare(ctx)
	if err != nil && context.Cause(ctx) == timeout {
		return timeout
	}
	return err
}

// CloseIdleConnections is here for http.Client, which looks for it on its transport.
func (a *attempt) CloseIdleConnections() { a.c.CloseIdleConnections() }

func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	c, ctx := a.c, req.Context()
	cs := callOf(ctx)
	ours := sameOrigin(req.URL, c.cfg.BaseURL) && !cs.opts.noAuth
	end := cs.newEnding()
	handedOver := false
	defer func() { // also when a token source or a middleware panics
		if !handedOver {
			end.Close()
		}
	}()
	if ours && c.cfg.Auth != nil && c.cfg.Auth.Prepare != nil {
		if err := c.prepare(ctx); err != nil {
			return nil, closeUnsent(req, &authError{err})
		}
	}
	if ours && c.cfg.Limiter != nil {
		permit, err := c.cfg.Limiter.Acquire(ctx, req)
		if err != nil {
			return nil, closeUnsent(req, fmt.Errorf("rate limit: %w", err))
		}
		end.limiter, end.permit = c.cfg.Limiter, permit
	}
	end.timeout = c.timeout
	if cs.opts.timeout != nil {
		end.timeout = cs.opts.timeout
	}
	end.ctx, end.cancel = context.WithTimeoutCause(ctx, end.timeout.after, end.timeout)
	out := req.WithContext(end.ctx)
	if cs.opts.once && out.Body == nil {
		out.Body = io.NopCloser(strings.NewReader("")) // net/http itself repeats a GET without body
	}
	authorization := ""
	if ours && c.cfg.Auth != nil {
		var err error
		if authorization, err = c.cfg.Auth.Authorize(end.ctx); err != nil {
			return nil, closeUnsent(req, &authError{end.explain(err)})
		}
	}
	out.Header = c.header(req.Header, authorization)
	cs.sentHeader = nil
	if authorization != "" {
		cs.sentHeader = out.Header
	}
	cs.sent = true
	resp, err := a.next.RoundTrip(out)
	if err == nil && resp == nil {
		err = errors.New("a middleware returned neither reply nor error")
	}
	if err != nil {
		return nil, end.explain(err)
	}
	if end.limiter != nil {
		end.limiter.Observe(end.permit, resp)
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if location := resp.Header.Get("Location"); location != "" {
		if _, err := req.URL.Parse(location); err != nil {
			resp.Header.Del("Location") // http.Client would put an error of its own in the place of the reply
		}
	}
	end.ReadCloser = resp.Body
	resp.Body = end
	handedOver = true
	return resp, nil
}

// header is what an attempt sends. It is not added to the request before, because http.Client copies that twice.
func (c *Client) header(of http.Header, authorization string) http.Header {
	h := make(http.Header, len(of)+3)
	for name, values := range of {
		h[name] = slices.Clone(values)
	}
	own := []string{"application/json", c.userAgent, authorization} // a middleware may change them in their place
	for i, name := range [...]string{"Accept", "User-Agent", "Authorization"} {
		if own[i] != "" && (h[name] == nil || name == "Authorization") {
			h[name] = own[i : i+1 : i+1]
		}
	}
	return h
}

// closeUnsent keeps the RoundTripper contract that the body is always closed.
func closeUnsent(req *http.Request, err error) error {
	if req.Body != nil {
		req.Body.Close()
	}
	return &notSentError{err}
}

// ending is a reply's body that gives back what its attempt held.
type ending struct {
	io.ReadCloser
	ctx     context.Context
	cancel  context.CancelFunc
	timeout *attemptTimeoutError
	limiter ratelimit.Limiter
	permit  ratelimit.Permit
}

func (cs *call) newEnding() *ending {
	if cs.endings++; cs.endings == 1 {
		return &cs.ending
	}
	return &ending{}
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = e.explain(err)
	}
	return n, err
}

// explain names the attempt's timeout where the transport speaks of a context only.
func (e *ending) explain(err error) error {
	if context.Cause(e.ctx) == e.timeout {
		return e.timeout
	}
	return err
}

func (e *ending) Close() error {
	var err error
	if e.ReadCloser != nil {
		err = e.ReadCloser.Close()
	}
	if e.cancel != nil {
		e.cancel()
		e.cancel = nil
		if e.limiter != nil {
			e.limiter.Release(e.permit)
		}
	}
	return err
}

// Do sends a request that the generated client has built, with everything this package promises. A reply with any status is no
// error; failing to get one is. It is what the generated client calls.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	cs, typed := ctx.Value(callKey{}).(*call)
	if !typed || cs.reached { // reached: a call made by a middleware or a token source of another call, with its context
		typed = false
		cs = &call{Context: ctx}
		cs.opts.once, _ = ctx.Value(onceKey{}).(bool)
		ctx = cs
		req = req.WithContext(ctx)
	}
	cs.reached = true
	if c.cfg.Logger != nil {
		cs.begin = time.Now()
	}
	r, err := c.try(ctx, cs, req)
	if err != nil {
		c.log(ctx, cs, req, r, err)
		f := c.failure(cs, req, r, err)
		if r != nil {
			cs.last = r.resp
			r.Close()
		}
		return nil, c.newError(f)
	}
	if !typed { // a typed call is not over yet: it still decodes
		c.log(ctx, cs, req, r, nil)
	}
	r.resp.Request = req // the transport's carries the credential
	r.resp.Body = r
	r.resp.ContentLength = int64(len(r.b))
	return r.resp, nil
}

// try is the retry stage. It may return both a reply and an error: the error is then why the reply is not good, or why no further
// attempt was made.
func (c *Client) try(ctx context.Context, cs *call, req *http.Request) (*reply, error) {
	idempotent := cs.opts.isIdempotent(req.Method)
	var last *reply
	var lastErr error
	for {
		if ended := ctx.Err(); ended != nil {
			if lastErr == nil {
				lastErr = ended
			}
			return last, c.noReply(ctx, lastErr)
		}
		this, err := c.rewind(req, cs.attempts)
		if err != nil {
			return last, err
		}
		cs.sent = false
		r, err := c.once(this)
		if cs.sent {
			cs.attempts++
			if last != nil {
				last.Close()
			}
		} else {
			r = last // what kept this attempt from being made says less than the reply to the one before
		}
		v := c.judge(ctx, cs, idempotent, r, err)
		if v.maybeDone {
			cs.maybeDone = true
			cs.outcomeUnknown = !idempotent
		}
		if err == nil && r.resp.StatusCode < 400 {
			c.budget.add(1)
		}
		if !v.retry || cs.attempts >= c.cfg.Retry.MaxAttempts && !v.now || req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
			return r, c.noReply(ctx, err)
		}
		if !v.now {
			d := c.delay(cs.attempts, v)
			deadline, limited := ctx.Deadline()
			if v.told && v.wait > c.cfg.Retry.MaxServerWait || limited && time.Until(deadline) < d || !v.free && !c.budget.add(-10) {
				return r, c.noReply(ctx, err)
			}
			c.logRetry(ctx, cs, req, r, err, d)
			sleep(ctx, d)
		}
		last, lastErr = r, err
	}
}

// noReply marks transport errors as such, and says whose fault an ended context is.
func (c *Client) noReply(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ended := Ended(ctx); ended != nil {
		if err == ctx.Err() || err == context.Cause(ctx) {
			return ended
		}
		return fmt.Errorf("%w: %w", ended, err)
	}
	if permanent(err) {
		return err
	}
	if errors.As(err, new(*tooLargeError)) {
		return &ReplyError{Problem: "the reply is not read", Err: err}
	}
	return &NoReplyError{err}
}

// rewind gives the request for the next attempt, with the whole body again.
func (c *Client) rewind(req *http.Request, attempts int) (*http.Request, error) {
	if attempts == 0 && c.http.Jar == nil {
		return req, nil
	}
	next := req.WithContext(req.Context())
	if c.http.Jar != nil { // http.Client adds the jar's cookies to the very header it is given
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

// once makes one attempt, redirects included. A reply that can't be used comes with an error.
func (c *Client) once(req *http.Request) (*reply, error) {
	resp, err := c.http.Do(req) //nolint:bodyclose // readBody does
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // it would repeat the URL
		}
		if resp != nil { // a refused redirect comes with the reply that asked for it, closed
			return &reply{resp: resp}, err
		}
		return nil, err
	}
	r, err := readBody(callOf(req.Context()).newReply(resp), c.cfg.MaxResponse)
	if !success(resp) {
		err = nil // its status says enough, whatever became of its body
	}
	return r, err
}

func success(resp *http.Response) bool { return resp.StatusCode >= 200 && resp.StatusCode <= 299 }
