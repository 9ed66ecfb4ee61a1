package confluent_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
)

// The exchange after a 401 is part of the call whose token was refused.
func TestTokenThatWasRefusedIsHiddenInTheNextExchange(t *testing.T) {
	t.Parallel()
	const refused = "the-token-that-was-refused"
	respond := func(status int, body, id string) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{"X-Request-Id": {id}},
			Body: io.NopCloser(strings.NewReader(body))}
	}
	for name, body := range map[string]string{
		"OAuth": `{"error":"` + refused + `","error_description":"for ` + refused + `"}`,
		"list":  `{"errors":[{"code":"` + refused + `","detail":"for ` + refused + `"}]}`, "text": "for " + refused,
	} {
		exchanges := 0
		var log, debug bytes.Buffer
		c, err := confluent.New(confluent.WithSTS(stsConfig(jwt)), confluent.WithDebug(&debug),
			confluent.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
			confluent.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				switch {
				case r.Header.Get("Authorization") != "":
					return respond(401, "", refused), nil
				case exchanges > 0:
					return respond(403, body, refused), nil
				}
				exchanges++
				return respond(200, `{"access_token":"`+refused+`","expires_in":900}`, "req-1"), nil
			})}))
		require.NoError(t, err)
		_, err = c.Integrations.Get(t.Context(), "env-1", "x-1")
		require.Error(t, err)
		text := log.String() + debug.String()
		for e, found := errors.AsType[*confluent.Error](err); found; e, found = errors.AsType[*confluent.Error](e.Err) {
			assertHidden(t, e, refused)
			text += string(e.Body) + fmt.Sprint(e.Header)
		}
		assert.NotContains(t, text, refused, name)
		assert.Contains(t, text, "[redacted]", name)
	}
}

func TestTokenUnderABadStatusIsNotShown(t *testing.T) {
	t.Parallel()
	const opaque = "0paque-acce55-t0ken-0f-the-service"
	issued := "eyJhbGciOiJub25lIn0." + strings.Repeat("aXNzdWVk", 3) + ".c2lnbmVk"
	for name, body := range map[string]string{
		"the token response": `{"access_token":"` + opaque +
			`","expires_in":900,"token_type":"Bearer"}`,
		"a member of a name that says nothing": `{"result":{"value":"` + issued + `"},"message":"moved"}`,
		"the token alone":                      opaque, "a text": "your token: " + opaque, "a form": "access_token=" +
			opaque + "&expires_in=900",
	} {
		for _, status := range []int{302, 400, 500} {
			c, err := confluent.New(confluent.WithSTS(stsConfig(jwt)),
				confluent.WithRetry(sdk.RetryPolicy{MaxAttempts: 1}),
				confluent.WithHTTPClient(&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					h := http.Header{"X-Auth-Token": {opaque}, "Location": {"https://elsewhere.test/?access_token=" +
						opaque}}
					return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))},
						nil
				})}))
			require.NoError(t, err)
			_, err = c.ExchangeToken(t.Context(), stsConfig(jwt))
			e := errorOf(t, err)
			assert.Equal(t, status, e.StatusCode)
			assertHidden(t, err, opaque, issued)
			assertHidden(t, *e, opaque, issued)
			for _, secret := range []string{opaque, issued} {
				assert.NotContains(t, fmt.Sprint(string(e.Body), e.Header), secret, "%s, %d", name, status)
			}
			assert.Contains(t, string(e.Body), "[redacted]")
		}
	}
}
