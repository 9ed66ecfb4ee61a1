package confluenttest

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Call is one request as the server saw it: Time, RequestID, Operation, Method, Path (escaped), RawQuery, Proto, Header,
// Body, and the Status answered, 0 if none was. Its text leaves out headers and body.
type Call = fakehttp.Call

// Fault is something that goes wrong on demand.
//
// Operation, Method and Path select calls, Skip leaves the first ones alone, Times (1 by default, all if negative) says how
// many to strike. Status, Header and Body are the reply in place of the operation, which takes no effect unless Apply is
// set; without Status they bend the operation's own reply. Delay waits first. Unread cuts the connection before the
// request is read, Lost cuts it in place of the reply, Truncate within the reply's body.
type Fault = fakehttp.Fault

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
func (s *Server) Inject(f Fault) { s.http.Inject(f) }

// Calls returns all calls in order of arrival, those still without an answer included.
func (s *Server) Calls() []Call { return s.http.Calls() }

// CountCalls counts the calls of an operation; "" counts all. It panics for an unknown operation.
func (s *Server) CountCalls(operation string) int { return s.http.CountCalls(operation) }

// ResetCalls empties the call log.
func (s *Server) ResetCalls() { s.http.ResetCalls() }

// operations is the API's route table.
func (s *Server) operations() []fakehttp.Op {
	const v1, v2 = "/pim/v1/integrations", "/pim/v2/integrations"
	return []fakehttp.Op{
		{Name: "listPimV1Integrations", Method: "GET", Path: v1, Handle: s.serveV1(s.list)},
		{Name: "createPimV1Integration", Method: "POST", Path: v1, Handle: s.serveV1(s.createV1)},
		{Name: "getPimV1Integration", Method: "GET", Path: v1 + "/{id}", Handle: s.serveV1(s.get)},
		{Name: "deletePimV1Integration", Method: "DELETE", Path: v1 + "/{id}", Handle: s.serveV1(s.delete)},
		{Name: "listPimV2Integrations", Method: "GET", Path: v2, Handle: s.serveV2(s.list)},
		{Name: "createPimV2Integration", Method: "POST", Path: v2, Handle: s.serveV2(s.createV2)},
		{Name: "getPimV2Integration", Method: "GET", Path: v2 + "/{id}", Handle: s.serveV2(s.get)},
		{Name: "updatePimV2Integration", Method: "PATCH", Path: v2 + "/{id}", Handle: s.serveV2(s.update)},
		{Name: "deletePimV2Integration", Method: "DELETE", Path: v2 + "/{id}", Handle: s.serveV2(s.delete)},
		{Name: "validatePimV2Integration", Method: "POST", Path: v2 + ":validate", Bare: true, Handle: s.serveV2(s.validate)},
		{Name: "exchangeOAuthToken", Method: "POST", Path: "/sts/v1/oauth2/token", Public: true, Handle: s.exchange},
	}
}

// problem is why an operation was refused.
type problem struct {
	status             int
	title, detail      string
	code               string // by default what Confluent uses with the status
	pointer, parameter string // where in the request
	location           string // of the object in conflict
}

func (p *problem) Error() string { return p.detail }

var titles = map[int]string{
	400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
	409: "Conflict", 415: "Unsupported Media Type", 422: "Unprocessable Entity",
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
		code := p.code
		if code == "" {
			code = codes[p.status]
		}
		entry := map[string]any{
			"id": "err-" + requestID, "status": fmt.Sprint(p.status), "title": titles[p.status], "detail": p.detail,
		}
		if code != "" {
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
