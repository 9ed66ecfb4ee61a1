package egeriatest

import (
	"crypto/x509"
	"net/http"
	"sync"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Call is one request as the server saw it. Its text leaves headers and body out, because they hold credentials.
type Call struct {
	Time      time.Time // arrival by the server's clock
	RequestID string    // requestId of the reply; before 6.1 replies don't show it
	Operation string    // operation id, such as putIntegrationGroup; "" where no route matched
	Method    string
	Path      string // escaped, as sent
	RawQuery  string
	Proto     string // such as HTTP/2.0
	Header    http.Header
	Body      []byte // nil until read
	Status    int    // 0 while there is no answer, and for good if the connection was cut before one
}

// String shows request line, operation and status.
func (c Call) String() string { return fakehttp.Call(c).String() }

// GoString is String.
func (c Call) GoString() string { return c.String() }

// Fault is something that goes wrong on demand. It strikes calls that passed authentication and limits; of several that
// match, the one injected first.
//
// With a Status it answers in place of the operation, which takes no effect unless Apply is set. Without one it bends the
// operation's own reply by whatever else is set.
type Fault struct {
	Operation string // operation id; "" matches every one
	Method    string // "" matches every one
	Path      string // escaped path, as sent; "" matches every one

	Skip  int // matching calls to leave alone first
	Times int // calls to strike; 0 means 1, below 0 means all

	Status int         // status to answer
	Header http.Header // set on the reply, last of all; a key without values removes the header
	Body   string      // body of the reply; without a Content-Type header its type is guessed

	Apply bool          // let the operation take effect first
	Delay time.Duration // wait before the operation; with Apply, after it. A client that leaves meanwhile gets no answer

	Unread   bool // cut the connection before the request body is read; the operation takes no effect
	Lost     bool // cut the connection in place of the reply; the operation takes effect only with Apply
	Truncate bool // send half of the body under the Content-Length of the whole, then cut
}

// Server is a running fake of a platform. Its methods are safe for concurrent use.
type Server struct {
	URL      string // base URL of the platform, without a trailing slash
	User     string // a user
	Password string // the user's password, random per server

	http     *fakehttp.Server
	config   fakehttp.Config
	release  release
	inverted *bool // nil: as the release has it

	keepUnknown bool
	insecure    bool
	encrypted   bool

	placeholders map[string]string

	mu        sync.Mutex
	users     map[string]string // passwords by user
	tokens    map[string]token
	logins    int
	keyID     string
	documents map[string]fakehttp.Object // by server name
	instances map[string]*instance       // the known servers by name

	key      int            // the one that documents are encrypted with; 0: none
	keys     int            // ever made
	lockedBy map[string]int // by server name, of documents that are encrypted
}

// testingTB is the part of testing.TB that NewServer needs.
type testingTB = fakehttp.TB

// NewServer starts a server that closes when the test ends. Faults that no call has met then fail the test. tb is a
// *testing.T, *testing.B or *testing.F.
func NewServer(tb testingTB, opts ...Option) *Server {
	tb.Helper()
	s := Start(opts...)
	s.http.CloseWith(tb)
	return s
}

// Start starts a server that runs until Close.
func Start(opts ...Option) *Server {
	s := &Server{
		User:      "garygeeke",
		release:   newest,
		users:     map[string]string{},
		tokens:    map[string]token{},
		keyID:     newUUID(),
		documents: map[string]fakehttp.Object{},
		instances: map[string]*instance{},
		lockedBy:  map[string]int{},
		config:    fakehttp.Config{Now: time.Now, NewID: newUUID},
	}
	for _, opt := range opts {
		opt(s)
	}
	if s.inverted == nil {
		s.inverted = new(s.release.invertedFilter())
	}
	if s.insecure && s.release.bearers() {
		panic("egeriatest: " + string(s.release) + " without security")
	}
	s.Password = s.AddUser(s.User)
	s.config.Ops = s.operations()
	s.config.Front, s.config.Auth, s.config.Unrouted = s.front, s.authenticate, s.unrouted
	s.http = fakehttp.Start(s.config)
	s.URL = s.http.URL
	return s
}

// Close stops the server and ends all delays. Its error lists the faults that no call has met.
func (s *Server) Close() error { return s.http.Close() }

// Handler serves the platform anywhere, such as behind a prefix or a proxy.
func (s *Server) Handler() http.Handler { return s.http.Handler() }

// HTTPClient returns a client that reaches the server and trusts its certificate.
func (s *Server) HTTPClient() *http.Client { return s.http.HTTPClient() }

// Transport reaches the server in memory, whatever host a request names. Each call runs in its client's goroutine.
func (s *Server) Transport() http.RoundTripper { return s.http.Transport() }

// CertPool holds the certificate of a server started [WithHTTP2].
func (s *Server) CertPool() *x509.CertPool { return s.http.CertPool() }

// Inject adds a fault. It panics if the fault names an unknown operation, has an impossible status or does nothing.
func (s *Server) Inject(f Fault) { s.http.Inject(fakehttp.Fault(f)) }

// Calls returns all calls in order of arrival, those still without an answer included.
func (s *Server) Calls() []Call {
	var out []Call
	for _, c := range s.http.Calls() {
		out = append(out, Call(c))
	}
	return out
}

// CountCalls counts the calls of an operation; "" counts all. It panics for an unknown operation.
func (s *Server) CountCalls(operation string) int { return s.http.CountCalls(operation) }

// ResetCalls empties the call log.
func (s *Server) ResetCalls() { s.http.ResetCalls() }
