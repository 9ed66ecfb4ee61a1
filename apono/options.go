package apono

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// DefaultBaseURL is Apono's production API.
const DefaultBaseURL = "https://api.apono.io"

// Option configures a [Client]. An option that makes no sense is an error of [New], which is [ErrInvalid] and names the argument.
type Option func(*config) error

// config is what options fill in before a client is made.
type config struct{ core.Options }

// WithToken authenticates with a personal or service-account token that never changes.
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

// WithStrict makes a reply that lacks a member which the specification requires, or has null in its place, an error. By default such a member has its zero value. Not checked
// are replies that say no more than that something was done, and what is inside a secret store.
func WithStrict() Option {
	return func(c *config) error { return c.SetStrict() }
}

// WithBaseURL sends requests to another place than [DefaultBaseURL]: a gateway (whose path prefix is kept), a test server. It may end in /api or not, as the vendor's
// documents have it both ways. Credentials go to its scheme, host and port only.
func WithBaseURL(baseURL string) Option {
	return func(c *config) error { return c.SetBaseURL(withoutAPI(baseURL)) }
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

// RetryPolicy says how often and how long a call is tried. GET, PUT and DELETE, and what [WithIdempotent] marks, are repeated after connection errors and the statuses 408, 429,
// 500, 502, 503 and 504; POST only where the server surely did nothing: 429, 503 with Retry-After, no connection.
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
// context. Default 1 min.
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

// WithMeta stores what the reply tells beside its body in m: also where the call fails, and for each page anew.
func WithMeta(m *Meta) CallOption {
	return func(o *core.CallOptions) { o.WithMeta((*core.Meta)(m)) }
}

// WithRawBody stores a copy of the reply's body in b, for what this release has no fields for.
func WithRawBody(b *[]byte) CallOption {
	return func(o *core.CallOptions) { o.WithRawBody(b) }
}

// WithIdempotent lets a POST be repeated after an ambiguous failure, because the caller knows that a second one does no harm.
func WithIdempotent() CallOption {
	return func(o *core.CallOptions) { o.WithIdempotent() }
}

// WithPrefetch makes List and Pages fetch one page ahead while the caller works on the current one.
func WithPrefetch() CallOption {
	return func(o *core.CallOptions) { o.WithPrefetch() }
}

// Meta is what a reply tells beside its body.
type Meta struct {
	StatusCode int              // 0 where no reply came
	RequestID  string           // X-Request-Id, where the server sends one; the vendor documents none
	Attempts   int              // how often the request was sent, 0 where it was not
	RateLimit  ratelimit.Window // always unknown: the vendor documents no header
	Header     http.Header      // of the reply
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// NextToken resumes the list behind this page, "" after the last one. Put it into the list options' PageToken.
	NextToken string
	// Info is what lists of v2 and v3 tell of their size, nil in those of admin v4.
	Info *PageInfo
	Meta Meta // of the reply that brought the page
}

// LogValue is how many items there are: package slog shows nothing of what they hold.
func (p Page[T]) LogValue() slog.Value { return slog.GroupValue(slog.Int("items", len(p.Items))) }

// PageInfo tells which part of a list a page is.
type PageInfo struct {
	Limit  int // how many items it may have; may be 0 on an empty list
	Offset int // how many items are before it
	Total  int // how many items there are
}
