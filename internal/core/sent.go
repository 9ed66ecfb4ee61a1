package core

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// sendObserver wraps the base transport, below the middleware. It observes how the base transport
// handles a request of an attempt. It returns an [unsentError] if the server surely did not get the
// request. A base transport that calls no hooks, as in tests, proves nothing. Neither does one of
// the caller that has read the body: it may have sent the request in a way that calls no hooks.
type sendObserver struct {
	base  http.RoundTripper
	ours  bool        // base is the transport of net/http itself
	http2 atomic.Bool // the last request was sent over HTTP/2
	// silent counts the latest requests for which a transport of the caller has called no hooks.
	silent atomic.Int32
}

// maxSilent is the number of requests without hooks after which a transport of the caller is not
// observed any more. Its traces can't be recycled, and it proves nothing.
const maxSilent = 3

// RoundTrip implements [http.RoundTripper].
func (o *sendObserver) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok { // a middleware has replaced the context
		return o.base.RoundTrip(req)
	}
	a.unproven.Add(1)
	if !o.ours && o.silent.Load() >= maxSilent {
		return o.base.RoundTrip(req)
	}
	trace := newSendTrace(ctx)
	trace.ours, trace.target, trace.most, trace.stop = o.ours, req.URL, a.most, a.stop
	out := req
	if trace.pooled && req == a.out && len(a.client.cfg.Middleware) == 0 {
		a.trace = trace // no other request uses the context
	} else {
		out = req.WithContext(trace.in(ctx))
	}
	if o.http2.Load() && (out.Body == nil || out.Body == http.NoBody) && !a.call.opts.isIdempotent(out.Method) {
		// net/http does not report why it repeats a POST without a body: the server may have
		// processed it. Over HTTP/1.1 an empty body would be sent with unknown length.
		out.Body = emptyBody()
	}
	var body *notedBody
	if !o.ours && out.Body != nil && out.Body != http.NoBody {
		body = &notedBody{ReadCloser: out.Body}
		out.Body = body
	}
	resp, err := o.base.RoundTrip(out)
	switch {
	case o.ours:
	case trace.asked.Load():
		o.silent.Store(0)
	default:
		o.silent.Add(1)
	}
	if n := trace.sent.Load(); n > 0 {
		a.repeats.Add(n - 1)
		o.http2.Store(trace.http2.Load())
	}
	if sent := trace.proxyAuth.Load(); sent != nil {
		a.call.proxyAuth.Store(sent)
	}
	if trace.stopped.Load() {
		if err == nil {
			resp.Body.Close()
		}
		return nil, errRepeated
	}
	if err != nil {
		if trace.reused.Load() && !trace.http2.Load() {
			a.reused.Store(true)
		}
		if o.ours && !trace.asked.Load() {
			err = withoutProxyURL(err)
		}
		if body != nil && body.read.Load() {
			return nil, err
		}
		return nil, trace.judge(a, err) // hooks of a connection may still run, so it is not recycled
	}
	trace.recycle()
	return resp, nil
}

// notedBody is a body that notes whether it was read.
type notedBody struct {
	io.ReadCloser
	read atomic.Bool
}

// Read implements [io.Reader].
func (b *notedBody) Read(p []byte) (int, error) {
	b.read.Store(true)
	return b.ReadCloser.Read(p)
}

// sendStage is the stage of the connection for a request. It is used only for the text of errors.
type sendStage int32

const (
	waiting   sendStage = iota // for a free connection, or for the resolver
	dialing                    // opening a connection
	connected                  // to the server, or to a proxy before CONNECT
	handshake                  // TLS handshake
	given                      // the request has a connection
)

// sendTrace observes one request of a base transport. The hooks run in any goroutine, some after
// the request has ended: a connection that was opened for a request may be used by another one.
type sendTrace struct {
	hooks   httptrace.ClientTrace
	context context.Context // background context with the hooks, for requests without hooks of the caller
	pooled  bool

	// State of one request.
	ours   bool // the transport is that of net/http
	target *url.URL
	most   int32  // maximum number of times that the request may be sent
	stop   func() // ends the attempt

	asked   atomic.Bool // a connection was requested
	proxied atomic.Bool // the connection leads to a proxy
	dialed  atomic.Bool // a connection was opened for this request
	stopped atomic.Bool // by sendTrace, because the request would be sent too often
	http2   atomic.Bool
	reused  atomic.Bool // the connection was used before
	sent    atomic.Int32
	stage   atomic.Int32
	// answered reports that a response has begun since the last request was sent. A transport of
	// the caller may then send another one, for example with the answer to a challenge.
	answered atomic.Bool

	proxyAuth atomic.Pointer[string] // the Proxy-Authorization header that was sent; nil: none
}

// sendTraces recycles traces, because their hooks are eight closures.
var sendTraces = sync.Pool{New: func() any {
	t := &sendTrace{pooled: true}
	t.setHooks()
	t.context = httptrace.WithClientTrace(context.Background(), &t.hooks)
	return t
}}

// newSendTrace returns a trace for a request with ctx.
func newSendTrace(ctx context.Context) *sendTrace {
	if httptrace.ContextClientTrace(ctx) != nil {
		t := new(sendTrace) // WithClientTrace adds the caller's hooks to ours
		t.setHooks()
		return t
	}
	t, _ := sendTraces.Get().(*sendTrace)
	return t
}

// recycle returns t to the pool after a response, unless one of its hooks may still run: a
// transport of the caller may send a copy of the request at any time.
func (t *sendTrace) recycle() {
	if !t.pooled || !t.ours || t.dialed.Load() || t.asked.Load() && t.sent.Load() == 0 {
		return
	}
	t.target, t.stop = nil, nil
	t.asked.Store(false)
	t.proxied.Store(false)
	t.reused.Store(false)
	t.answered.Store(false)
	t.proxyAuth.Store(nil)
	t.sent.Store(0)
	t.stage.Store(0)
	sendTraces.Put(t)
}

// in returns ctx with the hooks.
func (t *sendTrace) in(ctx context.Context) context.Context {
	if !t.pooled {
		return httptrace.WithClientTrace(ctx, &t.hooks)
	}
	return &tracedContext{ctx, t.context}
}

// tracedContext is a context with the values of another one. [httptrace.WithClientTrace] would
// allocate these values for each request.
type tracedContext struct {
	context.Context
	values context.Context
}

// Value implements [context.Context].
func (c *tracedContext) Value(key any) any {
	if v := c.values.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}

func (t *sendTrace) setHooks() {
	t.hooks = httptrace.ClientTrace{
		GetConn:           t.getConn,
		DNSStart:          func(httptrace.DNSStartInfo) { t.dial() },
		ConnectStart:      func(string, string) { t.dial() },
		ConnectDone:       t.connectDone,
		TLSHandshakeStart: t.handshake,
		TLSHandshakeDone:  t.handshakeDone,
		GotConn:           t.gotConn,
		WroteHeaderField:  t.wroteHeaderField,

		GotFirstResponseByte: func() { t.answered.Store(true) },
	}
}

func (t *sendTrace) reach(s sendStage) { t.stage.Store(int32(s)) }

// getConn is the first hook each time that the request is sent. It ends an attempt if net/http
// repeats the request more often than the policy allows.
func (t *sendTrace) getConn(hostPort string) {
	t.asked.Store(true)
	t.reach(waiting)
	// net/http writes non-ASCII hosts in Punycode.
	punycode := !headerSafe(t.target.Host) && strings.Contains(hostPort, "xn--")
	t.proxied.Store(hostPort != authority(t.target) && !punycode)
	another := t.answered.Swap(false) && !t.ours
	if n := t.sent.Load(); !another && n > 0 && n >= t.most {
		t.stopped.Store(true)
		t.stop()
	}
}

func (t *sendTrace) dial() {
	t.dialed.Store(true)
	t.reach(dialing)
}

func (t *sendTrace) handshake() {
	t.dialed.Store(true)
	t.reach(handshake)
}

func (t *sendTrace) connectDone(_, _ string, err error) {
	if err == nil {
		t.reach(connected)
	}
}

func (t *sendTrace) handshakeDone(_ tls.ConnectionState, err error) {
	if err == nil {
		t.reach(connected)
	}
}

// gotConn closes an HTTP/1.1 connection on which a request would be sent too often. Ending its
// context would be too late for an idle connection. An HTTP/2 connection also serves other
// requests, and sends nothing after the end of the context.
func (t *sendTrace) gotConn(info httptrace.GotConnInfo) {
	t.reach(given)
	t.reused.Store(info.Reused)
	if !t.stopped.Load() {
		return
	}
	c, ok := info.Conn.(interface{ ConnectionState() tls.ConnectionState })
	if !ok || c.ConnectionState().NegotiatedProtocol != "h2" {
		info.Conn.Close()
	}
}

// wroteHeaderField counts the first field, which is the host. It runs before a complete header is
// on the wire. WroteHeaders runs after the last byte.
//
// It stores the credential for a proxy, because no error may show it. net/http takes the credential
// from the URL of the proxy. For https it is in the CONNECT request, which net/http does not show.
func (t *sendTrace) wroteHeaderField(name string, values []string) {
	switch {
	case name == "Host" || name == ":authority":
		t.http2.Store(name != "Host")
		t.sent.Add(1)
	case name == "Proxy-Authorization" && len(values) > 0:
		t.proxyAuth.Store(&values[0])
	}
}

// judge returns cause, the error of the request, as an [unsentError] if the request surely was not
// processed: a connection was requested and writing the header never began, the peer refused the
// request, or no proxy could be chosen.
//
// Over HTTP/1.1, net/http waits for its writer before it returns an error. Over HTTP/2 it does not,
// and writing the header may still begin. The body is not sent in this case, because the context
// has ended.
//
// Only the errors of the transport of net/http say that the peer refused it.
func (t *sendTrace) judge(a *attempt, cause error) error {
	var stage string
	err := cause
	switch {
	case t.asked.Load() && t.sent.Load() == 0:
		stage, err = t.explain(err)
	case t.sent.Load() > 0:
		if err = refusal(err, t.reused.Load()); err == nil || !t.ours {
			return cause
		}
		stage = "refused"
	default:
		none, ok := errors.AsType[*noProxyError](err)
		if !ok {
			return cause
		}
		stage, err = "choosing the proxy", none.err
	}
	a.unproven.Add(-1)
	return &unsentError{stage: stage, err: err, unproven: &a.unproven}
}

// explain returns the stage in which the request ended with err.
func (t *sendTrace) explain(err error) (string, error) {
	proxied := t.proxied.Load()
	switch sendStage(t.stage.Load()) {
	case dialing:
		if proxied {
			return "dialing the proxy", err
		}
		return "dialing", err
	case handshake:
		if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && string(record.RecordHeader[:]) == "HTTP/" {
			err = http.ErrSchemeMismatch // like http.Client
		}
		return "TLS handshake", err
	case connected:
		if !proxied {
			return "connecting", err
		}
		// The error of net/http is only the text of the status.
		for code := 300; code < 600; code++ {
			if text := http.StatusText(code); text != "" && text == err.Error() {
				return "proxy refused CONNECT", errors.New(strconv.Itoa(code) + " " + text)
			}
		}
		return "proxy", err
	case given:
		return "waiting to send", err
	default:
		op, ok := errors.AsType[*net.OpError](err)
		if ok && op.Op == "dial" || errors.As(err, new(*net.DNSError)) {
			return "dialing", err // by a function of the caller's transport, which calls no hooks
		}
		return "waiting for a connection", err
	}
}

// unprocessed matches the errors of net/http for a request that the peer refused before it
// processed it: the refused stream of RFC 9113, section 8.7, and a stream above the last one in a
// GOAWAY frame. For a request with a body they are quoted in another error.
var unprocessed = regexp.MustCompile(`^(http2: Transport: cannot retry err \[)?(` +
	`stream error: stream ID \d+; REFUSED_STREAM; received from peer|` +
	`http2: Transport received Server's graceful shutdown GOAWAY|` +
	`http2: Transport received GOAWAY from server ErrCode:\w+)(\] after Request\.Body was written; .*)?$`)

// refusal returns the reason why the peer did not process a request that was partly sent. reused
// reports whether its connection was used before. It returns nil if err does not prove this. The
// errors of net/http are not exported. If their text changes, it proves nothing.
func refusal(err error, reused bool) error {
	text := err.Error()
	// The server closed the connection before the request used it.
	if text == "http: server closed idle connection" {
		return err
	}
	// A TLS 1.3 server refuses the client's certificate after the client's handshake, before it
	// answers the first request.
	op, ok := errors.AsType[*net.OpError](err)
	if ok && !reused && op.Op == "remote error" && strings.Contains(op.Err.Error(), "certificate") {
		return err
	}
	switch match := unprocessed.FindStringSubmatch(text); {
	case match == nil:
		return nil
	case match[1] != "": // the text advises the author of the request
		return errors.New(match[2])
	}
	return err
}

// authority returns the address of the server in the form that net/http passes to the GetConn hook.
func authority(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "http":
		port = "80"
	default:
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// unsentError reports that the server surely did not process the request.
type unsentError struct {
	stage    string // the stage in which the request ended
	err      error
	unproven *atomic.Int32 // of the attempt
}

func (e *unsentError) Error() string { return e.stage + ": " + e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// Timeout makes the error a [net.Error] if the error of the transport is one.
func (e *unsentError) Timeout() bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](e.err)
	return ok && timeout.Timeout()
}

// Temporary implements [net.Error].
func (e *unsentError) Temporary() bool { return true }

// noProxyError reports that the proxy for a request could not be chosen.
type noProxyError struct{ err error }

func (e *noProxyError) Error() string { return e.err.Error() }
func (e *noProxyError) Unwrap() error { return e.err }

// proxyURLError is the error for an invalid address of a proxy. It hides the address.
type proxyURLError struct{ err error }

func (e *proxyURLError) Error() string {
	return "the address of the proxy is not valid; it is hidden because it may contain a password"
}

// Is reports whether the hidden error is target.
func (e *proxyURLError) Is(target error) bool { return errors.Is(e.err, target) }

// withoutProxyURL returns err without the address of a proxy. err ended a request before a
// connection was requested. The whole address is hidden, because the parts of an invalid address
// can't be distinguished.
func withoutProxyURL(err error) error {
	none, ok := errors.AsType[*noProxyError](err)
	if ok {
		err = none.err
	}
	if strings.Contains(err.Error(), "@") || errors.As(err, new(*url.Error)) {
		err = &proxyURLError{err}
	}
	if ok {
		return &noProxyError{err}
	}
	return err
}

// errRepeated reports that net/http was about to send a request more often than allowed.
var errRepeated = errors.New("the connection broke, and the request may not be sent again")
