package confluent

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/vendor"
	"github.com/integrations-go/sdk/ratelimit"
)

// DefaultBaseURL is the URL of Confluent Cloud's production API.
const DefaultBaseURL = "https://api.confluent.cloud"

const vendorName = "confluent"

// Option configures a [Client]. It includes the options of package sdk. [New] returns [ErrInvalid],
// with the name of the argument, for an option that is not valid or that belongs to another vendor.
type Option = sdk.Option

// config has the settings that only Confluent has.
type config struct{ sts *STSConfig }

// WithAPIKey authenticates with a Cloud API key (HTTP Basic). Keys of a resource, such as a Kafka
// cluster, do not work with this API.
func WithAPIKey(key, secret string) Option {
	return vendor.Option(vendorName, "WithAPIKey", func(o *core.Options, _ *config) error {
		var colon error
		if strings.Contains(key, ":") {
			colon = core.Arg("API key", "has a colon, which HTTP Basic can't carry")
		}
		return o.SetAuth("WithAPIKey", core.Basic(key, secret),
			core.Credential("API key", key), core.Credential("API secret", secret), colon)
	})
}

// WithToken authenticates with a bearer token that never changes: an STS access token that the
// caller has obtained elsewhere.
func WithToken(token string) Option { return vendor.WithToken[config](vendorName, token) }

// WithTokenSource authenticates with bearer tokens from source. A token is used until one minute
// before its expiry, or for half of its lifetime if that ends earlier. Concurrent calls share one
// request for a new token. After a 401, the client requests a new token once.
func WithTokenSource(source sdk.TokenSource) Option {
	return vendor.WithTokenSource[config](vendorName, source)
}

// WithSTS authenticates with access tokens of Confluent's Security Token Service. The client
// exchanges tokens of an external identity provider for them. It keeps and renews them as
// [WithTokenSource] does.
func WithSTS(cfg STSConfig) Option {
	return vendor.Option(vendorName, "WithSTS", func(o *core.Options, c *config) error {
		c.sts = &cfg
		return o.SetAuth("WithSTS", nil, cfg.check())
	})
}

// WithBaseURL sets the base URL in place of [DefaultBaseURL], for example a gateway or a test
// server. Its path is kept as prefix. Credentials are sent only to its scheme, host and port.
func WithBaseURL(baseURL string) Option { return vendor.WithBaseURL[config](vendorName, baseURL) }

// WithLimiter makes the client wait for limiter before each request. A nil limiter turns the limit
// off. Pass the same limiter to all clients that use one credential: Confluent's limits hold per
// user and per organization, not per client.
//
// By default each client has its own [ratelimit.Local]. It uses the X-RateLimit headers. If the
// server still refuses requests, it limits the requests in flight. It waits at most
// [sdk.RetryPolicy].MaxServerWait for the server. A limiter that you pass ignores MaxServerWait.
// Its maximum is [ratelimit.WithMaxWait], 65 s by default, for all clients that share it.
func WithLimiter(limiter ratelimit.Limiter) Option {
	return vendor.WithLimiter[config](vendorName, limiter)
}

// DefaultLimiter returns a new limiter, like that of a client without [WithLimiter]. It reads the
// windows that the server states in headers, and limits the requests in flight when the server
// refuses requests with 429. Its longest wait is 65 s. Share it between the clients that use one
// credential:
//
//	limiter := confluent.DefaultLimiter()
//	reader, err := confluent.New(credentials, confluent.WithLimiter(limiter))
//	writer, err := confluent.New(credentials, confluent.WithLimiter(limiter))
func DefaultLimiter() *ratelimit.Local { return core.DefaultLimiter(ratelimit.Confluent()) }

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

// WithRecreateDraft allows [IntegrationsService.Ensure] to delete a draft that accepts no
// configuration, and to create another one with another ID. The action is [sdk.EnsureRecreated]. It
// has no effect on other methods.
//
//   - Ensure deletes a draft only if it existed before the call, the server refused its PATCH with
//     409, and a later GET still shows a DRAFT. It deletes at most one draft per call.
//   - The API has no conditional DELETE: an integration that another program configures after that
//     GET is deleted.
//   - A draft with another configuration than the wanted one is still [sdk.EnsureConflicting].
//     Ensure sends no PATCH for it.
//   - If the draft can't be deleted, the result is [sdk.EnsureConflicting], and the error joins
//     both failures. If no new one can be created, the error says that the draft was deleted. Then
//     call Ensure again.
//   - Two clients or programs that recreate the same draft at the same time may both create one, as
//     with a new name.
func WithRecreateDraft() CallOption { return func(o *core.CallOptions) { o.WithRecreate() } }
