package egeria_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
)

// getRequest returns a GET for [egeria.Client.Do].
func getRequest(t *testing.T, path string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	require.NoError(t, err)
	return req
}

func TestDoSpeaksTheDialectToo(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		p := newPlatform(d, notRunning())
		c := p.client(t)
		req := getRequest(t, "/servers/s/open-metadata/integration-daemon/status")
		before := req.Clone(req.Context())
		resp, err := c.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		assert.Equal(t, http.StatusOK, resp.StatusCode, "the unchanged response")
		assert.Equal(t, probes(d), lines(p.origins()))
		assert.Equal(t, []string{"GET " + inDialect("{daemon}/status", d, user, "s")}, lines(p.calls()))
		assert.Equal(t, d == egeria.Dialect6, p.calls()[0].Header.Get("Authorization") != "")
		assert.Equal(t, before, req, "the caller's request stays as it was")

		req.URL.Host, req.Host = "nowhere.example", "nowhere.example"
		req.Header.Set("Authorization", "of the caller")
		for _, err := range []error{failing(c.Server("s").Daemon.Status(t.Context())),
			failing(c.Server("s").Daemon.Groups(t.Context()))} {
			assert.ErrorIs(t, err, egeria.ErrNotFound, "what the caller sets there changes nothing here")
		}
		resp, err = c.Do(getRequest(t, "/open-metadata/platform-services/server-platform/servers"))
		require.NoError(t, err)
		assert.NoError(t, resp.Body.Close())
		assert.Equal(t, "platform.example:9443", resp.Request.URL.Host)
	}
}

func TestDoTranslatesOnlyWhatIsBelowThePlatformURL(t *testing.T) {
	t.Parallel()
	const servers = "/open-metadata/platform-services/server-platform/servers"
	const users = "/open-metadata/platform-services/users/garygeeke/server-platform/servers"
	for _, tt := range []struct {
		url, sent4, sent6 string
		authorized        bool
	}{
		{servers, platformURL + "/gw" + users, platformURL + "/gw" + servers, true},
		{servers[1:] + "?a=b", platformURL + "/gw" + users + "?a=b", platformURL + "/gw" + servers + "?a=b", true},
		{platformURL + "/gw" + servers, platformURL + "/gw" + users, platformURL + "/gw" + servers, true},
		{platformURL + servers, platformURL + servers, platformURL + servers, true},
		{"/api/other", platformURL + "/gw/api/other", platformURL + "/gw/api/other", true},
		{"https://other.example" + servers, "https://other.example" + servers, "https://other.example" + servers,
			false},
	} {
		for _, d := range dialects {
			p := newPlatform(d)
			resp, err := p.clientAt(t, platformURL+"/gw", egeria.WithCredentials(user, passwordCanary)).Do(getRequest(t,
				tt.url))
			require.NoError(t, err, tt.url)
			require.NoError(t, resp.Body.Close())
			require.Len(t, p.calls(), 1)
			want := tt.sent4
			if d == egeria.Dialect6 {
				want = tt.sent6
			}
			assert.Equal(t, want, p.calls()[0].URL.String())
			assert.Equal(t, tt.authorized && d == egeria.Dialect6, p.calls()[0].Header.Get("Authorization") != "",
				tt.url)
			assert.Equal(t, tt.authorized, len(p.origins()) > 0, "another origin needs no dialect")
		}
	}
}

func TestDoSendsBodyAndHeader(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		p := newPlatform(d, response{status: http.StatusTooManyRequests}, ok(fitting))
		c := p.client(t, egeria.WithRetry(sdk.RetryPolicy{MaxAttempts: 2, MinDelay: 1, MaxDelay: 2}))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			"/open-metadata/admin-services/servers/s/x", strings.NewReader("body"))
		require.NoError(t, err)
		req.Header.Set("X-Mine", "1")
		resp, err := c.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Len(t, p.calls(), 2, "a refused request is repeated")
		for _, r := range p.calls() {
			assert.Equal(t, "body", r.body)
			assert.Equal(t, "1", r.Header.Get("X-Mine"))
		}
		assert.Equal(t, http.Header{"X-Mine": {"1"}}, req.Header)
		assert.Equal(t, "/open-metadata/admin-services/servers/s/x", req.URL.String())
	}
}

func TestDoRefusesBadRequestsBeforeAnyIsSent(t *testing.T) {
	t.Parallel()
	p := newPlatform(egeria.Dialect4)
	c := p.client(t)
	for argument, req := range map[string]*http.Request{
		"request": nil, "request URL": {Method: http.MethodGet},
	} {
		assertRefused(t, failing(c.Do(req)), argument)
	}
	for _, bad := range []string{"/open-metadata/../x", "mailto:x", "ftp://h/x"} {
		assertRefused(t, failing(c.Do(getRequest(t, bad))), "request URL")
	}
	assert.Empty(t, p.sent)
}
