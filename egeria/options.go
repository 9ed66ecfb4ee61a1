package egeria

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/vendor"
	"github.com/integrations-go/sdk/ratelimit"
)

const vendorName = "egeria"

// Option configures a [Client]. It includes the options of package sdk. [New] returns [ErrInvalid],
// with the name of the argument, for an option that is not valid or that belongs to another vendor.
type Option = sdk.Option

// config has the settings of Egeria only.
type config struct {
	dialect  Dialect
	user     string
	login    string        // user of the login
	password func() string // in a closure, whose variables no format verb shows; nil if there is none
	tokens   bool          // the caller provides tokens
	delegate string        // user that the caller acts for
	// setPassword changes the result of password.
	setPassword func(string)

	clearText bool // documents are not encrypted
}

func option(name string, apply func(*core.Options, *config) error) Option {
	return vendor.Option(vendorName, name, apply)
}

// WithUser sets the user that calls platforms of 4.x and 5.x. They do not authenticate the user.
// Platforms of 6.0 and later do not use it. The paths in errors and logs do not show it. If a
// platform has it in the text of a failure, it is in the error, but not in a log.
func WithUser(user string) Option {
	return option("WithUser", func(_ *core.Options, c *config) error {
		c.user = user
		return checkName("user", user)
	})
}

// WithCredentials logs in to platforms of 6.0 and later with POST /api/token: when the first token
// is needed, one minute before it expires, and once after a 401, because a restart of the platform
// can make all tokens invalid. Concurrent calls share one login.
//
// On platforms of 4.x and 5.x, user is the calling user, unless a later [WithUser] sets another.
// The password is not sent. If a response repeats the password, errors and logs do not show it. A
// password of 3 to 5 characters is hidden only where it is a whole word and not a number. A shorter
// one is not hidden.
func WithCredentials(user, password string) Option {
	return option("WithCredentials", func(o *core.Options, c *config) error {
		var empty error
		if password == "" {
			empty = core.Arg("password", "is empty")
		}
		var current atomic.Pointer[string]
		current.Store(&password)
		c.user, c.login, c.password = user, user, func() string { return *current.Load() }
		c.setPassword = func(changed string) { current.Store(&changed) }
		return o.SetAuth("WithCredentials", nil, core.PathValue("user", user), empty,
			core.ValidText("password", password))
	})
}

// WithToken authenticates at platforms of 6.0 and later with a token that never changes. For 4.x
// and 5.x add [WithUser].
func WithToken(token string) Option {
	return withTokens(vendor.WithToken[config](vendorName, token))
}

// WithTokenSource authenticates at platforms of 6.0 and later with bearer tokens from source. A
// token is used until one minute before its expiry, or for half of its lifetime if that ends
// earlier. Concurrent calls share one request for a new token. After a 401, the client requests a
// new token once. For 4.x and 5.x add [WithUser].
func WithTokenSource(source sdk.TokenSource) Option {
	return withTokens(vendor.WithTokenSource[config](vendorName, source))
}

// withTokens records that an option provides tokens.
func withTokens(tokens Option) Option {
	return func(o *core.Options) error {
		if c, ok := o.Own.(*config); ok {
			c.tokens = true
		}
		return tokens(o)
	}
}

// WithDialect sets the dialect of the platform. The default is [DialectAuto], which sends one or
// two requests before the first call. A platform that moves from 5.x to 6.0 needs a new client.
func WithDialect(dialect Dialect) Option {
	return option("WithDialect", func(_ *core.Options, c *config) error {
		if dialect < DialectAuto || dialect > Dialect6 {
			return core.Arg("dialect", "is %d", int(dialect))
		}
		c.dialect = dialect
		return nil
	})
}

// WithClearTextStore states that a platform of 4.x or 5.x stores its configuration documents in
// clear text (platform.configstore.provider is a FileBasedServerConfigStoreProvider). Then
// [ConfigService.Delete] does not affect other documents. The platform does not report how it
// stores them. Platforms of 6.0 and later always use clear text.
func WithClearTextStore() Option {
	return option("WithClearTextStore", func(_ *core.Options, c *config) error {
		c.clearText = true
		return nil
	})
}

// WithStrict makes a response an error if a member that the specification requires is missing or
// null. By default such a member has its zero value.
func WithStrict() Option { return vendor.WithStrict[config](vendorName) }

// WithLimiter makes the client wait for limiter before each request. A nil limiter turns the limit
// off. Pass the same limiter to all clients that use one credential.
//
// By default each client has its own [ratelimit.Local]. It waits for Retry-After. When the server
// refuses requests with 429, it limits the requests in flight. A rate limit, or a header for one,
// is not documented by the vendor. To set your own limits, use [ratelimit.WithRate] or
// [ratelimit.WithMaxInFlight].
//
// The default limiter waits at most [sdk.RetryPolicy].MaxServerWait for the server. A limiter that
// you pass ignores MaxServerWait. Its maximum is [ratelimit.WithMaxWait], 65 s by default, for all
// clients that share it.
func WithLimiter(limiter ratelimit.Limiter) Option {
	return vendor.WithLimiter[config](vendorName, limiter)
}

// DefaultLimiter returns a new limiter, like that of a client without [WithLimiter]. It waits for
// Retry-After, and limits the requests in flight when the server refuses requests with 429. Its
// longest wait is 65 s. Share it between the clients that use one credential:
//
//	limiter := egeria.DefaultLimiter()
//	reader, err := egeria.New(platform, credentials, egeria.WithLimiter(limiter))
//	writer, err := egeria.New(platform, credentials, egeria.WithLimiter(limiter))
func DefaultLimiter() *ratelimit.Local { return core.DefaultLimiter(ratelimit.Headers{}) }

// WithTLSConfig is [sdk.WithTLSConfig]. The default certificate of a platform is self-signed, so
// machines do not trust it.
func WithTLSConfig(cfg *tls.Config) Option { return sdk.WithTLSConfig(cfg) }

// WithAttemptTimeout is [sdk.WithAttemptTimeout]. Calls that start, stop, refresh or restart may
// take [LongTimeout], if that is more.
func WithAttemptTimeout(d time.Duration) Option { return sdk.WithAttemptTimeout(d) }

// WithPlainHTTP is [sdk.WithPlainHTTP].
func WithPlainHTTP() Option { return sdk.WithPlainHTTP() }

// WithHTTPClient is [sdk.WithHTTPClient].
func WithHTTPClient(client *http.Client) Option { return sdk.WithHTTPClient(client) }

// WithMiddleware is [sdk.WithMiddleware].
func WithMiddleware(wrap ...func(http.RoundTripper) http.RoundTripper) Option {
	return sdk.WithMiddleware(wrap...)
}

// WithRetry is [sdk.WithRetry]. POSTs that replace a whole configuration count as idempotent.
func WithRetry(policy sdk.RetryPolicy) Option { return sdk.WithRetry(policy) }

// WithMaxResponseBytes is [sdk.WithMaxResponseBytes].
func WithMaxResponseBytes(n int64) Option { return sdk.WithMaxResponseBytes(n) }

// WithLogger is [sdk.WithLogger].
func WithLogger(logger *slog.Logger) Option { return sdk.WithLogger(logger) }

// WithUserAgent is [sdk.WithUserAgent].
func WithUserAgent(product string) Option { return sdk.WithUserAgent(product) }

// WithDebug is [sdk.WithDebug].
func WithDebug(w io.Writer) Option { return sdk.WithDebug(w) }

// CallOption configures one call. It is [sdk.CallOption].
type CallOption = sdk.CallOption

// WithMeta is [sdk.WithMeta].
func WithMeta(m *sdk.Meta) CallOption { return sdk.WithMeta(m) }

// WithRawBody is [sdk.WithRawBody].
func WithRawBody(b *[]byte) CallOption { return sdk.WithRawBody(b) }

// WithIdempotent is [sdk.WithIdempotent].
func WithIdempotent() CallOption { return sdk.WithIdempotent() }

// WithPrefetch is [sdk.WithPrefetch]. It has no effect in this package, because all lists have one
// response.
func WithPrefetch() CallOption { return sdk.WithPrefetch() }

// WithHeader is [sdk.WithHeader].
func WithHeader(name, value string) CallOption { return sdk.WithHeader(name, value) }

// WithCallAttemptTimeout is [sdk.WithCallAttemptTimeout].
func WithCallAttemptTimeout(d time.Duration) CallOption { return sdk.WithCallAttemptTimeout(d) }
