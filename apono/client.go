package apono

import (
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/vendor"
	"github.com/integrations-go/sdk/ratelimit"
)

// Client calls Apono's public API. It is safe for concurrent use. Create one and keep it.
type Client struct {
	// Integrations is admin v4.
	Integrations *IntegrationsService
	// IntegrationsV2 is v2, the only version with a refresh.
	IntegrationsV2 *IntegrationsV2Service
	// Catalog is the catalog of integration types.
	Catalog *CatalogService
	// Resources has the contents of integrations: resources, their user tags, and
	// permissions.
	Resources *ResourcesService
	// Connectors has the connectors through which Apono reaches the integrations.
	Connectors *ConnectorsService

	core *core.Client
	raw  *rawClient
}

// New returns a client. It needs exactly one of [WithToken] and [WithTokenSource]. It sends
// nothing. An option that is missing or not valid is [ErrInvalid].
func New(opts ...Option) (*Client, error) {
	o := core.Options{
		Config: core.Config{
			Vendor: vendorName, RequestIDHeader: "X-Request-Id", NewError: newError,
			IsErrorDocument: vendor.IsErrorDocument, OwnError: ownError, SecretMember: secretMember,
		},
		Own: &config{},
	}
	if err := core.Apply(&o, slices.Concat([]Option{WithBaseURL(DefaultBaseURL)}, opts)); err != nil {
		return nil, invalidArg("New", err)
	}
	c := &Client{}
	var err error
	if c.core, err = o.Build("WithToken or WithTokenSource"); err != nil {
		return nil, invalidArg("New", err)
	}
	c.raw = newRawClient(c.core.BaseURL(), c.core)
	c.Integrations = &IntegrationsService{c}
	c.IntegrationsV2 = &IntegrationsV2Service{c}
	c.Catalog = &CatalogService{c}
	c.Resources = &ResourcesService{c}
	c.Connectors = &ConnectorsService{c}
	return c, nil
}

// secretMember reports whether a member is a secret that Apono stores itself: a member of a secret
// store, in the form of v4 or v2, except those that state the place of the secret.
func secretMember(path []string, value any) bool {
	inStore := slices.ContainsFunc(path, func(name string) bool {
		return strings.EqualFold(name, "secret_store_config") || strings.EqualFold(name, "secret_config")
	})
	if !inStore {
		return false
	}
	name := strings.ToLower(path[len(path)-1])
	_, object := value.(map[string]any)
	return name == "parameters" || name == "params" || !object && !slices.Contains(secretPlaces, name)
}

// secretPlaces are the members of known stores that state the place of a secret.
var secretPlaces = []string{
	"type", "region", "project", "secret_id", "namespace", "name", "vault_url", "secret_engine", "path",
}

// withoutAPI removes /api at the end of a base URL's path. The paths of the operations begin with
// it.
func withoutAPI(baseURL string) string {
	trimmed := strings.TrimSuffix(strings.TrimRight(baseURL, "/"), "/api")
	if strings.HasSuffix(trimmed, "/") { // the host is named api
		return baseURL
	}
	return trimmed
}

// The environment variables that [FromEnv] reads. The vendor's own tools use the same names.
const (
	EnvToken    = "APONO_PERSONAL_TOKEN"
	EnvEndpoint = "APONO_ENDPOINT"
)

// FromEnv returns a client with the settings in the environment variables:
//
//   - APONO_PERSONAL_TOKEN is required. Without it the error is [ErrInvalid].
//   - APONO_ENDPOINT sets the base URL. It is optional.
//
// opts are applied after the variables and take precedence, except for credentials: there can be
// only one.
func FromEnv(opts ...Option) (*Client, error) {
	token := os.Getenv(EnvToken)
	if token == "" {
		return nil, invalidArg("FromEnv", core.Arg(EnvToken, "not set in the environment"))
	}
	all := []Option{WithToken(token)}
	if endpoint := os.Getenv(EnvEndpoint); endpoint != "" {
		all = append(all, WithBaseURL(endpoint))
	}
	return New(append(all, opts...)...)
}

// check returns an error for a client that does not come from [New].
func (c *Client) check() error {
	if c == nil || c.core == nil {
		return core.Arg("client", "is the zero value: create one with New")
	}
	return nil
}

// Do sends a request of the caller with the client's credentials, retries and limits. A URL without
// scheme and host is resolved below the base URL. Its path begins with /api, for example
// "/api/v2/integrations", even if the base URL ends in /api. Do does not change req.
//
// A response with any status is not an error. The caller must close its body. A request is repeated
// only if its body can be sent again: [http.NewRequest] sets req.GetBody for the readers of
// packages bytes and strings.
//
// These are [ErrInvalid]: a nil req, a nil URL, a URL that can't be resolved, a path, query, header
// or body that is not UTF-8, a method, query, header or trailer that HTTP can't carry, and a body
// that is not as long as req.ContentLength states. A body with a Content-Encoding, or with a
// Content-Type that is not JSON, is sent unchanged and not checked. A body without req.GetBody is
// read into memory for the check. If the context ends during the check, Do returns after the
// current call of Read.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	if err := invalidArg("Do", c.check()); err != nil {
		return core.Unsent(req, err)
	}
	return c.core.DoRaw(req)
}

// Limiter returns the client's limiter, or nil if it was turned off.
func (c *Client) Limiter() ratelimit.Limiter { return c.core.Limiter() }

// CloseIdleConnections closes the connections that no request uses, including those of the HTTP
// client of [WithHTTPClient]. The client can be used afterwards.
func (c *Client) CloseIdleConnections() { c.core.CloseIdleConnections() }
