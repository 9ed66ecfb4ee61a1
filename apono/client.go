package apono

import (
	"os"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/apono/api"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// Client calls Apono's public API. It is safe for concurrent use; make one and keep it.
type Client struct {
	// Integrations is admin v4.
	Integrations *IntegrationsService
	// IntegrationsV2 is v2, which alone can refresh.
	IntegrationsV2 *IntegrationsV2Service
	// Catalog is the types of integrations.
	Catalog *CatalogService
	// Resources is what integrations hold: resources, permissions, and the tags that users put on resources.
	Resources *ResourcesService
	// Connectors is what reaches the integrations.
	Connectors *ConnectorsService

	core *core.Client
	api  *api.Client
}

// New makes a client. It needs exactly one of [WithToken] and [WithTokenSource]. Nothing is sent.
func New(opts ...Option) (*Client, error) {
	fail := func(err error) (*Client, error) { return nil, refuse("New", err) }
	cfg := config{Options: core.Options{Config: core.Config{Vendor: "apono", RequestIDHeader: "X-Request-Id", NewError: newError}}}
	for _, o := range slices.Concat([]Option{WithBaseURL(DefaultBaseURL)}, opts) {
		if o == nil {
			return fail(core.Arg("option", "is nil"))
		}
		if err := o(&cfg); err != nil {
			return fail(err)
		}
	}
	c := &Client{}
	var err error
	if c.core, err = cfg.Build("WithToken or WithTokenSource"); err != nil {
		return fail(err)
	}
	if c.api, err = api.NewClient(c.core.BaseURL(), api.WithHTTPClient(c.core)); err != nil {
		return fail(err)
	}
	c.Integrations = &IntegrationsService{c}
	c.IntegrationsV2 = &IntegrationsV2Service{c}
	c.Catalog = &CatalogService{c}
	c.Resources = &ResourcesService{c}
	c.Connectors = &ConnectorsService{c}
	return c, nil
}

// withoutAPI drops the /api at the end of a base URL's path, which the paths of the operations begin with.
func withoutAPI(baseURL string) string {
	trimmed := strings.TrimSuffix(strings.TrimRight(baseURL, "/"), "/api")
	if strings.HasSuffix(trimmed, "/") { // the host itself is named api
		return baseURL
	}
	return trimmed
}

// The environment variables that [FromEnv] reads. The vendor's own tools use the same names.
const (
	EnvToken    = "APONO_PERSONAL_TOKEN"
	EnvEndpoint = "APONO_ENDPOINT"
)

// FromEnv makes a client from APONO_PERSONAL_TOKEN, and APONO_ENDPOINT where it is set. The options come after and prevail, but for credentials, of which
// there can be one only.
func FromEnv(opts ...Option) (*Client, error) {
	token := os.Getenv(EnvToken)
	if token == "" {
		return nil, refuse("FromEnv", core.Arg(EnvToken, "not set in the environment"))
	}
	all := []Option{WithToken(token)}
	if endpoint := os.Getenv(EnvEndpoint); endpoint != "" {
		all = append(all, WithBaseURL(endpoint))
	}
	return New(append(all, opts...)...)
}

// API is the generated client: every operation of the specification, over the same transport, with the same credentials, retries and limits. Its methods return
// the reply as it comes, whatever its status; close the body.
func (c *Client) API() *api.Client {
	own := *c.api // so that what the caller sets on it changes nothing here
	return &own
}

// Limiter is the limiter that the client waits for, nil if it was turned off.
func (c *Client) Limiter() ratelimit.Limiter { return c.core.Limiter() }

// CloseIdleConnections closes connections that no request is using.
func (c *Client) CloseIdleConnections() { c.core.CloseIdleConnections() }
