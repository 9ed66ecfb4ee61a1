package egeriatest

import (
	"crypto/x509"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// This file is the same in every fake except for the package clause. A test compares the copies.
// The types and functions are here, and not in a shared package, because then they and their fields
// are documented on the page of the fake. The implementation is in internal/fakehttp.

// Call is a request that the server received. Formatting a Call shows no headers and no body,
// because they contain credentials.
type Call struct {
	Time      time.Time // arrival by the server's clock
	RequestID string    // request ID of the response
	Operation string    // operation ID, see "Operations"; "" if no route matched
	Method    string
	Path      string // escaped, as sent
	RawQuery  string
	Proto     string // such as "HTTP/2.0"
	Header    http.Header
	Body      []byte // nil until read
	Status    int    // 0 until there is a response, or if the connection was cut before
}

// String returns request line, operation and status.
func (c Call) String() string { return fakehttp.Call(c).String() }

// GoString returns the same as String: %#v shows no credentials.
func (c Call) GoString() string { return c.String() }

// Fault is a failure on demand, set with [Server.Inject]. It applies to calls that passed
// authentication and limits. If several faults match a call, the one injected first applies, and
// the call does not count for those injected after it: their Skip and Every count only calls to
// which no earlier fault applies. Therefore the order of injection matters.
//
// A fault with a Status responds in place of the operation. The operation has no effect unless
// Apply is set. A fault without a Status changes the operation's own response by its other fields.
type Fault struct {
	Operation string // operation ID, see "Operations"; "" matches all
	Method    string // in any letter case; "" matches all
	Path      string // without the query, escaped or not; "" matches all

	// Skip is the number of matching calls to skip first.
	Skip int
	// Every makes the fault apply to one of each Every matching calls after Skip: with 3,
	// to the third, the sixth and so on. 0 and 1 mean each call. Other faults may apply
	// to the calls in between.
	Every int
	// Times is the number of calls that the fault applies to. 0 means 1. A negative
	// number means all: such a fault is never reported as unmet, even if no call has met
	// it.
	Times int

	// Status is the status of the response, 200 to 599.
	Status int
	// Header is set on the response after all other headers. A key without values removes
	// a header.
	Header http.Header
	// Body is the body of the response. Its type is guessed if Header has no
	// Content-Type.
	Body string

	// Apply makes the operation take effect before the fault.
	Apply bool
	// Delay is the time to wait before the operation, or after it with Apply. A client
	// that leaves in the meantime gets no response.
	Delay time.Duration

	// Unread cuts the connection, with HTTP/2 the stream, before the request body is
	// read. The operation has no effect.
	Unread bool
	// Lost cuts the connection, with HTTP/2 the stream, in place of the response. The
	// operation has an effect only with Apply.
	Lost bool
	// Truncate sends half of the body with the Content-Length of the whole body, and cuts
	// the connection. A response without a body, as with status 204, is lost completely.
	Truncate bool
}

// TB is the part of testing.TB that [NewServer] needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipped() bool
	Cleanup(func())
}

// NewServer starts a server that closes when the test ends. The test fails if [Server.Close]
// reports a fault that was not met, unless the test was skipped. If an option or method of the
// server is documented to panic, the test fails immediately instead. tb is a *testing.T, *testing.B
// or *testing.F.
func NewServer(tb TB, opts ...Option) *Server {
	fakehttp.CheckTB(tb)
	tb.Helper()
	defer fakehttp.FailMisuse(tb)
	s := Start(opts...)
	s.http.CloseWith(tb)
	return s
}

// started returns the server of s. It panics for a zero Server.
func (s *Server) started() *fakehttp.Server { return fakehttp.Started(s.http) }

// Close stops the server and ends all delays. Later calls fail, including those without a socket,
// whose delays then end within a hundredth of their length or 10 ms. The error lists the faults
// that were not met, except those with negative [Fault].Times.
func (s *Server) Close() error { return s.started().Close() }

// Handler returns the handler of the API, to serve it behind a prefix or a proxy, until Close.
// Links in responses, if the API has any, still begin with URL.
func (s *Server) Handler() http.Handler { return s.started().Handler() }

// HTTPClient returns a client that reaches the server and trusts its certificate.
func (s *Server) HTTPClient() *http.Client { return s.started().HTTPClient() }

// Transport reaches the server in memory, whatever host a request names. Each call runs in the
// goroutine of its client.
func (s *Server) Transport() http.RoundTripper { return s.started().Transport() }

// CertPool returns the certificate of a server started with [WithHTTP2]. For other servers it
// returns an empty pool.
func (s *Server) CertPool() *x509.CertPool { return s.started().CertPool() }

// CertificatePEM returns the same certificate as PEM, for clients in other languages. It is valid
// for 127.0.0.1 and ::1. CertificatePEM returns nil for other servers.
func (s *Server) CertificatePEM() []byte { return s.started().CertificatePEM() }

// Inject adds a fault. It panics if the fault names an unknown operation, has an impossible status,
// a negative Skip or Every, or changes nothing.
func (s *Server) Inject(f Fault) { s.started().Inject(fakehttp.Fault(f)) }

// Calls returns all calls in order of arrival, including those without a response yet.
func (s *Server) Calls() []Call {
	return fakehttp.CallsAs(s.started(), func(c fakehttp.Call) Call { return Call(c) })
}

// CountCalls returns the number of calls of an operation. For "" it returns the number of all
// calls. It panics for an unknown operation.
func (s *Server) CountCalls(operation string) int { return s.started().CountCalls(operation) }

// ResetCalls empties the call log.
func (s *Server) ResetCalls() { s.started().ResetCalls() }

// Option configures a [Server]. The server panics at its start if an option is nil.
type Option func(*Server)

// WithClock sets the clock for all times that the server shows or compares: token lifetimes, rate
// limit windows, Date headers, times of calls and objects. The default is time.Now, also if now is
// nil. Delays always use real timers.
func WithClock(now func() time.Time) Option {
	return func(s *Server) { s.config.Now = fakehttp.Clock(now) }
}

// WithHTTP2 serves HTTP/2 over TLS instead of HTTP/1.1. [Server.HTTPClient] trusts its certificate.
func WithHTTP2() Option { return func(s *Server) { s.config.Listen = fakehttp.HTTP2 } }

// WithoutSocket serves in memory only, through [Server.HTTPClient] and [Server.Transport]. URL is
// then a placeholder. Such a server works in a testing/synctest bubble, even if it was started
// outside.
func WithoutSocket() Option { return func(s *Server) { s.config.Listen = fakehttp.Memory } }

// WithAddress makes the server listen on a host and port, such as "127.0.0.1:9443", for clients
// with a fixed address. The server panics at its start if it can't. The default is a free port of
// 127.0.0.1. It has no effect with [WithoutSocket].
func WithAddress(address string) Option {
	return func(s *Server) { s.config.Address = address }
}

// WithRateLimit allows limit calls per credential in each window, which starts with its first call.
// Calls without valid credentials count per source address. Successes then have X-RateLimit-Limit,
// -Remaining and -Reset (seconds to the next window, rounded up). A call beyond the limit gets 429
// with these headers, Retry-After and no body. 0 or a negative number means no limit. This is the
// default. With a limit, the server panics at its start unless window is above 0.
func WithRateLimit(limit int, window time.Duration) Option {
	return func(s *Server) { s.config.Limit, s.config.Window = limit, window }
}

// WithMaxInFlight responds with 429 and Retry-After: 1 while n calls are served. By default there
// is no limit.
func WithMaxInFlight(n int) Option { return func(s *Server) { s.config.MaxInFlight = n } }

// WithLatency delays each call by d, including refused calls.
func WithLatency(d time.Duration) Option { return func(s *Server) { s.config.Latency = d } }
