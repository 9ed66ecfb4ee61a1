package confluenttest

import (
	"cmp"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Server is a running fake. Create it with [Start] or [NewServer]. Its methods are safe for
// concurrent use.
type Server struct {
	URL       string // base URL, without a trailing slash
	APIKey    string // ID of a Cloud API key, random for each server
	APISecret string // the secret of APIKey

	http    *fakehttp.Server
	config  fakehttp.Config
	style   Style
	pages   fakehttp.PageTokens
	bearers fakehttp.BearerTokens

	environments                    map[string]bool
	perEnvironment, perOrganization int
	uniqueNames                     bool

	mu           sync.Mutex
	keys         map[string]string // secrets by ID; "" if deleted
	integrations []*record         // in order of creation
	byID         map[string]*record
	created      int                            // number of integrations ever created
	failures     map[string]*validationFailures // by display name
}

// Start starts a server that runs until Close. See [NewServer] for tests.
func Start(opts ...Option) *Server {
	s := &Server{
		environments: map[string]bool{"env-1": true},
		keys:         map[string]string{},
		byID:         map[string]*record{},
		failures:     map[string]*validationFailures{},
		config:       fakehttp.Config{Now: time.Now},
	}
	fakehttp.Apply(s, opts)
	s.style.setDefaults()
	s.config.Ops = s.operations()
	s.config.Auth = s.authenticate
	s.config.Unmet = s.unmet
	s.APIKey, s.APISecret = s.AddAPIKey()
	s.http = fakehttp.Start(s.config)
	s.URL = s.http.URL
	return s
}

// Paths of the collections.
const (
	v1Path = "/pim/v1/integrations"
	v2Path = "/pim/v2/integrations"
)

// operations returns the route table.
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
		{Name: "validatePimV2Integration", Method: "POST", Path: v2Path + ":validate", Handle: s.serveV2(s.validate)},
		{Name: "exchangeOAuthToken", Method: "POST", Path: "/sts/v1/oauth2/token", Public: true, Handle: s.exchange},
	}
}

// problem is the reason why an operation was refused.
type problem struct {
	status             int
	detail             string
	code               string // "" means the code of the status
	pointer, parameter string // location in the request
	location           string // location of the object in conflict
}

// codes are the error codes by status. Confluent sends no code with 404.
var codes = map[int]string{
	400: "bad_request", 401: "user_unauthenticated", 402: "quota_exceeded", 403: "user_unauthorized",
	409: "resource_already_exists", 415: "unsupported_media_type", 422: "invalid_configuration",
}

// problemResponse returns an error document of Confluent for a problem.
func (s *Server) problemResponse(p *problem, requestID string) fakehttp.Response {
	if p.status == http.StatusNotFound && s.style.EmptyNotFound {
		return fakehttp.Response{Status: p.status}.With("Content-Type", "application/json")
	}
	var resp fakehttp.Response
	if s.style.FlatErrors {
		resp = fakehttp.JSON(p.status, map[string]any{"error_code": p.status, "message": p.detail})
	} else {
		entry := map[string]any{
			"id": "err-" + requestID, "status": fmt.Sprint(p.status), "title": http.StatusText(p.status),
			"detail": p.detail,
		}
		if code := cmp.Or(p.code, codes[p.status]); code != "" {
			entry["code"] = code
		}
		if p.pointer != "" {
			entry["source"] = map[string]string{"pointer": p.pointer}
		} else if p.parameter != "" {
			entry["source"] = map[string]string{"parameter": p.parameter}
		}
		resp = fakehttp.JSON(p.status, map[string]any{"errors": []any{entry}})
	}
	if p.status == http.StatusUnauthorized {
		resp = resp.With("WWW-Authenticate",
			`Basic error="invalid_key", error_description="The API key is missing or not valid"`)
	}
	if p.location != "" {
		resp = resp.With("Location", p.location)
	}
	return resp
}
