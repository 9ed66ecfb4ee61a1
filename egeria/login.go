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

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// Login sends POST /api/token with the credentials of [WithCredentials], without a token and
// without the rate limit. It returns the token with its expiry. A client with [WithCredentials]
// calls it when needed. The request is repeated like a GET, because a second token does no harm.
// Since 6.0.
//
// The times iat and exp of the token may be numbers, or texts that contain one. Any other iat is
// ignored. Any other exp is an error, unless it is null: the client renews the token by it.
//
// A wrong password, or an unknown, locked or expired account, is [ErrUnauthorized]. Detail has the
// reason.
func (c *Client) Login(ctx context.Context, opts ...CallOption) (sdk.Token, error) {
	return c.logIn(ctx, "Login", "", append(slices.Clip(opts), withIdempotent))
}

// ChangePassword sends POST /api/token with the credentials of [WithCredentials] and a new
// password, also if the old one has expired. Later logins of this client use the new password.
// Programs with the old password can no longer log in. It is an action: if its response is lost
// ([ErrOutcomeUnknown]), one of the two passwords is valid. Since 6.0.
func (c *Client) ChangePassword(ctx context.Context, newPassword string, opts ...CallOption) (sdk.Token, error) {
	const op = "ChangePassword"
	if err := invalidCall(op, opts, c.check(), core.Required("newPassword", newPassword),
		core.ValidText("newPassword", newPassword)); err != nil {
		return sdk.Token{}, err
	}
	token, err := c.logIn(ctx, op, newPassword, append(slices.Clip(opts), func(o *core.CallOptions) {
		o.WithSecrets(newPassword)
	}))
	if err == nil {
		c.cfg.setPassword(newPassword)
	}
	return token, err
}

func (c *Client) logIn(ctx context.Context, op, newPassword string, opts []CallOption) (sdk.Token, error) {
	unable := c.check()
	switch {
	case unable != nil:
	case c.cfg.password == nil:
		unable = core.Arg("credentials", "are missing: use WithCredentials")
	case c.dialect.get() == Dialect4:
		unable = core.Arg("dialect", "is %s, which has no login", Dialect4)
	}
	if err := invalidCall(op, opts, unable); err != nil {
		return sdk.Token{}, err
	}
	begin := time.Now()
	var claims claims
	password := c.cfg.password() // another call may replace it
	hidePassword := func(o *core.CallOptions) { o.WithSecrets(password) }
	token, err := core.CallText(ctx, c.core, op, append(opts, withoutAuth, hidePassword),
		func(ctx context.Context) (*http.Response, error) {
			return c.plain.createToken(ctx, tokenRequest{UserID: c.cfg.login, Password: password,
				NewPassword: newPassword})
		}, func(text string) (err error) {
			if failed, ok := errors.AsType[*failedError](checkEnvelope([]byte(text))); ok {
				return &core.RefusedError{Status: failed.RelatedHTTPCode, Err: failed.bare()}
			}
			claims, err = readToken(text)
			return err
		})
	if err != nil {
		return sdk.Token{}, err
	}
	t := sdk.Token{Value: token}
	switch {
	case claims.Expires > claims.Issued && claims.Issued > 0:
		t.Expiry = begin.Add(seconds(claims.Expires - claims.Issued)) // independent of the platform's clock
	case claims.Expires > 0:
		t.Expiry = time.Unix(int64(min(claims.Expires, maxUnix)), 0)
	}
	return t, nil
}

// Logout sends GET /api/token/logout with the token that the client uses. By default, platforms
// have no list of tokens: the token remains valid until it expires. A platform with a list refuses
// the token afterwards. The next call gets a new one, if the client can log in. Since 6.0.
func (c *Client) Logout(ctx context.Context, opts ...CallOption) error {
	const op = "Logout"
	if err := invalidCall(op, opts, c.check()); err != nil {
		return err
	}
	send := func(ctx context.Context) (*http.Response, error) { return c.raw.logout(ctx) }
	_, err := core.CallText(ctx, c.core, op, opts, send, func(text string) error {
		switch err := checkEnvelope([]byte(text)); { // the vendor does not document a success
		case errors.As(err, new(*core.RefusedError)):
			return err
		case strings.HasPrefix(text, "<"):
			return &core.ResponseError{Problem: "the response is a page"}
		}
		return nil
	})
	return err
}

// maxToken is the maximum size of a token, in bytes. Servers refuse headers of that size.
const maxToken = 64 << 10

// maxUnix is the last second that RFC 3339 can express, in seconds since 1970.
const maxUnix = 253402300799

// claims are the times of a token, in seconds since 1970. A time that is not known is 0.
type claims struct{ Issued, Expires float64 }

// readToken decodes the claims of a JSON Web Token. Any other text, such as a login page or an
// error description, is an error. So is a token with an expiry that is not a number. The error does
// not show the text.
func readToken(text string) (c claims, err error) {
	bad := &core.ResponseError{Problem: "the response is not a JSON Web Token"}
	parts := strings.SplitN(text, ".", 4)
	// the decoder ignores line breaks
	if len(text) > maxToken || len(parts) != 3 || parts[2] == "" || strings.ContainsAny(text, "\r\n") {
		return c, bad
	}
	var body struct {
		Issued  json.RawMessage  `json:"iat"`
		Expires *json.RawMessage `json:"exp"` // nil for null too
	}
	for i, into := range []any{&map[string]json.RawMessage{}, &body} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			return c, bad
		}
	}
	if _, err := base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		return c, bad
	}
	c.Issued, _ = core.ReadFloat(body.Issued)
	if body.Expires != nil {
		var ok bool
		if c.Expires, ok = core.ReadFloat(*body.Expires); !ok {
			return c, bad
		}
	}
	return c, nil
}

// seconds returns a duration within the range of a Token.
func seconds(n float64) time.Duration {
	return time.Duration(min(n, (365*24*time.Hour).Seconds()) * float64(time.Second))
}

func withIdempotent(o *core.CallOptions) { o.WithIdempotentOperation() }
