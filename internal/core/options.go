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

// Options is what the options of a vendor package fill in. Their behaviour is here, once; the packages declare them, with docs.
type Options struct {
	Config
	limiter     bool // one was set, nil included
	baseURL     string
	plainHTTP   bool
	credentials []string // the options that brought some
}

// SetAuth takes the credentials of an option, if the checks pass.
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

// SetBaseURL takes the base URL, which Build checks.
func (o *Options) SetBaseURL(baseURL string) error {
	o.baseURL = baseURL
	return nil
}

// AllowPlainHTTP accepts http beyond this machine.
func (o *Options) AllowPlainHTTP() error {
	o.plainHTTP = true
	return nil
}

// SetHTTPClient takes the client to copy.
func (o *Options) SetHTTPClient(client *http.Client) error {
	if client == nil {
		return Arg("HTTP client", "is nil")
	}
	o.HTTPClient = client
	return nil
}

// AddMiddleware takes wrappers of the base transport.
func (o *Options) AddMiddleware(wrap []func(http.RoundTripper) http.RoundTripper) error {
	if slices.ContainsFunc(wrap, func(w func(http.RoundTripper) http.RoundTripper) bool { return w == nil }) {
		return Arg("middleware", "is nil")
	}
	o.Middleware = append(o.Middleware, wrap...)
	return nil
}

// SetRetry takes the retry policy.
func (o *Options) SetRetry(policy RetryPolicy) error {
	o.Retry = policy
	return policy.Check()
}

// SetAttemptTimeout takes the time of an attempt.
func (o *Options) SetAttemptTimeout(d time.Duration) error {
	if d <= 0 {
		return Arg("attempt timeout", "is %v", d)
	}
	o.AttemptTimeout = d
	return nil
}

// SetMaxResponse takes the limit of a reply, in bytes.
func (o *Options) SetMaxResponse(n int64) error {
	if n < 1 {
		return Arg("response limit", "is %d", n)
	}
	o.MaxResponse = n
	return nil
}

// SetLimiter takes the limiter; nil is none.
func (o *Options) SetLimiter(limiter ratelimit.Limiter) error {
	if l, ok := limiter.(*ratelimit.Local); ok && l == nil {
		return Arg("limiter", "is a nil pointer")
	}
	o.Limiter, o.limiter = limiter, true
	return nil
}

// SetTLS takes the configuration to copy.
func (o *Options) SetTLS(cfg *tls.Config) error {
	if cfg == nil {
		return Arg("TLS config", "is nil")
	}
	o.TLS = cfg.Clone()
	return nil
}

// SetStrict makes replies complete or wrong.
func (o *Options) SetStrict() error {
	o.Strict = true
	return nil
}

// SetLogger takes the logger; nil is none.
func (o *Options) SetLogger(logger *slog.Logger) error {
	o.Logger = logger
	return nil
}

// SetProduct takes the caller's part of the User-Agent header.
func (o *Options) SetProduct(product string) error {
	o.Product = product
	return HeaderText("user agent", product)
}

// Build makes the client. want names the options that bring credentials, of which there must be exactly one; "" lets there be none.
func (o *Options) Build(want string) (*Client, error) {
	switch len(o.credentials) {
	case 1:
	case 0:
		if want == "" {
			break
		}
		return nil, Arg("credentials", "are missing: use %s", want)
	default:
		return nil, Arg("credentials", "come from %s; one is enough", strings.Join(o.credentials, " and "))
	}
	var err error
	if !o.limiter {
		// Both the limiter and the retries may make a call wait for the server, so both obey the same longest wait.
		policy := o.Retry
		if policy == (RetryPolicy{}) {
			policy = DefaultRetryPolicy()
		}
		limits := []ratelimit.Option{ratelimit.WithMaxWait(max(policy.MaxServerWait, 1)), ratelimit.WithAdaptiveInFlight(0, 1)}
		if o.Headers != (ratelimit.Headers{}) {
			limits = append(limits, ratelimit.WithHeaders(o.Headers))
		}
		if o.Limiter, err = ratelimit.New(limits...); err != nil {
			return nil, err
		}
	}
	if o.BaseURL, err = ParseBaseURL(o.baseURL, o.plainHTTP); err != nil {
		return nil, err
	}
	return New(o.Config)
}
