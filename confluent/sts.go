package confluent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// MaxTokenLifetime is the maximum lifetime of a token that can be requested from the Security Token
// Service. It is also the default. The vendor's limit is 900 s.
const MaxTokenLifetime = 15 * time.Minute

// STSConfig configures the token exchange at Confluent's Security Token Service.
type STSConfig struct {
	// IdentityPoolID is the identity pool that the external identities belong to, for
	// example pool_1. Required.
	IdentityPoolID string
	// SubjectToken returns a JWT of the external identity provider. It is called for
	// every exchange. Required.
	SubjectToken func(ctx context.Context) (string, error)
	// Lifetime is the requested lifetime of a token, in whole seconds up to
	// [MaxTokenLifetime]. 0 means the default of the service. The client uses the
	// lifetime in the response.
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

// ExchangeToken sends POST /sts/v1/oauth2/token, without credentials and without the rate limit. It
// returns the access token with its expiry. A client with [WithSTS] calls it when needed. The
// request is repeated like a GET, because a second exchange does no harm.
func (c *Client) ExchangeToken(ctx context.Context, cfg STSConfig, opts ...CallOption) (sdk.Token, error) {
	const op = "ExchangeToken"
	if err := invalidCall(op, opts, c.check(), cfg.check(), core.CheckCall(ctx, opts)); err != nil {
		return sdk.Token{}, err
	}
	subject, err := cfg.SubjectToken(ctx)
	if err != nil {
		return sdk.Token{}, newError(&core.Failure{Operation: op, Err: fmt.Errorf("subject token: %w", err)})
	}
	if err := invalidArg(op, core.Required("subject token", subject)); err != nil {
		return sdk.Token{}, err
	}
	form := tokenRequest{
		GrantType: grantTokenExchange, SubjectToken: subject, SubjectTokenType: tokenTypeJWT,
		RequestedTokenType: tokenTypeAccess, IdentityPoolID: cfg.IdentityPoolID,
	}
	if cfg.Lifetime > 0 {
		form.ExpiresIn = int(cfg.Lifetime / time.Second)
	}
	opts = append(slices.Clip(opts), func(o *core.CallOptions) {
		o.WithoutAuth()
		o.WithIdempotentOperation()
		o.WithSecrets(subject, url.QueryEscape(subject))
	})
	begin := time.Now()
	object := core.Object[tokenResponse]{Essential: []string{"access_token", "expires_in"},
		Check: func(t *tokenResponse) (string, error) {
			if t.AccessToken == "" || t.ExpiresIn < 0 {
				return "", errors.New("it has no usable token")
			}
			return cfg.IdentityPoolID, nil
		}}
	response, err := core.CallObject(ctx, c.core, op, opts, object,
		func(ctx context.Context) (*http.Response, error) { return c.raw.exchangeToken(ctx, form) })
	if err != nil {
		return sdk.Token{}, err
	}
	life := time.Duration(min(response.ExpiresIn, math.MaxInt32)) * time.Second // the maximum of a Duration is lower
	return sdk.Token{Value: response.AccessToken, Expiry: begin.Add(life)}, nil
}

// lifetime is a number of seconds.
type lifetime = core.Number

// Format implements [fmt.Formatter]. It hides the access token.
func (t tokenResponse) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "sdk.Token{[redacted], type %s, %d s}", t.TokenType, t.ExpiresIn)
}

// Format implements [fmt.Formatter]. It hides the subject token.
func (t tokenRequest) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "TokenRequest{[redacted], identity pool %s}", t.IdentityPoolID)
}
