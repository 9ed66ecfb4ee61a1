package egeria

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/vendor"
	"github.com/integrations-go/sdk/ratelimit"
)

// Client calls one OMAG server platform. It is safe for concurrent use. Create one and keep it.
type Client struct {
	// Platform has the operations of the platform itself and of the servers that it runs.
	Platform *PlatformService

	core    *core.Client
	raw     *rawClient // uses the dialect of the platform
	plain   *rawClient // uses the dialect of 6.x: for operations that are the same in all releases, and for the probe
	cfg     config
	dialect dialectState
	longest time.Duration
}

// New returns a client of the platform at platformURL, for example https://localhost:9443. It needs
// [WithUser], or exactly one of [WithCredentials], [WithToken] and [WithTokenSource]. A platform of
// 6.0 or later requires one of the last three. New sends nothing. An argument that is missing or
// not valid is [ErrInvalid].
func New(platformURL string, opts ...Option) (*Client, error) {
	c := &Client{}
	o := core.Options{
		Config: core.Config{
			Vendor: vendorName, RequestIDHeader: "X-Request-Id",
			NewError: c.newError, IsErrorDocument: vendor.IsErrorDocument, Gone: gone,
			SecretMember: secretMember, ShownPath: c.cfg.shownPath,
		},
		Own: &c.cfg,
	}
	if err := c.configure(&o, platformURL, opts); err != nil {
		return nil, invalidArg("New", err)
	}
	return c, nil
}

func (c *Client) configure(o *core.Options, platformURL string, opts []Option) (err error) {
	if err := o.SetBaseURL(strings.TrimRight(platformURL, "/")); err != nil {
		return err
	}
	if err := core.Apply(o, opts); err != nil {
		return err
	}
	if err := c.cfg.check(); err != nil {
		return err
	}
	if c.cfg.password != nil {
		o.Auth = c.loginAuth()
	}
	if o.Auth != nil {
		o.Auth = onlyFor6(o.Auth, &c.dialect)
	}
	if c.core, err = o.Build(""); err != nil {
		return err
	}
	c.longest = max(LongTimeout, o.AttemptTimeout)
	if o.AttemptTimeout == 0 && o.HTTPClient != nil {
		c.longest = max(c.longest, o.HTTPClient.Timeout)
	}
	if c.cfg.dialect != DialectAuto {
		c.dialect.known.Store(int32(c.cfg.dialect))
	}
	c.plain = newRawClient(c.core.BaseURL(), c.core)
	c.raw = c.plain.withEditor(c.translate)
	c.Platform = &PlatformService{c}
	return nil
}

// check returns an error for settings that work with no platform.
func (c *config) check() error {
	switch {
	case c.user == "" && !c.hasTokens():
		return core.Arg("credentials", "are missing: use WithUser, WithCredentials, WithToken or WithTokenSource")
	case c.dialect == Dialect6 && !c.hasTokens():
		return core.Arg("credentials", "are missing: Dialect6 needs WithCredentials, WithToken or WithTokenSource")
	case c.dialect == Dialect4 && c.user == "":
		return core.Arg("user", "is missing: Dialect4 needs WithUser or WithCredentials")
	case c.dialect == Dialect4:
		if err := checkName("user", c.user); err != nil {
			return err
		}
	}
	return c.checkDelegate(c.dialect)
}

// shownPath returns the path of a URL without the user. Paths of 4.x and 5.x have the user, who is
// the only credential there.
func (c *config) shownPath(path string) string {
	before, after, found := strings.Cut(path, "/users/"+url.PathEscape(c.user)+"/")
	if c.user == "" || !found {
		return path
	}
	return before + "/users/" + hidden + "/" + after
}

// hasTokens reports whether requests can have a token.
func (c *config) hasTokens() bool { return c.tokens || c.password != nil }

// loginAuth authenticates with the tokens of [Client.Login].
func (c *Client) loginAuth() *core.Auth {
	auth := core.Bearer(func(ctx context.Context) (core.Token, error) {
		t, err := c.Login(ctx)
		return core.Token(t), err
	})
	auth.Calls = true
	tokens := auth.Secrets
	auth.Secrets = func() []string { return append(tokens(), c.cfg.password()) }
	return auth
}

// secretMember reports whether a path leads to the member of a connection in which connectors store
// secrets. The core recognizes passwords and tokens by their names.
func secretMember(path []string, _ any) bool {
	return strings.EqualFold(path[len(path)-1], "securedProperties")
}

// The environment variables that [FromEnv] reads. The vendor's Python client uses the same names.
const (
	EnvPlatformURL  = "EGERIA_PLATFORM_URL"
	EnvUser         = "EGERIA_USER"
	EnvUserPassword = "EGERIA_USER_PASSWORD"
)

// FromEnv returns a client with the settings in the environment variables:
//
//   - EGERIA_PLATFORM_URL and EGERIA_USER are required. One that is missing is [ErrInvalid].
//   - EGERIA_USER_PASSWORD is optional. Without it the client works only with platforms of 4.x and
//     5.x.
//
// opts are applied after the variables and take precedence, except for credentials: there can be
// only one.
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
		return nil, invalidArg("FromEnv", core.Arg(strings.Join(missing, " and "), "not set in the environment"))
	}
	who := WithUser(user)
	if password != "" {
		who = WithCredentials(user, password)
	}
	return New(platformURL, append([]Option{who}, opts...)...)
}

// withEditor returns a client that calls edit for each request.
func (c *rawClient) withEditor(edit requestEditor) *rawClient {
	return &rawClient{server: c.server, doer: c.doer, editors: []requestEditor{edit}}
}

// Server is one OMAG server of the platform. It may be missing or stopped.
type Server struct {
	// IntegrationGroups configures the integration groups that the server runs as an
	// integration daemon. A change takes effect at the next start of the daemon.
	IntegrationGroups *IntegrationGroupsService
	// Config is the configuration document.
	Config *ConfigService
	// MetadataStore configures the part of the configuration document for a metadata
	// access store.
	MetadataStore *MetadataStoreService
	// Daemon is the running integration daemon.
	Daemon *DaemonService

	name string
}

// Server returns the services of one server. It sends nothing. Each call checks the name.
func (c *Client) Server(name string) *Server {
	s := server{c, name}
	return &Server{&IntegrationGroupsService{s}, &ConfigService{s}, &MetadataStoreService{s}, &DaemonService{s}, name}
}

// Name returns the name of the server.
func (s *Server) Name() string { return s.name }

// server is the common part of the services of one server.
type server struct {
	c    *Client
	name string
}

// check also refuses zero services, which do not come from a client.
func (s server) check() error {
	if err := s.c.check(); err != nil {
		return err
	}
	return checkName("server", s.name)
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
// [WithMaxResponseBytes]. Most failures of a platform have status 200: see [Envelope].
//
// A URL without scheme and host, such as "/open-metadata/platform-services/server-platform/origin",
// is resolved below the platform URL. Use the path of 6.0 and later. On a platform of 4.x or 5.x,
// Do adds the user to it. A request to another origin is sent unchanged, without credentials and
// without the limiter.
//
// The method decides whether the request may be repeated. A GET of .../refresh-config counts as an
// action. A body is repeated if req.GetBody is set. [http.NewRequest] sets it for buffers. Do does
// not change req, but reads and closes its body.
//
// A 401 without a body can have another cause than credentials. 5.x sends it for every request that
// reaches no operation: an unknown path, a wrong method, or invalid JSON. 6.x sends it for paths
// that its firewall refuses: paths with ; or // or with an escaped percent sign, semicolon, dot or
// line break. If the cause is a token, WWW-Authenticate has error="invalid_token".
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
	return c.core.DoRaw(req, c.translate)
}

// Limiter returns the client's limiter, or nil if it was turned off.
func (c *Client) Limiter() ratelimit.Limiter { return c.core.Limiter() }

// CloseIdleConnections closes the connections that no request uses, including those of the HTTP
// client of [WithHTTPClient]. The client can be used afterwards.
func (c *Client) CloseIdleConnections() { c.core.CloseIdleConnections() }

// call calls an operation that returns a bean.
func call[T interface{ OK() bool }](
	ctx context.Context, c *Client, op string, opts []CallOption, send core.Send,
) (*T, error) {
	if err := c.check(); err != nil {
		return nil, invalidCall(op, opts, err)
	}
	out := new(T)
	err := core.CallDecode(ctx, c.core, op, opts, send, func(b []byte) error {
		var err error
		if list, ok := any(out).(interface{ check(b []byte) error }); ok {
			err = list.check(b)
		}
		if err == nil {
			err = c.core.Decode(b, out)
		}
		if err == nil && (*out).OK() {
			return nil
		}
		if core.OddType(err) && !c.core.Strict() && core.OnlyInforms(b, out) && checkEnvelope(b) == nil {
			return nil // an informative member is left out
		}
		*out = *new(T) // releases its memory
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

// noResult is a bean with only an envelope.
type noResult struct{ Envelope }

// callNoResult calls an operation whose bean only reports success or failure.
func callNoResult(ctx context.Context, c *Client, op string, opts []CallOption, send core.Send) error {
	_, err := call[noResult](ctx, c, op, opts, send)
	return err
}
