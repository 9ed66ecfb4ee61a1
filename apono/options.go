package apono

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/vendor"
	"github.com/integrations-go/sdk/ratelimit"
)

// DefaultBaseURL is the URL of Apono's production API.
const DefaultBaseURL = "https://api.apono.io"

const vendorName = "apono"

// Option configures a [Client]. It includes the options of package sdk. [New] returns [ErrInvalid],
// with the name of the argument, for an option that is not valid or that belongs to another vendor.
type Option = sdk.Option

// config has the settings of Apono only. There are none yet. Its type distinguishes Apono's options
// from those of other vendors.
type config struct{ _ byte }

// WithToken authenticates with a personal or service-account token that never changes.
func WithToken(token string) Option { return vendor.WithToken[config](vendorName, token) }

// WithTokenSource authenticates with bearer tokens from source. A token is used until one minute
// before its expiry, or for half of its lifetime if that ends earlier. Concurrent calls share one
// request for a new token. After a 401, the client requests a new token once.
func WithTokenSource(source sdk.TokenSource) Option {
	return vendor.WithTokenSource[config](vendorName, source)
}

// WithBaseURL sets the base URL in place of [DefaultBaseURL], for example a gateway or a test
// server. Its path is kept as prefix. It may end in /api, because the vendor's documents have both
// forms. Credentials are sent only to its scheme, host and port.
func WithBaseURL(baseURL string) Option {
	return vendor.WithBaseURL[config](vendorName, withoutAPI(baseURL))
}

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
//	limiter := apono.DefaultLimiter()
//	reader, err := apono.New(credentials, apono.WithLimiter(limiter))
//	writer, err := apono.New(credentials, apono.WithLimiter(limiter))
func DefaultLimiter() *ratelimit.Local { return core.DefaultLimiter(ratelimit.Headers{}) }

// WithStrict makes a response an error if a required member is missing or null. By default such a
// member has its zero value. Responses that only confirm an action, and the contents of a secret
// store, are not checked.
func WithStrict() Option { return vendor.WithStrict[config](vendorName) }

// WithTLSConfig is [sdk.WithTLSConfig].
func WithTLSConfig(cfg *tls.Config) Option { return sdk.WithTLSConfig(cfg) }

// WithAttemptTimeout is [sdk.WithAttemptTimeout].
func WithAttemptTimeout(d time.Duration) Option { return sdk.WithAttemptTimeout(d) }

// WithPlainHTTP is [sdk.WithPlainHTTP].
func WithPlainHTTP() Option { return sdk.WithPlainHTTP() }

// WithHTTPClient is [sdk.WithHTTPClient].
func WithHTTPClient(client *http.Client) Option { return sdk.WithHTTPClient(client) }

// WithMiddleware is [sdk.WithMiddleware].
func WithMiddleware(wrap ...func(http.RoundTripper) http.RoundTripper) Option {
	return sdk.WithMiddleware(wrap...)
}

// WithRetry is [sdk.WithRetry].
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

// WithPrefetch is [sdk.WithPrefetch].
func WithPrefetch() CallOption { return sdk.WithPrefetch() }

// WithHeader is [sdk.WithHeader].
func WithHeader(name, value string) CallOption { return sdk.WithHeader(name, value) }

// WithCallAttemptTimeout is [sdk.WithCallAttemptTimeout].
func WithCallAttemptTimeout(d time.Duration) CallOption { return sdk.WithCallAttemptTimeout(d) }
