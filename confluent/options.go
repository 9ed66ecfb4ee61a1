package confluent

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// DefaultBaseURL is Confluent Cloud's production API.
const DefaultBaseURL = "https://api.confluent.cloud"

// Option configures a [Client]. An option that makes no sense is an error of [New], which is [ErrInvalid] and names the argument.
type Option func(*config) error

// config is what options fill in before a client is made.
type config struct {
	core.Options
	sts *STSConfig
}

// WithAPIKey authenticates with a Cloud API key (HTTP Basic). Keys of a resource, such as a Kafka cluster, do not work with this API.
func WithAPIKey(key, secret string) Option {
	return func(c *config) error {
		var colon error
		if strings.Contains(key, ":") {
			colon = core.Arg("API key", "has a colon, which HTTP Basic can't carry")
		}
		return c.SetAuth("WithAPIKey", core.Basic(key, secret), core.Credential("API key", key), core.Credential("API secret", secret), colon)
	}
}

// WithToken authenticates with a bearer token that never changes: an STS access token that the caller has got elsewhere.
func WithToken(token string) Option {
	return func(c *config) error {
		return c.SetAuth("WithToken", core.StaticBearer(token), core.Credential("token", token))
	}
}

// WithTokenSource authenticates with bearer tokens from source. A token is used until a minute before its expiry, or for half of its
// life where that is less; concurrent calls share one request for a new one, and a 401 makes the client ask for a new one once.
func WithTokenSource(source TokenSource) Option {
	return func(c *config) error {
		if f, ok := source.(TokenSourceFunc); source == nil || ok && f == nil {
			return core.Arg("token source", "is nil")
		}
		return c.SetAuth("WithTokenSource", core.Bearer(func(ctx context.Context) (core.Token, error) {
			t, err := source.Token(ctx)
			return core.Token(t), err
		}))
	}
}

// WithSTS authenticates with access tokens that Confluent's Security Token Service gives in exchange for the tokens of an external
// identity provider. They are kept and renewed as [WithTokenSource] tells.
func WithSTS(cfg STSConfig) Option {
	return func(c *config) error {
		c.sts = &cfg
		return c.SetAuth("WithSTS", nil, cfg.check())
	}
}

// WithBaseURL sends requests to another place than [DefaultBaseURL]: a gateway (whose path prefix is kept), a test server. Credentials
// go to its scheme, host and port only.
func WithBaseURL(baseURL string) Option {
	return func(c *config) error { return c.SetBaseURL(baseURL) }
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

// RetryPolicy says how often and how long a call is tried. GET and DELETE, and what [WithIdempotent] marks, are repeated after connection errors and the statuses 408, 429,
// 500, 502, 503 and 504; POST and PATCH only where the server surely did nothing: 429, 503 with Retry-After, no connection.
type RetryPolicy struct {
	// MaxAttempts counts the first one too. Default 5; 1 turns retries off.
	MaxAttempts int
	// MinDelay and MaxDelay bound the wait where the server names none: a random time up to MinDelay, doubled with every attempt, up to MaxDelay. Defaults 500 ms and 30 s.
	MinDelay, MaxDelay time.Duration
	// MaxServerWait is the longest wait (Retry-After, X-RateLimit-Reset) that is obeyed. Beyond it, or beyond the context's deadline, the error comes at once. Default 65 s: a window of a minute, and what its end may be rounded by.
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
// context. Default 1 min.
func WithAttemptTimeout(d time.Duration) Option {
	return func(c *config) error { return c.SetAttemptTimeout(d) }
}

// WithMaxResponseBytes limits the size of one reply. Default 32 MiB.
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error { return c.SetMaxResponse(n) }
}

// WithLimiter shares limiter with whoever else uses it: Confluent's limits hold per user and per organization, not per client. By default a
// client has a [ratelimit.Local] of its own that learns from the X-RateLimit headers, limits the requests in flight if the server refuses them nevertheless, and waits for [RetryPolicy].MaxServerWait at most; limiter has its own cap. A nil limiter turns waiting ahead off.
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

// CallOption changes one call.
type CallOption func(*core.CallOptions)

// WithMeta stores what the reply tells beside its body in m: also where the call fails, and for each page anew.
func WithMeta(m *Meta) CallOption {
	return func(o *core.CallOptions) { o.WithMeta((*core.Meta)(m)) }
}

// WithRawBody stores a copy of the reply's body in b, for what this release has no fields for.
func WithRawBody(b *[]byte) CallOption {
	return func(o *core.CallOptions) { o.WithRawBody(b) }
}

// WithIdempotent lets a POST or PATCH be repeated after an ambiguous failure, because the caller knows that a second one does no harm.
func WithIdempotent() CallOption {
	return func(o *core.CallOptions) { o.WithIdempotent() }
}

// WithPrefetch makes List and Pages fetch one page ahead while the caller works on the current one.
func WithPrefetch() CallOption {
	return func(o *core.CallOptions) { o.WithPrefetch() }
}

// Meta is what a reply tells beside its body.
type Meta struct {
	// StatusCode is the HTTP status of the last reply, 0 where none came.
	StatusCode int
	// RequestID is the reply's X-Request-Id, which Confluent's support asks for, "" where it has none.
	RequestID string
	// Attempts is how often the request was sent, retries included; 0 when nothing was sent.
	Attempts int
	// RateLimit is what the last reply's X-RateLimit headers told. Its flags say which numbers are known.
	RateLimit ratelimit.Window
	// Header is the header of the last reply, nil where none came.
	Header http.Header
}

// Page is one page of a list.
type Page[T any] struct {
	// Items are in the server's order. A page may have none and still be followed by others.
	Items []T
	// NextToken resumes the list behind this page, "" after the last one. Put it into the list options' PageToken.
	NextToken string
	// Total is the number of items on all pages, 0 where the server does not tell.
	Total int
	// Meta is what the reply with this page told beside its body.
	Meta Meta
}
