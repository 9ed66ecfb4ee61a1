package core

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// startInFlight is the number of requests in flight at the start of a client, which does not know
// the server's limit. The number doubles with each round trip until the server refuses a request:
// after three round trips it is 64. Without it, all requests of a burst above the limit would be
// refused once.
const startInFlight = 8

// Options collects the options of a vendor package. Their behavior is implemented here. The vendor
// packages declare and document them.
type Options struct {
	Config
	Own any // pointer to the settings that only one vendor has

	limiter     bool // a limiter was set, possibly nil
	baseURL     string
	plainHTTP   bool
	credentials []string // the options that set credentials
}

// Apply applies options in order. A nil option is an error.
func Apply[O ~func(*Options) error](o *Options, opts []O) error {
	for i, opt := range opts {
		if opt == nil {
			return Arg("option", "%d of %d is nil", i+1, len(opts))
		}
		if err := opt(o); err != nil {
			return err
		}
	}
	return nil
}

// VendorOption returns an option of one vendor, whose settings are a T. The New of another vendor
// refuses it.
func VendorOption[T any](vendor, name string, apply func(*Options, *T) error) func(*Options) error {
	return func(o *Options) error {
		own, ok := o.Own.(*T)
		if !ok {
			return Arg("option", "%s.%s is for clients of %s, not of %s", vendor, name, vendor, o.Vendor)
		}
		return apply(o, own)
	}
}

// SetAuth sets the credentials of an option, if the checks succeed.
func (o *Options) SetAuth(option string, auth *Auth, checks ...error) error {
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	o.credentials = append(o.credentials, option)
	o.Auth = auth
	return nil
}

// SetBaseURL sets the base URL. Build checks it.
func (o *Options) SetBaseURL(baseURL string) error {
	o.baseURL = baseURL
	return nil
}

// AllowPlainHTTP allows http to other machines.
func (o *Options) AllowPlainHTTP() error {
	o.plainHTTP = true
	return nil
}

// SetHTTPClient sets the client to copy.
func (o *Options) SetHTTPClient(client *http.Client) error {
	if client == nil {
		return Arg("HTTP client", "is nil")
	}
	if t, ok := client.Transport.(*http.Transport); ok && t == nil {
		return Arg("HTTP client", "has a Transport that is a nil pointer")
	}
	o.HTTPClient = client
	return nil
}

// AddMiddleware adds wrappers of the base transport.
func (o *Options) AddMiddleware(wrap []func(http.RoundTripper) http.RoundTripper) error {
	if slices.ContainsFunc(wrap, func(w func(http.RoundTripper) http.RoundTripper) bool { return w == nil }) {
		return Arg("middleware", "is nil")
	}
	o.Middleware = append(o.Middleware, wrap...)
	return nil
}

// SetRetry sets the retry policy.
func (o *Options) SetRetry(policy RetryPolicy) error {
	o.Retry = policy
	return policy.Check()
}

// SetAttemptTimeout sets the attempt timeout.
func (o *Options) SetAttemptTimeout(d time.Duration) error {
	o.AttemptTimeout = d
	return checkAttemptTimeout(d)
}

func checkAttemptTimeout(d time.Duration) error {
	if d <= 0 {
		return Arg("attempt timeout", "is %v", d)
	}
	return nil
}

// SetMaxResponse sets the maximum size of a response, in bytes.
func (o *Options) SetMaxResponse(n int64) error {
	if n < 1 {
		return Arg("response limit", "is %d", n)
	}
	o.MaxResponse = n
	return nil
}

// SetLimiter sets the limiter. nil means none.
func (o *Options) SetLimiter(limiter ratelimit.Limiter) error {
	if l, ok := limiter.(*ratelimit.Local); ok && l == nil {
		return Arg("limiter", "is a nil pointer")
	}
	o.Limiter, o.limiter = limiter, true
	return nil
}

// SetDebug sets the writer of requests and responses.
func (o *Options) SetDebug(w *DebugWriter) error {
	if w == nil {
		return Arg("debug writer", "is nil")
	}
	o.Debug = w
	return nil
}

// SetTLS sets the TLS configuration to copy.
func (o *Options) SetTLS(cfg *tls.Config) error {
	if cfg == nil {
		return Arg("TLS config", "is nil")
	}
	o.TLS = cfg.Clone()
	return nil
}

// SetStrict makes incomplete responses errors.
func (o *Options) SetStrict() error {
	o.Strict = true
	return nil
}

// SetLogger sets the logger. nil means none.
func (o *Options) SetLogger(logger *slog.Logger) error {
	o.Logger = logger
	return nil
}

// SetProduct sets the caller's part of the User-Agent header.
func (o *Options) SetProduct(product string) error {
	o.Product = product
	return headerText("user agent", product)
}

// Build returns the client. want names the options that set credentials. Exactly one of them must
// be given. If want is "", there may be none.
func (o *Options) Build(want string) (*Client, error) {
	switch len(o.credentials) {
	case 1:
	case 0:
		if want == "" {
			break
		}
		return nil, Arg("credentials", "are missing: use %s", want)
	default:
		return nil, Arg("credentials", "come from %s; use only one", strings.Join(o.credentials, " and "))
	}
	var err error
	if !o.limiter {
		if o.Limiter, err = newLimiter(o.Headers, o.Retry); err != nil {
			return nil, err
		}
	}
	if o.BaseURL, err = parseBaseURL(o.baseURL, o.plainHTTP); err != nil {
		return nil, err
	}
	return New(o.Config)
}

// newLimiter returns the limiter of a client that has none of its caller. The limiter and the
// retries have the same longest wait.
func newLimiter(headers ratelimit.Headers, retry RetryPolicy) (*ratelimit.Local, error) {
	limits := []ratelimit.Option{
		ratelimit.WithMaxWait(max(retry.withDefaults().MaxServerWait, 1)),
		ratelimit.WithAdaptiveInFlight(startInFlight, 1),
	}
	if headers != (ratelimit.Headers{}) {
		limits = append(limits, ratelimit.WithHeaders(headers))
	}
	return ratelimit.New(limits...)
}

// DefaultLimiter returns a new limiter, like that of a client with the default retry policy.
func DefaultLimiter(headers ratelimit.Headers) *ratelimit.Local {
	limiter, err := newLimiter(headers, DefaultRetryPolicy())
	if err != nil {
		panic(err) // the options are constant, and valid
	}
	return limiter
}
