package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// Meta is what a reply tells beside its body. The vendor packages declare the same struct, with docs.
type Meta struct {
	StatusCode int
	RequestID  string
	Attempts   int
	RateLimit  ratelimit.Window
	Header     http.Header
}

// CallOptions collects the options of one call.
type CallOptions struct {
	meta       []*Meta
	raw        *[]byte
	idempotent bool
	once       bool
	noAuth     bool
	prefetch   bool
	secrets    []string
	timeout    *attemptTimeoutError // instead of the client's
}

// WithMeta stores what the reply tells beside its body, errors included.
func (o *CallOptions) WithMeta(m *Meta) { o.meta = append(o.meta, m) }

// WithRawBody stores a copy of the reply's body.
func (o *CallOptions) WithRawBody(b *[]byte) { o.raw = b }

// WithIdempotent lets the call be repeated whatever its method is.
func (o *CallOptions) WithIdempotent() { o.idempotent = true }

// WithOnce makes an action of the call, whatever its method is: it is repeated only where it surely was not carried out.
func (o *CallOptions) WithOnce() { o.once = true }

// WithAttemptTimeout gives an attempt of this call more or less time than the client's others.
func (o *CallOptions) WithAttemptTimeout(d time.Duration) { o.timeout = &attemptTimeoutError{d} }

// isIdempotent follows RFC 9110, section 9.2.2, unless the call says otherwise.
func (o *CallOptions) isIdempotent(method string) bool {
	return o.idempotent || !o.once && idempotentMethod(method)
}

// WithoutAuth sends no credential and takes nothing from the rate limit, which the server counts per credential.
func (o *CallOptions) WithoutAuth() { o.noAuth = true }

// WithSecrets names what the call sends beside the client's credentials that must not be shown.
func (o *CallOptions) WithSecrets(secrets ...string) { o.secrets = append(o.secrets, secrets...) }

// WithPrefetch fetches one page ahead.
func (o *CallOptions) WithPrefetch() { o.prefetch = true }

type callKey struct{}

type onceKey struct{}

// Once makes an action of a request of the generated client, as [CallOptions.WithOnce] does of a call.
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// call is the state of one call, and the context that it travels in.
type call struct {
	context.Context
	operation string
	opts      CallOptions

	reached        bool // Client.Do was called
	sent           bool // by the attempt under way
	attempts       int  // that may have reached the server
	reauthorized   bool
	maybeDone      bool
	outcomeUnknown bool
	sentHeader     http.Header    // with our credential, of the last request
	begin          time.Time      // for the logger
	last           *http.Response // of a call that failed, where there is one

	// What most calls need once is part of them, to be allocated with them.
	ending           ending
	reply            reply
	endings, replies int
}

// Value implements [context.Context].
func (cs *call) Value(key any) any {
	if key == (callKey{}) {
		return cs
	}
	return cs.Context.Value(key)
}

func callOf(ctx context.Context) *call {
	if cs, ok := ctx.Value(callKey{}).(*call); ok {
		return cs
	}
	return &call{} // a redirect that http.Client follows keeps the context, so this is a caller's own use of the transport
}

// Send invokes one operation of a generated client.
type Send func(context.Context) (*http.Response, error)

// Call invokes an operation and decodes its reply, which must be a JSON document.
func Call[T any, O ~func(*CallOptions)](ctx context.Context, c *Client, operation string, opts []O, send Send) (*T, error) {
	out := new(T)
	if err := CallDecode(ctx, c, operation, opts, send, func(b []byte) error { return c.Decode(b, out) }); err != nil {
		return nil, err
	}
	return out, nil
}

// Decode decodes a reply into out, which must be empty, and complains of missing members if the client is strict.
func (c *Client) Decode(b []byte, out any) error {
	if err := Unmarshal(b, out); err != nil {
		return err
	}
	if c.cfg.Strict {
		return Missing(b, out)
	}
	return nil
}

// CallObject is Call for operations that answer with an object that has an id: {} and an error document under a good status have none. check
// gives the id, and says what else is wrong with the object.
func CallObject[T any, O ~func(*CallOptions)](ctx context.Context, c *Client, operation string, opts []O, check func(*T) (id string, err error), send Send) (*T, error) {
	out := new(T)
	err := CallDecode(ctx, c, operation, opts, send, func(b []byte) error {
		if err := c.Decode(b, out); err != nil {
			return err
		}
		id, err := check(out)
		if err == nil && id == "" {
			err = errors.New("it has no id")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// CallEmpty invokes an operation whose reply carries nothing. A body is accepted where it is JSON: some servers answer {} for 204.
func CallEmpty[O ~func(*CallOptions)](ctx context.Context, c *Client, operation string, opts []O, send Send) error {
	return do(ctx, c, operation, opts, send, func(b []byte) error {
		if len(bytes.TrimSpace(b)) == 0 {
			return nil
		}
		var failure struct {
			Errors, Error, Code any
			ErrorCode           any `json:"error_code"`
			Status              Text
		}
		if err := json.Unmarshal(b, &failure); errors.As(err, new(*json.SyntaxError)) {
			return &ReplyError{Problem: "the reply is not JSON"}
		}
		status, _ := strconv.Atoi(string(failure.Status))
		if failure.Errors != nil || failure.Error != nil || failure.Code != nil || failure.ErrorCode != nil || status >= 400 {
			return &ReplyError{Problem: "the reply is an error document"}
		}
		return nil
	})
}

// CallDecode invokes an operation and hands the body, which is there and not null, to decode. The bytes are decode's only until it returns.
func CallDecode[O ~func(*CallOptions)](ctx context.Context, c *Client, operation string, opts []O, send Send, decode func([]byte) error) error {
	return do(ctx, c, operation, opts, send, func(b []byte) error {
		switch trimmed := bytes.TrimSpace(b); {
		case len(trimmed) == 0:
			return &ReplyError{Problem: "the reply has no body"}
		case string(trimmed) == "null":
			return &ReplyError{Problem: "the reply is null"}
		}
		err := decode(b)
		switch {
		case err == nil:
			return nil
		case errors.As(err, new(*RefusedError)):
			return err
		case json.Valid(b):
			return &ReplyError{Problem: "the reply is not what the operation promises", Err: err}
		case bytes.HasPrefix(bytes.TrimSpace(b), []byte("<")):
			return &ReplyError{Problem: "the reply is HTML or XML, not JSON"}
		}
		return &ReplyError{Problem: "the reply is not JSON", Err: err}
	})
}

// CallText invokes an operation that answers with a text, which check accepts or not.
func CallText[O ~func(*CallOptions)](ctx context.Context, c *Client, operation string, opts []O, send Send, check func(string) error) (text string, err error) {
	err = do(ctx, c, operation, opts, send, func(b []byte) error {
		text = strings.TrimSpace(string(b))
		return check(text)
	})
	return text, err
}

func do[O ~func(*CallOptions)](ctx context.Context, c *Client, operation string, opts []O, send Send, accept func([]byte) error) error {
	cs := &call{Context: ctx, operation: operation}
	for _, o := range opts {
		o(&cs.opts)
	}
	if cs.opts.raw != nil {
		*cs.opts.raw = nil
	}
	resp, err := send(cs) //nolint:bodyclose // closed below, under its own type
	if err != nil {
		for _, m := range cs.opts.meta {
			*m = Meta{Attempts: cs.attempts}
			if cs.last != nil {
				c.meta(m, cs, cs.last)
			}
		}
		if !cs.reached { // the generated client could not build the request
			err = c.newError(&Failure{Operation: operation, Err: err})
		}
		return err
	}
	r, ok := resp.Body.(*reply)
	if !ok {
		return c.newError(&Failure{Operation: operation, Err: errors.New("the reply did not come through Client.Do")})
	}
	defer r.Close()
	for _, m := range cs.opts.meta {
		c.meta(m, cs, resp)
	}
	if cs.opts.raw != nil {
		*cs.opts.raw = slices.Clone(r.b)
	}
	var bad error
	if success(resp) {
		if bad = accept(r.b); bad != nil {
			// Whatever the operation does, it was done: the server said so, unless it says in the reply that it refused.
			refused, ok := errors.AsType[*RefusedError](bad)
			cs.outcomeUnknown = !cs.opts.isIdempotent(resp.Request.Method) && (!ok || refused.Status >= 500)
		}
	}
	c.log(ctx, cs, resp.Request, r, bad)
	if bad == nil && success(resp) {
		return nil
	}
	f := c.failure(cs, resp.Request, r, bad)
	if cs.maybeDone && f.Method == http.MethodDelete && c.gone(f) {
		return nil // by an earlier attempt, whose reply was lost
	}
	return c.newError(f)
}

// meta fills m from a reply.
func (c *Client) meta(m *Meta, cs *call, resp *http.Response) {
	*m = Meta{
		StatusCode: resp.StatusCode,
		RequestID:  resp.Header.Get(c.cfg.RequestIDHeader),
		Attempts:   cs.attempts,
		RateLimit:  c.cfg.Headers.Parse(resp.Header, time.Now()),
		Header:     resp.Header,
	}
}

// gone reports that the object of a DELETE is not there.
func (c *Client) gone(f *Failure) bool {
	if c.cfg.Gone != nil {
		return c.cfg.Gone(f)
	}
	return f.StatusCode == http.StatusNotFound || f.StatusCode == http.StatusGone
}

// failure collects what is known of a call that failed. r may be nil.
func (c *Client) failure(cs *call, req *http.Request, r *reply, err error) *Failure {
	f := &Failure{
		Operation:      cs.operation,
		Method:         req.Method,
		Path:           req.URL.EscapedPath(),
		Attempts:       cs.attempts,
		OutcomeUnknown: cs.outcomeUnknown,
		Err:            err,
	}
	secrets := c.secrets(cs)
	if err != nil {
		text := err.Error()
		if clean := string(scrub([]byte(text), secrets)); clean != text {
			f.Err = &scrubbedError{clean, err}
		}
	}
	if wait, ok := errors.AsType[*ratelimit.WaitError](err); ok {
		f.RetryAfter = wait.Wait
	}
	if r == nil {
		return f
	}
	f.StatusCode = r.resp.StatusCode
	f.Header = r.resp.Header
	if wait, told := c.cfg.Headers.Wait(r.resp, time.Now()); told {
		f.RetryAfter = max(f.RetryAfter, wait)
	}
	for _, values := range f.Header {
		for i, v := range values {
			if clean := string(scrub([]byte(v), secrets)); clean != v {
				values[i] = clean
			}
		}
	}
	f.RequestID = f.Header.Get(c.cfg.RequestIDHeader)
	if cs.opts.noAuth && success(r.resp) {
		return f // the reply to a call without a credential may be one
	}
	// A little more than is kept, so that no credential is cut in two and missed.
	f.Body = scrub(slices.Clone(r.b[:min(len(r.b), maxErrorBody+maxSecret)]), secrets)
	f.Body = f.Body[:min(len(f.Body), maxErrorBody)]
	return f
}

func (c *Client) newError(f *Failure) error { return c.cfg.NewError(f) }
