package core

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

type (
	callKey struct{} // context key of a *call
	onceKey struct{} // context key of [Once]
)

// call is the state of one call. It is also the context that carries it to the attempts. It is used
// by one goroutine at a time.
type call struct {
	context.Context
	operation string
	opts      CallOptions

	entered bool           // Client.Do has received the request
	begin   time.Time      // time when Do received the request; zero if the client has no logger
	last    *http.Response // response of a failed call; nil if there is none

	proxyAuth atomic.Pointer[string] // the Proxy-Authorization header that was sent; nil: none

	progress
	scratch
}

// newRawCall returns the state of a call of [Client.Do] without a typed call.
func newRawCall(ctx context.Context) *call {
	cs := &call{Context: ctx}
	cs.opts.isAction, _ = ctx.Value(onceKey{}).(bool)
	return cs
}

// callOf returns the call that ctx belongs to.
func callOf(ctx context.Context) *call {
	if cs, ok := ctx.Value(callKey{}).(*call); ok {
		return cs
	}
	// A redirect that http.Client follows keeps the context, so Client.Do did not send this
	// request.
	return &call{}
}

// Value implements [context.Context].
func (cs *call) Value(key any) any {
	if key == (callKey{}) {
		return cs
	}
	return cs.Context.Value(key)
}

// keepsLittle reports whether the caller can read the body of a failure only from its error, which
// has the beginning.
func (cs *call) keepsLittle() bool { return cs.operation != "" && cs.opts.raw == nil }

// enter records that Client.Do has the request.
func (cs *call) enter(logs bool) {
	cs.entered = true
	if logs {
		cs.begin = time.Now()
	}
}

// noteLast stores the response of a failed call for its metadata. It closes r, which may be nil.
func (cs *call) noteLast(r *response) {
	if r != nil {
		cs.last = r.resp
		r.Close()
	}
}

// progress describes the attempts of a call so far.
type progress struct {
	attempts       int         // that may have reached the server
	sent           bool        // by the current attempt
	sentHeader     http.Header // of the last request sent; nil if it had no credential of ours
	sentBefore     []string    // credentials of the requests before it: see sentCredentials
	reauthorized   bool        // the credential was replaced after a 401
	maybeDone      bool        // an earlier attempt may have been carried out
	outcomeUnknown bool        // like maybeDone, and a repetition may carry out the request twice
	deleted        bool        // by a DELETE whose last response is a failure

	askedToWait bool   // by the response to the last attempt: see verdict
	notRepeated string // the reason for no further attempt, where one is allowed

	timeoutAt time.Time     // the time at which the attempt timeout ends
	left      time.Duration // rest of the attempt timeout after a redirect; 0 if there was none

	notFollowed error    // redirect of the current attempt that was not followed
	followed    *url.URL // redirect to the current request; nil if there was none
}

// beginAttempt records the start of an attempt.
func (p *progress) beginAttempt() { p.sent, p.left, p.notFollowed, p.followed = false, 0, nil, nil }

// deadline returns the time at which the next request of the attempt must end. limit is the attempt
// timeout.
func (p *progress) deadline(limit time.Duration) time.Time {
	if p.left != 0 {
		limit = min(p.left, limit)
	}
	p.timeoutAt = time.Now().Add(limit)
	return p.timeoutAt
}

// redirected records that req is another request of the current attempt. The wait for its place in
// the rate limit does not count.
func (p *progress) redirected(req *http.Request) {
	p.left, p.followed = max(time.Until(p.timeoutAt), 1), req.URL
}

// otherHost returns the host that the current attempt was redirected to, "" if it is the configured
// origin.
func (p *progress) otherHost(base *url.URL) string {
	if p.followed == nil || sameOrigin(p.followed, base) {
		return ""
	}
	return p.followed.Host
}

// noteSent records that the current attempt sends a request. A redirect sends another one.
func (p *progress) noteSent(header http.Header, withCredential bool) {
	p.sent = true
	p.sentBefore = p.sentCredentials()
	p.sentHeader = nil
	if withCredential {
		p.sentHeader = header
	}
}

// sentCredentials returns the different credentials that the call has sent, without their schemes.
// A later attempt may have another one.
func (p *progress) sentCredentials() []string {
	_, last, ok := strings.Cut(p.sentHeader.Get("Authorization"), " ")
	if !ok || slices.Contains(p.sentBefore, last) {
		return p.sentBefore
	}
	return append(slices.Clip(p.sentBefore), last)
}

// noteRepeats adds the number of times that net/http repeated a request of the current attempt.
func (p *progress) noteRepeats(n int) { p.attempts += n }

// endAttempt counts the current attempt if its request was sent. It reports whether it was sent.
func (p *progress) endAttempt() (sent bool) {
	if p.sent {
		p.attempts++
	}
	return p.sent
}

// noteMaybeDone records that the server may have carried out the request.
func (p *progress) noteMaybeDone(idempotent bool) {
	p.maybeDone = true
	p.outcomeUnknown = !idempotent
}

// noteUnusable records that the response has a 2xx status but can't be used. The server carried out
// the request, unless refused, which may be nil, says otherwise.
func (p *progress) noteUnusable(idempotent bool, refused *RefusedError) {
	p.outcomeUnknown = p.outcomeUnknown || !idempotent && (refused == nil || refused.Status >= 500)
}

// reauthorize asks auth for another credential after a 401, once per call. It reports whether there
// may be one.
func (p *progress) reauthorize(auth *Auth) bool {
	if p.reauthorized || p.sentHeader == nil || auth.Refused == nil {
		return false
	}
	p.reauthorized = auth.Refused(p.sentHeader)
	return p.reauthorized
}

// scratch has memory that most calls need. It is part of the call: one allocation is enough for
// all.
type scratch struct {
	firstAttempt  attempt
	firstResponse response
	// Reports whether the call already uses them.
	attemptUsed, responseUsed bool
}

// newAttempt returns the state of an attempt that sends req.
func (cs *call) newAttempt(c *Client, req *http.Request) *attempt {
	a := &cs.firstAttempt
	if cs.attemptUsed {
		a = new(attempt) // the first one may still be in use as the body of a response
	}
	cs.attemptUsed = true
	a.client, a.call, a.req = c, cs, req
	a.ours = sameOrigin(req.URL, c.cfg.BaseURL)
	a.credited = a.ours && !cs.opts.noAuth
	return a
}

// newResponse returns resp with memory for its body.
func (cs *call) newResponse(resp *http.Response) *response {
	if cs.responseUsed {
		return newResponse(resp)
	}
	cs.responseUsed = true
	return cs.firstResponse.init(resp)
}
