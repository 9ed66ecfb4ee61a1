package confluent

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/vendor"
	"github.com/integrations-go/sdk/ratelimit"
)

// Client calls Provider Integration Management. It is safe for concurrent use. Create one and keep
// it.
type Client struct {
	// Integrations is pim/v2: Azure and Google Cloud.
	Integrations *IntegrationsService
	// IntegrationsV1 is pim/v1: AWS.
	IntegrationsV1 *IntegrationsV1Service

	core *core.Client
	raw  *rawClient
}

// New returns a client. It needs exactly one of [WithAPIKey], [WithToken], [WithTokenSource] and
// [WithSTS]. It sends nothing. An option that is missing or not valid is [ErrInvalid].
func New(opts ...Option) (*Client, error) {
	own := &config{}
	o := core.Options{
		Config: core.Config{
			Vendor: vendorName, RequestIDHeader: "X-Request-Id", Headers: ratelimit.Confluent(),
			NewError: newError, IsErrorDocument: vendor.IsErrorDocument, OwnError: ownError,
		},
		Own: own,
	}
	if err := core.Apply(&o, slices.Concat([]Option{WithBaseURL(DefaultBaseURL)}, opts)); err != nil {
		return nil, invalidArg("New", err)
	}
	c := &Client{}
	if own.sts != nil {
		o.Auth = core.Bearer(func(ctx context.Context) (core.Token, error) {
			t, err := c.ExchangeToken(ctx, *own.sts)
			return core.Token(t), err
		})
		o.Auth.Calls = true
	}
	var err error
	if c.core, err = o.Build("WithAPIKey, WithToken, WithTokenSource or WithSTS"); err != nil {
		return nil, invalidArg("New", err)
	}
	c.raw = newRawClient(c.core.BaseURL(), c.core)
	c.Integrations = &IntegrationsService{c}
	c.IntegrationsV1 = &IntegrationsV1Service{c}
	return c, nil
}

// The environment variables that [FromEnv] reads. The vendor's own tools use the same names.
const (
	EnvAPIKey    = "CONFLUENT_CLOUD_API_KEY"
	EnvAPISecret = "CONFLUENT_CLOUD_API_SECRET"
	EnvEndpoint  = "CONFLUENT_CLOUD_ENDPOINT"
)

// FromEnv returns a client with the settings in the environment variables:
//
//   - CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET are required. One that is missing is
//     [ErrInvalid].
//   - CONFLUENT_CLOUD_ENDPOINT sets the base URL. It is optional.
//
// opts are applied after the variables and take precedence, except for credentials: there can be
// only one.
func FromEnv(opts ...Option) (*Client, error) {
	key, secret := os.Getenv(EnvAPIKey), os.Getenv(EnvAPISecret)
	var missing []string
	if key == "" {
		missing = append(missing, EnvAPIKey)
	}
	if secret == "" {
		missing = append(missing, EnvAPISecret)
	}
	if len(missing) > 0 {
		name := strings.Join(missing, " and ")
		return nil, invalidArg("FromEnv", core.Arg(name, "not set in the environment"))
	}
	all := []Option{WithAPIKey(key, secret)}
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

// Do sends a request of the caller with the client's credentials, retries and limits. Use it for
// operations without a method in this package. A response with any status is not an error. The
// caller must close its body. The body is already in memory, up to the limit of
// [WithMaxResponseBytes].
//
// A URL without scheme and host, such as "/pim/v2/integrations?environment=env-abc123", is resolved
// below the base URL and its path. A request to another origin is sent without credentials and
// without the limiter. As for all calls, the method decides whether the request may be repeated. A
// body is repeated if req.GetBody is set. [http.NewRequest] sets it for buffers. Do does not change
// req, but reads and closes its body.
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
