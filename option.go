package sdk

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// Option configures a client of any vendor. New returns [ErrInvalid], with the name of the
// argument, for an option that is not valid.
type Option func(*core.Options) error

// Options returns one option that applies opts in order. Clients of different vendors can share it.
func Options(opts ...Option) Option {
	return func(o *core.Options) error { return core.Apply(o, opts) }
}

// WithHTTPClient sets the HTTP client. The SDK uses a copy of it: its transport, cookie jar and
// redirect policy. Its Timeout becomes the attempt timeout, unless [WithAttemptTimeout] sets one. A
// nil client is [ErrInvalid].
//
// Without the option, the client has its own transport. It has the settings of
// [http.DefaultTransport], including proxies from the environment, and 32 idle connections per
// host. This transport detects an HTTP/2 connection whose server is gone:
//
//   - After 10 s without a frame it sends a ping. If no answer arrives within 5 s, it closes the
//     connection.
//   - If the attempt timeout is below 1 min, these times are a sixth and a twelfth of it, but at
//     least 1 s.
//   - It closes the idle connections after an attempt timeout on a reused HTTP/1.1 connection, and
//     after three requests in succession that the deadline of the caller has ended there.
//
// A transport of the caller is not changed. Without pings, net/http uses a dead connection for all
// calls until the operating system closes it, on Linux after about 15 minutes. To set them:
//
//	pings := &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second}
//	transport := &http.Transport{HTTP2: pings}
func WithHTTPClient(client *http.Client) Option {
	return func(o *core.Options) error { return o.SetHTTPClient(client) }
}

// WithTLSConfig uses a copy of cfg for connections to the server, for example to trust the
// certificate authority of a company (RootCAs). By default, the client verifies certificates with
// the authorities of the machine. The option does not change whether HTTP/2 is used.
//
// With [WithHTTPClient], the transport must be nil or an [*http.Transport]. If the program has
// wrapped [http.DefaultTransport] and the client would use it, the client uses its own transport
// with the default settings of net/http instead. The wrapper does not see its requests.
func WithTLSConfig(cfg *tls.Config) Option {
	return func(o *core.Options) error { return o.SetTLS(cfg) }
}

// WithMiddleware wraps the transport of the client. The first function is the outermost one. A
// middleware sees every attempt, with its credentials, below retries and the rate limit. The
// request has no GetBody, because only the client repeats a body.
func WithMiddleware(wrap ...func(http.RoundTripper) http.RoundTripper) Option {
	return func(o *core.Options) error { return o.AddMiddleware(wrap) }
}

// WithPlainHTTP allows a base URL with the scheme http for a host other than this machine.
// Credentials are then sent unencrypted.
func WithPlainHTTP() Option {
	return func(o *core.Options) error { return o.AllowPlainHTTP() }
}

// WithRetry sets the retry policy. Zero fields of policy have their defaults.
func WithRetry(policy RetryPolicy) Option {
	return func(o *core.Options) error { return o.SetRetry(core.RetryPolicy(policy)) }
}

// WithAttemptTimeout limits one attempt, from sending the request to the end of the response. The
// default is 1 min. Waits between attempts don't count. They end with the context.
// [WithCallAttemptTimeout] sets the timeout of one call.
func WithAttemptTimeout(d time.Duration) Option {
	return func(o *core.Options) error { return o.SetAttemptTimeout(d) }
}

// WithMaxResponseBytes limits the size of one response, in bytes after decompression. The default
// is 32 MiB.
//
//   - A smaller response is refused before it is decoded if it has too many small values: if
//     decoding is estimated to take more memory than 8 times its size plus 1 MiB.
//   - Of an error response, at most 68 KiB is read, unless [WithRawBody] requests all of it.
//   - The response header is limited to 1 MiB, unless the transport is the caller's.
func WithMaxResponseBytes(n int64) Option {
	return func(o *core.Options) error { return o.SetMaxResponse(n) }
}

// WithLogger logs every call that sends a request or tries to. Successes have debug level, retries
// info and failures warn. A call that ends earlier may have no record, for example if an argument
// is refused or no credential is available. The records have the context of the call.
//
// A record has no query, body, server text or credential. Of the header it has only the request ID.
// A failure has the status, the vendor's code and this package's description. The vendor's text is
// only in the error. A nil logger logs nothing. This is the default.
func WithLogger(logger *slog.Logger) Option {
	return func(o *core.Options) error { return o.SetLogger(logger) }
}

// WithUserAgent adds a product, as in "my-app/1.2 (https://example.com; ops@example.com)", to the
// User-Agent header.
func WithUserAgent(product string) Option {
	return func(o *core.Options) error { return o.SetProduct(product) }
}

// WithDebug writes every request and response to w as text, for debugging. Each message is one
// Write. It has the vendor, the number of the request, the request line or status, and the headers.
// A JSON body of up to 4 KiB is shown. Of any other body only the size is shown.
//
// Secrets are replaced by [redacted]:
//
//   - the client's credentials;
//   - headers, query parameters, JSON members and assignments in texts whose name is that of a
//     token, key, password or other secret;
//   - the members in which the vendor keeps secrets.
//
// A configuration can contain secrets in other places, and identifiers are shown. Treat the text as
// confidential.
//
// Clients that share w must share the option value, which has the lock and the numbers. Errors of w
// are ignored. A nil w is [ErrInvalid].
func WithDebug(w io.Writer) Option {
	out := core.NewDebugWriter(w)
	return func(o *core.Options) error { return o.SetDebug(out) }
}
