package egeria

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// Option configures a [Client]. An option that makes no sense is an error of [New], which is [ErrInvalid] and names the argument.
type Option func(*config) error

// config is what options fill in before a client is made.
type config struct {
	core.Options
	dialect  Dialect
	user     string
	login    string        // the user of the password
	password func() string // in a closure, where no format verb finds it; nil: none
	tokens   bool          // come from elsewhere

	clearText bool // documents are not encrypted
}

// WithUser names the user that calls platforms of 4.x and 5.x. They ask for no proof of it. On platforms of 6.0 and later it has no use.
func WithUser(user string) Option {
	return func(c *config) error {
		c.user = user
		return checkName("user", user)
	}
}

// WithCredentials logs in to platforms of 6.0 and later with POST /api/token, when the first token is needed, a minute before it expires, and once after a 401: a restart of the platform can make all tokens invalid.
// Concurrent calls share one login. To platforms of 4.x and 5.x the user is who calls, unless a later [WithUser] names another, and the password is not sent. No error or log shows the password where a reply repeats it, if it has six characters or more.
func WithCredentials(user, password string) Option {
	return func(c *config) error {
		var empty error
		if password == "" {
			empty = core.Arg("password", "is empty")
		}
		c.user, c.login, c.password = user, user, func() string { return password }
		return c.SetAuth("WithCredentials", nil, core.PathValue("user", user), empty)
	}
}

// WithToken authenticates at platforms of 6.0 and later with a token that never changes: one that the caller has got elsewhere. For 4.x and 5.x add [WithUser].
func WithToken(token string) Option {
	return func(c *config) error {
		c.tokens = true
		return c.SetAuth("WithToken", core.StaticBearer(token), core.Credential("token", token))
	}
}

// WithTokenSource authenticates at platforms of 6.0 and later with bearer tokens from source. A token is used until a minute before its expiry, or for half of its
// life where that is less; concurrent calls share one request for a new one, and a 401 makes the client ask for a new one once. For 4.x and 5.x add [WithUser].
func WithTokenSource(source TokenSource) Option {
	return func(c *config) error {
		if f, ok := source.(TokenSourceFunc); source == nil || ok && f == nil {
			return core.Arg("token source", "is nil")
		}
		c.tokens = true
		return c.SetAuth("WithTokenSource", core.Bearer(func(ctx context.Context) (core.Token, error) {
			t, err := source.Token(ctx)
			return core.Token(t), err
		}))
	}
}

// WithDialect tells how to speak to the platform. The default is [DialectAuto], which costs one or two requests before the first call. A platform that moves from 5.x to 6.0 needs a new client.
func WithDialect(dialect Dialect) Option {
	return func(c *config) error {
		if dialect < DialectAuto || dialect > Dialect6 {
			return core.Arg("dialect", "is %d", int(dialect))
		}
		c.dialect = dialect
		return nil
	}
}

// WithClearTextStore says that the platform keeps its configuration documents in clear text (platform.configstore.provider names a FileBasedServerConfigStoreProvider), so that
// [ConfigService.Delete] does no harm to others. The platform does not tell how it keeps them.
func WithClearTextStore() Option {
	return func(c *config) error {
		c.clearText = true
		return nil
	}
}

// WithTLSConfig uses a copy of cfg for connections to the platform, for example with the authority that has signed its certificate in RootCAs. By default certificates are
// verified with the authorities of the machine; the certificate that a platform comes with is signed by none of them. With [WithHTTPClient], its transport must be an [http.Transport] or nil.
func WithTLSConfig(cfg *tls.Config) Option {
	return func(c *config) error { return c.SetTLS(cfg) }
}

// WithStrict makes a reply that lacks a member which the specification requires, or has null in its place, an error. By default such a member has its zero value.
func WithStrict() Option {
	return func(c *config) error { return c.SetStrict() }
}

// WithPlainHTTP allows a base URL with http to a host other than this machine. Whoever is on the way then reads the credentials.
func WithPlainHTTP() Option {
	return func(c *config) error { return c.AllowPlainHTTP() }
}

// WithHTTPClient uses a copy of client: its transport, cookie jar and redirect policy. Its Timeout becomes the attempt timeout, unless
// [WithAttemptTimeout] names one.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error { return c.SetHTTPClient(client) }
}

// WithMiddleware wraps the base transport; the first wrapper is the outermost. It sees every attempt with its credentials, below
// retries and rate limit.
func WithMiddleware(wrap ...func(http.RoundTripper) http.RoundTripper) Option {
	return func(c *config) error { return c.AddMiddleware(wrap) }
}

// RetryPolicy says how often and how long a call is tried. GET and DELETE, what replaces a whole configuration, and what [WithIdempotent] marks, are repeated after connection errors and the statuses 408, 429,
// 500, 502, 503 and 504; other actions only where the server surely did nothing: 429, 503 with Retry-After, no connection.
type RetryPolicy struct {
	// MaxAttempts counts the first one too. Default 5; 1 turns retries off.
	MaxAttempts int
	// MinDelay and MaxDelay bound the wait where the server names none: a random time up to MinDelay, doubled with every attempt, up to MaxDelay. Defaults 500 ms and 30 s.
	MinDelay, MaxDelay time.Duration
	// MaxServerWait is the longest Retry-After that is obeyed. Beyond it, or beyond the context's deadline, the error comes at once. Default 65 s: a window of a minute, and what its end may be rounded by.
	MaxServerWait time.Duration
	// Budget is how many retries the client may make beyond one per ten successful calls, so that an outage gets no storm from it. What the server refused with 429, or asked to send again later, does not count. Default 50.
	Budget int
}

// DefaultRetryPolicy is the policy of a client that has no other.
func DefaultRetryPolicy() RetryPolicy { return RetryPolicy(core.DefaultRetryPolicy()) }

// WithRetry replaces the retry policy. Begin with [DefaultRetryPolicy].
func WithRetry(policy RetryPolicy) Option {
	return func(c *config) error { return c.SetRetry(core.RetryPolicy(policy)) }
}

// WithAttemptTimeout limits one attempt, from sending to the end of the reply. Waits between attempts don't count: they end with the
// context. Default 1 min; what starts, stops, refreshes or restarts may take [LongTimeout] where that is more.
func WithAttemptTimeout(d time.Duration) Option {
	return func(c *config) error { return c.SetAttemptTimeout(d) }
}

// WithMaxResponseBytes limits the size of one reply. Default 32 MiB.
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error { return c.SetMaxResponse(n) }
}

// WithLimiter waits for limiter before each request, and shares it with whoever else uses it. The vendor documents no rate limit and no header for one, so that by default a client
// has a [ratelimit.Local] of its own that obeys Retry-After, and limits the requests in flight once the server refuses some with 429; give it [ratelimit.WithRate] or [ratelimit.WithMaxInFlight] for limits of yours. A nil limiter
// turns waiting ahead off.
func WithLimiter(limiter ratelimit.Limiter) Option {
	return func(c *config) error { return c.SetLimiter(limiter) }
}

// WithLogger logs every call: successes at debug, retries at info, failures at warn level. No header, query, body or credential is logged.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error { return c.SetLogger(logger) }
}

// WithUserAgent adds a product, as in "my-app/1.2 (https://example.com; ops@example.com)", to the User-Agent header.
func WithUserAgent(product string) Option {
	return func(c *config) error { return c.SetProduct(product) }
}

// TokenSource gives bearer tokens. A client asks it from one goroutine at a time; clients that share it may ask at once.
type TokenSource interface {
	// Token gives a token that is good now. It may block, but for no longer than the attempt timeout; its error fails the calls that wait for it.
	Token(ctx context.Context) (Token, error)
}

// TokenSourceFunc is a function as a [TokenSource].
type TokenSourceFunc func(ctx context.Context) (Token, error)

// Token calls f.
func (f TokenSourceFunc) Token(ctx context.Context) (Token, error) { return f(ctx) }

// Token is a bearer token. Packages fmt, slog and encoding/json do not show its value, so that it can't be stored as JSON either.
type Token struct {
	Value  string    // without the word Bearer
	Expiry time.Time // zero: it does not expire
}

// Format hides the value from every verb of package fmt.
func (t Token) Format(s fmt.State, verb rune) { core.Token(t).Format(s, verb) }

// LogValue hides the value from package slog.
func (t Token) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(t)) }

// MarshalJSON hides the value from logs that write JSON.
func (t Token) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// CallOption changes one call.
type CallOption func(*core.CallOptions)

// WithMeta stores what the reply tells beside its body in m: also where the call fails. Of a method that sends several requests it tells the last.
func WithMeta(m *Meta) CallOption {
	return func(o *core.CallOptions) { o.WithMeta((*core.Meta)(m)) }
}

// WithRawBody stores a copy of the reply's body in b, for what this release has no fields for.
func WithRawBody(b *[]byte) CallOption {
	return func(o *core.CallOptions) { o.WithRawBody(b) }
}

// WithIdempotent lets an action be repeated after an ambiguous failure, because the caller knows that a second one does no harm.
func WithIdempotent() CallOption {
	return func(o *core.CallOptions) { o.WithIdempotent() }
}

// Meta is what a reply tells beside its body.
type Meta struct {
	StatusCode int              // 0 where no reply came
	RequestID  string           // X-Request-Id, which gateways send; the id that a platform gives is in the reply
	Attempts   int              // how often the request was sent, 0 where it was not
	RateLimit  ratelimit.Window // always unknown: the vendor documents no header
	Header     http.Header      // of the reply
}
