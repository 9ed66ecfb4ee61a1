package fakehttp

import (
	"net/http"
	"time"
)

// RequestIDHeader is the header with the request ID of a response. Servers with [Config.NewID] do
// not send it.
const RequestIDHeader = "X-Request-Id"

// MemoryURL is the base URL of a server without a socket. Only [Server.Transport] reaches it.
const MemoryURL = "https://fake.test"

// Op is one operation of an API.
type Op struct {
	Name   string // operation ID, unique in the table
	Method string
	Path   string // escaped path; {name} matches one non-empty segment and becomes a path value
	Public bool   // no authentication
	Handle func(*Request) Response
}

// Listen is the way in which clients reach a server.
type Listen int

// The ways to reach a server.
const (
	// HTTP/1.1 on a loopback socket.
	Plain Listen = iota
	// HTTP/2 over TLS on a loopback socket. Use [Server.HTTPClient] or [Server.CertPool].
	HTTP2
	// No socket, for synctest bubbles. Use [Server.HTTPClient] or [Server.Transport].
	Memory
)

// Config describes a server. Only Ops is required.
type Config struct {
	// Ops is the route table. The first operation that matches serves the request.
	Ops    []Op
	Listen Listen
	// Address is the host and port to listen on. The default is a free port of 127.0.0.1.
	Address string
	// Strict selects a route without backtracking: if a literal segment matches,
	// variables do not, even if no operation matches the rest of the path.
	Strict bool

	// Front handles requests before authentication, like a firewall. Its response
	// replaces that of the operation. nil lets the request pass.
	Front func(*http.Request) *Response
	// Auth returns the caller of a request, or the response that refuses it. The request
	// body has not been read.
	Auth func(*Request) (caller string, refusal *Response)
	// Unrouted returns the response if no route matches. allow has the methods of the
	// path, if any. Auth is not called before it. The default is a plain text 404 or 405.
	Unrouted func(r *Request, allow []string) Response
	// NewID returns a new request ID. Operations show it in their own way. By default the
	// server counts requests and sends the ID in RequestIDHeader. NewID must be safe for
	// concurrent use.
	NewID func() string
	// Now is the clock for Date headers, call times and rate limit windows. The default
	// is time.Now.
	Now func() time.Time

	// Limit is the number of calls per caller and window. 0 means no limit.
	Limit int
	// Window is the length of a rate limit window, which starts with its first call. It
	// must be above 0 if there is a Limit.
	Window time.Duration
	// MaxInFlight is the maximum number of concurrent calls. Further calls get 429. 0
	// means no limit.
	MaxInFlight int
	// Latency is a wait before each operation.
	Latency time.Duration

	// Unmet returns an error for what a test has set and no call has met, besides faults.
	// nil means that there is nothing else.
	Unmet func() error
}

// Apply applies options to s in order. It panics if one is nil.
func Apply[S any, O ~func(S)](s S, opts []O) {
	for i, opt := range opts {
		if opt == nil {
			panic(Misuse("option %d of %d is nil", i+1, len(opts)))
		}
		opt(s)
	}
}

// Clock returns now, or time.Now if now is nil.
func Clock(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}
