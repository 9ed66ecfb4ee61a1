package core

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// Config has the arguments of [New], which sets the defaults. A vendor package fills it in.
type Config struct {
	Vendor          string // first word of every error text
	BaseURL         *url.URL
	HTTPClient      *http.Client // copied; nil: a new client
	Product         string       // the caller's part of the User-Agent header
	Auth            *Auth        // nil if there is none
	Limiter         ratelimit.Limiter
	Headers         ratelimit.Headers // the vendor's rate-limit headers
	RequestIDHeader string
	Retry           RetryPolicy
	AttemptTimeout  time.Duration
	MaxResponse     int64 // in bytes
	Logger          *slog.Logger
	Middleware      []func(http.RoundTripper) http.RoundTripper
	TLS             *tls.Config  // of the base transport
	Strict          bool         // a missing required member in a response is an error
	Debug           *DebugWriter // nil if there is none

	// SecretMember reports whether the value of a JSON member is a secret. path has the
	// names of the enclosing members and its own name. It may return false for a member
	// that has the name of a secret. Nil means that no other member is a secret.
	SecretMember func(path []string, value any) bool

	// ShownPath returns the escaped path of a URL for errors and logs. Nil means
	// unchanged.
	ShownPath func(path string) string

	// NewError returns the vendor's error of a failed call.
	NewError func(*Failure) error
	// Gone reports whether the failure of a DELETE means that the object does not exist.
	// Nil means: if the status is 404 or 410.
	Gone func(*Failure) bool
	// OwnError reports whether a JSON document has the form of the vendor's errors. A 404
	// with another body may come from a gateway. Nil means that every document has it.
	OwnError func(document []byte) bool
	// IsErrorDocument reports whether the JSON document in a 2xx response is an error
	// document, for an operation without content. Nil means that none is.
	IsErrorDocument func(document []byte) bool
}

// setDefaults sets the fields that are zero. clientTimeout is the timeout of the caller's
// http.Client. It limits each attempt instead of the whole call.
func (cfg *Config) setDefaults(clientTimeout time.Duration) {
	if cfg.AttemptTimeout == 0 {
		cfg.AttemptTimeout = defaultAttemptTimeout
		if clientTimeout > 0 {
			cfg.AttemptTimeout = clientTimeout
		}
	}
	if cfg.MaxResponse == 0 {
		cfg.MaxResponse = defaultMaxResponse
	}
	cfg.Retry = cfg.Retry.withDefaults()
	if cfg.IsErrorDocument == nil {
		cfg.IsErrorDocument = func([]byte) bool { return false }
	}
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	cfg     Config
	http    *http.Client      // its transport is an attemptTransport
	base    http.RoundTripper // the transport below the middleware
	ownPool bool              // base has its own connection pool
	// deadlines counts the requests in succession that the caller's deadline has ended.
	deadlines atomic.Int32
	header    http.Header // that each request has, unless the caller sets its own values
	budget    *budget
	timeout   *attemptTimeoutError // the error of an attempt that takes too long

	latestRedactor atomic.Pointer[keptRedactor]
	serialized     keyedLock
}

// New returns a client. The options of the vendor packages check the fields of cfg that New does
// not check.
func New(cfg Config) (*Client, error) {
	var own http.Client
	if cfg.HTTPClient != nil {
		own = *cfg.HTTPClient
	}
	cfg.setDefaults(own.Timeout)
	base, ownPool, err := baseTransport(own.Transport, cfg.TLS, cfg.AttemptTimeout)
	if err != nil {
		return nil, err
	}
	c := &Client{
		cfg: cfg, http: &own, base: base, ownPool: ownPool,
		header: http.Header{"Accept": {"application/json"}, "User-Agent": {userAgent(cfg.Product)}},
		budget: newBudget(cfg.Retry.Budget), timeout: &attemptTimeoutError{cfg.AttemptTimeout},
	}
	if own.Transport, err = c.newAttemptTransport(); err != nil {
		return nil, err
	}
	own.CheckRedirect = checkRedirect(own.CheckRedirect)
	own.Timeout = 0 // the attempt timeout replaces it
	return c, nil
}

// baseTransport returns the transport below the middleware: the caller's, or a new one, with the
// given TLS configuration. ownPool reports whether it has its own connection pool.
func baseTransport(
	base http.RoundTripper, config *tls.Config, attemptTimeout time.Duration,
) (_ http.RoundTripper, ownPool bool, err error) {
	given := base != nil
	if base == nil {
		base = defaultTransport(attemptTimeout)
	}
	t, ok := base.(*http.Transport)
	if config == nil {
		return base, ok && !given, nil
	}
	if !ok && !given {
		t, ok = newTransport(attemptTimeout), true // The program has wrapped http.DefaultTransport.
	}
	if !ok {
		return nil, false, Arg("TLS config", "needs a transport that is an *http.Transport, not a %T", base)
	}
	speaksHTTP2 := usesHTTP2(t)
	t = t.Clone()
	t.TLSClientConfig = config
	t.ForceAttemptHTTP2 = speaksHTTP2
	return t, true, nil
}

// usesHTTP2 reports whether net/http tries HTTP/2 with t. If t has a TLS configuration or a dial
// function, net/http tries HTTP/2 only with ForceAttemptHTTP2.
func usesHTTP2(t *http.Transport) bool {
	//nolint:staticcheck // programs use the deprecated fields
	ownDial := t.Dial != nil || t.DialContext != nil || t.DialTLS != nil || t.DialTLSContext != nil
	return t.ForceAttemptHTTP2 || t.TLSNextProto == nil && t.TLSClientConfig == nil && !ownDial
}

// maxIdleConnsPerHost is the number of idle connections to the host of a vendor. The default of
// net/http is 2. A program with more concurrent calls would then open a new connection for most
// calls.
const maxIdleConnsPerHost = 32

// The longest times until a ping is sent on a silent HTTP/2 connection, and until the connection is
// closed because the ping gets no response. Each is also limited to a part of the attempt timeout:
// a call with a dead connection then has time for another attempt.
const (
	maxPingAfter   = 10 * time.Second
	maxPingTimeout = 5 * time.Second
	// minPing is the shortest of these times. A slow network must not close a connection that other
	// calls use.
	minPing = time.Second

	pingAfterPart   = 6
	pingTimeoutPart = 12
)

// setPings makes t detect an HTTP/2 connection whose server is gone. Without pings, net/http uses
// it for all requests.
func setPings(t *http.Transport, attemptTimeout time.Duration) {
	if t.HTTP2 == nil {
		t.HTTP2 = &http.HTTP2Config{}
	}
	if t.HTTP2.SendPingTimeout == 0 {
		t.HTTP2.SendPingTimeout = min(max(attemptTimeout/pingAfterPart, minPing), maxPingAfter)
	}
	if t.HTTP2.PingTimeout == 0 {
		t.HTTP2.PingTimeout = min(max(attemptTimeout/pingTimeoutPart, minPing), maxPingTimeout)
	}
}

func defaultTransport(attemptTimeout time.Duration) http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // the program has replaced it on purpose
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = maxIdleConnsPerHost
	setOwn(t, attemptTimeout)
	return t
}

// maxResponseHeader limits the header of a response, in bytes. The limit of net/http is 10 MiB.
// Such a header with short fields takes 200 MiB of memory.
const maxResponseHeader = 1 << 20

// setOwn sets the common settings of every transport of ours. Settings that the program has made in
// [http.DefaultTransport] are kept.
func setOwn(t *http.Transport, attemptTimeout time.Duration) {
	setPings(t, attemptTimeout)
	observeProxy(t)
	if t.MaxResponseHeaderBytes == 0 {
		t.MaxResponseHeaderBytes = maxResponseHeader
	}
}

// observeProxy marks the errors of the function that chooses a proxy, for example because of an
// environment variable that is not a URL. net/http calls it before the first hook of a trace.
func observeProxy(t *http.Transport) {
	choose := t.Proxy
	if choose == nil {
		return
	}
	t.Proxy = func(req *http.Request) (*url.URL, error) {
		proxy, err := choose(req)
		if err != nil {
			err = &noProxyError{err}
		}
		return proxy, err
	}
}

// newTransport returns a new transport with the settings that [http.DefaultTransport] has in
// net/http.
func newTransport(attemptTimeout time.Duration) *http.Transport {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   maxIdleConnsPerHost,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	setOwn(t, attemptTimeout)
	return t
}

// CloseIdleConnections closes the idle connections of the base transport. The middleware is not
// involved. A nil Client has none.
func (c *Client) CloseIdleConnections() {
	if c == nil {
		return
	}
	if b, ok := c.base.(interface{ CloseIdleConnections() }); ok {
		b.CloseIdleConnections()
	}
}

// shownPath returns the path of u for errors and logs.
func (c *Client) shownPath(u *url.URL) string {
	if c.cfg.ShownPath == nil {
		return u.EscapedPath()
	}
	return c.cfg.ShownPath(u.EscapedPath())
}

// Limiter returns the client's limiter, nil if it has none or if c is nil.
func (c *Client) Limiter() ratelimit.Limiter {
	if c == nil {
		return nil
	}
	return c.cfg.Limiter
}

// Strict reports whether a missing required member in a response is an error.
func (c *Client) Strict() bool { return c.cfg.Strict }

// BaseURL returns the base URL for the generated client.
func (c *Client) BaseURL() string { return c.cfg.BaseURL.String() }
