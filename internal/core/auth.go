package core

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/redact"
)

// Auth sets the credential of requests to the configured origin.
//
// Secrets are in closures, because no format verb shows the variables of a closure.
type Auth struct {
	// Prepare gets a credential before the request takes a place in the rate limit.
	// Otherwise the request would hold the place while it waits. Nil means that there is
	// nothing to get.
	Prepare func(ctx context.Context) error
	// Calls reports that Prepare makes calls with this client. They have their own
	// attempt timeout. If false, Prepare has the time of one attempt.
	Calls bool
	// Authorize returns the value of the Authorization header, "" for none. The context
	// is that of the attempt.
	Authorize func(ctx context.Context) (string, error)
	// Refused is called with the header of a request whose response was a 401. It reports
	// whether another credential may be available. Nil means that there is none.
	Refused func(h http.Header) bool
	// CameExpired reports, once, that a new credential had already expired by the clock
	// of this machine. Nil means never.
	CameExpired func() bool
	// Secrets returns the texts that errors and logs must not show.
	Secrets func() []string
}

// Basic authenticates with HTTP Basic.
func Basic(user, password string) *Auth {
	token := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	value := "Basic " + token
	return &Auth{
		Authorize: func(context.Context) (string, error) { return value, nil },
		Secrets:   func() []string { return []string{password, token} },
	}
}

// StaticBearer authenticates with a token that never changes.
func StaticBearer(token string) *Auth {
	value := "Bearer " + token
	return &Auth{
		Authorize: func(context.Context) (string, error) { return value, nil },
		Secrets:   func() []string { return []string{token} },
	}
}

// Prepare gets the credential before a call, if that requires another request.
func (c *Client) Prepare(ctx context.Context, operation string) error {
	if c.cfg.Auth == nil || c.cfg.Auth.Prepare == nil {
		return nil
	}
	if err := c.prepare(ctx); err != nil {
		return c.newError(&Failure{Operation: operation, Err: &authError{err}})
	}
	return nil
}

// prepare gets the credential within the time of one attempt. If it makes calls, these have their
// own attempt timeouts instead.
func (c *Client) prepare(ctx context.Context) error {
	defer c.logCameExpired(ctx)
	if c.cfg.Auth.Calls {
		return c.cfg.Auth.Prepare(ctx)
	}
	timeout := &attemptTimeoutError{c.cfg.AttemptTimeout}
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.AttemptTimeout, timeout)
	defer cancel()
	err := c.cfg.Auth.Prepare(ctx)
	if err != nil && context.Cause(ctx) == timeout {
		return timeout
	}
	return err
}

// secrets returns the texts that the errors and logs of a call must not show: the client's
// credentials, all credentials that the call has sent, which may have been replaced since, the
// credential for a proxy, and the call's own secrets.
func (c *Client) secrets(cs *call) []string {
	all := slices.Clone(cs.opts.secrets)
	if sent := cs.proxyAuth.Load(); sent != nil {
		all = append(all, credentialsIn(*sent)...)
	}
	if c.cfg.Auth == nil {
		return all
	}
	return slices.Concat(all, c.cfg.Auth.Secrets(), cs.sentCredentials())
}

// redactor returns the redactor of the secrets of cs. The latest one is kept for the next call,
// which usually has the same secrets.
func (c *Client) redactor(cs *call) redact.Redactor {
	secrets := c.secrets(cs)
	if last := c.latestRedactor.Load(); last != nil && slices.Equal(last.secrets, secrets) {
		return last.redactor
	}
	r := &keptRedactor{secrets, redact.New(secrets)}
	if len(cs.opts.secrets) == 0 { // the client does not keep secrets of a call
		c.latestRedactor.Store(r)
	}
	return r.redactor
}

// keptRedactor is the redactor of some secrets.
type keptRedactor struct {
	secrets  []string
	redactor redact.Redactor
}

// credentialsIn returns the secrets in the value of an Authorization header: what follows the
// scheme, and the password in it.
func credentialsIn(value string) []string {
	_, token, ok := strings.Cut(value, " ")
	if !ok {
		return []string{value}
	}
	all := []string{token}
	if decoded, err := base64.StdEncoding.DecodeString(token); err == nil {
		if _, password, ok := strings.Cut(string(decoded), ":"); ok {
			all = append(all, password)
		}
	}
	return all
}

// authError reports that no credential could be obtained. It hides conditions such as ErrNotFound
// of the token request, which would be mistaken for the outcome of the call.
type authError struct{ err error }

func (e *authError) Error() string { return "authentication: " + e.err.Error() }

// Is reports whether the cause is target, unless target is a condition of an object.
func (e *authError) Is(target error) bool {
	switch target {
	case ErrNotFound, ErrConflict, ErrForbidden, ErrInvalid, ErrQuotaExceeded, ErrOutcomeUnknown:
		return false
	}
	return errors.Is(e.err, target)
}

// As finds errors in the cause, for example an error of the token source.
func (e *authError) As(target any) bool { return errors.As(e.err, target) }
