package egeria

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
)

// Login sends POST /api/token with the credentials of [WithCredentials], without any token and outside the rate limit, and gives the token with its expiry. A client with credentials calls it when
// needed. It is repeated like a GET: a token more does no harm. Platforms of 6.0 and later have it.
func (c *Client) Login(ctx context.Context, opts ...CallOption) (Token, error) {
	const op = "Login"
	if c.cfg.password == nil {
		return Token{}, refuse(op, core.Arg("credentials", "are missing: use WithCredentials"))
	}
	if c.dialect.get() == Dialect4 {
		return Token{}, refuse(op, core.Arg("dialect", "is %s, which has no login", Dialect4))
	}
	opts = append(slices.Clip(opts), withoutAuth, withIdempotent)
	begin := time.Now()
	var claims claims
	token, err := core.CallText(ctx, c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return c.plain.CreateToken(ctx, api.TokenRequest{UserID: c.cfg.login, Password: c.cfg.password()})
	}, func(text string) (err error) {
		if failed, ok := errors.AsType[*failedError](checkEnvelope([]byte(text))); ok { // for example that the password has expired
			return &core.RefusedError{Status: failed.RelatedHTTPCode, Err: failed.bare()}
		}
		claims, err = readToken(text)
		return err
	})
	if err != nil {
		return Token{}, err
	}
	t := Token{Value: token}
	switch {
	case claims.Expires > claims.Issued && claims.Issued > 0:
		t.Expiry = begin.Add(seconds(claims.Expires - claims.Issued)) // whatever the platform's clock says
	case claims.Expires > 0:
		t.Expiry = time.Unix(int64(claims.Expires), 0)
	}
	return t, nil
}

// Logout sends DELETE /api/token/logout, which ends the session of the token that the client uses. The next call gets a new one, where the client can. Platforms of 6.0 and later have it.
func (c *Client) Logout(ctx context.Context, opts ...CallOption) error {
	_, err := core.CallText(ctx, c.core, "Logout", opts, func(ctx context.Context) (*http.Response, error) { return c.api.DeleteToken(ctx) }, func(text string) error {
		switch err := checkEnvelope([]byte(text)); { // what else the reply holds is not known
		case errors.As(err, new(*core.RefusedError)):
			return err
		case strings.HasPrefix(text, "<"):
			return &core.ReplyError{Problem: "the reply is a page"}
		}
		return nil
	})
	return err
}

type claims struct {
	Issued  float64 `json:"iat"`
	Expires float64 `json:"exp"`
}

// readToken takes a JSON Web Token apart, so that nothing else is kept in its place: a login page, or the description of an error. What it says of the text shows none of it.
func readToken(text string) (c claims, err error) {
	bad := &core.ReplyError{Problem: "the reply is no JSON Web Token"}
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[2] == "" || strings.ContainsAny(text, "\r\n") { // the decoder passes over line breaks
		return c, bad
	}
	for i, into := range []any{&map[string]any{}, &c} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			return c, bad
		}
	}
	if _, err := base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		return c, bad
	}
	return c, nil
}

// seconds is a time that Token can have.
func seconds(n float64) time.Duration {
	return time.Duration(min(n, (365*24*time.Hour).Seconds()) * float64(time.Second))
}

func withIdempotent(o *core.CallOptions) { o.WithIdempotent() }
