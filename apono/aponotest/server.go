package aponotest

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
	RequestID string    // X-Request-Id of the reply
	Operation string    // the vendor's operationId, such as createIntegrationV4; "" where no route matched
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
	Operation string // the vendor's operationId; "" matches every one
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

// Server is a running fake. Its methods are safe for concurrent use.
type Server struct {
	URL   string // base URL, without a trailing slash
	Token string // a bearer token, random per server

	http   *fakehttp.Server
	config fakehttp.Config
	style  Style
	pages  fakehttp.Tokens

	syncReads   int // replies that still show a sync; below 0: all
	syncTime    time.Duration
	syncByClock bool
	uniqueNames bool
	catalog     []entry

	connectorIDs    []string
	userInformation bool

	mu           sync.Mutex
	bearers      map[string]bool
	integrations []*record // in order of creation
	byID         map[string]*record
	created      int // integrations ever
	connectors   []*connector
	resources    map[string]*resource
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
		bearers:   map[string]bool{},
		byID:      map[string]*record{},
		resources: map[string]*resource{},
		config:    fakehttp.Config{Now: time.Now, Strict: true},
		syncReads: 1,
		catalog:   defaultCatalog(),

		connectorIDs: []string{"connector-1"},
	}
	for _, opt := range opts {
		opt(s)
	}
	s.config.Ops = s.operations()
	s.config.Auth = s.authenticate
	s.Token = s.AddToken()
	for _, id := range s.connectorIDs {
		s.AddConnector(map[string]string{"id": id})
	}
	if s.userInformation {
		s.Add(map[string]string{"type": googleIDP, "name": "Google Workspace"})
	}
	s.http = fakehttp.Start(s.config)
	s.URL = s.http.URL
	return s
}

// Close stops the server and ends all delays. Its error lists the faults that no call has met.
func (s *Server) Close() error { return s.http.Close() }

// Handler serves the API anywhere, such as behind a prefix or a proxy.
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
	v4Path         = "/api/admin/v4/integrations"
	v2Path         = "/api/v2/integrations"
	v3Path         = "/api/v3/integrations"
	catalogPath    = "/api/v2/integrations-catalog"
	connectorsPath = "/api/admin/v3/connectors"
)

// operations is the API's route table.
func (s *Server) operations() []fakehttp.Op {
	return []fakehttp.Op{
		{Name: "listIntegrationsV4", Method: "GET", Path: v4Path, Handle: s.serve(s.listV4)},
		{Name: "createIntegrationV4", Method: "POST", Path: v4Path, Handle: s.serve(s.createV4)},
		{Name: "getIntegrationsByIdV4", Method: "GET", Path: v4Path + "/{id}", Handle: s.serve(s.getV4)},
		{Name: "updateIntegrationV4", Method: "PUT", Path: v4Path + "/{id}", Handle: s.serve(s.updateV4)},
		{Name: "deleteIntegrationV4", Method: "DELETE", Path: v4Path + "/{id}", Handle: s.serve(s.deleteV4)},

		{Name: "listIntegrationsV2", Method: "GET", Path: v2Path, Handle: s.serve(s.listV2)},
		{Name: "createIntegrationV2", Method: "POST", Path: v2Path, Handle: s.serve(s.createV2)},
		{Name: "getIntegrationV2", Method: "GET", Path: v2Path + "/{id}", Handle: s.serve(s.getV2)},
		{Name: "updateIntegrationV2", Method: "PUT", Path: v2Path + "/{id}", Handle: s.serve(s.updateV2)},
		{Name: "deleteIntegrationV2", Method: "DELETE", Path: v2Path + "/{id}", Handle: s.serve(s.deleteV2)},
		{Name: "refreshIntegrationV2", Method: "POST", Path: v2Path + "/{id}/refresh", Handle: s.serve(s.refresh)},

		{Name: "listIntegrationConfigs", Method: "GET", Path: catalogPath, Handle: s.serve(s.listCatalog)},
		{Name: "getIntegrationConfig", Method: "GET", Path: catalogPath + "/{type}", Handle: s.serve(s.getCatalogEntry)},

		{Name: "getResourceUserTags", Method: "GET", Path: v3Path + "/resources/{resource_id}/user-tags", Handle: s.serve(s.getTags)},
		{Name: "updateResourceUserTags", Method: "PUT", Path: v3Path + "/resources/{resource_id}/user-tags", Handle: s.serve(s.putTags)},
		{Name: "getIntegrationPermissions", Method: "GET", Path: v3Path + "/{id}/permissions", Handle: s.serve(s.listPermissions)},
		{Name: "getIntegrationResources", Method: "GET", Path: v3Path + "/{id}/resources", Handle: s.serve(s.listResources)},

		{Name: "listConnectorsV3", Method: "GET", Path: connectorsPath, Handle: s.serve(s.listConnectorsV3)},
		{Name: "getConnectorV3", Method: "GET", Path: connectorsPath + "/{id}", Handle: s.serve(s.getConnector)},
		{Name: "updateConnectorV3", Method: "PUT", Path: connectorsPath + "/{id}", Handle: s.serve(s.renameConnector)},
		{Name: "deleteConnectorV3", Method: "DELETE", Path: connectorsPath + "/{id}", Handle: s.serve(s.deleteConnector)},
		{Name: "listConnectors", Method: "GET", Path: "/api/v2/connectors", Handle: s.serve(s.listConnectorsV2)},
	}
}

// problem is why an operation was refused. Apono answers it in plain text.
type problem struct {
	status int
	text   string
}

type operation func(*fakehttp.Request) (fakehttp.Reply, *problem)

// serve runs an operation alone: no other sees the state in between.
func (s *Server) serve(op operation) func(*fakehttp.Request) fakehttp.Reply {
	return func(r *fakehttp.Request) fakehttp.Reply {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.endSyncs()
		reply, p := op(r)
		if p != nil {
			return fakehttp.Text(p.status, p.text)
		}
		return s.style.dress(reply)
	}
}
