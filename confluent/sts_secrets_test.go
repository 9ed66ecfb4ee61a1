package confluent_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
)

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
