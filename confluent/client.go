package confluent

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/confluent/api"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// Client calls Provider Integration Management. It is safe for concurrent use; make one and keep it.
type Client struct {
	// Integrations is pim/v2: Azure and Google Cloud.
	Integrations *IntegrationsService
	// IntegrationsV1 is pim/v1: AWS.
	IntegrationsV1 *IntegrationsV1Service

	core *core.Client
	api  *api.Client
}

// New makes a client. It needs exactly one of [WithAPIKey], [WithToken], [WithTokenSource] and [WithSTS]. Nothing is sent.
func New(opts ...Option) (*Client, error) {
	fail := func(err error) (*Client, error) { return nil, refuse("New", err) }
	cfg := config{Options: core.Options{Config: core.Config{
		Vendor: "confluent", RequestIDHeader: "X-Request-Id", Headers: ratelimit.Confluent(), NewError: newError, Gone: gone,
	}}}
	for _, o := range slices.Concat([]Option{WithBaseURL(DefaultBaseURL)}, opts) {
		if o == nil {
			return fail(core.Arg("option", "is nil"))
		}
		if err := o(&cfg); err != nil {
			return fail(err)
		}
	}
	c := &Client{}
	if cfg.sts != nil {
		cfg.Auth = core.Bearer(func(ctx context.Context) (core.Token, error) {
			t, err := c.ExchangeToken(ctx, *cfg.sts)
			return core.Token(t), err
		})
		cfg.Auth.Calls = true
	}
	var err error
	if c.core, err = cfg.Build("WithAPIKey, WithToken, WithTokenSource or WithSTS"); err != nil {
		return fail(err)
	}
	if c.api, err = api.NewClient(c.core.BaseURL(), api.WithHTTPClient(c.core)); err != nil {
		return fail(err)
	}
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

// FromEnv makes a client from CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET, and CONFLUENT_CLOUD_ENDPOINT where it is set.
// The options come after and prevail, but for credentials, of which there can be one only.
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
		return nil, refuse("FromEnv", core.Arg(name, "not set in the environment"))
	}
	all := []Option{WithAPIKey(key, secret)}
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
