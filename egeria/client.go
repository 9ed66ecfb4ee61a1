package egeria

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// Client calls one OMAG server platform. It is safe for concurrent use; make one and keep it.
type Client struct {
	// Platform is the platform itself, and the servers that it runs.
	Platform *PlatformService

	core    *core.Client
	api     *api.Client // speaks the platform's dialect
	plain   *api.Client // speaks that of 6.x, for what is the same in all, and to find out
	cfg     config
	dialect dialectState
	locks   sync.Map // of the servers whose groups are being changed
	longest time.Duration
}

// New makes a client of the platform at platformURL, for example https://localhost:9443. It needs [WithUser], or exactly one of [WithCredentials], [WithToken] and [WithTokenSource];
// a platform of 6.0 or later takes none that has no token. Nothing is sent.
func New(platformURL string, opts ...Option) (*Client, error) {
	fail := func(err error) (*Client, error) { return nil, refuse("New", err) }
	c := &Client{cfg: config{Options: core.Options{Config: core.Config{Vendor: "egeria", RequestIDHeader: "X-Request-Id", NewError: newError, Gone: gone}}}}
	cfg := &c.cfg
	if err := cfg.SetBaseURL(strings.TrimRight(platformURL, "/")); err != nil {
		return fail(err)
	}
	for _, o := range opts {
		if o == nil {
			return fail(core.Arg("option", "is nil"))
		}
		if err := o(cfg); err != nil {
			return fail(err)
		}
	}
	switch {
	case cfg.user == "" && !cfg.tokens && cfg.password == nil:
		return fail(core.Arg("credentials", "are missing: use WithUser, WithCredentials, WithToken or WithTokenSource"))
	case cfg.dialect == Dialect6 && !cfg.tokens && cfg.password == nil:
		return fail(core.Arg("credentials", "are missing: Dialect6 needs WithCredentials, WithToken or WithTokenSource"))
	case cfg.dialect == Dialect4 && cfg.user == "":
		return fail(core.Arg("user", "is missing: Dialect4 needs WithUser or WithCredentials"))
	}
	if cfg.dialect == Dialect4 {
		if err := checkName("user", cfg.user); err != nil {
			return fail(err)
		}
	}
	if cfg.password != nil {
		cfg.Auth = core.Bearer(func(ctx context.Context) (core.Token, error) {
			t, err := c.Login(ctx)
			return core.Token(t), err
		})
		cfg.Auth.Calls = true
		tokens := cfg.Auth.Secrets
		cfg.Auth.Secrets = func() []string { return append(tokens(), cfg.password()) }
	}
	if cfg.Auth != nil {
		cfg.Auth = onlyFor6(cfg.Auth, &c.dialect)
	}
	var err error
	if c.core, err = cfg.Build(""); err != nil {
		return fail(err)
	}
	c.longest = max(LongTimeout, cfg.AttemptTimeout)
	if cfg.AttemptTimeout == 0 && cfg.HTTPClient != nil {
		c.longest = max(c.longest, cfg.HTTPClient.Timeout)
	}
	if cfg.dialect != DialectAuto {
		c.dialect.known.Store(int32(cfg.dialect))
	}
	if c.plain, err = api.NewClient(c.core.BaseURL(), api.WithHTTPClient(c.core)); err != nil {
		return fail(err)
	}
	translated := *c.plain
	translated.RequestEditors = []api.RequestEditorFn{c.translate}
	c.api = &translated
	c.Platform = &PlatformService{c}
	return c, nil
}

// The environment variables that [FromEnv] reads. The vendor's Python client uses the same names.
const (
	EnvPlatformURL  = "EGERIA_PLATFORM_URL"
	EnvUser         = "EGERIA_USER"
	EnvUserPassword = "EGERIA_USER_PASSWORD" //nolint:gosec // the name of a variable
)

// FromEnv makes a client from EGERIA_PLATFORM_URL and EGERIA_USER, and EGERIA_USER_PASSWORD where it is set, without which only platforms of 4.x and 5.x can be called.
// The options come after and prevail, but for credentials, of which there can be one only.
func FromEnv(opts ...Option) (*Client, error) {
	platformURL, user, password := os.Getenv(EnvPlatformURL), os.Getenv(EnvUser), os.Getenv(EnvUserPassword)
	var missing []string
	if platformURL == "" {
		missing = append(missing, EnvPlatformURL)
	}
	if user == "" {
		missing = append(missing, EnvUser)
	}
	if len(missing) > 0 {
		return nil, refuse("FromEnv", core.Arg(strings.Join(missing, " and "), "not set in the environment"))
	}
	who := WithUser(user)
	if password != "" {
		who = WithCredentials(user, password)
	}
	return New(platformURL, append([]Option{who}, opts...)...)
}

// Server is one OMAG server of the platform, which need not exist yet, or run.
type Server struct {
	// IntegrationGroups is which integration groups the server runs as an integration daemon. A change reaches a running daemon with its next start.
	IntegrationGroups *IntegrationGroupsService
	// Config is the configuration document.
	Config *ConfigService
	// Daemon is the running integration daemon.
	Daemon *DaemonService

	name string
}

// Server scopes calls to a server. The name is checked by the calls.
func (c *Client) Server(name string) *Server {
	s := server{c, name}
	return &Server{&IntegrationGroupsService{s}, &ConfigService{s}, &DaemonService{s}, name}
}

// Name is the name of the server.
func (s *Server) Name() string { return s.name }

// server is what the services of one have in common.
type server struct {
	c    *Client
	name string
}

func (s server) check() error { return checkName("server", s.name) }

// API is the generated client: every operation of the specification, over the same transport, with the same credentials, retries and limits, in the dialect of the platform. Its methods return
// the reply as it comes, whatever its status; close the body.
func (c *Client) API() *api.Client {
	own := *c.api // so that what the caller sets on it changes nothing here
	own.RequestEditors = []api.RequestEditorFn{c.translate}
	return &own
}

// Limiter is the limiter that the client waits for, nil if it was turned off.
func (c *Client) Limiter() ratelimit.Limiter { return c.core.Limiter() }

// CloseIdleConnections closes connections that no request is using.
func (c *Client) CloseIdleConnections() { c.core.CloseIdleConnections() }

// call invokes an operation that answers with a bean.
func call[T interface{ OK() bool }](ctx context.Context, c *Client, op string, opts []CallOption, send func(context.Context) (*http.Response, error)) (*T, error) {
	out := new(T)
	err := core.CallDecode(ctx, c.core, op, opts, send, func(b []byte) error {
		err := c.core.Decode(b, out)
		if err == nil && (*out).OK() {
			return nil
		}
		if failed := checkEnvelope(b); failed != nil {
			return failed
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// void invokes an operation whose bean says only how it went.
func void(ctx context.Context, c *Client, op string, opts []CallOption, send func(context.Context) (*http.Response, error)) error {
	_, err := call[Envelope](ctx, c, op, opts, send)
	return err
}
