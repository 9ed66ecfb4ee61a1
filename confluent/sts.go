package confluent

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/integrations-go/sdk/confluent/api"
	"github.com/integrations-go/sdk/internal/core"
)

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

// MaxTokenLifetime is the longest life that a caller may ask of the Security Token Service, and its default (vendor's limit: 900 s).
const MaxTokenLifetime = 15 * time.Minute

// STSConfig says how to get access tokens from Confluent's Security Token Service.
type STSConfig struct {
	// IdentityPoolID is the identity pool that the external identities belong to, for example pool_1. Required.
	IdentityPoolID string
	// SubjectToken gives a JWT of the external identity provider. It is called for every exchange. Required.
	SubjectToken func(ctx context.Context) (string, error)
	// Lifetime asks for a token of that life, in whole seconds up to [MaxTokenLifetime]. 0 leaves it to the service. What the service answers counts.
	Lifetime time.Duration
}

func (c STSConfig) check() error {
	switch {
	case c.IdentityPoolID == "":
		return core.Arg("STSConfig.IdentityPoolID", "is empty")
	case c.SubjectToken == nil:
		return core.Arg("STSConfig.SubjectToken", "is nil")
	case c.Lifetime < 0 || c.Lifetime > MaxTokenLifetime || c.Lifetime%time.Second != 0:
		return core.Arg("STSConfig.Lifetime", "is %v, not whole seconds up to %v", c.Lifetime, MaxTokenLifetime)
	}
	return nil
}

// The URNs of RFC 8693 that the service expects.
const (
	grantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	tokenTypeJWT       = "urn:ietf:params:oauth:token-type:jwt"
	tokenTypeAccess    = "urn:ietf:params:oauth:token-type:access_token"
)

// ExchangeToken sends POST /sts/v1/oauth2/token, without credentials and outside the rate limit, and gives the access token with its
// expiry. [WithSTS] calls it when needed. It is repeated like a GET: an exchange more does no harm.
func (c *Client) ExchangeToken(ctx context.Context, cfg STSConfig, opts ...CallOption) (Token, error) {
	const op = "ExchangeToken"
	if err := refuse(op, cfg.check()); err != nil {
		return Token{}, err
	}
	subject, err := cfg.SubjectToken(ctx)
	if err != nil {
		return Token{}, newError(&core.Failure{Operation: op, Err: fmt.Errorf("subject token: %w", err)})
	}
	if err := refuse(op, core.Required("subject token", subject)); err != nil {
		return Token{}, err
	}
	form := api.TokenRequest{
		GrantType: grantTokenExchange, SubjectToken: subject, SubjectTokenType: tokenTypeJWT,
		RequestedTokenType: tokenTypeAccess, IdentityPoolID: cfg.IdentityPoolID,
	}
	if cfg.Lifetime > 0 {
		form.ExpiresIn = int(cfg.Lifetime / time.Second)
	}
	opts = append(slices.Clip(opts), func(o *core.CallOptions) {
		o.WithoutAuth()
		o.WithIdempotent()
		o.WithSecrets(subject, url.QueryEscape(subject))
	})
	begin := time.Now()
	reply, err := core.Call[api.Token](ctx, c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return c.api.ExchangeTokenWithFormdataBody(ctx, form)
	})
	if err != nil {
		return Token{}, err
	}
	if reply.AccessToken == "" || reply.ExpiresIn < 0 {
		return Token{}, newError(&core.Failure{Operation: op, Err: &core.ReplyError{Problem: "the reply has no usable token"}})
	}
	life := time.Duration(min(reply.ExpiresIn, math.MaxInt32)) * time.Second
	return Token{Value: reply.AccessToken, Expiry: begin.Add(life)}, nil
}
