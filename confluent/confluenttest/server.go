package confluenttest

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Call is one request as the server saw it. Its text leaves headers and body out, because they hold credentials.
type Call struct {
	Time      time.Time // arrival by the server's clock
	RequestID string    // X-Request-Id of the reply
	Operation string    // the vendor's operationId, such as createPimV2Integration; "" where no route matched
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

// Fault is something that goes wrong on demand. It strikes calls that passed authentication and limits; of several that match, the
// one injected first.
//
// With a Status it answers in place of the operation, which takes no effect unless Apply is set. Without one it bends the
// operation's own reply by whatever else is set.
type Fault struct {
	Operation string // the vendor's operationId; "" matches every one
	Method    string // "" matches every one
	Path      string // escaped path, as sent; "" matches every one

	Skip  int // matching calls to leave alone first
	Times int // calls to strike; 0 means 1, below 0 means all

	Status int         // status to answer
	Header http.Header // set on the reply, last of all
	Body   string      // body of the reply; without a Content-Type header its type is guessed

	Apply bool          // let the operation take effect first
	Delay time.Duration // wait before the operation; with Apply, after it. A client that leaves meanwhile gets no answer

	Unread   bool // cut the connection before the request body is read; the operation takes no effect
	Lost     bool // cut the connection in place of the reply; the operation takes effect only with Apply
	Truncate bool // send half of the body under the Content-Length of the whole, then cut
}

// Server is a running fake. Its methods are safe for concurrent use.
type Server struct {
	URL       string // base URL, without a trailing slash
	APIKey    string // id of a Cloud API key, random per server
	APISecret string // its secret

	http   *fakehttp.Server
	config fakehttp.Config
	style  Style
	tokens fakehttp.Tokens

	environments                    map[string]bool
	perEnvironment, perOrganization int
	uniqueNames                     bool

	mu           sync.Mutex
	keys         map[string]string // id to secret; "" once deleted
	bearers      map[string]bearer
	integrations []*record // in order of creation
	byID         map[string]*record
	created      int // integrations ever
}

type bearer struct {
	caller  string
	expires time.Time
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
		environments: map[string]bool{"env-1": true},
		keys:         map[string]string{},
		bearers:      map[string]bearer{},
		byID:         map[string]*record{},
		config:       fakehttp.Config{Now: time.Now},
	}
	for _, opt := range opts {
		opt(s)
	}
	s.style.setDefaults()
	s.config.Ops = s.operations()
	s.config.Auth = s.authenticate
	s.APIKey, s.APISecret = s.AddAPIKey()
	s.http = fakehttp.Start(s.config)
	s.URL = s.http.URL
	return s
}

// Close stops the server and ends all delays. Its error lists the faults that no call has met.
func (s *Server) Close() error { return s.http.Close() }

// Handler serves the API anywhere, such as behind a prefix or a proxy. Links in replies still begin with URL.
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

// The collections.
const (
	v1Path = "/pim/v1/integrations"
	v2Path = "/pim/v2/integrations"
)

// operations is the API's route table.
func (s *Server) operations() []fakehttp.Op {
	return []fakehttp.Op{
		{Name: "listPimV1Integrations", Method: "GET", Path: v1Path, Handle: s.serveV1(s.list)},
		{Name: "createPimV1Integration", Method: "POST", Path: v1Path, Handle: s.serveV1(s.createV1)},
		{Name: "getPimV1Integration", Method: "GET", Path: v1Path + "/{id}", Handle: s.serveV1(s.get)},
		{Name: "deletePimV1Integration", Method: "DELETE", Path: v1Path + "/{id}", Handle: s.serveV1(s.delete)},
		{Name: "listPimV2Integrations", Method: "GET", Path: v2Path, Handle: s.serveV2(s.list)},
		{Name: "createPimV2Integration", Method: "POST", Path: v2Path, Handle: s.serveV2(s.createV2)},
		{Name: "getPimV2Integration", Method: "GET", Path: v2Path + "/{id}", Handle: s.serveV2(s.get)},
		{Name: "updatePimV2Integration", Method: "PATCH", Path: v2Path + "/{id}", Handle: s.serveV2(s.update)},
		{Name: "deletePimV2Integration", Method: "DELETE", Path: v2Path + "/{id}", Handle: s.serveV2(s.delete)},
		{Name: "validatePimV2Integration", Method: "POST", Path: v2Path + ":validate", Bare: true, Handle: s.serveV2(s.validate)},
		{Name: "exchangeOAuthToken", Method: "POST", Path: "/sts/v1/oauth2/token", Public: true, Handle: s.exchange},
	}
}

// problem is why an operation was refused.
type problem struct {
	status             int
	detail             string
	code               string // by default what Confluent uses with the status
	pointer, parameter string // where in the request
	location           string // of the object in conflict
}

// codes has no 404: Confluent answers that one without a code.
var codes = map[int]string{
	400: "bad_request", 401: "user_unauthenticated", 402: "quota_exceeded", 403: "user_unauthorized",
	409: "resource_already_exists", 415: "unsupported_media_type", 422: "invalid_configuration",
}

// refuse answers a problem in Confluent's error document.
func (s *Server) refuse(p *problem, requestID string) fakehttp.Reply {
	if p.status == http.StatusNotFound && s.style.EmptyNotFound {
		return fakehttp.Reply{Status: p.status}.With("Content-Type", "application/json")
	}
	var reply fakehttp.Reply
	if s.style.FlatErrors {
		reply = fakehttp.JSON(p.status, map[string]any{"error_code": p.status, "message": p.detail})
	} else {
		entry := map[string]any{
			"id": "err-" + requestID, "status": fmt.Sprint(p.status), "title": http.StatusText(p.status), "detail": p.detail,
		}
		if code := cmp.Or(p.code, codes[p.status]); code != "" {
			entry["code"] = code
		}
		if p.pointer != "" {
			entry["source"] = map[string]string{"pointer": p.pointer}
		} else if p.parameter != "" {
			entry["source"] = map[string]string{"parameter": p.parameter}
		}
		reply = fakehttp.JSON(p.status, map[string]any{"errors": []any{entry}})
	}
	if p.status == http.StatusUnauthorized {
		reply = reply.With("WWW-Authenticate", `Basic error="invalid_key", error_description="The API key is missing or not valid"`)
	}
	if p.location != "" {
		reply = reply.With("Location", p.location)
	}
	return reply
}
